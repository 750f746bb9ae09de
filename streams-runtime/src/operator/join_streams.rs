//! Two streams within a time of each other: inner, left and outer, and a stream with itself.

use super::join_stream_table::NULL_KEY_OR_VALUE;
use super::joiner::Joins;
use super::repartition::Repartition;
use super::view::LookupError;
use crate::context::Context;
use crate::error::{Stop, StreamsError, StreamsErrorKind};
use crate::record::{Headers, Record};
use crate::serdes::{Encoded, Nullable, SerdeRef};
use crate::store::{JoinWindowStore, StoreError, StoreRef, Unmatched, UnmatchedStore};
use crate::time::Timestamp;
use crate::topology::NodeId;
use crate::window::JoinWindows;

/// One side of a join of two streams.
///
/// A record joins every record of the other side whose time lies within the windows, older ones first,
/// and is then kept for those to come. A result has the later of both times and the headers of the record
/// that came last. Records with a null value are dropped and counted; so are those with a null key, but a
/// side that must not be lost (left of a left join, both of an outer one) sends them on without a match.
///
/// Such a side's records without a match wait in a store that both sides share, and leave it when stream
/// time has passed their windows and the grace period, and a record arrives; a record that comes later
/// than that leaves at once. Late records join what is still kept. Each record costs one range read of
/// the other side's store and one write of its own, both logged.
/// Java: `KStreamKStreamJoin`, `KStreamJoinWindow`, `KStreamKStreamSelfJoin`.
///
/// # Example
/// ```
/// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
/// use std::time::Duration;
/// use streams_runtime::prelude::*;
///
/// let topology = topology!({
///     let within = JoinWindows::of_time_difference_with_no_grace(Duration::from_millis(10));
///     let clicks = stream::<String, String>("clicks");
///     stream::<String, String>("views")
///         .left_join(clicks, |view, click| format!("{view} {click:?}"), within)
///         .to("out");
/// });
/// let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
/// driver.input::<String, String>("views").pipe("ann", "home", 0)?;
/// driver.input::<String, String>("clicks").pipe("ann", "buy", 5)?;
/// driver.input::<String, String>("views").pipe("bob", "home", 6)?;
/// driver.input::<String, String>("views").pipe("ann", "cart", 99)?;
/// let results = driver.output::<String, String>("out").values()?;
/// assert_eq!(results, [r#"home Some("buy")"#, "home None"]);
/// # Ok::<(), StreamsError>(())
/// ```
pub struct StreamJoinSide<K: Nullable, V: Nullable, O: Nullable, J> {
    pub(crate) node: NodeId,
    /// The node of the whole join.
    pub(crate) join: NodeId,
    pub(crate) is_left: bool,
    /// True when this side's records without a match are results.
    pub(crate) outer: bool,
    /// The windows as this side sees them.
    pub(crate) within: JoinWindows,
    pub(crate) own: StoreRef<JoinWindowStore<K::NonNull, V::NonNull>>,
    pub(crate) other: StoreRef<JoinWindowStore<K::NonNull, O::NonNull>>,
    pub(crate) unmatched: Option<StoreRef<UnmatchedStore<K::NonNull>>>,
    pub(crate) values: (SerdeRef<V::NonNull>, SerdeRef<O::NonNull>),
    /// Makes the result of this side's value and the other's.
    pub(crate) joiner: J,
    pub(crate) repartition: Option<Repartition<K, V>>,
}

/// What comes of one record.
type Results<K, W> = Vec<Record<K, W>>;

impl<K: Nullable, V: Nullable, O: Nullable, J> StreamJoinSide<K, V, O, J> {
    /// The node of the topology.
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// The cut before this side.
    ///
    /// # Panics
    /// When the key did not change, so that there is none.
    pub fn repartition(&self) -> Repartition<K, V> {
        self.repartition.clone().expect("invariant: the key changed, so there is a repartition")
    }

    /// The joined records.
    ///
    /// # Errors
    /// When a store fails, and when the joiner fails and the handler says fail.
    pub fn run<W>(&self, cx: &mut Context, record: Record<K, V>) -> Result<Results<K, W>, Stop>
    where
        K: Clone,
        J: Joins<K, V::NonNull, O::NonNull, Joined = W>,
    {
        cx.entering(self.node, &record);
        let one_store = !cx.node(self.join).active;
        if one_store && !self.is_left {
            return Ok(Vec::new());
        }
        cx.at(&record);
        let Record { key, value, timestamp, headers } = record;
        let value = value.into_non_null();
        let now = timestamp.as_millis();
        if let Some(unmatched) = self.unmatched {
            let tracker = &mut cx.store(unmatched).tracker;
            tracker.stream_time = tracker.stream_time.max(now);
        }
        let mut results = Vec::new();
        let joined = match (key.as_non_null(), &value) {
            (Some(row_key), Some(value)) => {
                let record = Joining { key: &key, row_key, value, timestamp, headers: &headers };
                if one_store {
                    self.join_itself(cx, &record, &mut results)
                } else {
                    self.join(cx, &record, &mut results)
                }
            }
            (None, Some(_)) if self.outer => {
                let joined = self.joiner.join(&key, value.clone(), None);
                let (key, headers) = (key.clone(), headers.clone());
                joined.map(|joined| {
                    results.extend(joined.map(|value| Record { key, value, timestamp, headers }));
                })
            }
            _ => {
                cx.drop_record(self.node, NULL_KEY_OR_VALUE);
                Ok(())
            }
        };
        // a joiner that failed does not keep the record from those that are to come
        joined.or_else(|failure| failure.handle(cx, self.node))?;
        let kept = self.keep(cx, &key, value.as_ref(), now, headers);
        kept.or_else(|failure| failure.handle(cx, self.node))?;
        Ok(results)
    }

    /// Keeps the record for those of the other side that are still to come.
    fn keep(
        &self,
        cx: &mut Context,
        key: &K,
        value: Option<&V::NonNull>,
        now: i64,
        headers: Headers,
    ) -> Result<(), LookupError> {
        let Some(key) = key.as_non_null() else { return Ok(()) };
        let (own, out, _) = cx.store_and_outbox(self.own);
        own.put(out, key, value, now, headers)?;
        let expired = own.take_expired();
        cx.drop_expired(self.node, expired);
        Ok(())
    }

    fn join<W>(
        &self,
        cx: &mut Context,
        record: &Joining<'_, K, V>,
        results: &mut Results<K, W>,
    ) -> Result<(), LookupError>
    where
        K: Clone,
        J: Joins<K, V::NonNull, O::NonNull, Joined = W>,
    {
        let now = record.timestamp.as_millis();
        if let Some(unmatched) = self.unmatched {
            self.take_closed(cx, unmatched, record, results)?;
        }
        let (from, to) = (self.within.earliest(now), self.within.latest(now));
        let others = cx.store(self.other).fetch(record.row_key, from, to)?;
        let alone = others.is_empty();
        for (time, other) in others {
            if let Some(unmatched) = self.unmatched {
                let (store, out, _) = cx.store_and_outbox(unmatched);
                store.remove(out, (time, !self.is_left), record.row_key, now)?;
            }
            let value = self.joiner.join(record.key, Some(record.value.clone()), Some(other))?;
            results.extend(value.map(|value| record.with(value, now.max(time))));
        }
        if !(self.outer && alone) {
            return Ok(());
        }
        let Some(unmatched) = self.unmatched else { return Ok(()) };
        if to < cx.store(unmatched).tracker.stream_time {
            let value = self.joiner.join(record.key, Some(record.value.clone()), None)?;
            results.extend(value.map(|value| record.with(value, now)));
            return Ok(());
        }
        self.wait(cx, unmatched, record)
    }

    /// Puts a record without a match where both sides find it.
    fn wait(
        &self,
        cx: &mut Context,
        unmatched: StoreRef<UnmatchedStore<K::NonNull>>,
        record: &Joining<'_, K, V>,
    ) -> Result<(), LookupError> {
        let now = record.timestamp.as_millis();
        let (store, out, _) = cx.store_and_outbox(unmatched);
        store.tracker.min_time = store.tracker.min_time.min(now);
        let mut bytes = Vec::new();
        let encoded = self.values.0.serialize(&store.topic(), record.value, &mut bytes);
        let encoded = encoded.map_err(|error| StoreError::serde("join", "value", &error))?;
        if encoded == Encoded::Bytes {
            store.add(out, (now, self.is_left), record.row_key, &bytes)?;
        }
        Ok(())
    }

    /// Sends on what has waited for a match until its windows closed.
    fn take_closed<W>(
        &self,
        cx: &mut Context,
        unmatched: StoreRef<UnmatchedStore<K::NonNull>>,
        record: &Joining<'_, K, V>,
        results: &mut Results<K, W>,
    ) -> Result<(), LookupError>
    where
        K: Clone,
        J: Joins<K, V::NonNull, O::NonNull, Joined = W>,
    {
        let now = record.timestamp.as_millis();
        let (clock, interval) = (cx.wall_clock().as_millis(), cx.emit_interval_ms());
        let store = cx.store(unmatched);
        let tracker = &mut store.tracker;
        let reach = self.within.reach_ms().wrapping_add(self.within.grace_ms());
        // wraps as in Java: an unknown least time does not hold the emission back
        let open = tracker.min_time.wrapping_add(reach) >= tracker.stream_time;
        if now != tracker.stream_time || open || clock < tracker.next_emit {
            return Ok(());
        }
        tracker.next_emit = clock.saturating_add(interval);
        let within = if self.is_left { self.within } else { self.within.reversed() };
        let (closed, topic) = (store.closed(within)?, store.topic());
        let mut sent: Option<&Unmatched<K::NonNull>> = None;
        for waited in &closed {
            for bytes in &waited.values {
                match self.alone(waited, bytes, &topic) {
                    Ok(joined) => results.extend(joined.map(|(key, value)| {
                        let (timestamp, headers) = (at(waited.timestamp), record.headers.clone());
                        Record { key, value, timestamp, headers }
                    })),
                    Err(failure) => {
                        // as in Java it stays, with the one before it, and is tried again
                        cx.store(unmatched).tracker.min_time = waited.timestamp;
                        return Err(failure);
                    }
                }
            }
            if let Some(sent) = sent.replace(waited) {
                let (store, out, _) = cx.store_and_outbox(unmatched);
                store.remove_at(out, &sent.place, now);
            }
        }
        if let Some(sent) = sent {
            let (store, out, _) = cx.store_and_outbox(unmatched);
            store.remove_at(out, &sent.place, now);
        }
        Ok(())
    }

    /// The result of a value without a match.
    fn alone<W>(
        &self,
        waited: &Unmatched<K::NonNull>,
        bytes: &[u8],
        topic: &str,
    ) -> Result<Option<(K, W)>, LookupError>
    where
        J: Joins<K, V::NonNull, O::NonNull, Joined = W>,
    {
        let serde = |error| StoreError::serde("join", "value", &error);
        let key = K::from_non_null(waited.key.clone());
        let joined = if waited.left == self.is_left {
            let value = self.values.0.deserialize(topic, Some(bytes)).map_err(serde)?;
            self.joiner.join(&key, Some(value), None)?
        } else {
            let value = self.values.1.deserialize(topic, Some(bytes)).map_err(serde)?;
            self.joiner.join(&key, None, Some(value))?
        };
        Ok(joined.map(|joined| (key, joined)))
    }

    /// The join of a stream with itself in one store, with the results of two in their order.
    fn join_itself<W>(
        &self,
        cx: &mut Context,
        record: &Joining<'_, K, V>,
        results: &mut Results<K, W>,
    ) -> Result<(), LookupError>
    where
        K: Clone,
        J: Joins<K, V::NonNull, O::NonNull, Joined = W>,
    {
        let now = record.timestamp.as_millis();
        let own = cx.store(self.own);
        let (from, to) = (self.within.earliest(now), self.within.latest(now));
        let as_right = own.fetch(record.row_key, from, to)?;
        let reversed = self.within.reversed();
        let as_left = own.fetch(record.row_key, reversed.earliest(now), reversed.latest(now))?;
        let oldest = now.saturating_sub(self.within.retention_ms()).saturating_add(1);
        let mut itself = now > own.first_visible().max(oldest);
        let value = || Some(record.value.clone());
        for (time, other) in as_right {
            let joined = self.joiner.join(record.key, value(), Some(same(other)?))?;
            results.extend(joined.map(|joined| record.with(joined, now.max(time))));
        }
        let with_itself = |results: &mut Results<K, W>| {
            let joined =
                self.joiner.join(record.key, value(), Some(same(record.value.clone())?))?;
            results.extend(joined.map(|joined| record.with(joined, now)));
            Ok::<(), LookupError>(())
        };
        for (time, other) in as_left {
            if now < time && std::mem::take(&mut itself) {
                with_itself(results)?;
            }
            let right = Some(same(record.value.clone())?);
            let joined = self.joiner.join(record.key, Some(other), right)?;
            results.extend(joined.map(|joined| record.with(joined, now.max(time))));
        }
        if itself {
            with_itself(results)?;
        }
        Ok(())
    }
}

/// A record that takes part: neither key nor value is null.
struct Joining<'a, K: Nullable, V: Nullable> {
    key: &'a K,
    row_key: &'a K::NonNull,
    value: &'a V::NonNull,
    timestamp: Timestamp,
    headers: &'a Headers,
}

impl<K: Nullable + Clone, V: Nullable> Joining<'_, K, V> {
    /// A result under this record's key and headers.
    fn with<W>(&self, value: W, time: i64) -> Record<K, W> {
        let (key, headers) = (self.key.clone(), self.headers.clone());
        Record { key, value, timestamp: at(time), headers }
    }
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms).unwrap_or_default()
}

/// A value of one side as one of the other, when both sides are one stream.
fn same<A: 'static, B: 'static>(value: A) -> Result<B, LookupError> {
    let mut slot = Some(value);
    let same = (&mut slot as &mut dyn std::any::Any).downcast_mut::<Option<B>>();
    same.and_then(Option::take).ok_or_else(|| {
        let message = "a stream is joined with itself under two types; read its topic as one type, or \
                       leave single.store.self.join out of topology.optimization";
        LookupError::Stop(Box::new(StreamsError::new(StreamsErrorKind::Processing, message)))
    })
}
