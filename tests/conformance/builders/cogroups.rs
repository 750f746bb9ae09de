//! Cogroups: plain, in windows, in sessions.

use std::time::Duration;

use serde_json::json;
use streams_runtime::prelude::*;

use crate::support::lang::{Doc, Text};
use crate::support::registry::{Builder::Build, Entry};

pub(crate) const BUILDERS: &[Entry] = &[
    ("cogroup-session", Build(|_| session())),
    ("cogroup-one", Build(|_| single())),
    ("cogroup-sliding", Build(|_| sliding())),
    ("cogroup-windowed", Build(|p| windowed(p.ms("size"), p.ms("grace")))),
    ("cogroup", Build(|_| two())),
    ("cogroup-rekeyed", Build(|_| rekeyed())),
    ("names-cogroup-named", Build(|_| named())),
    ("names-cogroup", Build(|_| generated_names())),
    ("rnd-cogroup", Build(|p| random(p.ms("size"), p.ms("grace")))),
];

/// A value that the topology has no null of; the recorded programs fail at one.
fn given<T>(value: Option<T>) -> T {
    value.expect("a value")
}

const fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

topology!(
    fn session() -> Topology {
        let a = stream::<Text, Option<i64>>("a").group_by_key();
        let b = stream::<Text, Option<i64>>("b").group_by_key();
        a.cogroup(|_, v, total: i64| total.wrapping_add(given(v)))
            .cogroup(b, |_, v, total| total.wrapping_add(given(v).wrapping_mul(10)))
            .windowed_by(SessionWindows::of_inactivity_gap_and_grace(ms(10), ms(30)))
            .aggregate(|| 0, |_, left, right| left.wrapping_add(right), "co")
            .to_stream()
            .to("out");
    }
);

topology!(
    fn single() -> Topology {
        stream::<Text, Option<i64>>("a")
            .group_by_key()
            .cogroup(|_, v, total: i64| total.wrapping_add(given(v)))
            .aggregate(|| 0, "co")
            .to_stream()
            .to("out");
    }
);

topology!(
    fn sliding() -> Topology {
        let a = stream::<Text, Option<i64>>("a").group_by_key();
        let b = stream::<Text, Option<i64>>("b").group_by_key();
        a.cogroup(|_, v, total: i64| total.wrapping_add(given(v)))
            .cogroup(b, |_, v, total| total.wrapping_add(given(v).wrapping_mul(10)))
            .windowed_by(SlidingWindows::of_time_difference_and_grace(ms(10), ms(20)))
            .aggregate(|| 0, "co")
            .to_stream()
            .to("out");
    }
);

topology!(
    fn windowed(size: Duration, grace: Duration) -> Topology {
        let a = stream::<Text, Option<i64>>("a").group_by_key();
        let b = stream::<Text, Option<i64>>("b").group_by_key();
        a.cogroup(|_, v, total: i64| total.wrapping_add(given(v)))
            .cogroup(b, |_, v, total| total.wrapping_sub(given(v)))
            .windowed_by(TimeWindows::of_size_and_grace(size, grace))
            .aggregate(|| 0, "co")
            .to_stream()
            .to("out");
    }
);

fn with_tag(_: &String, tag: Text, all: Doc) -> Doc {
    let tags = all.get("tags").append(given(tag));
    all.set("tags", tags)
}

topology!(
    fn two() -> Topology {
        let a = stream::<Text, Option<i64>>("a").group_by_key();
        let b = stream::<Text, Text>("b").group_by_key();
        a.cogroup(|_, v, all: Doc| {
            let sum = all.get("sum") + given(v);
            all.set("sum", sum)
        })
        .cogroup(b, with_tag)
        .aggregate(|| Doc(json!({ "sum": 0, "tags": [] })), "co")
        .to_stream()
        .to("out");
    }
);

topology!(
    fn rekeyed() -> Topology {
        let a = stream::<Text, Text>("a").group_by(|_, v| v.clone(), "ga");
        let b = stream::<Text, Text>("b").group_by_key();
        a.cogroup(|_, _, count: i64| count.wrapping_add(1))
            .cogroup(b, |_, _, count| count.wrapping_add(100))
            .aggregate(|| 0, "co")
            .to_stream()
            .to("out");
    }
);

topology!(
    fn named() -> Topology {
        let a = stream::<Text, Text>("a").group_by_key();
        let b = stream::<Text, Text>("b").group_by(|_, v| v.clone(), "gb");
        a.cogroup(|_, _, g: String| g + "a")
            .cogroup(b, |_, _, g| g + "b")
            .windowed_by(SessionWindows::of_inactivity_gap_with_no_grace(ms(5)))
            .aggregate(String::new, |_, x, y| x + &y, Named::as_("co"), Materialized::as_("cos"))
            .to_stream()
            .to("out");
    }
);

topology!(
    fn generated_names() -> Topology {
        let a = stream::<Text, Text>("a").group_by_key();
        let b = stream::<Text, Text>("b").group_by(|_, v| v.clone());
        a.cogroup(|_, _, g: String| g + "a")
            .cogroup(b, |_, _, g| g + "b")
            .aggregate(String::new)
            .to_stream()
            .to("out");
    }
);

topology!(
    fn random(size: Duration, grace: Duration) -> Topology {
        let a = stream::<Text, Option<i64>>("a").group_by_key();
        let b = stream::<Text, Text>("b").group_by(|_, v| v.clone());
        a.cogroup(|_, v, g: i64| g.wrapping_add(given(v)))
            .cogroup(b, |_, _, g| g.wrapping_mul(2))
            .windowed_by(TimeWindows::of_size_and_grace(size, grace))
            .aggregate(|| 1, "co")
            .to_stream()
            .to("out");
    }
);
