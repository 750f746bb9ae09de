//! `print`: records as text.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use crate::context::Context;
use crate::error::Stop;
use crate::record::Record;
use crate::topology::NodeId;

/// Makes the text of a record.
pub type PrintMapper<K, V> = Arc<dyn Fn(&K, &V) -> String + Send + Sync>;

/// Where printed records go; all tasks share it.
pub type PrintTarget = Arc<Mutex<dyn Write + Send>>;

/// Writes each record as a line `[label]: key, value` and ends there.
///
/// Meant for looking at small streams: every line takes a lock. Java: `KStream#print`.
pub struct Print<K, V> {
    pub(crate) node: NodeId,
    pub(crate) label: Arc<str>,
    pub(crate) mapper: PrintMapper<K, V>,
    pub(crate) target: PrintTarget,
}

impl<K, V> std::fmt::Debug for Print<K, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Print").field("label", &self.label).finish_non_exhaustive()
    }
}

impl<K, V> Print<K, V> {
    pub(crate) fn new(
        node: NodeId,
        label: impl Into<Arc<str>>,
        mapper: PrintMapper<K, V>,
        target: PrintTarget,
    ) -> Self {
        Self { node, label: label.into(), mapper, target }
    }

    /// The node of the topology.
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// Writes the record's line.
    ///
    /// # Errors
    /// When the line cannot be written and the processing exception handler says fail.
    pub fn run(&self, cx: &mut Context, record: Record<K, V>) -> Result<(), Stop>
    where
        K: 'static,
        V: 'static,
    {
        cx.entering(self.node, &record);
        let text = (self.mapper)(&record.key, &record.value);
        let written = {
            let mut target = self.target.lock().unwrap_or_else(PoisonError::into_inner);
            writeln!(target, "[{}]: {text}", self.label)
        };
        written.or_else(|error| {
            cx.processing_failed(self.node, record.timestamp, &record.headers, error)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::testing::{context, record};

    #[test]
    fn a_line_for_each_record() {
        let out = Arc::new(Mutex::new(Vec::new()));
        let target: PrintTarget = out.clone();
        let mapper: PrintMapper<&str, i32> = Arc::new(|key, value| format!("{key}, {value}"));
        let print = Print::new(NodeId(0), "words", mapper, target);
        print.run(&mut context(), record("a", 1)).unwrap();
        print.run(&mut context(), record("b", 2)).unwrap();
        let text = String::from_utf8(out.lock().unwrap().clone()).unwrap();
        assert_eq!(text, "[words]: a, 1\n[words]: b, 2\n");
    }
}
