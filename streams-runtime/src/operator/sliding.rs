//! The windows that a record opens and changes when windows slide.

use std::collections::BTreeSet;

use super::fold::{Fold, FoldError};
use super::materialize::{UpdateError, put_row};
use super::window_aggregate::{LATE, Work};
use crate::context::Context;
use crate::record::Change;
use crate::store::{Order, StoreError, ValueAndTimestamp, Walk};
use crate::window::SlidingWindows;

const NO_LENGTH: &str =
    "sliding windows with a time difference of 0 ms hold no record; give them at least 1 ms";

/// One record among the windows of its key.
///
/// Looks back over the windows that start within twice the time difference, newest first, updates those
/// that hold the record, and then opens, in this order: the window behind the record before, the window
/// that ends with this record, the window behind this record. Java: `KStreamSlidingWindowAggregate`.
pub(super) struct Sliding<'w, 'a, K, V, A, F> {
    work: &'w mut Work<'a, K, A, F>,
    key: K,
    value: V,
    difference: i64,
    /// Starts of the windows that were seen.
    seen: BTreeSet<i64>,
    /// The newest window that ends before the record.
    left: Option<ValueAndTimestamp<A>>,
    /// The newest window that holds the record and later ones.
    right: Option<ValueAndTimestamp<A>>,
    left_exists: bool,
    right_exists: bool,
    /// The time of the record before.
    previous: Option<i64>,
}

impl<'w, 'a, K, V, A, F> Sliding<'w, 'a, K, V, A, F>
where
    K: Clone + Send + 'static,
    V: Clone,
    A: Clone + Send + 'static,
    F: Fold<K, V, A>,
{
    pub(super) fn new(
        work: &'w mut Work<'a, K, A, F>,
        windows: SlidingWindows,
        (key, value): (K, V),
    ) -> Self {
        Self {
            work,
            key,
            value,
            difference: windows.time_difference_ms(),
            seen: BTreeSet::new(),
            left: None,
            right: None,
            left_exists: false,
            right_exists: false,
            previous: None,
        }
    }

    fn time(&self) -> i64 {
        self.work.timestamp.as_millis()
    }

    /// Does the work; false when this record must not close windows.
    pub(super) fn run(mut self, cx: &mut Context) -> (bool, Result<(), FoldError>) {
        let time = self.time();
        if self.difference == 0 {
            // Java's TimeWindow refuses a window without length
            return (false, Err(FoldError::user(NO_LENGTH)));
        }
        if time.saturating_add(self.difference) < self.work.close {
            cx.drop_record(self.work.node, LATE);
            return (false, Ok(()));
        }
        if time < self.difference {
            return (false, self.early(cx));
        }
        (true, self.usual(cx))
    }

    fn usual(&mut self, cx: &mut Context) -> Result<(), FoldError> {
        let time = self.time();
        let from = time.saturating_sub(self.difference.saturating_mul(2)).max(0);
        let mut walk = self.walk(cx, from, Order::Descending)?;
        while let Some((start, row)) = self.step(cx, &mut walk)? {
            self.seen.insert(start);
            let (end, latest) = (start.saturating_add(self.difference), row.timestamp.as_millis());
            if start == time + 1 {
                self.right_exists = true;
            } else if end > time {
                self.right.get_or_insert_with(|| row.clone());
                self.update(cx, start, Some(row))?;
            } else if end == time {
                self.left_exists = true;
                self.update(cx, start, Some(row))?;
                if latest >= time {
                    return Ok(());
                }
                self.previous = Some(latest);
            } else {
                self.left = Some(row);
                self.previous = Some(latest);
                break;
            }
        }
        self.open_previous_right(cx, time)?;
        self.open_left(cx, time)?;
        if !self.right_exists {
            self.open_right(cx)?;
        }
        Ok(())
    }

    /// Records earlier than the time difference share the window that starts at 0.
    fn early(&mut self, cx: &mut Context) -> Result<(), FoldError> {
        let time = self.time();
        let mut combined = None;
        let mut walk = self.walk(cx, 0, Order::Ascending)?;
        while let Some((start, row)) = self.step(cx, &mut walk)? {
            self.seen.insert(start);
            if start == 0 {
                let latest = row.timestamp.as_millis();
                self.previous = Some(latest).filter(|latest| *latest < time);
                combined = Some(row);
            } else if start <= time {
                self.right = Some(row.clone());
                self.update(cx, start, Some(row))?;
            } else {
                self.right_exists = true;
            }
        }
        if self.right.is_none() {
            self.right = combined.clone().filter(|row| row.timestamp.as_millis() > time);
        }
        if !self.right_exists {
            self.open_right(cx)?;
        }
        if let Some(start) = self.previous.map(|latest| latest + 1)
            && !self.seen.contains(&start)
        {
            self.update_new(cx, start)?;
        }
        match combined {
            Some(row) => self.update(cx, 0, Some(row)),
            None => self.update_new(cx, 0),
        }
    }

    /// Walks over the key's windows that start from `from` up to behind the record; updates come in between.
    fn walk(
        &mut self,
        cx: &mut Context,
        from: i64,
        order: Order,
    ) -> Result<Walk<ValueAndTimestamp<A>>, FoldError> {
        let span = (from, self.work.timestamp.as_millis() + 1);
        let store = cx.unsettled(self.work.store);
        store.walk(&self.key, span, order).map_err(store_error)
    }

    fn step(
        &mut self,
        cx: &mut Context,
        walk: &mut Walk<ValueAndTimestamp<A>>,
    ) -> Result<Option<(i64, ValueAndTimestamp<A>)>, FoldError> {
        let row = cx.unsettled(self.work.store).step(walk).map_err(store_error)?;
        Ok(row.map(|(key, row)| (key.window.start, row)))
    }

    fn open_previous_right(&mut self, cx: &mut Context, time: i64) -> Result<(), FoldError> {
        let Some(start) = self.previous.map(|latest| latest + 1) else { return Ok(()) };
        if self.seen.contains(&start) || start.saturating_add(self.difference) < time {
            return Ok(());
        }
        self.update_new(cx, start)
    }

    fn open_left(&mut self, cx: &mut Context, time: i64) -> Result<(), FoldError> {
        if self.left_exists {
            return Ok(());
        }
        let start = time - self.difference;
        let holds_previous = self.previous.is_some_and(|previous| start <= previous);
        let timestamp = self.work.timestamp;
        match self.left.take().filter(|_| holds_previous) {
            Some(left) => {
                self.replace(cx, start, Some(ValueAndTimestamp { timestamp, ..left }), false)
            }
            None => self.update_new(cx, start),
        }
    }

    /// The window behind the record, when there are later records: their aggregate, not folded again.
    fn open_right(&mut self, cx: &mut Context) -> Result<(), FoldError> {
        let time = self.time();
        let Some(right) = self.right.take().filter(|row| row.timestamp.as_millis() > time) else {
            return Ok(());
        };
        let key = self.work.windowed(&self.key, time + 1);
        let (store, timestamp) = (self.work.store, right.timestamp);
        let written = put_row(cx, store, &key, Some(right.value), timestamp, None)?;
        self.written(cx, (key, timestamp), written, None);
        Ok(())
    }

    fn update_new(&mut self, cx: &mut Context, start: i64) -> Result<(), FoldError> {
        let timestamp = self.work.timestamp;
        let initial = self.work.fold.initial();
        let row = initial.map(|value| ValueAndTimestamp { value, timestamp });
        self.replace(cx, start, row, false)
    }

    fn update(
        &mut self,
        cx: &mut Context,
        start: i64,
        row: Option<ValueAndTimestamp<A>>,
    ) -> Result<(), FoldError> {
        self.replace(cx, start, row, true)
    }

    /// Folds the record into a window that starts from `row`, which the store has when `stored`.
    fn replace(
        &mut self,
        cx: &mut Context,
        start: i64,
        row: Option<ValueAndTimestamp<A>>,
        stored: bool,
    ) -> Result<(), FoldError> {
        let key = self.work.windowed(&self.key, start);
        if key.window.end < self.work.close {
            cx.drop_record(self.work.node, LATE);
            return Ok(());
        }
        let work = &self.work;
        let before = row.clone().filter(|_| stored && work.want_old);
        let forwarded = row.as_ref().filter(|_| work.want_old).map(|row| row.value.clone());
        let timestamp =
            row.as_ref().map_or(work.timestamp, |row| row.timestamp.max(work.timestamp));
        let held = row.map(|row| row.value);
        let new = work.fold.fold(&self.key, self.value.clone(), held)?;
        let written = put_row(cx, work.store, &key, new, timestamp, before)?;
        self.written(cx, (key, timestamp), written, forwarded);
        Ok(())
    }

    fn written(
        &mut self,
        cx: &mut Context,
        (key, timestamp): (crate::serdes::Windowed<K>, crate::time::Timestamp),
        written: Option<Change<A>>,
        old: Option<A>,
    ) {
        let expired = cx.unsettled(self.work.store).take_expired();
        cx.drop_expired(self.work.node, expired);
        if let Some(change) = written
            && !self.work.on_close
        {
            self.work.push(key, Change { old, ..change }, timestamp);
        }
    }
}

fn store_error(error: StoreError) -> FoldError {
    FoldError(UpdateError::Store(error))
}
