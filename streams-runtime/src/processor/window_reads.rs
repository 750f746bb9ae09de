//! The reads that all window stores of processors have, written once.

/// The reads of a window store whose rows are `$row`.
macro_rules! window_reads {
    ($row:ty) => {
        /// The row of the window of a key that starts then.
        pub fn fetch_one(&self, key: &K, window_start: Timestamp) -> Option<$row> {
            self.with(|store| store.fetch_one(key, window_start.as_millis())).flatten()
        }

        /// The windows of a key that start from `from` to `to` (milliseconds), both included, with their
        /// starts, the earliest first.
        pub fn fetch(&self, key: &K, from: i64, to: i64) -> std::vec::IntoIter<(i64, $row)> {
            self.of_key(key, from, to, Order::Ascending)
        }

        /// [`fetch`](Self::fetch), the latest first.
        pub fn backward_fetch(
            &self,
            key: &K,
            from: i64,
            to: i64,
        ) -> std::vec::IntoIter<(i64, $row)> {
            self.of_key(key, from, to, Order::Descending)
        }

        /// The windows of a range of keys that start from `from` to `to`, both included.
        ///
        /// The order is that of Kafka Streams' stores: in memory by start and key, on disk by segment (half the
        /// retention, at least a minute) and then by key and start.
        pub fn fetch_range(
            &self,
            keys: impl RangeBounds<K>,
            from: i64,
            to: i64,
        ) -> std::vec::IntoIter<(Windowed<K>, $row)> {
            self.between(&keys, from, to, Order::Ascending)
        }

        /// [`fetch_range`](Self::fetch_range) in reverse order.
        pub fn backward_fetch_range(
            &self,
            keys: impl RangeBounds<K>,
            from: i64,
            to: i64,
        ) -> std::vec::IntoIter<(Windowed<K>, $row)> {
            self.between(&keys, from, to, Order::Descending)
        }

        /// The windows of all keys that start from `from` to `to`, both included, in the order of
        /// [`fetch_range`](Self::fetch_range).
        pub fn fetch_all(&self, from: i64, to: i64) -> std::vec::IntoIter<(Windowed<K>, $row)> {
            self.fetch_range(.., from, to)
        }

        /// [`fetch_all`](Self::fetch_all) in reverse order.
        pub fn backward_fetch_all(
            &self,
            from: i64,
            to: i64,
        ) -> std::vec::IntoIter<(Windowed<K>, $row)> {
            self.backward_fetch_range(.., from, to)
        }

        /// All windows, in the order of [`fetch_range`](Self::fetch_range).
        pub fn all(&self) -> std::vec::IntoIter<(Windowed<K>, $row)> {
            self.fetch_all(0, i64::MAX)
        }

        /// All windows, in reverse order.
        pub fn backward_all(&self) -> std::vec::IntoIter<(Windowed<K>, $row)> {
            self.backward_fetch_all(0, i64::MAX)
        }

        fn of_key(
            &self,
            key: &K,
            from: i64,
            to: i64,
            order: Order,
        ) -> std::vec::IntoIter<(i64, $row)> {
            let found = self.with(|store| store.fetch(key, from, to, order));
            found.unwrap_or_default().into_iter()
        }

        fn between(
            &self,
            keys: &impl RangeBounds<K>,
            from: i64,
            to: i64,
            order: Order,
        ) -> std::vec::IntoIter<(Windowed<K>, $row)> {
            let found = self.with(|store| store.fetch_range(keys, from, to, order));
            found.unwrap_or_default().into_iter()
        }
    };
}

pub(super) use window_reads;
