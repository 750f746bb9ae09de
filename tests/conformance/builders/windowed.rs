//! Windowed topologies of the groups apps, errors, naming, random and tables.

use std::time::Duration;

use serde_json::json;
use streams_runtime::prelude::*;

use crate::support::lang::{Doc, Say, Text, len, text, upper};
use crate::support::registry::{
    Builder::{Build, RefusedAtCompileTime, TryBuild},
    Entry, Refusal,
};

pub(crate) const BUILDERS: &[Entry] = &[
    ("anomaly", Build(|_| anomaly())),
    ("frequency", Build(|_| frequency())),
    ("sessions-activity", Build(|_| session_activity())),
    ("temperature", Build(|_| temperature())),
    ("err-build-advance", Build(|p| error_advance(p.ms("advance")))),
    (
        "err-build-negative-grace",
        RefusedAtCompileTime(Refusal {
            ui_test: "tests/ui/type_negative_grace.rs",
            at_run_time: None,
        }),
    ),
    ("err-build-suppress-grace", Build(|_| retention_too_small())),
    ("err-build-session", TryBuild(|p| Some(error_session(p.try_ms("gap")?)))),
    ("err-sliding-zero", Build(|_| sliding_zero())),
    ("err-suppress-full", Build(|_| suppress_full())),
    ("err-build-size", Build(|p| error_size(p.ms("size")))),
    ("names-generated", Build(|_| generated())),
    ("names-opt-chain", Build(|_| optimized_chain())),
    ("rnd-emit-close", Build(|p| emit_close(p.ms("size"), p.ms("advance"), p.ms("grace")))),
    ("rnd-hopping", Build(|p| hopping(p.ms("size"), p.ms("advance"), p.ms("grace")))),
    ("rnd-session", Build(|p| session(p.ms("gap"), p.ms("grace")))),
    ("rnd-sliding", Build(|p| sliding(p.ms("diff"), p.ms("grace")))),
    (
        "rnd-suppress",
        Build(|p| suppress(p.ms("size"), p.ms("grace"), p.ms("limit"), p.long("max"))),
    ),
    ("rnd-tumbling", Build(|p| tumbling(p.ms("size"), p.ms("grace")))),
    ("aggregation-headers", Build(|_| aggregation_headers())),
];

const MINUTE: Duration = Duration::from_secs(60);

const fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

topology!(
    fn anomaly() -> Topology {
        stream::<Text, Text>("clicks")
            .map(|k, v| (v, k))
            .group_by_key()
            .windowed_by(TimeWindows::of_size_with_no_grace(MINUTE))
            .count("UserClickCounts")
            .filter(|_, n| *n >= 3)
            .to_stream()
            .filter(|_, n| n.is_some())
            .map(|wk, n| (wk.key.say(), n))
            .to("anomalies");
    }
);

topology!(
    fn frequency() -> Topology {
        stream::<Text, Text>("events")
            .group_by(|_, v| v.clone())
            .windowed_by(TimeWindows::of_size_and_grace(MINUTE, ms(10_000)))
            .count("freq")
            .to_stream(|wk, _| text!(wk.key, "@", wk.start))
            .to("out");
    }
);

topology!(
    fn session_activity() -> Topology {
        stream::<Text, Text>("clicks")
            .group_by_key()
            .windowed_by(SessionWindows::of_inactivity_gap_and_grace(ms(300), ms(100)))
            .count("s")
            .to_stream()
            .filter(|_, n| n.is_some())
            .map(|wk, n| {
                let visit = json!({
                    "user": wk.key, "from": wk.start, "to": wk.end, "clicks": n,
                    "length": wk.end - wk.start,
                });
                (wk.key, Doc(visit))
            })
            .to("out");
    }
);

/// Null has no order among numbers.
fn number(value: Option<i64>) -> i64 {
    value.expect("a number")
}

topology!(
    fn temperature() -> Topology {
        stream::<Text, Option<i64>>("temps")
            .group_by_key()
            .windowed_by(TimeWindows::of_size_with_no_grace(ms(5000)))
            .reduce(|a, b| Some(number(a).max(number(b))), "maxima")
            .to_stream()
            .filter(|_, v| number(*v) > 20)
            .to("out");
    }
);

topology!(
    fn error_advance(advance: Duration) -> Topology {
        stream::<Text, Text>("in")
            .group_by_key()
            .windowed_by(TimeWindows::of_size_with_no_grace(ms(10)).advance_by(advance))
            .count()
            .to_stream()
            .to("out");
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
    fn error_session(gap: Duration) -> Topology {
        stream::<Text, Text>("in")
            .group_by_key()
            .windowed_by(SessionWindows::of_inactivity_gap_with_no_grace(gap))
            .count(Materialized::with(StringSerde::default(), I64Serde))
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
    fn error_size(size: Duration) -> Topology {
        stream::<Text, Text>("in")
            .group_by_key()
            .windowed_by(TimeWindows::of_size_with_no_grace(size))
            .count()
            .to_stream()
            .to("out");
    }
);

topology!(
    fn generated() -> Topology {
        let s = stream::<Text, Text>("in");
        let a = s
            .filter(|_, _| true)
            .map_values(|v| v)
            .flat_map_values(|v| [v])
            .select_key(|_, v| v.clone());
        a.group_by_key()
            .count(Materialized::with(StringSerde::default(), I64Serde))
            .to_stream()
            .to("o1");
        a.group_by(|_, v| v.clone())
            .windowed_by(TimeWindows::of_size_with_no_grace(ms(10)))
            .count(Materialized::with(StringSerde::default(), I64Serde))
            .to_stream()
            .to("o2");
    }
);

topology!(
    fn optimized_chain() -> Topology {
        let s = stream::<Text, Text>("in").map(|k, v| (v, k));
        s.group_by_key().count("c1").to_stream().to("o1");
        s.map_values(|v| upper(&text!(v)))
            .group_by_key()
            .reduce(|a, b| a + &b, "r1")
            .to_stream()
            .to("o2");
        s.filter(|k, _| k.as_deref() != Some("skip"))
            .group_by_key()
            .windowed_by(TimeWindows::of_size_with_no_grace(ms(10)))
            .count("w1")
            .to_stream()
            .to("o3");
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

topology!(
    fn aggregation_headers() -> Topology {
        stream::<Text, Text>("in").group_by_key().count("n").to_stream().to("out");
        stream::<Text, Text>("w")
            .group_by_key()
            .windowed_by(TimeWindows::of_size_with_no_grace(ms(10)))
            .count("wn")
            .to_stream()
            .to("wout");
    }
);
