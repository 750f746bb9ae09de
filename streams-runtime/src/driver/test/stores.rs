//! Looking into the stores of a test driver.

use std::any::Any;

use super::TopologyTestDriver;
use crate::error::{StreamsError, StreamsErrorKind};
use crate::outbox::Outbox;
use crate::record::RecordContext;
use crate::serdes::Window;
use crate::serdes::headers::read_sized_headers;
use crate::serdes::windowed::{read_session_key, read_window_key};
use crate::store::{
    KeyValueStore, Order, OwnState, OwnStore, StoreKind, TableStore, VersionedRecord,
};
use crate::time::Timestamp;

/// A row of a store, as bytes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StoreRow {
    /// The key's bytes.
    pub key: Vec<u8>,
    /// The value's bytes, as the changelog has them.
    pub value: Vec<u8>,
    /// The row's time, where the store keeps one.
    pub timestamp: Option<i64>,
    /// The row's window, where the store keeps windows or sessions; the key is without it.
    pub window: Option<Window>,
    /// For a version that is not its key's latest: when another one took its place.
    pub valid_to: Option<i64>,
}

/// A typed view of a key-value store; the store of a table has a time beside each value.
pub struct TestKeyValueStore<'d, K, V> {
    store: Either<'d, K, V>,
    out: &'d mut Outbox,
}

enum Either<'d, K, V> {
    Table(&'d mut TableStore<K, V>),
    Plain(&'d mut KeyValueStore<K, V>),
}

impl<K, V> TestKeyValueStore<'_, K, V>
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    /// The value of a key.
    ///
    /// # Errors
    /// When its bytes do not fit the types.
    pub fn get(&mut self, key: &K) -> Result<Option<V>, StreamsError> {
        Ok(match &mut self.store {
            Either::Table(store) => store.get(key)?.map(|row| row.value),
            Either::Plain(store) => store.get(key)?,
        })
    }

    /// Writes a value, as a test does before the records come; its time is kept where the store keeps one.
    ///
    /// The changelog has it with that time. With a cache it is forwarded with the next commit, as if the
    /// store's own operator had written it. A global store is filled by its topic instead.
    ///
    /// # Errors
    /// When a part does not encode, and when a versioned store takes it for too late.
    ///
    /// # Example
    /// ```
    /// use streams_runtime::prelude::*;
    ///
    /// let topology = topology!({
    ///     stream::<String, i64>("in").group_by_key().count("counts").to_stream().to("out");
    /// });
    /// let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
    /// driver.key_value_store("counts")?.put("a".to_owned(), 41_i64, Timestamp::ZERO)?;
    /// driver.input::<String, i64>("in").pipe("a", 1, 0)?;
    /// assert_eq!(driver.output::<String, i64>("out").to_map()?["a"], 42);
    /// # Ok::<(), StreamsError>(())
    /// ```
    pub fn put(&mut self, key: K, value: V, timestamp: Timestamp) -> Result<(), StreamsError> {
        self.write(&key, Some(value), timestamp)
    }

    /// Deletes a value; see [`put`](Self::put).
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub fn delete(&mut self, key: &K, timestamp: Timestamp) -> Result<(), StreamsError> {
        self.write(key, None, timestamp)
    }

    fn write(
        &mut self,
        key: &K,
        value: Option<V>,
        timestamp: Timestamp,
    ) -> Result<(), StreamsError> {
        let context = RecordContext { timestamp, ..RecordContext::none() };
        match &mut self.store {
            Either::Table(store) => {
                store.put(self.out, &context, key, value, timestamp, None).map(drop)?;
            }
            Either::Plain(store) => store.put(self.out, &context, key, value)?,
        }
        Ok(())
    }

    /// The value of a key with its time in milliseconds, where the store keeps one.
    ///
    /// # Errors
    /// When its bytes do not fit the types.
    pub fn get_with_time(&mut self, key: &K) -> Result<Option<(V, Option<i64>)>, StreamsError> {
        Ok(match &mut self.store {
            Either::Table(store) => {
                store.get(key)?.map(|row| (row.value, Some(row.timestamp.as_millis())))
            }
            Either::Plain(store) => store.get(key)?.map(|value| (value, None)),
        })
    }

    /// The value that a key had at a time, in a store that keeps the past of its keys; otherwise the value
    /// it has.
    ///
    /// # Errors
    /// When its bytes do not fit the types.
    pub fn get_as_of(&mut self, key: &K, time: Timestamp) -> Result<Option<V>, StreamsError> {
        Ok(match &mut self.store {
            Either::Table(store) => store.get_as_of(key, time)?.map(|row| row.value),
            Either::Plain(store) => store.get(key)?,
        })
    }

    /// All versions of a key that a versioned store still has, the oldest first; none in another store.
    ///
    /// # Errors
    /// When their bytes do not fit the types.
    pub fn versions(&mut self, key: &K) -> Result<Vec<VersionedRecord<V>>, StreamsError> {
        Ok(match &mut self.store {
            Either::Table(store) => store.versions(key, Timestamp::ZERO, Timestamp::MAX)?,
            Either::Plain(_) => Vec::new(),
        })
    }

    /// All keys and values, in the order of the keys' bytes.
    ///
    /// # Errors
    /// When the bytes of one do not fit the types.
    pub fn all(&mut self) -> Result<Vec<(K, V)>, StreamsError> {
        let mut rows = Vec::new();
        match &mut self.store {
            Either::Table(store) => {
                for row in store.all()? {
                    let (key, row) = row?;
                    rows.push((key, row.value));
                }
            }
            Either::Plain(store) => {
                for row in store.all(Order::Ascending)? {
                    rows.push(row?);
                }
            }
        }
        Ok(rows)
    }
}

impl TopologyTestDriver {
    /// The names of all stores.
    pub fn store_names(&self) -> Vec<String> {
        let used = self.topology.plan.stores.iter().filter(|store| store.used);
        used.map(|store| store.name.clone()).collect()
    }

    /// A key-value store by name and types.
    ///
    /// # Errors
    /// When there is no store of that name, or it has other types.
    pub fn key_value_store<K, V>(
        &mut self,
        name: &str,
    ) -> Result<TestKeyValueStore<'_, K, V>, StreamsError>
    where
        K: Clone + Send + 'static,
        V: Clone + Send + 'static,
    {
        let other_types = Self::other_types::<K, V>(name, "key-value store");
        let (store, out) = self.store_of(name)?;
        let store = match store.is::<TableStore<K, V>>() {
            true => Either::Table(store.downcast_mut().ok_or(other_types)?),
            false => Either::Plain(store.downcast_mut().ok_or(other_types)?),
        };
        Ok(TestKeyValueStore { store, out })
    }

    /// All rows of a store as bytes, in the order of the keys' bytes; the versions of a key in order of time.
    ///
    /// # Errors
    /// When there is no store of that name.
    pub fn store_rows(&mut self, name: &str) -> Result<Vec<StoreRow>, StreamsError> {
        let unknown = self.no_store(name);
        let Some((_, store)) = self.task.stores_mut().find(|(_, store)| store.name() == name)
        else {
            return Err(unknown);
        };
        store.refresh();
        let kind = store.kind();
        let mut rows = Vec::new();
        store.visit_rows(&mut |key, stored| {
            let (valid_to, stored) = match kind {
                StoreKind::Versioned => split_time(stored),
                _ => (None, stored),
            };
            let (timestamp, value) = match kind {
                StoreKind::TimestampedKeyValue
                | StoreKind::TimestampedWindow { .. }
                | StoreKind::Versioned => split_time(stored),
                StoreKind::TimestampedWithHeaders { .. } => split_time(behind_headers(stored)),
                StoreKind::SessionWithHeaders => (None, behind_headers(stored)),
                _ => (None, stored),
            };
            let (key, window) = key_and_window(kind, key);
            let (key, value) = (key.to_vec(), value.to_vec());
            let valid_to = valid_to.filter(|end| *end < i64::MAX);
            rows.push(StoreRow { key, value, timestamp, window, valid_to });
        })?;
        Ok(rows)
    }

    /// A store of a kind of your own, by name and type. What is changed here is not logged.
    ///
    /// # Errors
    /// When there is no store of that name, or it is of another type.
    pub fn own_store<S: OwnStore>(&mut self, name: &str) -> Result<&mut S, StreamsError> {
        let (store, _) = self.store_of(name)?;
        match store.downcast_mut::<OwnState<S>>() {
            Some(state) => Ok(state.store()?),
            None => Err(StreamsError::new(
                StreamsErrorKind::Store,
                format!("store `{name}` is no `{}`; ask for its type", std::any::type_name::<S>()),
            )),
        }
    }

    /// True for a store that only its operator understands.
    pub fn is_internal_store(&mut self, name: &str) -> bool {
        let store = self.task.stores_mut().find(|(_, store)| store.name() == name);
        store.is_some_and(|(_, store)| store.kind() == StoreKind::Internal)
    }

    /// The store of that name, of whatever type, and the way to its changelog.
    pub(super) fn store_of(
        &mut self,
        name: &str,
    ) -> Result<(&mut dyn Any, &mut Outbox), StreamsError> {
        let unknown = self.no_store(name);
        let (store, out) = self.task.store_of(name).ok_or(unknown)?;
        store.refresh();
        Ok((store, out))
    }

    /// Says that a store is not what it was asked for.
    pub(super) fn other_types<K, V>(name: &str, kind: &str) -> StreamsError {
        StreamsError::new(
            StreamsErrorKind::Store,
            format!(
                "store `{name}` is no {kind} of `{}` by `{}`; ask for the kind and the types that the topology \
                 keeps there",
                std::any::type_name::<V>(),
                std::any::type_name::<K>()
            ),
        )
    }

    fn no_store(&self, name: &str) -> StreamsError {
        StreamsError::new(
            StreamsErrorKind::Store,
            format!("there is no store `{name}`; there are: {}", self.store_names().join(", ")),
        )
    }
}

/// What stands behind the headers of a stored value.
fn behind_headers(stored: &[u8]) -> &[u8] {
    read_sized_headers(stored).map_or(stored, |(_, rest)| rest)
}

fn split_time(stored: &[u8]) -> (Option<i64>, &[u8]) {
    match stored.split_first_chunk() {
        Some((time, rest)) => (Some(i64::from_be_bytes(*time)), rest),
        None => (None, stored),
    }
}

fn key_and_window(kind: StoreKind, key: &[u8]) -> (&[u8], Option<Window>) {
    match kind {
        StoreKind::Session | StoreKind::SessionWithHeaders => match read_session_key(key) {
            Ok((key, window)) => (key, Some(window)),
            Err(_) => (key, None),
        },
        StoreKind::Window { size_ms }
        | StoreKind::TimestampedWindow { size_ms }
        | StoreKind::TimestampedWithHeaders { window_size_ms: Some(size_ms) } => {
            match read_window_key(key) {
                Ok((key, start, _)) => {
                    (key, Some(Window { start, end: start.saturating_add(size_ms) }))
                }
                Err(_) => (key, None),
            }
        }
        StoreKind::KeyValue
        | StoreKind::TimestampedWithHeaders { window_size_ms: None }
        | StoreKind::TimestampedKeyValue
        | StoreKind::Versioned
        | StoreKind::Internal => (key, None),
    }
}
