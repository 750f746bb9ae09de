//! From a processor's wish to be called to an entry of its task's schedules.

use std::any::Any;
use std::time::Duration;

use super::punctuation::{Callback, Scheduled};
use super::{Cancellable, Children, ProcessorContext, PunctuationType, context};
use crate::context::Context;
use crate::error::{StreamsError, StreamsErrorKind};
use crate::time::Timestamp;
use crate::topology::NodeId;

/// Hides the types of a punctuator.
pub(super) fn callback<P, K, V>(
    node: NodeId,
    children: Children<K, V>,
    mut punctuator: impl FnMut(&mut P, &mut ProcessorContext<'_, K, V>, Timestamp) + Send + 'static,
) -> Callback
where
    P: 'static,
    K: 'static,
    V: 'static,
{
    Box::new(move |cx: &mut Context, processor: &mut dyn Any, time| {
        let Some(processor) = processor.downcast_mut::<P>() else {
            let message = format!(
                "task {}: operator `{}` scheduled a punctuator of a `{}`, which is not its own type; \
                 name the processor's type in the closure",
                cx.task_id(),
                cx.node(node).name,
                std::any::type_name::<P>()
            );
            return Err(Box::new(StreamsError::new(StreamsErrorKind::Processing, message)));
        };
        context::enter(cx, node, &children, |ctx| punctuator(processor, ctx, time));
        cx.settle_failure(node)
    })
}

/// Starts at 0 in stream time, and one interval from now by the wall clock.
pub(super) fn every(
    cx: &mut Context,
    node: NodeId,
    (interval, by): (Duration, PunctuationType),
    callback: Callback,
) -> Cancellable {
    let interval = millis(interval);
    let first = match by {
        PunctuationType::StreamTime => 0,
        PunctuationType::WallClockTime => cx.wall_clock().as_millis().saturating_add(interval),
    };
    let (scheduled, cancellable) = Scheduled::new(node, first, interval, callback);
    cx.schedules().push(by, scheduled);
    cancellable
}

/// Starts at the first point of the grid that is not before now.
pub(super) fn anchored(
    cx: &mut Context,
    node: NodeId,
    start: Timestamp,
    (interval, by): (Duration, PunctuationType),
    callback: Callback,
) -> Cancellable {
    let now = match by {
        PunctuationType::StreamTime => cx.stream_time_ms(),
        PunctuationType::WallClockTime => cx.wall_clock().as_millis(),
    };
    let (mut scheduled, cancellable) =
        Scheduled::new(node, start.as_millis(), millis(interval), callback);
    if start.as_millis() < now {
        scheduled.move_past(now);
    }
    cx.schedules().push(by, scheduled);
    cancellable
}

fn millis(interval: Duration) -> i64 {
    i64::try_from(interval.as_millis()).unwrap_or(i64::MAX).max(1)
}
