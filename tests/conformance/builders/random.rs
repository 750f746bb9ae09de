//! The topologies of the seeded scripts.

use streams_runtime::prelude::*;

use crate::support::lang::{Doc, Text, text};
use crate::support::registry::{Builder::Build, Entry};

pub(crate) const BUILDERS: &[Entry] =
    &[("rnd-fk", Build(|_| foreign_key())), ("rnd-table-table", Build(|_| table_table()))];

topology!(
    fn table_table() -> Topology {
        let l = table::<String, String>("left");
        let r = table::<String, String>("right");
        l.join(r, |a, b| text!(a, "+", b), Materialized::as_("ij")).to_stream().to("inner");
        l.left_join(r, |a, b| text!(a, "+", b), Materialized::as_("lj")).to_stream().to("leftj");
        l.outer_join(r, |a, b| text!(a, "+", b), Materialized::as_("oj")).to_stream().to("outer");
    }
);

fn reference(row: &Doc) -> Text {
    row.get("ref").text()
}

topology!(
    fn foreign_key() -> Topology {
        let l = table::<String, Doc>("l");
        let r = table::<String, String>("r");
        l.join(r, reference, |a, b| text!(a.get("x"), ":", b), "inner").to_stream().to("inner");
        l.left_join(r, reference, |a, b| text!(a.get("x"), ":", b), "left").to_stream().to("leftj");
    }
);
