//! One branch of a `split`.

use crate::context::Context;
use crate::error::{Stop, UserError};
use crate::record::Record;
use crate::topology::NodeId;

/// The predicate of one branch; a record goes to the first branch whose predicate it passes.
///
/// A record that passes none goes to the default branch, or ends silently when there is none.
/// Java: `BranchedKStream#branch`.
///
/// # Example
/// ```
/// use streams_runtime::prelude::*;
///
/// let topology = topology!({
///     let [big, rest] = stream::<String, i64>("in")
///         .split()
///         .branch(|_, n| *n > 1)
///         .default_branch();
///     big.to("big");
///     rest.to("out");
/// });
/// let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
/// driver.input::<String, i64>("in").pipe_all([("a", 1), ("b", 2)], 0)?;
/// assert_eq!(driver.output::<String, i64>("big").values()?, [2]);
/// assert_eq!(driver.output::<String, i64>("out").values()?, [1]);
/// # Ok::<(), StreamsError>(())
/// ```
#[derive(Debug)]
pub struct Branch<F> {
    pub(crate) node: NodeId,
    pub(crate) predicate: F,
}

/// [`Branch`] with a predicate that can fail; an error goes to the processing exception handler, and a record that
/// is skipped goes to no branch.
#[derive(Debug)]
pub struct TryBranch<F> {
    pub(crate) node: NodeId,
    pub(crate) predicate: F,
}

impl<F> TryBranch<F> {
    pub(crate) fn new(node: NodeId, predicate: F) -> Self {
        Self { node, predicate }
    }

    /// The node of the topology.
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// True when the record belongs to this branch; `None` when it goes no further.
    ///
    /// # Errors
    /// When the predicate fails and the handler says fail.
    #[inline]
    pub fn matches<K: 'static, V: 'static, E>(
        &self,
        cx: &mut Context,
        record: &Record<K, V>,
    ) -> Result<Option<bool>, Stop>
    where
        F: Fn(&K, &V) -> Result<bool, E>,
        E: Into<UserError>,
    {
        match (self.predicate)(&record.key, &record.value) {
            Ok(matches) => {
                if matches {
                    cx.entering(self.node, record);
                }
                Ok(Some(matches))
            }
            Err(error) => {
                cx.processing_failed(self.node, record.timestamp, &record.headers, error)?;
                Ok(None)
            }
        }
    }
}

impl<F> Branch<F> {
    pub(crate) fn new(node: NodeId, predicate: F) -> Self {
        Self { node, predicate }
    }

    /// The node of the topology.
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// True when the record belongs to this branch.
    ///
    /// # Errors
    /// Never.
    #[inline]
    pub fn matches<K: 'static, V: 'static>(
        &self,
        cx: &mut Context,
        record: &Record<K, V>,
    ) -> Result<bool, Stop>
    where
        F: Fn(&K, &V) -> bool,
    {
        let matches = (self.predicate)(&record.key, &record.value);
        if matches {
            cx.entering(self.node, record);
        }
        Ok(matches)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::testing::{context, record, resuming};

    #[test]
    fn asks_the_predicate() {
        let big = Branch::new(NodeId(0), |_: &&str, value: &i32| *value > 9);
        assert!(big.matches(&mut context(), &record("k", 10)).unwrap());
        assert!(!big.matches(&mut context(), &record("k", 9)).unwrap());
    }
    #[test]
    fn a_failed_record_belongs_nowhere() {
        let short = TryBranch::new(NodeId(0), |key: &&str, _: &i32| key.parse().map(|n: u8| n < 9));
        let mut cx = resuming();
        assert_eq!(short.matches(&mut cx, &record("7", 0)).unwrap(), Some(true));
        assert_eq!(short.matches(&mut cx, &record("k", 0)).unwrap(), None);
        assert_eq!(cx.dropped(), 1);
        assert!(short.matches(&mut context(), &record("k", 0)).is_err());
    }
}
