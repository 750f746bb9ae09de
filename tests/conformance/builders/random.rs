//! The topologies of the seeded scripts.

use streams_runtime::prelude::*;

use crate::support::lang::text;
use crate::support::registry::{Builder::Build, Entry};

pub(crate) const BUILDERS: &[Entry] = &[
    ("rnd-table-table", Build(|_| table_table())),
];

topology!(
    fn table_table() -> Topology {
        let l = table::<String, String>("left");
        let r = table::<String, String>("right");
        l.join(r, |a, b| text!(a, "+", b), Materialized::as_("ij")).to_stream().to("inner");
        l.left_join(r, |a, b| text!(a, "+", b), Materialized::as_("lj")).to_stream().to("leftj");
        l.outer_join(r, |a, b| text!(a, "+", b), Materialized::as_("oj")).to_stream().to("outer");
    }
);
