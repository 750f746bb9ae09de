//! `foreach` and `try_foreach`.

use crate::context::Context;
use crate::error::{Stop, UserError};
use crate::record::Record;
use crate::topology::NodeId;

/// Gives each record to a function and ends there.
///
/// A record is given again when it is processed again after a failure. Java: `KStream#foreach`.
#[derive(Debug)]
pub struct Foreach<F> {
    pub(crate) node: NodeId,
    pub(crate) action: F,
}

/// [`Foreach`] with a function that can fail; an error goes to the processing exception handler.
#[derive(Debug)]
pub struct TryForeach<F> {
    pub(crate) node: NodeId,
    pub(crate) action: F,
}

impl<F> Foreach<F> {
    pub(crate) fn new(node: NodeId, action: F) -> Self {
        Self { node, action }
    }

    /// The node of the topology.
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// Calls the function.
    ///
    /// # Errors
    /// Never.
    #[inline]
    pub fn run<K: 'static, V: 'static>(
        &self,
        cx: &mut Context,
        record: Record<K, V>,
    ) -> Result<(), Stop>
    where
        F: Fn(&K, &V),
    {
        cx.entering(self.node, &record);
        (self.action)(&record.key, &record.value);
        Ok(())
    }
}

impl<F> TryForeach<F> {
    pub(crate) fn new(node: NodeId, action: F) -> Self {
        Self { node, action }
    }

    /// Calls the function.
    ///
    /// # Errors
    /// When the function fails and the handler says fail.
    #[inline]
    pub fn run<K: 'static, V: 'static, E>(
        &self,
        cx: &mut Context,
        record: Record<K, V>,
    ) -> Result<(), Stop>
    where
        F: Fn(&K, &V) -> Result<(), E>,
        E: Into<UserError>,
    {
        cx.entering(self.node, &record);
        (self.action)(&record.key, &record.value).or_else(|error| {
            cx.processing_failed(self.node, record.timestamp, &record.headers, error)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::testing::{context, record, resuming};

    #[test]
    fn each_record_once() {
        let seen = std::cell::Cell::new(0);
        let each = Foreach::new(NodeId(0), |_: &&str, value: &i32| seen.set(seen.get() + value));
        each.run(&mut context(), record("k", 2)).unwrap();
        each.run(&mut context(), record("k", 3)).unwrap();
        assert_eq!(seen.get(), 5);
        let refuse = TryForeach::new(NodeId(0), |_: &&str, _: &i32| Err("no"));
        let mut cx = resuming();
        refuse.run(&mut cx, record("k", 2)).unwrap();
        assert_eq!(cx.dropped(), 1);
        assert!(refuse.run(&mut context(), record("k", 2)).is_err());
    }
}
