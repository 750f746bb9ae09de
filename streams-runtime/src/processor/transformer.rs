//! Transformers of a table's values.

use super::ProcessingContext;

/// Makes the values of a table from those of another, with stores and the record's metadata at hand.
///
/// The supplier makes one instance for each task. A transformer forwards nothing: what it returns is the
/// row's value, and `None` deletes the row. Closures `FnMut(&K, Option<V>, &ProcessingContext) -> Option<W>`
/// are transformers. Java: `org.apache.kafka.streams.kstream.ValueTransformerWithKey`.
pub trait ValueTransformerWithKey<K, V, W>: Send + 'static {
    /// Called once before the first row, when the stores are restored.
    fn init(&mut self, ctx: &ProcessingContext<'_>) {
        let _ = ctx;
    }

    /// The new value of a row; `value` is `None` when the row is deleted.
    fn transform(&mut self, key: &K, value: Option<V>, ctx: &ProcessingContext<'_>) -> Option<W>;

    /// Called once when the task ends. A transformer that panicked is dropped instead.
    fn close(&mut self) {}
}

impl<K, V, W, F> ValueTransformerWithKey<K, V, W> for F
where
    F: FnMut(&K, Option<V>, &ProcessingContext<'_>) -> Option<W> + Send + 'static,
{
    fn transform(&mut self, key: &K, value: Option<V>, ctx: &ProcessingContext<'_>) -> Option<W> {
        self(key, value, ctx)
    }
}
