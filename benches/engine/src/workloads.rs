//! What is measured, as topologies and as input.

use std::time::Duration;

use streams_runtime::prelude::*;

use crate::by_hand::{
    CountByHand, MapFilterByHand, PassThroughByHand, StreamJoinByHand, TableJoinByHand,
    UncachedCountByHand, WindowCountByHand,
};
use crate::inputs::mixed;
use crate::{Engine, Error, Inputs, Machine};

/// The cache that Kafka Streams has by default.
const CACHE: usize = 10 * 1024 * 1024;

/// A topology, its input, and the loop that does the same.
#[derive(Debug)]
pub struct Workload {
    /// Its name.
    pub name: &'static str,
    /// Its input.
    pub inputs: Inputs,
    topics: &'static [&'static str],
    cache: usize,
    topology: fn() -> Topology,
    by_hand: fn() -> Box<dyn Machine>,
}

impl Workload {
    /// The engine with this topology.
    ///
    /// # Errors
    /// When the topology does not plan.
    pub fn engine(&self) -> Result<Engine, Error> {
        Engine::new(&(self.topology)(), self.topics, self.cache)
    }

    /// The loop by hand.
    pub fn by_hand(&self) -> Box<dyn Machine> {
        (self.by_hand)()
    }
}

topology!(
    /// Bytes to text and back.
    fn pass_through() -> Topology {
        stream::<String, String>("in").to("out");
    }
);

topology!(
    /// A number changed, and three of four kept.
    fn map_filter() -> Topology {
        stream::<String, i64>("in")
            .map_values(|n| n.wrapping_mul(3).wrapping_add(1))
            .filter(|_, n| *n % 4 != 0)
            .to("out");
    }
);

topology!(
    /// Records of each key, counted.
    fn count() -> Topology {
        stream::<String, String>("in").group_by_key().count("counts").to_stream().to("out");
    }
);

topology!(
    /// Records of each key, counted by the minute.
    pub(crate) fn window_count() -> Topology {
        let minutes = TimeWindows::of_size_with_no_grace(Duration::from_secs(60));
        stream::<String, String>("in")
            .group_by_key()
            .windowed_by(minutes)
            .count("counts")
            .to_stream()
            .to("out");
    }
);

topology!(
    /// Orders with the price of what is ordered.
    fn table_join() -> Topology {
        let prices = table::<String, i64>("prices");
        stream::<String, i64>("in")
            .join(prices, |count, price| count.wrapping_mul(price))
            .to("out");
    }
);

topology!(
    /// What happens to one customer in both streams within five seconds.
    pub(crate) fn stream_join() -> Topology {
        let within = JoinWindows::of_time_difference_with_no_grace(Duration::from_secs(5));
        let right = stream::<String, i64>("right");
        stream::<String, i64>("in")
            .join(right, |left, right| left.wrapping_add(right), within)
            .to("out");
    }
);

pub(crate) fn text(n: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(b"/products/");
    out.extend_from_slice(format!("{:016x}", mixed(n ^ 77)).as_bytes());
}

pub(crate) fn number(n: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(&(mixed(n ^ 77) as i64 >> 8).to_be_bytes());
}

const TEXTS: Inputs = Inputs { keys: 1_000, step_ms: 1, topics: 1, choose: |_| 0, value: text };
const NUMBERS: Inputs = Inputs { value: number, ..TEXTS };

/// Everything that is measured.
pub const WORKLOADS: [Workload; 7] = [
    Workload {
        name: "pass-through",
        inputs: TEXTS,
        topics: &["in"],
        cache: CACHE,
        topology: pass_through,
        by_hand: || Box::new(PassThroughByHand),
    },
    Workload {
        name: "map + filter",
        inputs: NUMBERS,
        topics: &["in"],
        cache: CACHE,
        topology: map_filter,
        by_hand: || Box::new(MapFilterByHand),
    },
    Workload {
        name: "count",
        inputs: TEXTS,
        topics: &["in"],
        cache: CACHE,
        topology: count,
        by_hand: || Box::new(CountByHand::new(CACHE)),
    },
    Workload {
        name: "count, no cache",
        inputs: TEXTS,
        topics: &["in"],
        cache: 0,
        topology: count,
        by_hand: || Box::new(UncachedCountByHand::new()),
    },
    Workload {
        name: "tumbling count",
        inputs: TEXTS,
        topics: &["in"],
        cache: CACHE,
        topology: window_count,
        by_hand: || Box::new(WindowCountByHand::new(CACHE)),
    },
    Workload {
        name: "stream-table join",
        inputs: Inputs { topics: 2, choose: |n| usize::from(n % 10 == 0), ..NUMBERS },
        topics: &["in", "prices"],
        cache: CACHE,
        topology: table_join,
        by_hand: || Box::new(TableJoinByHand::new(CACHE)),
    },
    Workload {
        name: "stream-stream join",
        inputs: Inputs {
            keys: 200,
            step_ms: 10,
            topics: 2,
            choose: |n| (n % 2) as usize,
            ..NUMBERS
        },
        topics: &["in", "right"],
        cache: CACHE,
        topology: stream_join,
        by_hand: || Box::new(StreamJoinByHand::default()),
    },
];
