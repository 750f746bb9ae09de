//! Looking into the window and session stores of a test driver.

use super::TopologyTestDriver;
use crate::error::StreamsError;
use crate::outbox::Outbox;
use crate::record::RecordContext;
use crate::serdes::Windowed;
use crate::store::{Order, SessionStore, TableStore, WindowStore};
use crate::time::Timestamp;

/// A typed view of a window store: a processor's, or that of a windowed table.
pub struct TestWindowStore<'d, K, V> {
    store: Either<'d, K, V>,
    out: &'d mut Outbox,
}

enum Either<'d, K, V> {
    Table(&'d mut TableStore<Windowed<K>, V>),
    Plain(&'d mut WindowStore<K, V>),
}

impl<K, V> TestWindowStore<'_, K, V>
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    /// The windows of a key that start from `from` to `to` (milliseconds), both included, with their starts.
    ///
    /// # Errors
    /// When their bytes do not fit the types.
    pub fn fetch(&mut self, key: &K, from: i64, to: i64) -> Result<Vec<(i64, V)>, StreamsError> {
        Ok(match &mut self.store {
            Either::Table(store) => {
                let rows = store.fetch(key, from, to, Order::Ascending)?;
                rows.into_iter().map(|(start, row)| (start, row.value)).collect()
            }
            Either::Plain(store) => store.fetch(key, from, to, Order::Ascending)?,
        })
    }

    /// Writes (`Some`) or deletes the value of the window that starts then, with a time that is kept where the
    /// store keeps one; as [`TestKeyValueStore::put`](super::TestKeyValueStore::put). What comes too late is not
    /// kept.
    ///
    /// # Errors
    /// When a part does not encode.
    pub fn put(
        &mut self,
        key: &K,
        value: Option<V>,
        window_start: Timestamp,
        timestamp: Timestamp,
    ) -> Result<(), StreamsError> {
        let context = RecordContext { timestamp, ..RecordContext::none() };
        let start = window_start.as_millis();
        match &mut self.store {
            Either::Table(store) => {
                store.put_window(self.out, &context, (key, start), value, timestamp)?;
            }
            Either::Plain(store) => store.put(self.out, &context, key, value, start)?,
        }
        Ok(())
    }

    /// All windows: in memory by start and key, on disk by segment and key.
    ///
    /// # Errors
    /// When their bytes do not fit the types.
    pub fn all(&mut self) -> Result<Vec<(Windowed<K>, V)>, StreamsError> {
        Ok(match &mut self.store {
            Either::Table(store) => {
                let rows = store.fetch_all(0, i64::MAX)?;
                rows.into_iter().map(|(at, row)| (at, row.value)).collect()
            }
            Either::Plain(store) => store.fetch_range(&.., 0, i64::MAX, Order::Ascending)?,
        })
    }
}

/// A typed view of a session store: a processor's, or that of an aggregation of sessions.
pub struct TestSessionStore<'d, K, V> {
    store: &'d mut SessionStore<K, V>,
    out: &'d mut Outbox,
}

impl<K, V> TestSessionStore<'_, K, V>
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    /// The sessions of a key, by end.
    ///
    /// # Errors
    /// When their bytes do not fit the types.
    pub fn fetch(&mut self, key: &K) -> Result<Vec<(Windowed<K>, V)>, StreamsError> {
        Ok(self.store.find(key, 0, i64::MAX, Order::Ascending)?)
    }

    /// The aggregate of exactly this session.
    ///
    /// # Errors
    /// When its bytes do not fit the types.
    pub fn fetch_session(&mut self, session: &Windowed<K>) -> Result<Option<V>, StreamsError> {
        Ok(self.store.fetch(session)?)
    }

    /// Writes (`Some`) or removes the aggregate of a session; as
    /// [`TestKeyValueStore::put`](super::TestKeyValueStore::put). The changelog record has the time of the
    /// session's end. What comes too late is not kept.
    ///
    /// # Errors
    /// When a part does not encode.
    pub fn put(&mut self, session: &Windowed<K>, value: Option<V>) -> Result<(), StreamsError> {
        let timestamp = Timestamp::from_millis(session.end).unwrap_or_default();
        let context = RecordContext { timestamp, ..RecordContext::none() };
        self.store.put(self.out, &context, session, value, None).map(drop)?;
        Ok(())
    }

    /// All sessions: in memory by end and key, on disk by segment and key.
    ///
    /// # Errors
    /// When their bytes do not fit the types.
    pub fn all(&mut self) -> Result<Vec<(Windowed<K>, V)>, StreamsError> {
        Ok(self.store.ended_between(0, i64::MAX)?)
    }
}

impl TopologyTestDriver {
    /// A window store by name and types.
    ///
    /// # Errors
    /// When there is no store of that name, or it has other types.
    ///
    /// # Example
    /// ```
    /// use std::time::Duration;
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     stream::<String, i64>("in")
    ///         .group_by_key()
    ///         .windowed_by(TimeWindows::of_size_with_no_grace(Duration::from_millis(10)))
    ///         .count("counts");
    /// });
    /// let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
    /// driver.input::<String, i64>("in").pipe_all([("a", 1), ("a", 2)], 12)?;
    /// let mut counts = driver.window_store::<String, i64>("counts")?;
    /// assert_eq!(counts.fetch(&"a".to_owned(), 0, 99)?, [(10, 2)]);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn window_store<K, V>(
        &mut self,
        name: &str,
    ) -> Result<TestWindowStore<'_, K, V>, StreamsError>
    where
        K: Clone + Send + 'static,
        V: Clone + Send + 'static,
    {
        let other_types = Self::other_types::<K, V>(name, "window store");
        let (store, out) = self.store_of(name)?;
        let store = match store.is::<WindowStore<K, V>>() {
            true => Either::Plain(store.downcast_mut().ok_or(other_types)?),
            false => Either::Table(store.downcast_mut().ok_or(other_types)?),
        };
        Ok(TestWindowStore { store, out })
    }

    /// A session store by name and types.
    ///
    /// # Errors
    /// When there is no store of that name, or it has other types.
    ///
    /// # Example
    /// ```
    /// use std::time::Duration;
    /// use streams_runtime::prelude::*;
    ///
    /// let gap = SessionWindows::of_inactivity_gap_with_no_grace(Duration::from_millis(10));
    /// let topology = topology!({
    ///     stream::<String, i64>("in").group_by_key().windowed_by(gap).count("visits");
    /// });
    /// let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
    /// driver.input::<String, i64>("in").pipe("a", 1, 3)?;
    /// driver.input::<String, i64>("in").pipe("a", 1, 9)?;
    /// let visits = driver.session_store::<String, i64>("visits")?.fetch(&"a".to_owned())?;
    /// assert_eq!((visits[0].0.start, visits[0].0.end, visits[0].1), (3, 9, 2));
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn session_store<K, V>(
        &mut self,
        name: &str,
    ) -> Result<TestSessionStore<'_, K, V>, StreamsError>
    where
        K: Clone + Send + 'static,
        V: Clone + Send + 'static,
    {
        let other_types = Self::other_types::<K, V>(name, "session store");
        let (store, out) = self.store_of(name)?;
        Ok(TestSessionStore { store: store.downcast_mut().ok_or(other_types)?, out })
    }
}
