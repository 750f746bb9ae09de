//! Grouping and aggregating, with and without a cache.

use serde_json::json;
use streams_runtime::prelude::*;
use streams_runtime::serdes::{I64Serde, StringSerde};

use crate::support::lang::{Doc, Text, len, text, words};
use crate::support::registry::{Builder::Build, Entry};

pub(crate) const BUILDERS: &[Entry] = &[
    ("aggregate", Build(|_| average())),
    ("aggregate-list", Build(|_| aggregate_list())),
    ("agg-old-value", Build(|_| old_value())),
    ("aggregate-to-null", Build(|_| aggregate_to_null())),
    ("count", Build(|_| count())),
    ("aggregate-filter-table", Build(|_| filter_table())),
    ("count-flat-cached", Build(|_| count_flat())),
    ("count-unnamed", Build(|_| count_unnamed())),
    ("agg-in-memory", Build(|_| in_memory())),
    ("agg-no-logging", Build(|_| no_logging())),
    ("agg-chain", Build(|_| chain())),
    ("count-cached-off", Build(|_| count_caching_off())),
    ("agg-repartition-shared", Build(|_| repartition_shared())),
    ("reduce-max", Build(|_| reduce_max())),
    ("reduce", Build(|_| reduce())),
    ("reduce-to-null", Build(|_| reduce_to_null())),
    ("table-group-aggregate", Build(|_| table_group_aggregate())),
    ("table-group-count", Build(|_| table_group_count())),
    ("table-group-null", Build(|_| table_group_null())),
    ("table-group-reduce", Build(|_| table_group_reduce())),
    ("agg-two-from-one", Build(|_| two_from_one())),
    ("rnd-table-agg", Build(|params| table_agg(params.long("min")))),
];

topology!(
    fn average() -> Topology {
        stream::<Text, Option<i64>>("in")
            .group_by_key()
            .aggregate(
                || Doc(json!({ "n": 0, "sum": 0 })),
                |_, v, a| Doc(json!({ "n": a.get("n") + 1, "sum": a.get("sum") + v })),
                "agg",
            )
            .map_values(|a| (a.get("sum") / a.get("n")).long().unwrap_or_default())
            .to_stream()
            .to("out");
    }
);

topology!(
    fn aggregate_list() -> Topology {
        stream::<Text, Text>("in")
            .group_by_key()
            .aggregate(Doc::list, |_, v, a| a.append(v), "lists")
            .to_stream()
            .to("out");
    }
);

topology!(
    fn old_value() -> Topology {
        stream::<Text, Option<i64>>("in")
            .group_by_key()
            .aggregate(|| 100, |_, v, a: i64| a.wrapping_add(v), "first")
            .group_by(|_, v| ("all".to_owned(), *v))
            .aggregate(
                String::new,
                |_, v, a| text!(a, "+", v),
                |_, v, a| text!(a, "-", v),
                "second",
            )
            .to_stream()
            .to("out");
    }
);

topology!(
    fn aggregate_to_null() -> Topology {
        stream::<Text, Option<i64>>("in")
            .group_by_key()
            .aggregate(|| 100, |_, v, a: i64| (v != 0).then(|| a.wrapping_add(v)), "agg")
            .to_stream()
            .to("out");
    }
);

topology!(
    fn count() -> Topology {
        stream::<Text, Text>("in").group_by_key().count("counts").to_stream().to("out");
    }
);

topology!(
    fn filter_table() -> Topology {
        stream::<Text, Option<i64>>("in")
            .group_by_key()
            .count("c")
            .filter(|_, v| v % 2 == 0)
            .to_stream()
            .to("out");
    }
);

topology!(
    fn count_flat() -> Topology {
        stream::<Text, String>("in")
            .flat_map_values(|v| words(&v))
            .group_by_key()
            .count("counts")
            .to_stream()
            .to("out");
    }
);

topology!(
    fn count_unnamed() -> Topology {
        stream::<Text, Text>("in")
            .group_by(|_, v| v.clone())
            .count(Materialized::with(StringSerde::default(), I64Serde))
            .to_stream()
            .to("out");
    }
);

topology!(
    fn in_memory() -> Topology {
        stream::<Text, Text>("in")
            .group_by_key()
            .count(Materialized::as_("c").with_store_type(StoreType::InMemory))
            .to_stream()
            .to("out");
    }
);

topology!(
    fn no_logging() -> Topology {
        stream::<Text, Text>("in")
            .group_by_key()
            .count(Materialized::as_("c").with_logging_disabled())
            .to_stream()
            .to("out");
    }
);

topology!(
    fn chain() -> Topology {
        stream::<Text, Text>("in")
            .group_by(|_, v| v.clone())
            .count("perWord")
            .group_by(|k, v| (text!("len", len(k)), *v))
            .reduce(|a, v| a.wrapping_add(v), |a, v| a.wrapping_sub(v), "perLen")
            .to_stream()
            .to("out");
    }
);

topology!(
    fn count_caching_off() -> Topology {
        stream::<Text, String>("in")
            .flat_map_values(|v| words(&v))
            .group_by_key()
            .count(Materialized::as_("counts").with_caching_disabled())
            .to_stream()
            .to("out");
    }
);

topology!(
    fn repartition_shared() -> Topology {
        let g = stream::<Text, i64>("in")
            .select_key(|_, v| if v % 2 == 0 { "even" } else { "odd" }.to_owned())
            .group_by_key("grp");
        g.count("n").to_stream().to("counts");
        g.reduce(|a, b| a.wrapping_add(b), "s").to_stream().to("sums");
    }
);

topology!(
    fn reduce_max() -> Topology {
        stream::<Text, Option<i64>>("in")
            .group_by_key()
            .reduce(|acc, v| acc.max(v), "m")
            .to_stream()
            .to("out");
    }
);

topology!(
    fn reduce() -> Topology {
        stream::<Text, Option<i64>>("in")
            .group_by_key()
            .reduce(|acc, v| acc.wrapping_add(v), "sums")
            .to_stream()
            .to("out");
    }
);

topology!(
    fn reduce_to_null() -> Topology {
        stream::<Text, Text>("in")
            .group_by_key()
            .reduce(|acc, v| (v != "reset").then(|| acc + &v), "r")
            .to_stream()
            .to("out");
    }
);

topology!(
    fn table_group_aggregate() -> Topology {
        table::<String, Doc>("items", "items")
            .group_by(|_, v| (v.get("cat").text(), v.get("name").text()), "by-cat")
            .aggregate(Doc::list, |_, v, a| a.append(v).sort(), |_, v, a| a.remove(v), "cats")
            .to_stream()
            .to("out");
    }
);

topology!(
    fn table_group_count() -> Topology {
        table::<String, String>("users")
            .group_by(|k, v| (v.clone(), k.clone()))
            .count("byRegion")
            .to_stream()
            .to("out");
    }
);

topology!(
    fn table_group_null() -> Topology {
        table::<String, String>("t")
            .group_by(|k, v| match v.as_str() {
                "nokey" => (None, v.clone()),
                _ => (Some(v.clone()), k.clone()),
            })
            .aggregate(String::new, |_, v, a| text!(a, "+", v), |_, v, a| text!(a, "-", v), "g")
            .to_stream()
            .to("out");
    }
);

topology!(
    fn table_group_reduce() -> Topology {
        table::<String, Doc>("accounts")
            .group_by(|_, v| (v.get("owner").text(), v.get("amount").long()))
            .reduce(|a, v| a.wrapping_add(v), |a, v| a.wrapping_sub(v), "totals")
            .to_stream()
            .to("out");
    }
);

topology!(
    fn two_from_one() -> Topology {
        let g = stream::<Text, Option<i64>>("in").group_by_key();
        g.count("n").to_stream().to("counts");
        g.reduce(|a, b| a.wrapping_add(b), "s").to_stream().to("sums");
    }
);

topology!(
    fn table_agg(min: i64) -> Topology {
        let t = table::<String, Doc>("t", "src");
        let g = t
            .filter(move |_, v| v.get("n") >= min)
            .group_by(|_, v| (v.get("g").text(), v.get("n").long()));
        g.aggregate(
            || 0,
            |_, v, a: i64| a.wrapping_add(v),
            |_, v, a: i64| a.wrapping_sub(v),
            "sum",
        )
        .to_stream()
        .to("sums");
        g.count("n").to_stream().to("counts");
    }
);
