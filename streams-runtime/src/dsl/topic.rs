//! Topics as types, and everything else that can name a topic.

use std::marker::PhantomData;

use super::serdes::{SerdePair, SerdeSlot};
use crate::serdes::{HasSerde, Nullable, SerdeRef};
use crate::topology::Pattern;

/// Key and value of a topic, as written behind `#[topic]`.
///
/// The attribute makes a unit type of it that implements [`TopicDecl`].
///
/// # Example
/// ```
/// # use streams_runtime::driver::test::{TestDriverConfig, TopologyTestDriver};
/// use streams_runtime::prelude::*;
///
/// #[topic("lines")]
/// pub type Lines = Topic<Option<String>, String>;
/// #[topic("lengths", compact, partitions = 6)]
/// pub type Lengths = Topic<String, i64>;
///
/// let topology = topology!({
///     stream(Lines).map(|_, line| (line.clone(), line.len() as i64)).to(Lengths);
/// });
/// # let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::new("app"))?;
/// driver.input(Lines).pipe(None, "four", 0)?;
/// assert_eq!(driver.output(Lengths).key_values()?, [("four".to_owned(), 4)]);
/// # Ok::<(), StreamsError>(())
/// ```
#[derive(Debug)]
pub struct Topic<K, V>(PhantomData<fn() -> (K, V)>);

/// A topic that is declared once: its name, its key and value, and what else is known of it.
///
/// `#[topic("name")]` implements it, and [`SinkFor`] for the streams that may be written to it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no topic",
    label = "a topic is wanted here",
    note = "declare one: `#[topic(\"name\")] pub type Name = Topic<Key, Value>;`, or give its name \
            as text"
)]
pub trait TopicDecl: Copy + Send + Sync + 'static {
    /// The key's type; `Option<..>` where it may be null.
    type Key: HasSerde;
    /// The value's type; `Option<..>` where it may be null.
    type Value: HasSerde;
    /// The topic's name on the broker.
    const NAME: &'static str;
    /// [`Partitions`](super::Partitions) or [`AnyPartitions`](super::AnyPartitions): joined topics must agree.
    type Partitions;
    /// The number of partitions, where the declaration says it.
    const PARTITIONS: Option<u32> = None;
    /// True when the declaration says that the topic is compacted.
    const COMPACT: bool = false;

    /// The key's serde, where the declaration names one.
    fn key_serde() -> Option<SerdeRef<<Self::Key as Nullable>::NonNull>> {
        None
    }

    /// The value's serde, where the declaration names one.
    fn value_serde() -> Option<SerdeRef<<Self::Value as Nullable>::NonNull>> {
        None
    }
}

/// A declared topic that takes the records of a stream of `K` and `V`.
///
/// `#[topic]` implements it for the topic's key and value, each with and without `Option`.
#[diagnostic::on_unimplemented(
    message = "the stream has keys of `{K}` and values of `{V}`, which topic `{Self}` does not take",
    label = "this topic wants other types",
    note = "map the stream's key or value first, or declare the topic with these types"
)]
pub trait SinkFor<K, V> {}

/// What can name the topics of a source whose records have keys of `K` and values of `V`.
///
/// A declared topic or several of one type in a tuple fix the types; a name as text, or a list of
/// names, leaves them to be written: `stream::<String, i64>("orders")`. So does a [`Pattern`], which names all topics
/// that it matches.
#[diagnostic::on_unimplemented(
    message = "`{Self}` names no topic with keys of `{K}` and values of `{V}`",
    label = "a declared topic, a name, a list of names, or a `Pattern` is wanted here"
)]
pub trait IntoTopics<K, V> {
    /// The names, with the serdes that the declaration gives.
    fn into_topics(self) -> TopicNames;
}

/// What can name the one topic of a table, a global table or a store: a declared topic, or a name as text.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not name one topic with keys of `{K}` and values of `{V}`",
    label = "one topic is wanted here: a declared one, or its name",
    note = "to make a table of several topics, or of all that match a pattern, read them by `stream` \
            and call `to_table`"
)]
pub trait IntoTopic<K, V>: IntoTopics<K, V> {}

impl<T: TopicDecl> IntoTopic<T::Key, T::Value> for T {}

impl<K, V> IntoTopic<K, V> for &'static str {}

impl<K, V> IntoTopic<K, V> for String {}

/// The names of topics and the serdes their declaration gives.
#[derive(Debug, Default)]
pub struct TopicNames {
    pub(crate) names: Vec<String>,
    pub(crate) pattern: Option<Pattern>,
    pub(crate) serdes: SerdePair,
}

impl TopicNames {
    fn plain<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Self {
        let names = names.into_iter().map(Into::into).collect();
        Self { names, ..Self::default() }
    }

    fn declared<T: TopicDecl>(names: &[&str]) -> Self {
        Self { serdes: declared_serdes::<T>(), ..Self::plain(names.iter().copied()) }
    }
}

fn declared_serdes<T: TopicDecl>() -> SerdePair {
    SerdePair {
        key: T::key_serde().map(SerdeSlot::of).unwrap_or_default(),
        value: T::value_serde().map(SerdeSlot::of).unwrap_or_default(),
    }
}

impl<T: TopicDecl> IntoTopics<T::Key, T::Value> for T {
    fn into_topics(self) -> TopicNames {
        TopicNames::declared::<T>(&[T::NAME])
    }
}

impl<K, V> IntoTopics<K, V> for TopicNames {
    fn into_topics(self) -> TopicNames {
        self
    }
}

impl<K, V, A, B> IntoTopics<K, V> for (A, B)
where
    A: TopicDecl<Key = K, Value = V>,
    B: TopicDecl<Key = K, Value = V>,
{
    fn into_topics(self) -> TopicNames {
        TopicNames::declared::<A>(&[A::NAME, B::NAME])
    }
}

impl<K, V, A, B, C> IntoTopics<K, V> for (A, B, C)
where
    A: TopicDecl<Key = K, Value = V>,
    B: TopicDecl<Key = K, Value = V>,
    C: TopicDecl<Key = K, Value = V>,
{
    fn into_topics(self) -> TopicNames {
        TopicNames::declared::<A>(&[A::NAME, B::NAME, C::NAME])
    }
}

impl<K, V> IntoTopics<K, V> for &'static str {
    fn into_topics(self) -> TopicNames {
        TopicNames::plain([self])
    }
}

impl<K, V> IntoTopics<K, V> for String {
    fn into_topics(self) -> TopicNames {
        TopicNames::plain([self])
    }
}

impl<K, V, S: Into<String>, const N: usize> IntoTopics<K, V> for [S; N] {
    fn into_topics(self) -> TopicNames {
        TopicNames::plain(self)
    }
}

impl<K, V, S: Into<String>> IntoTopics<K, V> for Vec<S> {
    fn into_topics(self) -> TopicNames {
        TopicNames::plain(self)
    }
}

impl<K, V> IntoTopics<K, V> for Pattern {
    fn into_topics(self) -> TopicNames {
        TopicNames { pattern: Some(self), ..TopicNames::default() }
    }
}

/// What can name the topic that a stream of `K` and `V` is written to.
///
/// A declared topic must fit the stream ([`SinkFor`]); a name as text fits every stream. To name
/// the topic per record, give `to` a closure of key, value and record context.
#[diagnostic::on_unimplemented(
    message = "the stream has keys of `{K}` and values of `{V}`, which `{Self}` does not take",
    label = "this topic wants other types",
    note = "map the stream's key or value first, or declare the topic with these types"
)]
pub trait IntoSink<K, V> {
    /// The topic, with the serdes that the declaration gives.
    fn into_sink(self) -> SinkName;
}

/// A sink's topic and the serdes its declaration gives.
#[derive(Debug)]
pub struct SinkName {
    pub(crate) name: String,
    pub(crate) serdes: SerdePair,
}

impl<T: TopicDecl + SinkFor<K, V>, K, V> IntoSink<K, V> for T {
    fn into_sink(self) -> SinkName {
        SinkName { name: T::NAME.to_owned(), serdes: declared_serdes::<T>() }
    }
}

impl<K, V> IntoSink<K, V> for &'static str {
    fn into_sink(self) -> SinkName {
        SinkName { name: self.to_owned(), serdes: SerdePair::default() }
    }
}

impl<K, V> IntoSink<K, V> for String {
    fn into_sink(self) -> SinkName {
        SinkName { name: self, serdes: SerdePair::default() }
    }
}
