//! `flat_map_values` with the value or with key and value, and the `try_` twins.

use crate::context::Context;
use crate::error::{Stop, UserError};
use crate::record::{Headers, Record};
use crate::time::Timestamp;
use crate::topology::NodeId;

/// Makes any number of values of each record's value; the key and so the partition stay.
///
/// Each result has the key, the time and the headers of the record; the key is cloned for all results
/// but the last where the iterator knows its length. Java: `KStream#flatMapValues`.
///
/// # Example
/// ```
/// use streams_runtime::prelude::*;
///
/// let topology = topology!({
///     stream::<String, String>("in").flat_map_values(|line| line.chars().collect::<Vec<_>>()).map_values(|c| c.to_string()).to("out");
/// });
/// let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
/// driver.input::<String, String>("in").pipe("k", "hi", 0)?;
/// assert_eq!(driver.output::<String, String>("out").values()?, ["h", "i"]);
/// # Ok::<(), StreamsError>(())
/// ```
#[derive(Debug)]
pub struct FlatMapValues<F> {
    pub(crate) node: NodeId,
    pub(crate) mapper: F,
}

/// [`FlatMapValues`] with a function that also sees the key.
#[derive(Debug)]
pub struct FlatMapValuesWithKey<F> {
    pub(crate) node: NodeId,
    pub(crate) mapper: F,
}

/// [`FlatMapValues`] with a function that can fail; an error goes to the processing exception handler.
#[derive(Debug)]
pub struct TryFlatMapValues<F> {
    pub(crate) node: NodeId,
    pub(crate) mapper: F,
}

/// [`FlatMapValuesWithKey`] with a function that can fail; an error goes to the processing exception
/// handler.
#[derive(Debug)]
pub struct TryFlatMapValuesWithKey<F> {
    pub(crate) node: NodeId,
    pub(crate) mapper: F,
}

/// The values of an iterator, each with the same key.
struct Keyed<K, I> {
    key: Option<K>,
    values: Option<I>,
    timestamp: Timestamp,
    headers: Headers,
}

impl<K: Clone, I: Iterator> Iterator for Keyed<K, I> {
    type Item = Record<K, I::Item>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let values = self.values.as_mut()?;
        let value = values.next()?;
        // the last value takes the key itself; an iterator that does not know gets clones
        let last = values.size_hint().1 == Some(0);
        let key = if last { self.key.take()? } else { self.key.clone()? };
        Some(Record { key, value, timestamp: self.timestamp, headers: self.headers.clone() })
    }
}

impl<F> FlatMapValues<F> {
    pub(crate) fn new(node: NodeId, mapper: F) -> Self {
        Self { node, mapper }
    }

    /// The node of the topology.
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// The records of the new values.
    ///
    /// # Errors
    /// Never.
    #[inline]
    pub fn run<K: Clone + 'static, V: 'static, I>(
        &self,
        cx: &mut Context,
        record: Record<K, V>,
    ) -> Result<impl IntoIterator<Item = Record<K, I::Item>> + use<K, V, I, F>, Stop>
    where
        F: Fn(V) -> I,
        I: IntoIterator,
    {
        cx.entering(self.node, &record);
        let Record { key, value, timestamp, headers } = record;
        let values = Some((self.mapper)(value).into_iter());
        Ok(Keyed { key: Some(key), values, timestamp, headers })
    }
}

impl<F> FlatMapValuesWithKey<F> {
    pub(crate) fn new(node: NodeId, mapper: F) -> Self {
        Self { node, mapper }
    }

    /// The node of the topology.
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// The records of the new values.
    ///
    /// # Errors
    /// Never.
    #[inline]
    pub fn run<K: Clone + 'static, V: 'static, I>(
        &self,
        cx: &mut Context,
        record: Record<K, V>,
    ) -> Result<impl IntoIterator<Item = Record<K, I::Item>> + use<K, V, I, F>, Stop>
    where
        F: Fn(&K, V) -> I,
        I: IntoIterator,
    {
        cx.entering(self.node, &record);
        let Record { key, value, timestamp, headers } = record;
        let values = Some((self.mapper)(&key, value).into_iter());
        Ok(Keyed { key: Some(key), values, timestamp, headers })
    }
}

impl<F> TryFlatMapValues<F> {
    pub(crate) fn new(node: NodeId, mapper: F) -> Self {
        Self { node, mapper }
    }

    /// The records of the new values, none when the function failed.
    ///
    /// # Errors
    /// When the function fails and the handler says fail.
    #[inline]
    pub fn run<K: Clone + 'static, V: 'static, I, E>(
        &self,
        cx: &mut Context,
        record: Record<K, V>,
    ) -> Result<impl IntoIterator<Item = Record<K, I::Item>> + use<K, V, I, E, F>, Stop>
    where
        F: Fn(V) -> Result<I, E>,
        I: IntoIterator,
        E: Into<UserError>,
    {
        cx.entering(self.node, &record);
        let Record { key, value, timestamp, headers } = record;
        let values = (self.mapper)(value);
        keyed(cx, self.node, values, key, timestamp, headers)
    }
}

impl<F> TryFlatMapValuesWithKey<F> {
    pub(crate) fn new(node: NodeId, mapper: F) -> Self {
        Self { node, mapper }
    }

    /// The records of the new values, none when the function failed.
    ///
    /// # Errors
    /// When the function fails and the handler says fail.
    #[inline]
    pub fn run<K: Clone + 'static, V: 'static, I, E>(
        &self,
        cx: &mut Context,
        record: Record<K, V>,
    ) -> Result<impl IntoIterator<Item = Record<K, I::Item>> + use<K, V, I, E, F>, Stop>
    where
        F: Fn(&K, V) -> Result<I, E>,
        I: IntoIterator,
        E: Into<UserError>,
    {
        cx.entering(self.node, &record);
        let Record { key, value, timestamp, headers } = record;
        let values = (self.mapper)(&key, value);
        keyed(cx, self.node, values, key, timestamp, headers)
    }
}

fn keyed<K, I: IntoIterator, E: Into<UserError>>(
    cx: &mut Context,
    node: NodeId,
    values: Result<I, E>,
    key: K,
    timestamp: Timestamp,
    headers: Headers,
) -> Result<Keyed<K, I::IntoIter>, Stop> {
    let values = match values {
        Ok(values) => Some(values.into_iter()),
        Err(error) => {
            cx.processing_failed(node, timestamp, &headers, error)?;
            None
        }
    };
    Ok(Keyed { key: Some(key), values, timestamp, headers })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::testing::{context, record, resuming};

    #[test]
    fn each_value_has_the_key() {
        let mut cx = context();
        let split = FlatMapValues::new(NodeId(0), |value: &'static str| value.split(' '));
        let run = split.run(&mut cx, record("k", "a b")).unwrap();
        assert_eq!(run.into_iter().collect::<Vec<_>>(), [record("k", "a"), record("k", "b")]);
        let list = FlatMapValuesWithKey::new(NodeId(0), |_: &String, n: usize| vec![n; n]);
        let run = list.run(&mut cx, record("k".to_owned(), 3)).unwrap();
        assert_eq!(run.into_iter().filter(|r| r.key == "k" && r.value == 3).count(), 3);
    }

    #[test]
    fn the_last_value_takes_the_key() {
        #[derive(Debug, Default)]
        struct Counted(std::rc::Rc<std::cell::Cell<u32>>);
        impl Clone for Counted {
            fn clone(&self) -> Self {
                self.0.set(self.0.get() + 1);
                Self(self.0.clone())
            }
        }
        let key = Counted::default();
        let clones = key.0.clone();
        let list = FlatMapValues::new(NodeId(0), |n: usize| vec![n; n]);
        let run = list.run(&mut context(), record(key, 3)).unwrap();
        assert_eq!(run.into_iter().count(), 3);
        assert_eq!(clones.get(), 2);
    }

    #[test]
    fn a_failure_gives_none() {
        let mut cx = resuming();
        let refuse =
            TryFlatMapValues::new(NodeId(0), |n: i32| if n == 0 { Err("zero") } else { Ok([n]) });
        assert_eq!(refuse.run(&mut cx, record("k", 0)).unwrap().into_iter().count(), 0);
        let with_key =
            TryFlatMapValuesWithKey::new(NodeId(0), |_: &&str, _: i32| Err::<[i32; 1], _>("no"));
        assert_eq!(with_key.run(&mut cx, record("k", 0)).unwrap().into_iter().count(), 0);
        assert_eq!(cx.dropped(), 2);
    }
}
