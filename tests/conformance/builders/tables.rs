//! Tables: sources, filters, mappings, materialisation.

use streams_runtime::prelude::*;

use crate::support::lang::{Text, len, split, text, upper};
use crate::support::registry::{Builder::Build, Entry};

pub(crate) const BUILDERS: &[Entry] = &[
    ("global-table-only", Build(|_| global_table_only())),
    ("table-caching", Build(|_| caching())),
    ("table-eos", Build(|_| exactly_once())),
    ("table-two-readers", Build(|_| two_readers())),
    ("table-filter-not", Build(|_| filter_not())),
    ("table-filter-stored", Build(|_| filter_stored())),
    ("table-filter-source-stored", Build(|_| filter_source_stored())),
    ("table-filter", Build(|_| filter())),
    ("table-in-memory", Build(|_| in_memory())),
    ("table-lru", Build(|_| lru())),
    ("table-map-values-stored", Build(|_| map_values_stored())),
    ("table-map-values", Build(|_| map_values())),
    ("table-source", Build(|_| source())),
    ("table-source-optimized", Build(|_| source_optimized())),
    ("table-to-stream-mapper", Build(|_| to_stream_mapper())),
    ("to-table", Build(|_| to_table())),
    ("to-table-rekeyed", Build(|_| to_table_rekeyed())),
    ("to-table-unnamed", Build(|_| to_table_unnamed())),
];

topology!(
    fn global_table_only() -> Topology {
        global_table::<String, String>("g", "gs");
        stream::<Text, Text>("in").to("out");
    }
);

topology!(
    fn caching() -> Topology {
        table::<String, String>("in", "s")
            .filter(|_, v| v != "x", Materialized::as_("f"))
            .group_by(|k, v| (v.clone(), k.clone()))
            .count("n")
            .to_stream()
            .to("out");
    }
);

topology!(
    fn exactly_once() -> Topology {
        table::<String, String>("in", "s")
            .group_by(|k, v| (v.clone(), k.clone()))
            .count("n")
            .to_stream()
            .to("out");
    }
);

topology!(
    fn two_readers() -> Topology {
        let t = table::<String, i64>("in", "s");
        t.filter(|_, v| *v > 0).to_stream().to("pos");
        t.map_values(|v| v.wrapping_neg()).to_stream().to("neg");
        t.to_stream().to("all");
    }
);

topology!(
    fn filter_not() -> Topology {
        table::<String, String>("in", "src")
            .filter_not(|_, v| v.starts_with('_'), Materialized::as_("visible"))
            .filter(|_, v| len(v) < 4)
            .to_stream()
            .to("out");
    }
);

topology!(
    fn filter_stored() -> Topology {
        table::<String, i64>("in")
            .filter(|_, v| *v > 10, Materialized::as_("big"))
            .to_stream()
            .to("out");
    }
);

topology!(
    fn filter_source_stored() -> Topology {
        table::<String, i64>("in", "src").filter(|_, v| *v > 10).to_stream().to("out");
    }
);

topology!(
    fn filter() -> Topology {
        table::<String, i64>("in").filter(|_, v| *v > 10).to_stream().to("out");
    }
);

topology!(
    fn in_memory() -> Topology {
        let store = Stores::in_memory_key_value_store("m");
        table::<String, String>("in", Materialized::as_(store).with_logging_disabled())
            .to_stream()
            .to("out");
    }
);

topology!(
    fn lru() -> Topology {
        table::<String, String>("in", Materialized::as_(Stores::lru_map("lru", 2)))
            .to_stream()
            .to("out");
    }
);

topology!(
    fn map_values_stored() -> Topology {
        table::<String, String>("in")
            .filter_map_values(|v| (v != "null").then(|| upper(&v)), Materialized::as_("up"))
            .to_stream()
            .to("out");
    }
);

topology!(
    fn map_values() -> Topology {
        table::<String, String>("in")
            .map_values(|k, v| text!(k, ":", len(&v)))
            .to_stream()
            .to("out");
    }
);

topology!(
    fn source() -> Topology {
        table::<String, String>("in", "tbl").to_stream().to("out");
    }
);

topology!(
    fn source_optimized() -> Topology {
        table::<String, String>("in", "tbl").map_values(|v| upper(&v)).to_stream().to("out");
    }
);

topology!(
    fn to_stream_mapper() -> Topology {
        table::<String, String>("in")
            .to_stream(|k, v| v.clone().unwrap_or_else(|| text!("gone-", k)))
            .to("out");
    }
);

topology!(
    fn to_table() -> Topology {
        stream::<Text, Text>("in")
            .to_table("tt")
            .map_values(|v| text!(v, "!"))
            .to_stream()
            .to("out");
    }
);

topology!(
    fn to_table_rekeyed() -> Topology {
        stream::<Text, Text>("in")
            .select_key(|_, v| match v {
                Some(v) => split(v, "-").swap_remove(0),
                None => "null".to_owned(),
            })
            .to_table("tt")
            .to_stream()
            .to("out");
    }
);

topology!(
    fn to_table_unnamed() -> Topology {
        stream::<Text, Option<i64>>("in").to_table().filter(|_, v| *v > 0).to_stream().to("out");
    }
);
