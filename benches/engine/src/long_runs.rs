//! Stores with a time over a long run: old windows go, so memory stays.

use std::time::Duration;

use streams_runtime::prelude::*;

use crate::workloads::{number, stream_join, text, window_count};
use crate::{Engine, Error, Inputs, Machine, POLL, Producer, allocations};

/// Polls between two commits.
const POLLS_OF_A_COMMIT: u64 = 20;
/// How often a run is looked at.
const LOOKS: u64 = 10;

topology!(
    /// Records of each customer without five quiet seconds between them.
    fn session_count() -> Topology {
        let sessions = SessionWindows::of_inactivity_gap_with_no_grace(Duration::from_secs(5));
        stream::<String, i64>("in")
            .group_by_key()
            .windowed_by(sessions)
            .count("sessions")
            .to_stream()
            .to("out");
    }
);

/// A topology whose store's rows expire.
#[derive(Debug)]
pub struct LongRun {
    /// Its name.
    pub name: &'static str,
    inputs: Inputs,
    topics: &'static [&'static str],
    topology: fn() -> Topology,
}

const INPUTS: Inputs = Inputs { keys: 1_000, step_ms: 1, topics: 1, choose: |_| 0, value: number };

/// One for each kind of store with a time.
pub const LONG_RUNS: [LongRun; 3] = [
    LongRun {
        name: "tumbling count, windows of 60 s",
        inputs: Inputs { value: text, ..INPUTS },
        topics: &["in"],
        topology: window_count,
    },
    LongRun {
        name: "session count, gap 5 s",
        inputs: Inputs { keys: 20_000, ..INPUTS },
        topics: &["in"],
        topology: session_count,
    },
    LongRun {
        name: "stream-stream join, ±5 s",
        inputs: Inputs {
            keys: 200,
            step_ms: 10,
            topics: 2,
            choose: |n| (n % 2) as usize,
            ..INPUTS
        },
        topics: &["in", "right"],
        topology: stream_join,
    },
];

/// What was seen at one moment of a run.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Records so far.
    pub records: u64,
    /// Milliseconds of event time so far.
    pub event_ms: u64,
    /// Bytes that are allocated, all told.
    pub heap: i64,
    /// Bytes of caches and of rows that wait for a commit.
    pub held: usize,
    /// Rows in the stores.
    pub rows: u64,
    /// What the process has in memory; 0 where Linux does not tell it.
    pub resident_kib: u64,
}

impl LongRun {
    /// Runs so many records, `faster` times as fast in event time, with a cache of that many bytes.
    ///
    /// # Errors
    /// When the topology does not run.
    pub fn looks(&self, records: u64, faster: u64, cache: usize) -> Result<Vec<Look>, Error> {
        let mut engine = Engine::new(&(self.topology)(), self.topics, cache)?;
        let mut producer = Producer::default();
        let inputs = Inputs { step_ms: self.inputs.step_ms * faster, ..self.inputs };
        let polls = records / POLL as u64;
        let mut looks = Vec::new();
        for poll in 1..=polls {
            engine.process(inputs.poll(poll - 1), &mut producer)?;
            if poll % POLLS_OF_A_COMMIT == 0 {
                engine.commit(&mut producer)?;
            }
            if poll % (polls / LOOKS).max(1) == 0 {
                engine.commit(&mut producer)?;
                let records = poll * POLL as u64;
                looks.push(Look {
                    records,
                    event_ms: records * inputs.step_ms,
                    heap: allocations::live_bytes(),
                    held: engine.held_bytes(),
                    rows: engine.rows()?,
                    resident_kib: resident_kib(),
                });
            }
        }
        Ok(looks)
    }
}

/// True when the second half of a run needs hardly more than the first.
pub fn is_flat(looks: &[Look]) -> bool {
    let (first, second) = looks.split_at(looks.len() / 2);
    let most = |looks: &[Look]| looks.iter().map(|look| look.heap).max().unwrap_or(0);
    let rows = |looks: &[Look]| looks.iter().map(|look| look.rows).max().unwrap_or(0);
    let grown = |before: i64, after: i64| after > before + before / 8 + 65_536;
    !grown(most(first), most(second)) && !grown(rows(first) as i64, rows(second) as i64)
}

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
