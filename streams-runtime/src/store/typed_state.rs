//! What every store over `TypedStore` is to its task.

/// Lends a store type, which has its rows in the field `rows`, what all kinds have in common.
macro_rules! impl_state_store {
    ($store:ident) => {
        impl<K, V> StateStore for $store<K, V>
        where
            K: Clone + Send + 'static,
            V: Clone + Send + 'static,
        {
            fn name(&self) -> &str {
                &self.rows.bytes.name
            }

            fn kind(&self) -> StoreKind {
                self.rows.kind()
            }

            fn partition(&self) -> i32 {
                self.rows.bytes.partition
            }

            fn flush_cache(&mut self, out: &mut Outbox) -> Result<(), StoreError> {
                self.rows.take_dirty(out, false, true).map(drop)
            }

            fn share_cache(&mut self, budget: &CacheBudget) {
                self.rows.share_cache(budget);
            }

            fn has_put(&self) -> bool {
                self.rows.has_put()
            }

            fn evict_clean(&mut self) -> Eviction {
                self.rows.evict_clean()
            }

            fn evict_cache(&mut self, out: &mut Outbox) -> Result<(), StoreError> {
                self.rows.take_eldest(out, false, true).map(drop)
            }

            fn commit_partitions(&mut self, offsets: &[(i32, i64)]) -> Result<(), StoreError> {
                self.rows.bytes.commit(offsets)
            }

            fn committed_offset_of(&self, partition: i32) -> Result<Option<i64>, StoreError> {
                self.rows.bytes.committed_offset(partition)
            }

            fn restore_partition(
                &mut self,
                partition: i32,
                records: &mut dyn Iterator<Item = ChangelogRecord<'_>>,
            ) -> Result<(), StoreError> {
                self.rows.restore(partition, records)
            }

            fn refresh(&mut self) {
                self.rows.bytes.refresh();
            }

            fn abort(&mut self) {
                self.rows.abort();
            }

            fn pending_bytes(&self) -> usize {
                self.rows.bytes.pending_bytes()
            }

            fn cache_bytes(&self) -> usize {
                self.rows.cache_bytes()
            }

            fn dirty_entries(&self) -> usize {
                self.rows.dirty_entries()
            }

            fn visit_rows(&self, visit: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), StoreError> {
                self.rows.visit_rows(visit)
            }

            fn close(&mut self) -> Result<(), StoreError> {
                self.rows.bytes.close()
            }
        }
    };
}

pub(crate) use impl_state_store;
