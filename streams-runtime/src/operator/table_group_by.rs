//! `group_by` of a table: an update becomes what its old group loses and what its new group gains.

use crate::context::Context;
use crate::error::{Stop, UserError};
use crate::record::{Change, Record};
use crate::serdes::Nullable;
use crate::topology::NodeId;

/// Groups the rows of a table by a key that a function finds, with the value to aggregate.
///
/// An update that stays in its group is one record with both values. One that changes groups is two:
/// first the old group loses the old value, then the new group gains the new one. A half whose new key
/// or value is null ends silently, as does an update of a versioned table's past. The groups travel
/// through a repartition topic.
/// Java: `KTable#groupBy`.
///
/// # Example
/// ```
/// use streams_runtime::prelude::*;
///
/// let topology = topology!({
///     table::<String, i64>("in")
///         .group_by(|_, n| (n % 2, *n))
///         .reduce(|sum, n| sum + n, |sum, n| sum - n, "sums")
///         .to_stream()
///         .to("out");
/// });
/// let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
/// driver.input::<String, i64>("in").pipe_all([("a", 1), ("b", 3), ("a", 5)], 0)?;
/// assert_eq!(driver.output::<i64, i64>("out").key_values()?, [(1, 1), (1, 4), (1, 8)]);
/// # Ok::<(), StreamsError>(())
/// ```
#[derive(Debug)]
pub struct TableGroupBy<F> {
    pub(crate) node: NodeId,
    pub(crate) selector: F,
}

/// [`TableGroupBy`] with a function that can fail; an error goes to the processing exception handler.
#[derive(Debug)]
pub struct TryTableGroupBy<F> {
    pub(crate) node: NodeId,
    pub(crate) selector: F,
}

/// The key and value of one half of an update, when neither is null.
type Half<L, W> = Option<(<L as Nullable>::NonNull, <W as Nullable>::NonNull)>;

/// What an update of a table sends to its groups.
type Halves<L, W> = [Option<Record<<L as Nullable>::NonNull, Change<<W as Nullable>::NonNull>>>; 2];

impl<F> TableGroupBy<F> {
    pub(crate) fn new(node: NodeId, selector: F) -> Self {
        Self { node, selector }
    }

    /// The node of the topology.
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// What the groups lose and gain.
    ///
    /// # Errors
    /// Never.
    #[inline]
    pub fn run<K: 'static, V: 'static, L, W>(
        &self,
        cx: &mut Context,
        record: Record<K, Change<V>>,
    ) -> Result<
        impl IntoIterator<Item = Record<L::NonNull, Change<W::NonNull>>> + use<K, V, L, W, F>,
        Stop,
    >
    where
        F: Fn(&K, &V) -> (L, W),
        L: Nullable,
        W: Nullable,
        L::NonNull: PartialEq,
    {
        cx.entering(self.node, &record);
        let change = &record.value;
        if is_past(cx, self.node, change) {
            return Ok([None, None].into_iter().flatten());
        }
        let new = change.new.as_ref().and_then(|new| half((self.selector)(&record.key, new)));
        let old = change.old.as_ref().and_then(|old| half((self.selector)(&record.key, old)));
        Ok(halves::<K, V, L, W>(record, new, old).into_iter().flatten())
    }
}

impl<F> TryTableGroupBy<F> {
    pub(crate) fn new(node: NodeId, selector: F) -> Self {
        Self { node, selector }
    }

    /// What the groups lose and gain; nothing when the function failed.
    ///
    /// # Errors
    /// When the function fails and the handler says fail.
    #[inline]
    pub fn run<K: 'static, V: 'static, L, W, E>(
        &self,
        cx: &mut Context,
        record: Record<K, Change<V>>,
    ) -> Result<
        impl IntoIterator<Item = Record<L::NonNull, Change<W::NonNull>>> + use<K, V, L, W, E, F>,
        Stop,
    >
    where
        F: Fn(&K, &V) -> Result<(L, W), E>,
        L: Nullable,
        W: Nullable,
        L::NonNull: PartialEq,
        E: Into<UserError>,
    {
        cx.entering(self.node, &record);
        if is_past(cx, self.node, &record.value) {
            return Ok([None, None].into_iter().flatten());
        }
        let select = |value: &Option<V>| match value {
            Some(value) => (self.selector)(&record.key, value).map(half),
            None => Ok(None),
        };
        let selected = select(&record.value.new)
            .and_then(|new| select(&record.value.old).map(|old| (new, old)));
        let halves = match selected {
            Ok((new, old)) => halves::<K, V, L, W>(record, new, old),
            Err(error) => {
                cx.processing_failed(self.node, record.timestamp, &record.headers, error)?;
                [None, None]
            }
        };
        Ok(halves.into_iter().flatten())
    }
}

/// True for an update of a versioned table's past, which no aggregate contains.
#[inline]
fn is_past<V>(cx: &Context, node: NodeId, change: &Change<V>) -> bool {
    !change.is_latest && cx.node(node).versioned
}

#[inline]
fn half<L: Nullable, W: Nullable>((key, value): (L, W)) -> Half<L, W> {
    key.into_non_null().zip(value.into_non_null())
}

#[inline]
fn halves<K, V, L, W>(
    record: Record<K, Change<V>>,
    new: Half<L, W>,
    old: Half<L, W>,
) -> Halves<L, W>
where
    L: Nullable,
    W: Nullable,
    L::NonNull: PartialEq,
{
    let Record { value: Change { is_latest, .. }, timestamp, headers, .. } = record;
    let to = |key, old, new| {
        let value = Change { new, old, is_latest };
        Some(Record { key, value, timestamp, headers: headers.clone() })
    };
    match (old, new) {
        (Some((key, old)), Some((same, new))) if key == same => {
            [to(key, Some(old), Some(new)), None]
        }
        (old, new) => [
            old.and_then(|(key, old)| to(key, Some(old), None)),
            new.and_then(|(key, new)| to(key, None, Some(new))),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::testing::{context, record, resuming};

    #[expect(clippy::ptr_arg, reason = "the operator's function takes the table's own types")]
    fn first_letter(_: &String, word: &String) -> (Option<String>, String) {
        (word.get(..1).map(str::to_owned), word.clone())
    }

    #[track_caller]
    fn check(old: Option<&str>, new: Option<&str>, want: &[(&str, Option<&str>, Option<&str>)]) {
        let by_letter = TableGroupBy::new(NodeId(0), first_letter);
        let text = |value: Option<&str>| value.map(str::to_owned);
        let update = record("k".to_owned(), Change::latest(text(new), text(old)));
        let run = by_letter.run(&mut context(), update).unwrap();
        let want: Vec<_> = want
            .iter()
            .map(|(key, old, new)| {
                record((*key).to_owned(), Change::latest(text(*new), text(*old)))
            })
            .collect();
        assert_eq!(run.into_iter().collect::<Vec<_>>(), want);
    }

    #[test]
    fn subtract_then_add() {
        check(None, Some("a1"), &[("a", None, Some("a1"))]);
        check(Some("a1"), Some("a2"), &[("a", Some("a1"), Some("a2"))]);
        check(Some("a1"), Some("b1"), &[("a", Some("a1"), None), ("b", None, Some("b1"))]);
        check(Some("b1"), None, &[("b", Some("b1"), None)]);
        check(None, None, &[]);
    }

    #[test]
    fn a_null_key_skips_its_half() {
        check(Some("a1"), Some(""), &[("a", Some("a1"), None)]);
        check(Some(""), Some("b"), &[("b", None, Some("b"))]);
    }

    #[test]
    fn a_failure_gives_none() {
        let refuse = TryTableGroupBy::new(NodeId(0), |key: &String, value: &String| {
            value.parse::<i64>().map(|number| (key.clone(), number))
        });
        let mut cx = resuming();
        let update =
            |text: &str| record("k".to_owned(), Change::latest(Some(text.to_owned()), None));
        assert_eq!(refuse.run(&mut cx, update("x")).unwrap().into_iter().count(), 0);
        assert_eq!(refuse.run(&mut cx, update("1")).unwrap().into_iter().count(), 1);
        assert_eq!(cx.dropped(), 1);
    }
}
