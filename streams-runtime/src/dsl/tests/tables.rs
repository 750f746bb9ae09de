//! Tables: sources, stores on demand, old values.

use super::super::{Consumed, KTable, Materialized, StreamsBuilder, TableOptions, Unset};
use super::{check, text};

fn table(
    b: &mut StreamsBuilder,
    options: impl Into<TableOptions<String, String>>,
) -> KTable<String, String> {
    b.table::<String, String>("in", options).0
}

fn out(b: &mut StreamsBuilder, table: KTable<String, String>) {
    table.to_stream(b, Unset).0.to(b, "out", Unset);
}

#[test]
fn sources() {
    for case in ["table-source-basic", "table-source-out-of-order"] {
        check("tables", case, |b| {
            let t = table(b, "tbl");
            out(b, t);
        });
    }
    for case in ["table-source-own-changelog", "table-source-topic-reuse"] {
        check("tables", case, |b| {
            let (upper, _) = table(b, "tbl").map_values(b, |v| v.to_uppercase(), Unset);
            out(b, upper);
        });
    }
    check("tables", "global-table-store", |b| {
        b.global_table::<String, String>("g", "gs");
        text(b, "in").to(b, "out", Unset);
    });
}

#[test]
fn operators() {
    check("tables", "table-filter-plain", |b| {
        let (kept, _) = table(b, Unset).filter(b, |_, v| v.len() > 10, Unset);
        out(b, kept);
    });
    check("tables", "table-filter-materialized", |b| {
        let (kept, _) = table(b, Unset).filter(b, |_, v| v.len() > 10, Materialized::as_("big"));
        out(b, kept);
    });
    check("tables", "table-filter-over-materialized", |b| {
        let (kept, _) = table(b, "src").filter(b, |_, v| v.len() > 10, Unset);
        out(b, kept);
    });
    check("tables", "table-filter-chain", |b| {
        let visible = Materialized::as_("visible");
        let (kept, _) = table(b, "src").filter_not(b, |_, v| v.starts_with('_'), visible);
        let (short, _) = kept.filter(b, |_, v| v.len() < 4, Unset);
        out(b, short);
    });
    check("tables", "table-map-values-materialized", |b| {
        let up = Materialized::as_("up");
        let (upper, _) = table(b, Unset).filter_map_values(b, |v| Some(v.to_uppercase()), up);
        out(b, upper);
    });
    check("tables", "table-map-values-plain", |b| {
        let (told, _) = table(b, Unset).map_values_with_key(b, |k, v| format!("{k}:{v}"), Unset);
        out(b, told);
    });
    check("tables", "table-to-stream-mapper", |b| {
        let by = |k: &String, v: &Option<String>| v.clone().unwrap_or_else(|| format!("gone-{k}"));
        table(b, Unset).to_stream_with_key(b, by, Unset).0.to(b, "out", Unset);
    });
}

#[test]
fn fan_out_and_chains() {
    check("tables", "table-fan-out", |b| {
        let t = table(b, "s");
        t.filter(b, |_, v| !v.is_empty(), Unset).0.to_stream(b, Unset).0.to(b, "pos", Unset);
        t.map_values(b, |v| v, Unset).0.to_stream(b, Unset).0.to(b, "neg", Unset);
        t.to_stream(b, Unset).0.to(b, "all", Unset);
    });
    for case in ["table-chain-cached", "table-chain-uncached"] {
        check("tables", case, |b| {
            let kept = Materialized::as_("f");
            let (kept, _) = table(b, "s").filter(b, |_, v| v != "x", kept);
            let (grouped, _) = kept.group_by(b, |k, v| (v.clone(), k.clone()), Unset);
            let (counts, _) = grouped.count(b, "n");
            counts.to_stream(b, Unset).0.to(b, "out", Unset);
        });
    }
}

#[test]
fn streams_as_tables() {
    check("tables", "to-table-basic", |b| {
        let (t, _) = text(b, "in").to_table(b, "tt");
        let (louder, _) = t.map_values(b, |v| v + "!", Unset);
        out(b, louder);
    });
    check("tables", "to-table-rekeyed", |b| {
        let (keyed, _) = text(b, "in").select_key(b, |_, v| v.clone(), Unset);
        let (t, _) = keyed.to_table(b, "tt");
        out(b, t);
    });
    check("tables", "to-table-unnamed", |b| {
        let (numbers, _) = b.stream::<String, i64>("in", Unset);
        let (t, _) = numbers.to_table(b, Materialized::default());
        let (positive, _) = t.filter(b, |_, v| *v > 0, Unset);
        positive.to_stream(b, Unset).0.to(b, "out", Unset);
    });
}

#[test]
fn options_of_a_source_come_in_any_order() {
    let described = super::topology(|b| {
        let consumed = Consumed::as_("people");
        let kept = Materialized::as_("people-store").with_caching_disabled();
        let (t, _, _) = b.table::<Option<String>, String>("in", (kept, consumed));
        t.to_stream(b, Unset).0.to(b, "out", Unset);
    })
    .describe();
    assert!(described.contains("Source: people-source (topics: [in])\n      --> people\n"));
    assert!(described.contains("Processor: people (stores: [people-store])"));
}

#[test]
fn old_values_come_only_where_they_are_asked_for() {
    let topology = super::topology(|b| {
        let t = table(b, Unset);
        t.filter(b, |_, _| true, Unset).0.to_stream(b, Unset).0.to(b, "before", Unset);
        let (mapped, _) = t.map_values(b, |v| v, Unset);
        let (grouped, _) = mapped.group_by(b, |k, v| (v.clone(), k.clone()), Unset);
        grouped.count(b, "n").0.to_stream(b, Unset).0.to(b, "counts", Unset);
        t.filter(b, |_, _| true, Unset).0.to_stream(b, Unset).0.to(b, "after", Unset);
    });
    let plan = topology.plan(&crate::topology::TopologyConfig::new("app")).unwrap();
    let senders: Vec<&str> = plan.nodes.iter().filter(|n| n.sends_old).map(|n| &*n.name).collect();
    assert_eq!(
        senders,
        ["KTABLE-SOURCE-0000000002", "KTABLE-MAPVALUES-0000000006", "KTABLE-FILTER-0000000013",]
    );
    assert!(plan.stores.iter().all(|store| store.used), "the source became materialized");
}
