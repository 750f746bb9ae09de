//! What is refused, and what fails while it runs.

use streams_runtime::prelude::*;

use crate::support::lang::{Text, fail};
use crate::support::registry::{
    Builder::{Build, RefusedAtCompileTime},
    Entry, Refusal,
};

pub(crate) const BUILDERS: &[Entry] = &[
    (
        "err-build-missing-store",
        RefusedAtCompileTime(Refusal {
            ui_test: "tests/ui/type_processor_without_its_store.rs",
            at_run_time: None,
        }),
    ),
    ("err-deserialize", Build(|_| deserialize())),
    (
        "err-build-dup-name",
        RefusedAtCompileTime(Refusal {
            ui_test: "tests/ui/node_name_used_twice.rs",
            at_run_time: Some(|| duplicate_name("x")),
        }),
    ),
    (
        "err-build-dup-store",
        RefusedAtCompileTime(Refusal {
            ui_test: "tests/ui/store_name_used_twice.rs",
            at_run_time: Some(|| duplicate_store("s")),
        }),
    ),
    ("err-explicit-naming", Build(|_| explicit_naming())),
    (
        "err-build-bad-name",
        RefusedAtCompileTime(Refusal {
            ui_test: "tests/ui/store_name_is_invalid.rs",
            at_run_time: Some(|| illegal_store_name("a b")),
        }),
    ),
    ("err-exception", Build(|_| exception())),
    ("err-negative-ts", Build(|_| negative_timestamp())),
    (
        "err-wrong-type",
        RefusedAtCompileTime(Refusal {
            ui_test: "tests/ui/type_sink_of_other_types.rs",
            at_run_time: None,
        }),
    ),
    (
        "err-build-two-sources",
        RefusedAtCompileTime(Refusal {
            ui_test: "tests/ui/topic_read_in_two_ways.rs",
            at_run_time: Some(|| topic_read_twice("in", "in")),
        }),
    ),
];

topology!(
    fn deserialize() -> Topology {
        stream::<Text, Option<i64>>("in")
            .map_values(|v| v.expect("null + 1 throws").wrapping_add(1))
            .to("out");
    }
);

topology!(
    fn duplicate_name(name: &'static str) -> Topology {
        stream::<Text, Text>("in").map_values(|v| v, name).filter(|_, _| true, name).to("out");
    }
);

topology!(
    fn duplicate_store(name: &'static str) -> Topology {
        let g = stream::<Text, Text>("in").group_by_key();
        g.count(name).to_stream().to("out");
        g.reduce(|_, b| b, name).to_stream().to("out2");
    }
);

topology!(
    fn explicit_naming() -> Topology {
        stream::<Text, Text>("in")
            .select_key(|_, v| v.clone())
            .group_by_key()
            .count()
            .to_stream()
            .to("out");
    }
);

topology!(
    fn illegal_store_name(name: &'static str) -> Topology {
        stream::<Text, Text>("in").group_by_key().count(name).to_stream().to("out");
    }
);

topology!(
    fn exception() -> Topology {
        stream::<Text, Text>("in")
            .try_map_values(|v| match v.as_deref() {
                Some("bad") => fail("boom"),
                _ => Ok(v),
            })
            .to("out");
    }
);

topology!(
    fn negative_timestamp() -> Topology {
        stream::<Text, Text>("in").to("out");
    }
);

topology!(
    fn topic_read_twice(topic: &'static str, again: &'static str) -> Topology {
        stream::<Text, Text>(topic).to("out1");
        table::<String, String>(again).to_stream().to("out2");
    }
);
