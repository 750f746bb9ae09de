//! A machine in the middle of its work, with a clock.

use std::time::{Duration, Instant};

use crate::{Machine, Producer, Workload, allocations};

/// Polls between two commits: 100 ms at a million records a second.
pub const POLLS_OF_A_COMMIT: u64 = 100;
/// Polls before anything is measured: caches and stores are as full as they get.
const POLLS_OF_WARM_UP: u64 = 400;
/// Polls whose input is made at a time, while the clock stands still.
const POLLS_AHEAD: u64 = 50;

/// Which of the two.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Side {
    /// The engine.
    Engine,
    /// The loop by hand.
    ByHand,
}

impl Side {
    /// The engine first.
    pub const BOTH: [Self; 2] = [Self::Engine, Self::ByHand];

    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Engine => "streams-rs",
            Self::ByHand => "by hand",
        }
    }
}

/// One side of a workload at work.
pub struct Running<'a> {
    workload: &'a Workload,
    machine: Box<dyn Machine>,
    producer: Producer,
    poll: u64,
    /// Allocations so far, those for input left out.
    pub allocations: u64,
}

impl<'a> Running<'a> {
    /// A side that is warm.
    ///
    /// # Panics
    /// When the workload does not run.
    pub fn new(workload: &'a Workload, side: Side) -> Self {
        let machine: Box<dyn Machine> = match side {
            Side::Engine => Box::new(workload.engine().expect("the topology plans")),
            Side::ByHand => workload.by_hand(),
        };
        let producer = Producer::default();
        let mut running = Self { workload, machine, producer, poll: 0, allocations: 0 };
        running.polls(POLLS_OF_WARM_UP);
        running
    }

    /// The time of so many polls, with their commits and without the making of their input.
    ///
    /// # Panics
    /// When the workload does not run.
    #[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
    pub fn polls(&mut self, count: u64) -> Duration {
        let mut time = Duration::ZERO;
        let mut done = 0;
        while done < count {
            let next = (count - done).min(POLLS_AHEAD);
            let polls = self.poll..self.poll + next;
            let input: Vec<_> = polls.map(|poll| self.workload.inputs.poll(poll)).collect();
            let (calls, start) = (allocations::calls(), Instant::now());
            for batches in input {
                self.poll += 1;
                self.machine.process(batches, &mut self.producer).expect("the input is good");
                if self.poll.is_multiple_of(POLLS_OF_A_COMMIT) {
                    self.machine.commit(&mut self.producer).expect("stores work");
                }
            }
            time += start.elapsed();
            self.allocations += allocations::calls() - calls;
            done += next;
        }
        time
    }

    /// Bytes of state that the side knows of.
    pub fn held_bytes(&self) -> usize {
        self.machine.held_bytes()
    }
}
