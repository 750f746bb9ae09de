//! Joins of streams and tables.

use std::time::Duration;

use serde_json::json;
use streams_runtime::prelude::*;

use super::ms;
use crate::support::lang::{Doc, Text, split, text, upper};
use crate::support::registry::{Builder::Build, Entry};

pub const BUILDERS: &[Entry] = &[
    ("fk-versioned", Build(|_| fk_versioned())),
    ("stream-versioned-table-grace", Build(|p| stream_table_grace(p.ms("grace")))),
    ("stream-versioned-table-grace-left", Build(|p| stream_table_grace_left(p.ms("grace")))),
    ("stream-versioned-table", Build(|p| stream_versioned_table(p.ms("history")))),
    ("table-table-versioned", Build(|_| table_table_versioned())),
];

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

