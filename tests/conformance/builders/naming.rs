//! Generated and given names.

use std::time::Duration;

use streams_runtime::prelude::*;
use streams_runtime::serdes::{I64Serde, StringSerde};

use super::ms;
use crate::support::lang::{Doc, Text, text};
use crate::support::registry::{Builder::Build, Entry};

pub(crate) const BUILDERS: &[Entry] = &[
    ("names-process", Build(|_| process())),
    ("names-big", Build(|_| big())),
    ("names-fk", Build(|_| foreign_key())),
    ("names-join-rekeyed", Build(|_| join_rekeyed())),
    ("names-join-stream", Build(|_| stream_joins())),
    ("names-global", Build(|_| global())),
    ("names-tables", Build(|_| tables())),
    ("names-values-only", Build(|_| values_only())),
    ("names-branch", Build(|_| branches())),
    ("names-explicit-repartition", Build(|_| explicit_repartition())),
    ("names-given", Build(|_| given())),
    ("names-merge-repartition", Build(|_| merge_repartition())),
    ("names-partly", Build(|_| partly())),
    ("names-sub-topologies", Build(|_| sub_topologies())),
];

topology!(
    fn branches() -> Topology {
        let [x, y, other] = stream::<Text, Text>("in")
            .split()
            .branch(|_, v| v.as_deref() == Some("x"))
            .branch(|_, v| v.as_deref() == Some("y"))
            .default_branch();
        x.to("o1");
        y.to("o2");
        other.to("o0");
    }
);

topology!(
    fn explicit_repartition() -> Topology {
        stream::<Text, Text>("in")
            .select_key(|_, v| v.clone())
            .repartition(Repartitioned::as_("mine").with_number_of_partitions(2))
            .map_values(|v| text!(v, "!"))
            .group_by_key()
            .count("n")
            .to_stream()
            .to("out");
    }
);

topology!(
    fn given() -> Topology {
        stream::<Text, Text>("in", Consumed::as_("Source"))
            .filter(|_, _| true, "Keep")
            .map_values(|v| v, "Same")
            .select_key(|_, v| v.clone(), "ByValue")
            .group_by_key("Grouping")
            .count(Named::as_("Counting"), "Counts")
            .to_stream("Out")
            .to("out", Produced::as_("Sink"));
    }
);

topology!(
    fn merge_repartition() -> Topology {
        let a = stream::<Text, Text>("a");
        let b = stream::<Text, Text>("b").select_key(|_, v| v.clone());
        a.merge(b).group_by_key().count("n").to_stream().to("out");
    }
);

topology!(
    fn partly() -> Topology {
        stream::<Text, Text>("in")
            .map_values(|v| v, "m")
            .group_by(|_, v| v.clone())
            .count(Named::as_("cnt"), Materialized::with(StringSerde::default(), I64Serde))
            .filter(|_, v| *v > 0, "pos")
            .to_stream()
            .to("out");
    }
);

topology!(
    fn sub_topologies() -> Topology {
        stream::<Text, Text>("a").to("b");
        stream::<Text, Text>("b").group_by_key().count("n").to_stream().to("c");
        stream::<Text, Option<i64>>("c").filter(|_, v| v.is_some_and(|v| v > 1)).to("d");
    }
);

topology!(
    fn global() -> Topology {
        let g = global_table::<String, String>("g");
        stream::<Text, Text>("in").left_join(g, |_, v| v.clone(), |v, gv| text!(v, gv)).to("out");
    }
);

topology!(
    fn tables() -> Topology {
        let a = table::<String, String>("a");
        let b = table::<String, String>("b", "b-store");
        let c = a.map_values(|v| v).filter(|_, _| true);
        c.join(b, |x, y| text!(x, y)).to_stream().to("o1");
        c.left_join(b, |x, y| text!(x, y), Materialized::as_("lj")).to_stream().to("o2");
        c.outer_join(b, |x, y| text!(x, y), Named::as_("oj")).to_stream().to("o3");
    }
);

topology!(
    fn values_only() -> Topology {
        let s = stream::<Text, Text>("in")
            .map_values(|v| v)
            .filter(|_, _| true)
            .flat_map_values(|v| [v.clone(), v])
            .peek(|_, _| ());
        s.group_by_key().count("n").to_stream().to("out");
        s.join(table::<String, String>("t"), |a, b| text!(a, b)).to("j");
    }
);

topology!(
    fn join_rekeyed() -> Topology {
        let l = stream::<Text, Text>("left").select_key(|_, v| v.clone());
        let r = stream::<Text, Text>("right").select_key(|_, v| v.clone());
        let (ten, twenty) = (Duration::from_millis(10), Duration::from_millis(20));
        l.join(r, |a, b| text!(a, b), JoinWindows::of_time_difference_with_no_grace(ten)).to("o1");
        l.join(r, |a, b| text!(a, b), JoinWindows::of_time_difference_with_no_grace(twenty))
            .to("o2");
    }
);

topology!(
    fn stream_joins() -> Topology {
        let l = stream::<Text, Text>("left");
        let r = stream::<Text, Text>("right");
        let within = JoinWindows::of_time_difference_with_no_grace(ms(10));
        l.outer_join(r, |a, b| text!(a, b), within).to("o1");
        l.left_join(r, |a, b| text!(a, b), within, Named::as_("lj")).to("o2");
        l.join(r, |a, b| text!(a, b), within, StreamJoined::as_("ijs").with_name("ij")).to("o3");
    }
);

topology!(
    fn foreign_key() -> Topology {
        let l = table::<String, String>("l");
        let r = table::<String, String>("r");
        l.join(r, |v| v.clone(), |a, b| text!(a, b)).to_stream().to("o1");
        l.left_join(
            r,
            |v| v.clone(),
            |a, b| text!(a, b),
            TableJoined::as_("named"),
            Materialized::as_("res"),
        )
        .to_stream()
        .to("o2");
    }
);

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
            .count(Materialized::with(StringSerde::default(), I64Serde))
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
