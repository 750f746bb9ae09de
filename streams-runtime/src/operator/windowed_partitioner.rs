//! Where windowed keys go when nobody chose a partition.

use std::sync::Arc;

use super::sink::{StreamPartitioner, StreamPartitionerRef};
use crate::serdes::{Encoded, SerdeRef, partition_for_key};

/// Chooses the partition by the key without its window, so that all windows of a key share a partition.
///
/// The hash is that of Kafka's producers. Java: `WindowedStreamPartitioner`.
struct WindowedPartitioner<K> {
    key: SerdeRef<K>,
}

/// The partitioner of a sink that was given none: `None` where the hash of all key bytes decides.
pub(crate) fn default_partitioner<K: 'static, V: 'static>(
    key: &SerdeRef<K>,
) -> Option<StreamPartitionerRef<K, V>> {
    (key.window_len() > 0).then(|| {
        Arc::new(WindowedPartitioner { key: Arc::clone(key) }) as StreamPartitionerRef<K, V>
    })
}

impl<K: 'static, V> StreamPartitioner<K, V> for WindowedPartitioner<K> {
    fn partitions(&self, topic: &str, key: &K, _: &V, partitions: i32) -> Option<Vec<i32>> {
        let mut bytes = Vec::new();
        match self.key.serialize(topic, key, &mut bytes) {
            Ok(Encoded::Bytes) => {
                let own = bytes.len().saturating_sub(self.key.window_len());
                Some(vec![partition_for_key(&bytes[..own], partitions)])
            }
            // a null key has no partition of its own; an error shows when the record is encoded
            Ok(Encoded::Null) | Err(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serdes::{HasSerde, SessionWindowedSerde, TimeWindowedSerde, Window, Windowed};

    #[track_caller]
    fn check(serde: SerdeRef<Windowed<String>>) {
        let partitioner = default_partitioner::<_, i64>(&serde).expect("a windowed key");
        for key in ["a", "b", "Rome", ""] {
            let own = partition_for_key(key.as_bytes(), 7);
            for start in [0, 10, 1 << 40] {
                let window = Window { start, end: start + 10 };
                let key = Windowed { key: key.to_owned(), window };
                assert_eq!(partitioner.partitions("out", &key, &1, 7), Some(vec![own]));
            }
        }
    }

    #[test]
    fn all_windows_of_a_key_share_its_partition() {
        check(Arc::new(TimeWindowedSerde::new(String::serde(), 10)));
        check(Arc::new(SessionWindowedSerde::new(String::serde())));
    }

    #[test]
    fn other_keys_are_left_to_the_producer() {
        let key: SerdeRef<String> = String::serde();
        assert!(default_partitioner::<_, i64>(&key).is_none());
    }
}
