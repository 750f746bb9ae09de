//! The end of a join on a foreign key: an answer meets the row that asked.

use super::super::joiner::Joins;
use super::super::materialize::Materializes;
use super::super::source::Source;
use super::super::table_source::TableSource;
use super::super::view::{NoView, View};
use super::{PseudoTopic, bytes_of, hash_of, unreadable};
use crate::context::Context;
use crate::error::Stop;
use crate::record::{Change, Record};
use crate::serdes::foreign_key::SubscriptionResponse;
use crate::serdes::{SerdeError, SerdeRef};
use crate::store::{StoreRef, TableStore};
use crate::topology::NodeId;

/// Joins the rows of a table with those of another whose key a function finds in them.
///
/// An answer that was made for another value than the row has now is dropped and counted. A result has the
/// answer's time and headers. The result is kept in a store when it is named or needed.
/// Java: `ResponseJoinProcessorSupplier`.
///
/// # Example
/// ```
/// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
/// use streams_runtime::prelude::*;
///
/// let topology = topology!({
///     let cities = table::<String, i64>("cities");
///     let people = table::<String, String>("people");
///     people.join(cities, |city| city.clone(), |city, size| format!("{city} {size}"))
///         .to_stream()
///         .to("out");
/// });
/// let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
/// driver.input::<String, i64>("cities").pipe("Rome", 3, 0)?;
/// driver.input::<String, String>("people").pipe_all([("ann", "Rome"), ("bob", "Oslo")], 0)?;
/// driver.input::<String, i64>("cities").pipe("Rome", 4, 0)?;
/// assert_eq!(driver.output::<String, String>("out").values()?, ["Rome 3", "Rome 4"]);
/// # Ok::<(), StreamsError>(())
/// ```
pub struct ForeignJoin<K, V, O, W, J, G = NoView> {
    pub(crate) node: NodeId,
    /// The topic of answers.
    pub(crate) answers: NodeId,
    pub(crate) joiner: J,
    pub(crate) keys: SerdeRef<K>,
    pub(crate) bytes: SerdeRef<Vec<u8>>,
    pub(crate) values: (SerdeRef<V>, SerdeRef<O>),
    pub(crate) pseudo: PseudoTopic,
    pub(crate) result: TableSource<K, W>,
    pub(crate) view: G,
}

/// The values of both sides, where they are.
type Sides<V, O> = (Option<V>, Option<O>);

impl<K: 'static, V, O, W, J, G> ForeignJoin<K, V, O, W, J, G> {
    /// The reading side of the topic of answers.
    pub fn source(&self) -> Source<K, Vec<u8>> {
        Source::new(self.answers, self.keys.clone(), self.bytes.clone(), None)
    }
}

impl<K, V, O, W, J> ForeignJoin<K, V, O, W, J> {
    /// The operator with the left table's rows.
    pub fn with_view<G: View>(self, view: G) -> ForeignJoin<K, V, O, W, J, G> {
        let Self { node, answers, joiner, keys, bytes, values, pseudo, result, .. } = self;
        ForeignJoin { node, answers, joiner, keys, bytes, values, pseudo, result, view }
    }
}

impl<K, V, O, W, J, G> ForeignJoin<K, V, O, W, J, G>
where
    K: Clone + Send + 'static,
    V: 'static,
    O: 'static,
    W: Clone + Send + 'static,
    J: Joins<K, V, O, Joined = W>,
    G: View<Key = K, Value = V>,
{
    /// The result's update, unless the answer is out of date or the cache keeps it for later.
    ///
    /// # Errors
    /// When bytes do not read, the row cannot be told, or the store fails, and when the joiner fails and the
    /// handler says fail.
    pub fn run(
        &self,
        cx: &mut Context,
        record: Record<K, Vec<u8>>,
    ) -> Result<Option<Record<K, Change<W>>>, Stop> {
        cx.entering(self.node, &record);
        let Record { key, value: answer, timestamp, headers } = record;
        cx.at_parts(timestamp, &headers);
        let row = match self.view.get(cx, &key) {
            Ok(row) => row.map(|row| row.value),
            Err(error) => return error.handle(cx, self.node).map(|()| None),
        };
        let (row, other) = match self.resolve(cx, &answer, row) {
            Ok(Some(sides)) => sides,
            Ok(None) => {
                cx.drop_record(self.node, "it answers a row that has changed since it asked");
                return Ok(None);
            }
            Err(error) => return Err(unreadable(cx, self.node, error)),
        };
        let value = match self.joiner.join(&key, row, other) {
            Ok(value) => value,
            Err(error) => return error.handle(cx, self.node).map(|()| None),
        };
        self.result.run(cx, Record { key: Some(key), value, timestamp, headers })
    }

    /// The two sides of the result; `None` when the answer is out of date.
    fn resolve(
        &self,
        cx: &Context,
        answer: &[u8],
        row: Option<V>,
    ) -> Result<Option<Sides<V, O>>, SerdeError> {
        let answer = SubscriptionResponse::read(answer)?;
        let now = match &row {
            Some(row) => bytes_of(&*self.values.0, self.pseudo.get(cx), row)?,
            None => None,
        };
        if hash_of(now.as_deref()) != answer.hash {
            return Ok(None);
        }
        let topic = &cx.node(self.answers).topic_name;
        let value = match answer.foreign_value {
            Some(bytes) => Some(self.values.1.deserialize(topic, Some(bytes))?),
            None => None,
        };
        Ok(Some((row, value)))
    }
}

impl<K, V, O, W, J, G> Materializes<K, W> for ForeignJoin<K, V, O, W, J, G> {
    type Store = TableStore<K, W>;

    fn node(&self) -> NodeId {
        self.result.node
    }

    fn table_store(&self) -> Option<StoreRef<Self::Store>> {
        Some(self.result.store)
    }
}
