//! Windowed aggregations, emission on close, suppression.

use std::time::Duration;

use streams_runtime::prelude::*;

use crate::support::lang::{Doc, Text, split, text};
use crate::support::registry::{Builder::Build, Entry};

pub(crate) const BUILDERS: &[Entry] = &[
    ("aggregate-hopping", Build(|_| aggregate_hopping())),
    ("aggregate-session", Build(|_| aggregate_session())),
    ("aggregate-window-null", Build(|_| aggregate_to_null())),
    ("count-hopping", Build(|p| count_hopping(p.ms("size"), p.ms("advance"), p.ms("grace")))),
    ("count-session", Build(|p| count_session(p.ms("gap"), p.ms("grace")))),
    ("count-sliding", Build(|p| count_sliding(p.ms("diff"), p.ms("grace")))),
    ("count-tumbling", Build(|p| count_tumbling(p.ms("size"), p.ms("grace")))),
    ("count-unlimited", Build(|_| count_unlimited())),
    ("emit-close-hopping", Build(|p| emit_close_hopping(p.ms("retention")))),
    ("emit-close-reduce", Build(|_| emit_close_reduce())),
    ("emit-close-session", Build(|p| emit_close_session(p.ms("retention")))),
    ("emit-close-sliding", Build(|p| emit_close_sliding(p.ms("retention")))),
    (
        "emit-close-tumbling",
        Build(|p| emit_close_tumbling(p.ms("size"), p.ms("grace"), p.ms("retention"))),
    ),
    ("late-per-operator-session", Build(|_| late_per_operator_session())),
    ("late-per-operator", Build(|_| late_per_operator())),
    ("reduce-session", Build(|_| reduce_session())),
    ("reduce-sliding", Build(|_| reduce_sliding())),
    ("reduce-tumbling", Build(|p| reduce_tumbling(p.ms("size"), p.ms("grace")))),
    ("session-cached", Build(|_| session_cached())),
    ("session-in-memory", Build(|_| session_in_memory())),
    ("suppress-unmaterialized-filter", Build(|_| suppress_after_filter())),
    ("suppress-logging-off", Build(|_| suppress_logging_off())),
    ("suppress-max-bytes", Build(|_| suppress_max_bytes())),
    ("suppress-max-records", Build(|p| suppress_max_records(p.long("n")))),
    ("suppress-null-window", Build(|_| suppress_null_window())),
    ("suppress-session", Build(|_| suppress_session())),
    ("suppress-time-limit-zero", Build(|_| suppress_time_limit(Duration::ZERO))),
    ("suppress-time-limit", Build(|p| suppress_time_limit(p.ms("limit")))),
    ("suppress-window", Build(|p| suppress_window(p.ms("size"), p.ms("grace")))),
    ("two-windows", Build(|_| two_windows())),
    ("window-cached", Build(|_| window_cached())),
    ("window-filter", Build(|_| window_filter())),
    ("window-rekeyed", Build(|_| window_rekeyed())),
    ("window-in-memory", Build(|_| window_in_memory())),
    ("window-of-window", Build(|_| window_regrouped())),
    ("window-retention", Build(|p| window_retention(p.ms("retention")))),
];

const fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// The sum of two values; a null throws, as in the language.
fn sum(a: Option<i64>, b: Option<i64>) -> Option<i64> {
    let (a, b) = a.zip(b).expect("two values");
    Some(a.wrapping_add(b))
}

/// The sum; nothing for a 0.
fn unless_zero(a: i64, v: Option<i64>) -> Option<i64> {
    let v = v.expect("a value");
    (v != 0).then(|| a.wrapping_add(v))
}

topology!(
    fn aggregate_hopping() -> Topology {
        stream::<Text, Option<i64>>("in")
            .group_by_key()
            .windowed_by(TimeWindows::of_size_and_grace(ms(20), ms(30)).advance_by(ms(10)))
            .aggregate(Doc::list, |_, v, a| a.append(v), "agg")
            .to_stream(|wk, _| text!(wk.key, "@", wk.start, "-", wk.end))
            .to("out");
    }
);

topology!(
    fn aggregate_session() -> Topology {
        stream::<Text, Text>("in")
            .group_by_key()
            .windowed_by(SessionWindows::of_inactivity_gap_and_grace(ms(10), ms(1000)))
            .aggregate(Doc::list, |_, v, a| a.append(v), |_, left, right| left.concat(right), "agg")
            .to_stream()
            .to("out");
    }
);

topology!(
    fn aggregate_to_null() -> Topology {
        stream::<Text, Option<i64>>("in")
            .group_by_key()
            .windowed_by(TimeWindows::of_size_and_grace(ms(100), ms(100)))
            .aggregate(|| 0, |_, v, a: i64| unless_zero(a, v), "agg")
            .to_stream()
            .to("out");
    }
);

topology!(
    fn count_hopping(size: Duration, advance: Duration, grace: Duration) -> Topology {
        stream::<Text, Text>("in")
            .group_by_key()
            .windowed_by(TimeWindows::of_size_and_grace(size, grace).advance_by(advance))
            .count("counts")
            .to_stream()
            .to("out");
    }
);

topology!(
    fn count_session(gap: Duration, grace: Duration) -> Topology {
        stream::<Text, Text>("in")
            .group_by_key()
            .windowed_by(SessionWindows::of_inactivity_gap_and_grace(gap, grace))
            .count("sessions")
            .to_stream()
            .to("out");
    }
);

topology!(
    fn count_sliding(difference: Duration, grace: Duration) -> Topology {
        stream::<Text, Text>("in")
            .group_by_key()
            .windowed_by(SlidingWindows::of_time_difference_and_grace(difference, grace))
            .count("counts")
            .to_stream()
            .to("out");
    }
);

topology!(
    fn count_tumbling(size: Duration, grace: Duration) -> Topology {
        stream::<Text, Text>("in")
            .group_by_key()
            .windowed_by(TimeWindows::of_size_and_grace(size, grace))
            .count("counts")
            .to_stream()
            .to("out");
    }
);

topology!(
    fn count_unlimited() -> Topology {
        stream::<Text, Text>("in")
            .group_by_key()
            .windowed_by(UnlimitedWindows::of().start_on(Timestamp::from(100)))
            .count("counts")
            .to_stream(|wk, _| text!(wk.key, "@", wk.start))
            .to("out");
    }
);

topology!(
    fn emit_close_hopping(retention: Duration) -> Topology {
        stream::<Text, Text>("in")
            .group_by_key()
            .windowed_by(TimeWindows::of_size_and_grace(ms(20), ms(5)).advance_by(ms(10)))
            .emit_strategy(EmitStrategy::on_window_close())
            .count(Materialized::as_("counts").with_retention(retention))
            .to_stream()
            .to("out");
    }
);

topology!(
    fn emit_close_reduce() -> Topology {
        stream::<Text, Option<i64>>("in")
            .group_by_key()
            .windowed_by(TimeWindows::of_size_with_no_grace(ms(10)))
            .emit_strategy(EmitStrategy::on_window_close())
            .reduce(sum, "r")
            .to_stream()
            .to("out");
    }
);

topology!(
    fn emit_close_session(retention: Duration) -> Topology {
        stream::<Text, Text>("in")
            .group_by_key()
            .windowed_by(SessionWindows::of_inactivity_gap_and_grace(ms(10), ms(5)))
            .emit_strategy(EmitStrategy::on_window_close())
            .count(Materialized::as_("sessions").with_retention(retention))
            .to_stream()
            .to("out");
    }
);

topology!(
    fn emit_close_sliding(retention: Duration) -> Topology {
        stream::<Text, Text>("in")
            .group_by_key()
            .windowed_by(SlidingWindows::of_time_difference_and_grace(ms(10), ms(5)))
            .emit_strategy(EmitStrategy::on_window_close())
            .count(Materialized::as_("counts").with_retention(retention))
            .to_stream()
            .to("out");
    }
);

topology!(
    fn emit_close_tumbling(size: Duration, grace: Duration, retention: Duration) -> Topology {
        stream::<Text, Text>("in")
            .group_by_key()
            .windowed_by(TimeWindows::of_size_and_grace(size, grace))
            .emit_strategy(EmitStrategy::on_window_close())
            .count(Materialized::as_("counts").with_retention(retention))
            .to_stream()
            .to("out");
    }
);

topology!(
    fn late_per_operator_session() -> Topology {
        let s = stream::<Text, Text>("in");
        s.filter(|_, v| v.as_deref() != Some("skip"))
            .group_by_key()
            .windowed_by(SessionWindows::of_inactivity_gap_and_grace(ms(5), ms(5)))
            .count("f")
            .to_stream()
            .to("filtered");
        s.filter(|_, v| v.as_deref() != Some("skip"))
            .group_by_key()
            .windowed_by(SlidingWindows::of_time_difference_and_grace(ms(5), ms(5)))
            .count("g")
            .suppress(Suppressed::until_window_closes(BufferConfig::unbounded()))
            .to_stream()
            .to("sliding");
    }
);

topology!(
    fn late_per_operator() -> Topology {
        let s = stream::<Text, Text>("in");
        s.filter(|_, v| v.as_deref() != Some("skip"))
            .group_by_key()
            .windowed_by(TimeWindows::of_size_with_no_grace(ms(10)))
            .count("f")
            .to_stream()
            .to("filtered");
        s.group_by_key()
            .windowed_by(TimeWindows::of_size_with_no_grace(ms(10)))
            .count("u")
            .to_stream()
            .to("unfiltered");
    }
);

topology!(
    fn reduce_session() -> Topology {
        stream::<Text, Text>("in")
            .group_by_key()
            .windowed_by(SessionWindows::of_inactivity_gap_and_grace(ms(10), ms(100)))
            .reduce(|a, b| text!(a, b), "red")
            .to_stream()
            .to("out");
    }
);

topology!(
    fn reduce_sliding() -> Topology {
        stream::<Text, Text>("in")
            .group_by_key()
            .windowed_by(SlidingWindows::of_time_difference_and_grace(ms(10), ms(100)))
            .reduce(|a, b| text!(a, b), "red")
            .to_stream()
            .to("out");
    }
);

topology!(
    fn reduce_tumbling(size: Duration, grace: Duration) -> Topology {
        stream::<Text, Text>("in")
            .group_by_key()
            .windowed_by(TimeWindows::of_size_and_grace(size, grace))
            .reduce(|a, b| text!(a, b), "red")
            .to_stream()
            .to("out");
    }
);

topology!(
    fn session_cached() -> Topology {
        stream::<Text, String>("in")
            .flat_map_values(|v| split(&v, ","))
            .group_by_key()
            .windowed_by(SessionWindows::of_inactivity_gap_and_grace(ms(10), ms(20)))
            .count("c")
            .to_stream()
            .to("out");
    }
);

topology!(
    fn session_in_memory() -> Topology {
        stream::<Text, Text>("in")
            .group_by_key()
            .windowed_by(SessionWindows::of_inactivity_gap_and_grace(ms(10), ms(20)))
            .count(Materialized::as_(Stores::in_memory_session_store("c", ms(50))))
            .to_stream()
            .to("out");
    }
);

topology!(
    fn suppress_after_filter() -> Topology {
        table::<String, i64>("in")
            .filter(|_, v| *v > 10)
            .suppress(Suppressed::until_time_limit(ms(10), BufferConfig::unbounded()))
            .to_stream()
            .to("out");
    }
);

topology!(
    fn suppress_logging_off() -> Topology {
        let buffer = BufferConfig::unbounded().with_logging_disabled();
        stream::<Text, Text>("in")
            .group_by_key()
            .windowed_by(TimeWindows::of_size_with_no_grace(ms(10)))
            .count("c")
            .suppress(Suppressed::until_window_closes(buffer).with_name("final"))
            .to_stream()
            .to("out");
    }
);

topology!(
    fn suppress_max_bytes() -> Topology {
        let buffer = BufferConfig::max_bytes(200).emit_early_when_full();
        table::<String, String>("in")
            .suppress(Suppressed::until_time_limit(ms(1000), buffer))
            .to_stream()
            .to("out");
    }
);

topology!(
    fn suppress_max_records(n: i64) -> Topology {
        let buffer = BufferConfig::max_records(n).emit_early_when_full();
        table::<String, String>("in")
            .suppress(Suppressed::until_time_limit(ms(1000), buffer))
            .to_stream()
            .to("out");
    }
);

topology!(
    fn suppress_null_window() -> Topology {
        stream::<Text, Option<i64>>("in")
            .group_by_key()
            .windowed_by(TimeWindows::of_size_with_no_grace(ms(10)))
            .aggregate(|| 0, |_, v, a: i64| unless_zero(a, v), "agg")
            .suppress(Suppressed::until_window_closes(BufferConfig::unbounded()))
            .to_stream()
            .to("out");
    }
);

topology!(
    fn suppress_session() -> Topology {
        stream::<Text, Text>("in")
            .group_by_key()
            .windowed_by(SessionWindows::of_inactivity_gap_and_grace(ms(10), ms(5)))
            .count("sessions")
            .suppress(Suppressed::until_window_closes(BufferConfig::unbounded()))
            .to_stream()
            .to("out");
    }
);

topology!(
    fn suppress_time_limit(limit: Duration) -> Topology {
        table::<String, String>("in")
            .suppress(Suppressed::until_time_limit(limit, BufferConfig::unbounded()))
            .to_stream()
            .to("out");
    }
);

topology!(
    fn suppress_window(size: Duration, grace: Duration) -> Topology {
        stream::<Text, Text>("in")
            .group_by_key()
            .windowed_by(TimeWindows::of_size_and_grace(size, grace))
            .count("counts")
            .suppress(Suppressed::until_window_closes(BufferConfig::unbounded()))
            .to_stream()
            .to("out");
    }
);

topology!(
    fn two_windows() -> Topology {
        let g = stream::<Text, Option<i64>>("in").group_by_key();
        g.windowed_by(TimeWindows::of_size_with_no_grace(ms(10)))
            .reduce(sum, "short")
            .to_stream()
            .to("short");
        g.windowed_by(TimeWindows::of_size_and_grace(ms(40), ms(20)))
            .reduce(sum, "long")
            .to_stream()
            .to("long");
    }
);

topology!(
    fn window_cached() -> Topology {
        stream::<Text, String>("in")
            .flat_map_values(|v| split(&v, ","))
            .group_by_key()
            .windowed_by(TimeWindows::of_size_and_grace(ms(10), ms(20)).advance_by(ms(5)))
            .count("c")
            .to_stream()
            .to("out");
    }
);

topology!(
    fn window_filter() -> Topology {
        stream::<Text, Text>("in")
            .group_by_key()
            .windowed_by(TimeWindows::of_size_and_grace(ms(10), ms(50)))
            .count("c")
            .filter(|_, v| *v > 1)
            .map_values(|wk, v| text!(wk.key, v))
            .to_stream()
            .to("out");
    }
);

topology!(
    fn window_rekeyed() -> Topology {
        stream::<Text, Text>("in")
            .group_by(|_, v| v.clone())
            .windowed_by(TimeWindows::of_size_and_grace(ms(10), ms(10)))
            .count("c")
            .to_stream()
            .to("out");
    }
);

topology!(
    fn window_in_memory() -> Topology {
        stream::<Text, Text>("in")
            .group_by_key()
            .windowed_by(TimeWindows::of_size_and_grace(ms(10), ms(5)))
            .count(Materialized::as_(Stores::in_memory_window_store("c", ms(30), ms(10), false)))
            .to_stream()
            .to("out");
    }
);

topology!(
    fn window_regrouped() -> Topology {
        stream::<Text, Option<i64>>("in")
            .group_by_key()
            .windowed_by(TimeWindows::of_size_with_no_grace(ms(10)))
            .reduce(sum, "w")
            .group_by(|wk, v| (wk.key.clone(), *v))
            .aggregate(
                || 0,
                |_, v, a: i64| a.wrapping_add(v),
                |_, v, a: i64| a.wrapping_sub(v),
                "total",
            )
            .to_stream()
            .to("out");
    }
);

topology!(
    fn window_retention(retention: Duration) -> Topology {
        stream::<Text, Text>("in")
            .group_by_key()
            .windowed_by(TimeWindows::of_size_and_grace(ms(10), ms(10)))
            .count(Materialized::as_("c").with_retention(retention))
            .to_stream()
            .to("out");
    }
);
