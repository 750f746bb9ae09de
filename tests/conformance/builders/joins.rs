//! Joins of streams and tables by their key.

use serde_json::json;
use streams_runtime::prelude::*;

use crate::support::lang::{Doc, Text, split, text, upper};
use crate::support::registry::{Builder::Build, Entry};

pub(crate) const BUILDERS: &[Entry] = &[
    ("fk-key-value", Build(|_| fk_key_value())),
    ("fk-inner", Build(|_| fk_inner())),
    ("fk-left", Build(|_| fk_left())),
    ("fk-of-aggregate", Build(|_| fk_of_aggregate())),
    ("stream-global-inner", Build(|_| stream_global_inner())),
    ("stream-global-key", Build(|_| stream_global_key())),
    ("stream-global-left", Build(|_| stream_global_left())),
    ("stream-table-inner", Build(|_| stream_table_inner())),
    ("stream-table-left", Build(|_| stream_table_left())),
    ("stream-agg-join", Build(|_| stream_aggregate())),
    ("stream-table-same-topic", Build(|_| stream_table_of_itself())),
    ("stream-table-rekeyed", Build(|_| stream_table_rekeyed())),
    ("table-self-join", Build(|_| table_self_join())),
    ("table-table-inner", Build(|_| table_table_inner())),
    ("table-table-inner-plain", Build(|_| table_table_inner_plain())),
    ("table-table-left", Build(|_| table_table_left())),
    ("table-table-left-plain", Build(|_| table_table_left_plain())),
    ("table-table-outer", Build(|_| table_table_outer())),
    ("table-table-outer-plain", Build(|_| table_table_outer_plain())),
    ("table-table-three", Build(|_| table_table_three())),
];

/// The part of a text before its first colon.
fn reference(_: &Text, value: &Text) -> Text {
    value.as_ref().map(|value| split(value, ":").swap_remove(0))
}

topology!(
    fn stream_global_inner() -> Topology {
        let g = global_table::<String, String>("global", "g");
        stream::<Text, Text>("in").join(g, reference, |v, gv| text!(v, "/", gv)).to("out");
    }
);

topology!(
    fn stream_global_key() -> Topology {
        let g = global_table::<String, Doc>("global");
        stream::<Text, Doc>("in")
            .join(
                g,
                |_, v| v.get("ref").text(),
                |k, v, gv| Doc(json!({ "key": k, "ref": v.get("ref"), "name": gv.get("name") })),
                "gj",
            )
            .select_key(|_, v| v.get("ref").text())
            .to("out");
    }
);

topology!(
    fn stream_global_left() -> Topology {
        let g = global_table::<String, String>("global", "g");
        stream::<Text, Text>("in").left_join(g, reference, |v, gv| text!(v, "/", gv)).to("out");
    }
);

topology!(
    fn stream_table_inner() -> Topology {
        let t = table::<String, String>("table");
        stream::<Text, Text>("in").join(t, |v, tv| text!(v, "/", tv)).to("out");
    }
);

topology!(
    fn stream_table_left() -> Topology {
        let t = table::<String, String>("table");
        stream::<Text, Text>("in").left_join(t, |v, tv| text!(v, "/", tv)).to("out");
    }
);

topology!(
    fn stream_aggregate() -> Topology {
        let t = stream::<Text, Text>("clicks").group_by_key().count("n");
        stream::<Text, Text>("in").join(t, |v, n| text!(v, ":", n)).to("out");
    }
);

topology!(
    fn stream_table_of_itself() -> Topology {
        let s = stream::<Text, Text>("in");
        let t = s.to_table("latest");
        s.join(t, |v, tv| text!(v, "~", tv)).to("out");
    }
);

topology!(
    fn stream_table_rekeyed() -> Topology {
        let t = table::<String, String>("table", "tt");
        stream::<Text, String>("in")
            .select_key(|_, v| split(v, ":").swap_remove(0))
            .left_join(t, |k, v, tv| text!(k, "|", v, "|", tv), Joined::as_("enrich"))
            .to("out");
    }
);

topology!(
    fn table_self_join() -> Topology {
        let t = table::<String, String>("in");
        t.join(t.map_values(|v| upper(&v)), |a, b| text!(a, b)).to_stream().to("out");
    }
);

topology!(
    fn table_table_inner() -> Topology {
        let l = table::<String, String>("left");
        let r = table::<String, String>("right");
        l.join(r, |a, b| text!(a, "+", b), Materialized::as_("joined")).to_stream().to("out");
    }
);

topology!(
    fn table_table_inner_plain() -> Topology {
        let l = table::<String, i64>("left").filter(|_, v| *v > 0);
        let r = table::<String, i64>("right").map_values(|v| v.wrapping_mul(10));
        l.join(r, |a, b| Doc(json!({ "l": a, "r": b })), Named::as_("tt")).to_stream().to("out");
    }
);

topology!(
    fn table_table_left() -> Topology {
        let l = table::<String, String>("left");
        let r = table::<String, String>("right");
        l.left_join(r, |a, b| text!(a, "+", b), Materialized::as_("joined")).to_stream().to("out");
    }
);

topology!(
    fn table_table_left_plain() -> Topology {
        let l = table::<String, i64>("left").filter(|_, v| *v > 0);
        let r = table::<String, i64>("right").map_values(|v| v.wrapping_mul(10));
        l.left_join(r, |a, b| Doc(json!({ "l": a, "r": b })), Named::as_("tt"))
            .to_stream()
            .to("out");
    }
);

topology!(
    fn table_table_outer() -> Topology {
        let l = table::<String, String>("left");
        let r = table::<String, String>("right");
        l.outer_join(r, |a, b| text!(a, "+", b), Materialized::as_("joined")).to_stream().to("out");
    }
);

topology!(
    fn table_table_outer_plain() -> Topology {
        let l = table::<String, i64>("left").filter(|_, v| *v > 0);
        let r = table::<String, i64>("right").map_values(|v| v.wrapping_mul(10));
        l.outer_join(r, |a, b| Doc(json!({ "l": a, "r": b })), Named::as_("tt"))
            .to_stream()
            .to("out");
    }
);

topology!(
    fn table_table_three() -> Topology {
        let a = table::<String, String>("a");
        let b = table::<String, String>("b");
        let c = table::<String, String>("c");
        a.join(b, |x, y| text!(x, y)).left_join(c, |x, y| text!(x, y)).to_stream().to("out");
    }
);

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
