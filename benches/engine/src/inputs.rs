//! The input: polls of a thousand records, the same for both sides.

use streams_runtime::record::{Headers, RecordBatch};

/// Records of one poll.
pub const POLL: usize = 1_000;

/// What the records of a workload look like.
#[derive(Clone, Copy, Debug)]
pub struct Inputs {
    /// How many keys there are; they come in no order.
    pub keys: u64,
    /// Milliseconds between two records.
    pub step_ms: u64,
    /// How many input topics there are; a record goes to the topic that `choose` names.
    pub topics: usize,
    /// The topic of the nth record.
    pub choose: fn(u64) -> usize,
    /// Appends the value of the nth record.
    pub value: fn(u64, &mut Vec<u8>),
}

impl Inputs {
    /// The batches of the nth poll, one per topic. Times go up from record to record.
    pub fn poll(&self, poll: u64) -> Vec<RecordBatch> {
        let mut batches: Vec<_> =
            (0..self.topics).map(|_| RecordBatch::with_capacity(POLL, POLL * 48)).collect();
        let mut value = Vec::new();
        let first = poll * POLL as u64;
        for n in first..first + POLL as u64 {
            let key = format!("customer-{:06}", mixed(n) % self.keys);
            value.clear();
            (self.value)(n, &mut value);
            let (offset, time) = (n as i64, (n * self.step_ms) as i64);
            let batch = &mut batches[(self.choose)(n)];
            batch.push(offset, time, Some(key.as_bytes()), Some(&value), Headers::default());
        }
        batches
    }
}

/// A number without a pattern. Source: the finaliser of SplitMix64.
pub(crate) fn mixed(n: u64) -> u64 {
    let mut x = n.wrapping_add(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}
