//! The topologies of the seeded scripts (stream joins stand in `stream_joins.rs`).

use std::time::Duration;

use streams_runtime::prelude::*;

use crate::support::lang::{Doc, Text, len, text};
use crate::support::registry::{Builder::Build, Entry};

pub const BUILDERS: &[Entry] = &[
    ("rnd-cogroup", Build(|p| cogroup(p.ms("size"), p.ms("grace")))),
    ("rnd-emit-close", Build(|p| emit_close(p.ms("size"), p.ms("advance"), p.ms("grace")))),
    ("rnd-hopping", Build(|p| hopping(p.ms("size"), p.ms("advance"), p.ms("grace")))),
    ("rnd-session", Build(|p| session(p.ms("gap"), p.ms("grace")))),
    ("rnd-sliding", Build(|p| sliding(p.ms("diff"), p.ms("grace")))),
    ("rnd-stream-table", Build(|p| stream_table(p.ms("history")))),
    (
        "rnd-suppress",
        Build(|p| suppress(p.ms("size"), p.ms("grace"), p.ms("limit"), p.long("max"))),
    ),
    ("rnd-tumbling", Build(|p| tumbling(p.ms("size"), p.ms("grace")))),
];

topology!(
    fn cogroup(size: Duration, grace: Duration) -> Topology {
        let a = stream::<Text, Option<i64>>("a").group_by_key();
        let b = stream::<Text, Text>("b").group_by(|_, v| v.clone());
        a.cogroup(|_, v, g: i64| g.wrapping_add(v))
            .cogroup(b, |_, _, g| g.wrapping_mul(2))
            .windowed_by(TimeWindows::of_size_and_grace(size, grace))
            .aggregate(|| 1, "co")
            .to_stream()
            .to("out");
    }
);

topology!(
    fn emit_close(size: Duration, advance: Duration, grace: Duration) -> Topology {
        let retention = Duration::from_millis(10_000);
        stream::<Text, Text>("in")
            .group_by_key()
            .windowed_by(TimeWindows::of_size_and_grace(size, grace).advance_by(advance))
            .emit_strategy(EmitStrategy::on_window_close())
            .count(Materialized::as_("w").with_retention(retention))
            .to_stream()
            .to("out");
    }
);

topology!(
    fn hopping(size: Duration, advance: Duration, grace: Duration) -> Topology {
        stream::<Text, Text>("in")
            .group_by_key()
            .windowed_by(TimeWindows::of_size_and_grace(size, grace).advance_by(advance))
            .count("w")
            .to_stream()
            .to("out");
    }
);

topology!(
    fn session(gap: Duration, grace: Duration) -> Topology {
        stream::<Text, Text>("in")
            .group_by_key()
            .windowed_by(SessionWindows::of_inactivity_gap_and_grace(gap, grace))
            .aggregate(String::new, |_, v, a| text!(a, v), |_, left, right| left + &right, "w")
            .to_stream()
            .to("out");
    }
);

topology!(
    fn sliding(difference: Duration, grace: Duration) -> Topology {
        stream::<Text, Text>("in")
            .group_by_key()
            .windowed_by(SlidingWindows::of_time_difference_and_grace(difference, grace))
            .aggregate(String::new, |_, v, a| text!(a, v), "w")
            .to_stream()
            .to("out");
    }
);

topology!(
    fn stream_table(history: Duration) -> Topology {
        let t = table::<String, String>(
            "table",
            Materialized::as_(Stores::persistent_versioned_key_value_store("v", history)),
        );
        let u = table::<String, String>("plain");
        let s = stream::<Text, Text>("in");
        s.left_join(t, |a, b| text!(a, "/", b)).to("versioned");
        s.join(u, |a, b| text!(a, "/", b)).to("inner");
    }
);

topology!(
    fn suppress(size: Duration, grace: Duration, limit: Duration, max: i64) -> Topology {
        let w = stream::<Text, Text>("in")
            .group_by_key()
            .windowed_by(TimeWindows::of_size_and_grace(size, grace))
            .count("w");
        w.suppress(Suppressed::until_window_closes(BufferConfig::unbounded()))
            .to_stream()
            .to("final");
        let buffer = BufferConfig::max_records(max).emit_early_when_full();
        w.suppress(Suppressed::until_time_limit(limit, buffer)).to_stream().to("limited");
    }
);

topology!(
    fn tumbling(size: Duration, grace: Duration) -> Topology {
        stream::<Text, Text>("in")
            .group_by_key()
            .windowed_by(TimeWindows::of_size_and_grace(size, grace))
            .reduce(longest_of_twenty, "w")
            .to_stream()
            .to("out");
    }
);

/// Appends until the text is longer than 20, then starts again.
fn longest_of_twenty(a: Text, b: Text) -> Text {
    if a.as_deref().is_some_and(|a| len(a) > 20) { b } else { Some(text!(a, b)) }
}
