//! The life of an instance and of its threads.

use std::fmt;

/// The state of a [`KafkaStreams`](super::KafkaStreams) instance.
///
/// ```text
/// Created -> Rebalancing <-> Running
///                |              |
///                v              v
///     PendingShutdown -> NotRunning        PendingError -> Error
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum State {
    /// Made, not started.
    Created,
    /// At least one thread waits for its partitions or restores state.
    Rebalancing,
    /// All threads process.
    Running,
    /// The threads finish, commit and close.
    PendingShutdown,
    /// Stopped on demand.
    NotRunning,
    /// The threads stop because of an error.
    PendingError,
    /// Stopped because of an error.
    Error,
}

impl State {
    /// True when the instance may go from this state to `next`.
    pub const fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Created, Self::Rebalancing | Self::PendingShutdown | Self::PendingError)
                | (Self::Rebalancing, Self::Running | Self::PendingShutdown | Self::PendingError)
                | (Self::Running, Self::Rebalancing | Self::PendingShutdown | Self::PendingError)
                | (Self::PendingShutdown, Self::NotRunning)
                | (Self::PendingError, Self::Error)
        )
    }

    /// True once nothing runs any more.
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::NotRunning | Self::Error)
    }

    /// True while threads may process.
    pub const fn is_alive(self) -> bool {
        matches!(self, Self::Rebalancing | Self::Running)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Created => "CREATED",
            Self::Rebalancing => "REBALANCING",
            Self::Running => "RUNNING",
            Self::PendingShutdown => "PENDING_SHUTDOWN",
            Self::NotRunning => "NOT_RUNNING",
            Self::PendingError => "PENDING_ERROR",
            Self::Error => "ERROR",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::State::{self, *};

    const ALL: [State; 7] =
        [Created, Rebalancing, Running, PendingShutdown, NotRunning, PendingError, Error];

    #[test]
    fn every_transition_is_one_of_kafka_streams() {
        let mut legal = Vec::new();
        for from in ALL {
            for to in ALL {
                if from.may_become(to) {
                    legal.push(format!("{from}->{to}"));
                }
            }
        }
        assert_eq!(
            legal.join(" "),
            "CREATED->REBALANCING CREATED->PENDING_SHUTDOWN CREATED->PENDING_ERROR \
             REBALANCING->RUNNING REBALANCING->PENDING_SHUTDOWN REBALANCING->PENDING_ERROR \
             RUNNING->REBALANCING RUNNING->PENDING_SHUTDOWN RUNNING->PENDING_ERROR \
             PENDING_SHUTDOWN->NOT_RUNNING PENDING_ERROR->ERROR"
        );
    }

    #[test]
    fn the_end_is_the_end() {
        for state in ALL {
            let stuck = ALL.iter().all(|next| !state.may_become(*next));
            assert_eq!(stuck, state.is_terminal(), "{state}");
        }
    }
}
