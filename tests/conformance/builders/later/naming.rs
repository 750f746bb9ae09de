//! Names of windows, joins, cogroups and processors.

use std::time::Duration;

use streams_runtime::prelude::*;

use super::ms;
use crate::support::lang::{Doc, Text, text, upper};
use crate::support::registry::{Builder::Build, Entry};

pub const BUILDERS: &[Entry] = &[
    ("names-big", Build(|_| big())),
    ("names-cogroup-named", Build(|_| cogroup_named())),
    ("names-cogroup", Build(|_| cogroup())),
    ("names-generated", Build(|_| generated())),
    ("names-process", Build(|_| process())),
    ("names-opt-chain", Build(|_| optimized_chain())),
];

topology!(
    fn big() -> Topology {
        let orders = stream::<Text, Doc>("orders");
        let customers = table::<String, Doc>("customers");
        let products = global_table::<String, Doc>("products");
        let enriched = orders
            .select_key(|_, v| v.get("customer").text())
            .join(customers, |o: Doc, c: Doc| o.set("region", c.get("region")))
            .join(
                products,
                |_, v| v.get("product").text(),
                |o: Doc, p: Doc| o.set("price", p.get("price")),
            );
        enriched
            .group_by(|_, v| v.get("region").text())
            .aggregate(
                || 0,
                |_, v, a: i64| (v.get("qty") * v.get("price") + a).long().unwrap_or_default(),
            )
            .to_stream()
            .to("revenue");
        enriched
            .group_by_key()
            .windowed_by(TimeWindows::of_size_and_grace(ms(1000), ms(100)))
            .count()
            .suppress(Suppressed::until_window_closes(BufferConfig::unbounded()))
            .to_stream(|w, _| w.key.clone())
            .to("activity");
        let [large, small] = enriched
            .split("size-")
            .branch(|_, v| v.get("qty") > 10, "large")
            .default_branch("small");
        large.to("large");
        small.map_values(|v| v.get("product").text()).to("small");
    }
);

topology!(
    fn cogroup_named() -> Topology {
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
    fn cogroup() -> Topology {
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
    fn generated() -> Topology {
        let s = stream::<Text, Text>("in");
        let a = s
            .filter(|_, _| true)
            .map_values(|v| v)
            .flat_map_values(|v| [v])
            .select_key(|_, v| v.clone());
        a.group_by_key().count().to_stream().to("o1");
        a.group_by(|_, v| v.clone())
            .windowed_by(TimeWindows::of_size_with_no_grace(ms(10)))
            .count()
            .to_stream()
            .to("o2");
    }
);

#[processor]
fn pass(
    record: Record<Text, Text>,
    ctx: &mut ProcessorContext<'_, Text, Text>,
    _store: &mut KeyValueStore<String, String>,
) {
    ctx.forward(record);
}

#[processor]
fn pass_value(
    record: FixedKeyRecord<Text, Text>,
    ctx: &mut FixedKeyProcessorContext<'_, Text, Text>,
    _store: &mut KeyValueStore<String, String>,
) {
    ctx.forward(record);
}

#[processor]
fn pass_without_store(record: Record<Text, Text>, ctx: &mut ProcessorContext<'_, Text, Text>) {
    ctx.forward(record);
}

topology!(
    fn process() -> Topology {
        let st = store(KeyValueStore::<String, String>::persistent("st"));
        let s = stream::<Text, Text>("in");
        s.process(pass, st).process_values(pass_value, st).to("o1");
        s.process(pass_without_store, Named::as_("named-p"))
            .repartition()
            .repartition("rp")
            .to("o2");
        s.to_table(Named::as_("tbl"), Materialized::as_("tt"))
            .suppress(Suppressed::until_time_limit(ms(0), BufferConfig::unbounded()))
            .to_stream()
            .foreach(|_, _| ());
        s.merge(stream::<Text, Text>("in2")).peek(|_, _| ()).to(|_, _, _| "dyn".to_owned());
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
