//! Refusals of windows and joins. A negative `Duration` cannot be said in Rust, so those builders
//! answer `Err` for it, which is the refusal.

use std::time::Duration;

use streams_runtime::prelude::*;

use super::ms;
use crate::support::lang::Text;
use crate::support::registry::{
    Builder::{Build, RefusedAtCompileTime, TryBuild},
    Entry,
};

pub const BUILDERS: &[Entry] = &[
    ("err-build-advance", Build(|p| hopping(p.ms("advance")))),
    ("err-build-join-window", TryBuild(|p| Ok(join(p.try_join_windows()?)))),
    ("err-build-negative-grace", RefusedAtCompileTime("tests/ui/negative_grace.rs")),
    ("err-build-suppress-grace", Build(|_| retention_too_small())),
    ("err-build-session", TryBuild(|p| Ok(session(p.try_ms("gap")?)))),
    ("err-sliding-zero", Build(|_| sliding_zero())),
    ("err-suppress-full", Build(|_| suppress_full())),
    ("err-build-missing-store", RefusedAtCompileTime("tests/ui/processor_without_its_store.rs")),
    ("err-build-size", Build(|p| tumbling(p.ms("size")))),
];

topology!(
    fn hopping(advance: Duration) -> Topology {
        stream::<Text, Text>("in")
            .group_by_key()
            .windowed_by(TimeWindows::of_size_with_no_grace(ms(10)).advance_by(advance))
            .count()
            .to_stream()
            .to("out");
    }
);

topology!(
    fn join(within: JoinWindows) -> Topology {
        let l = stream::<Text, Text>("left");
        l.join(stream::<Text, Text>("right"), |a, _| a, within).to("out");
    }
);

topology!(
    fn retention_too_small() -> Topology {
        stream::<Text, Text>("in")
            .group_by_key()
            .windowed_by(TimeWindows::of_size_with_no_grace(ms(10)))
            .count(Materialized::as_("c").with_retention(ms(5)))
            .to_stream()
            .to("out");
    }
);

topology!(
    fn session(gap: Duration) -> Topology {
        stream::<Text, Text>("in")
            .group_by_key()
            .windowed_by(SessionWindows::of_inactivity_gap_with_no_grace(gap))
            .count()
            .to_stream()
            .to("out");
    }
);

topology!(
    fn sliding_zero() -> Topology {
        stream::<Text, Text>("in")
            .group_by_key()
            .windowed_by(SlidingWindows::of_time_difference_and_grace(ms(0), ms(5)))
            .count("c")
            .to_stream()
            .to("out");
    }
);

topology!(
    fn suppress_full() -> Topology {
        let buffer = BufferConfig::max_records(2).shut_down_when_full();
        stream::<Text, Text>("in")
            .group_by_key()
            .windowed_by(TimeWindows::of_size_with_no_grace(ms(10)))
            .count("c")
            .suppress(Suppressed::until_window_closes(buffer))
            .to_stream()
            .to("out");
    }
);

topology!(
    fn tumbling(size: Duration) -> Topology {
        stream::<Text, Text>("in")
            .group_by_key()
            .windowed_by(TimeWindows::of_size_with_no_grace(size))
            .count()
            .to_stream()
            .to("out");
    }
);
