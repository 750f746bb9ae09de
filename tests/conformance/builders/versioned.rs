//! Versioned tables: as they are, below the operators of tables, in joins, and with a grace period.

use std::time::Duration;

use serde_json::json;
use streams_runtime::prelude::*;

use super::ms;
use crate::support::lang::{Doc, Text, split, text, upper};
use crate::support::registry::{Builder::Build, Entry};

pub(crate) const BUILDERS: &[Entry] = &[
    ("table-versioned-agg", Build(|_| versioned_aggregate())),
    ("table-versioned", Build(|p| versioned(p.ms("history")))),
    ("table-versioned-map", Build(|_| versioned_map())),
    ("fk-versioned", Build(|_| fk_versioned())),
    ("stream-versioned-table-grace", Build(|p| stream_table_grace(p.ms("grace")))),
    ("stream-versioned-table-grace-left", Build(|p| stream_table_grace_left(p.ms("grace")))),
    ("stream-versioned-table", Build(|p| stream_versioned_table(p.ms("history")))),
    ("table-table-versioned", Build(|_| table_table_versioned())),
    ("rnd-stream-table", Build(|p| stream_table(p.ms("history")))),
    ("process-versioned-store", Build(|_| versioned_store())),
];

topology!(
    fn versioned_aggregate() -> Topology {
        table::<String, String>(
            "in",
            Materialized::as_(Stores::persistent_versioned_key_value_store("v", ms(1000))),
        )
        .group_by(|k, v| (v.clone(), k.clone()))
        .count("n")
        .to_stream()
        .to("out");
    }
);

topology!(
    fn versioned(history: Duration) -> Topology {
        table::<String, String>(
            "in",
            Materialized::as_(Stores::persistent_versioned_key_value_store("v", history)),
        )
        .to_stream()
        .to("out");
    }
);

topology!(
    fn versioned_map() -> Topology {
        table::<String, String>(
            "in",
            Materialized::as_(Stores::persistent_versioned_key_value_store("v", ms(1000))),
        )
        .filter(|_, v| v != "hide")
        .map_values(|v| upper(&v))
        .to_stream()
        .to("out");
    }
);

topology!(
    fn fk_versioned() -> Topology {
        let history = ms(1000);
        let l = table::<String, String>(
            "l",
            Materialized::as_(Stores::persistent_versioned_key_value_store("lv", history)),
        );
        let r = table::<String, String>(
            "r",
            Materialized::as_(Stores::persistent_versioned_key_value_store("rv", history)),
        );
        l.left_join(r, |v| split(v, ":").swap_remove(0), |a, b| text!(a, "+", b), "res")
            .to_stream()
            .to("out");
    }
);

topology!(
    fn stream_table_grace(grace: Duration) -> Topology {
        let t = table::<String, String>(
            "table",
            Materialized::as_(Stores::persistent_versioned_key_value_store("v", ms(60_000))),
        );
        stream::<Text, Text>("in")
            .join(t, |v, tv| text!(v, "/", tv), Joined::as_("j").with_grace_period(grace))
            .to("out");
    }
);

topology!(
    fn stream_table_grace_left(grace: Duration) -> Topology {
        let t = table::<String, String>(
            "table",
            Materialized::as_(Stores::persistent_versioned_key_value_store("v", ms(60_000))),
        );
        stream::<Text, Text>("in")
            .left_join(
                t,
                |k, v, tv| text!(k, "=", v, "/", tv),
                Joined::as_("j").with_grace_period(grace),
            )
            .to("out");
    }
);

topology!(
    fn stream_versioned_table(history: Duration) -> Topology {
        let t = table::<String, String>(
            "table",
            Materialized::as_(Stores::persistent_versioned_key_value_store("v", history)),
        );
        stream::<Text, Text>("in").left_join(t, |v, tv| text!(v, "/", tv)).to("out");
    }
);

topology!(
    fn table_table_versioned() -> Topology {
        let history = ms(1000);
        let l = table::<String, String>(
            "left",
            Materialized::as_(Stores::persistent_versioned_key_value_store("lv", history)),
        );
        let r = table::<String, String>(
            "right",
            Materialized::as_(Stores::persistent_versioned_key_value_store("rv", history)),
        );
        l.outer_join(r, |a, b| text!(a, "+", b)).to_stream().to("out");
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

#[processor]
fn versions(
    record: Record<String, Text>,
    ctx: &mut ProcessorContext<'_, String, Doc>,
    v: &mut VersionedKeyValueStore<String, String>,
) {
    let (key, time) = (record.key.clone(), record.timestamp);
    v.put(key.clone(), record.value.clone(), time);
    // nothing holds before the epoch
    let before = Timestamp::from_millis(time.as_millis() - 1).ok();
    let before = before.and_then(|before| v.get_as_of(&key, before));
    let found = [v.get(&key), v.get_as_of(&key, time), before];
    // the reference's store never tells how long a version held
    let found = found.map(|row| {
        row.map(
            |row| json!({ "value": row.value, "ts": row.timestamp.as_millis(), "valid_to": null }),
        )
    });
    ctx.forward(record.with_value(Doc(json!(found))));
}

topology!(
    fn versioned_store() -> Topology {
        let v = store(VersionedKeyValueStore::<String, String>::persistent("v", ms(100)));
        stream::<String, Text>("in").process(versions, v).to("out");
    }
);
