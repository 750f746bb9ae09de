//! Joins of streams and tables.

use std::time::Duration;

use serde_json::json;
use streams_runtime::prelude::*;

use super::ms;
use crate::support::lang::{Doc, Text, split, text, upper};
use crate::support::registry::{Builder::Build, Entry};

pub const BUILDERS: &[Entry] = &[
    ("fk-key-value", Build(|_| fk_key_value())),
    ("fk-inner", Build(|_| fk_inner())),
    ("fk-left", Build(|_| fk_left())),
    ("fk-of-aggregate", Build(|_| fk_of_aggregate())),
    ("fk-versioned", Build(|_| fk_versioned())),
    ("stream-versioned-table-grace", Build(|p| stream_table_grace(p.ms("grace")))),
    ("stream-versioned-table-grace-left", Build(|p| stream_table_grace_left(p.ms("grace")))),
    ("stream-versioned-table", Build(|p| stream_versioned_table(p.ms("history")))),
    ("table-table-versioned", Build(|_| table_table_versioned())),
];

topology!(
    fn fk_key_value() -> Topology {
        let l = table::<String, String>("l");
        let r = table::<String, String>("r");
        l.left_join(r, |k, v| text!(k, v), |a, b| text!(a, "+", b), TableJoined::as_("fkj"))
            .to_stream()
            .to("out");
    }
);

topology!(
    fn fk_inner() -> Topology {
        let orders = table::<String, Doc>("orders");
        let people = table::<String, String>("people");
        orders
            .join(people, ordered_by, |o, p| Doc(json!({ "what": o.get("what"), "who": p })), "fk")
            .to_stream()
            .to("out");
    }
);

fn ordered_by(order: &Doc) -> Text {
    order.get("by").text()
}

topology!(
    fn fk_left() -> Topology {
        let orders = table::<String, Doc>("orders");
        let people = table::<String, String>("people");
        orders
            .left_join(
                people,
                ordered_by,
                |o, p| Doc(json!({ "what": o.get("what"), "who": p })),
                "fk",
            )
            .to_stream()
            .to("out");
    }
);

topology!(
    fn fk_of_aggregate() -> Topology {
        let n = stream::<Text, Text>("events").group_by_key().count("n");
        let t = table::<String, String>("t");
        t.join(n, |v| v.clone(), |v, c| text!(v, c)).to_stream().to("out");
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

