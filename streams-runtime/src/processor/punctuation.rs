//! Calls at points in time.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::context::Context;
use crate::error::Stop;
use crate::record::RecordContext;
use crate::time::Timestamp;
use crate::topology::NodeId;

/// The clock that a punctuation goes by.
///
/// Java: `org.apache.kafka.streams.processor.PunctuationType`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PunctuationType {
    /// Event time: moves only with records, and is the same on every run.
    StreamTime,
    /// The outside clock.
    WallClockTime,
}

/// Ends a schedule, also from inside its own punctuator.
///
/// Java: `org.apache.kafka.streams.processor.Cancellable`.
#[derive(Clone, Debug)]
pub struct Cancellable(Arc<AtomicBool>);

impl Cancellable {
    /// The schedule fires no more.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

pub(crate) type Callback =
    Box<dyn FnMut(&mut Context, &mut dyn Any, Timestamp) -> Result<(), Stop> + Send>;

/// One schedule of one processor.
pub(crate) struct Scheduled {
    node: NodeId,
    time: i64,
    interval: i64,
    cancelled: Cancellable,
    callback: Callback,
}

impl Scheduled {
    pub(super) fn new(
        node: NodeId,
        time: i64,
        interval: i64,
        callback: Callback,
    ) -> (Self, Cancellable) {
        let cancelled = Cancellable(Arc::new(AtomicBool::new(false)));
        (Self { node, time, interval, cancelled: cancelled.clone(), callback }, cancelled)
    }

    /// Moves to the next point of the grid behind `now`; points that passed unseen are skipped.
    pub(super) fn move_past(&mut self, now: i64) {
        let missed = now.saturating_sub(self.time).max(0) / self.interval;
        let steps = missed.saturating_add(1);
        self.time = self.time.saturating_add(steps.saturating_mul(self.interval));
    }

    fn is_cancelled(&self) -> bool {
        self.cancelled.0.load(Ordering::Relaxed)
    }
}

/// All schedules of a task.
#[derive(Default)]
pub(crate) struct Schedules {
    stream_time: Heap,
    wall_clock: Heap,
}

impl Schedules {
    fn of(&mut self, by: PunctuationType) -> &mut Heap {
        match by {
            PunctuationType::StreamTime => &mut self.stream_time,
            PunctuationType::WallClockTime => &mut self.wall_clock,
        }
    }

    pub(super) fn push(&mut self, by: PunctuationType, scheduled: Scheduled) {
        self.of(by).push(scheduled);
    }

    /// True when there is a schedule by that clock that is due at `now`.
    #[inline]
    pub(crate) fn is_due(&mut self, by: PunctuationType, now: i64) -> bool {
        self.of(by).0.first().is_some_and(|first| first.time <= now)
    }
}

/// A binary heap by time. Schedules that are due together fire in the order of
/// `java.util.PriorityQueue`, which is that of its sifting, not that of insertion.
#[derive(Default)]
struct Heap(Vec<Scheduled>);

impl Heap {
    fn push(&mut self, scheduled: Scheduled) {
        self.0.push(scheduled);
        let mut at = self.0.len() - 1;
        while at > 0 {
            let parent = (at - 1) / 2;
            if self.0[at].time >= self.0[parent].time {
                return;
            }
            self.0.swap(at, parent);
            at = parent;
        }
    }

    fn pop(&mut self) -> Option<Scheduled> {
        if self.0.is_empty() {
            return None;
        }
        let first = self.0.swap_remove(0);
        let mut at = 0;
        loop {
            let left = 2 * at + 1;
            let Some(child) = self.0.get(left) else { break };
            let right = self.0.get(left + 1).filter(|right| child.time > right.time);
            let least = if right.is_some() { left + 1 } else { left };
            if self.0[at].time <= self.0[least].time {
                break;
            }
            self.0.swap(at, least);
            at = least;
        }
        Some(first)
    }
}

/// Fires what is due at `now`, and returns how often that was.
pub(crate) fn punctuate(cx: &mut Context, by: PunctuationType, now: i64) -> Result<usize, Stop> {
    let mut fired = 0;
    while cx.schedules().is_due(by, now) {
        let Some(mut scheduled) = cx.schedules().of(by).pop() else { break };
        if scheduled.is_cancelled() {
            continue;
        }
        let timestamp = Timestamp::from_millis(now).unwrap_or_default();
        let before = cx.enter(RecordContext { timestamp, ..RecordContext::none() });
        let mut processor = cx.take_processor(scheduled.node);
        let result = (scheduled.callback)(cx, &mut *processor, timestamp);
        cx.put_processor(scheduled.node, processor);
        let result = result.and_then(|()| cx.settle_late());
        cx.leave(before);
        result?;
        fired += 1;
        if !scheduled.is_cancelled() {
            scheduled.move_past(now);
            cx.schedules().push(by, scheduled);
        }
    }
    Ok(fired)
}
