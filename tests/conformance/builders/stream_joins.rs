//! Joins of two streams within a time of each other.
//!
//! A bound may be negative (`before` and `after` only add up to 0 or more), so `before_ms` and
//! `after_ms` take signed milliseconds.

use std::time::Duration;

use serde_json::json;
use streams_runtime::prelude::*;

use super::ms;
use crate::support::case::Params;
use crate::support::lang::{Doc, Text, text};
use crate::support::registry::{Builder::Build, Entry};

pub(crate) const BUILDERS: &[Entry] = &[
    ("err-build-join-window", Build(|p| inner(bounds(p, Duration::ZERO)))),
    ("stream-stream-self", Build(|_| self_join())),
    ("stream-stream-headers", Build(|_| headers())),
    ("stream-stream-inner-asym", Build(|p| inner_asymmetric(asymmetric(p)))),
    ("stream-stream-inner", Build(|p| inner(symmetric(p)))),
    ("stream-stream-left-asym", Build(|p| left_asymmetric(asymmetric(p)))),
    ("stream-stream-left", Build(|p| left(symmetric(p)))),
    ("stream-stream-in-memory", Build(|_| in_memory())),
    ("stream-stream-outer-asym", Build(|p| outer_asymmetric(asymmetric(p)))),
    ("stream-stream-outer", Build(|p| outer(symmetric(p)))),
    ("stream-stream-outer-negative", Build(|_| outer_negative())),
    ("stream-stream-rekeyed", Build(|_| rekeyed())),
    ("rnd-stream-stream-inner", Build(|p| inner(asymmetric(p)))),
    ("rnd-stream-stream-left", Build(|p| left(asymmetric(p)))),
    ("rnd-stream-stream-outer", Build(|p| outer(asymmetric(p)))),
];

fn symmetric(params: &Params) -> JoinWindows {
    JoinWindows::of_time_difference_and_grace(params.ms("diff"), params.ms("grace"))
}

fn asymmetric(params: &Params) -> JoinWindows {
    bounds(params, params.ms("grace"))
}

fn bounds(params: &Params, grace: Duration) -> JoinWindows {
    JoinWindows::of_time_difference_and_grace(Duration::ZERO, grace)
        .before_ms(params.long("before"))
        .after_ms(params.long("after"))
}

topology!(
    fn self_join() -> Topology {
        let s = stream::<Text, Text>("in");
        s.join(
            s,
            |a, b| text!(a, "+", b),
            JoinWindows::of_time_difference_and_grace(ms(10), ms(100)),
        )
        .to("out");
    }
);

topology!(
    fn headers() -> Topology {
        let l = stream::<Text, Text>("left");
        let r = stream::<Text, Text>("right");
        let within = JoinWindows::of_time_difference_with_no_grace(ms(10));
        l.left_join(r, |a, b| text!(a, "+", b), within).to("out");
    }
);

topology!(
    fn inner_asymmetric(within: JoinWindows) -> Topology {
        let l = stream::<Text, Text>("left");
        let r = stream::<Text, Text>("right");
        l.join(
            r,
            |k, a, b| text!(k, ":", a, "+", b),
            within,
            StreamJoined::as_("js").with_name("j"),
        )
        .to("out");
    }
);

topology!(
    fn inner(within: JoinWindows) -> Topology {
        let l = stream::<Text, Text>("left");
        let r = stream::<Text, Text>("right");
        l.join(r, |a, b| text!(a, "+", b), within).to("out");
    }
);

topology!(
    fn left_asymmetric(within: JoinWindows) -> Topology {
        let l = stream::<Text, Text>("left");
        let r = stream::<Text, Text>("right");
        l.left_join(
            r,
            |k, a, b| text!(k, ":", a, "+", b),
            within,
            StreamJoined::as_("js").with_name("j"),
        )
        .to("out");
    }
);

topology!(
    fn left(within: JoinWindows) -> Topology {
        let l = stream::<Text, Text>("left");
        let r = stream::<Text, Text>("right");
        l.left_join(r, |a, b| text!(a, "+", b), within).to("out");
    }
);

topology!(
    fn in_memory() -> Topology {
        let l = stream::<Text, Text>("left");
        let r = stream::<Text, Text>("right");
        let within = JoinWindows::of_time_difference_with_no_grace(ms(10));
        l.left_join(r, |a, b| text!(a, "+", b), within, StoreType::InMemory).to("out");
    }
);

topology!(
    fn outer_asymmetric(within: JoinWindows) -> Topology {
        let l = stream::<Text, Text>("left");
        let r = stream::<Text, Text>("right");
        l.outer_join(
            r,
            |k, a, b| text!(k, ":", a, "+", b),
            within,
            StreamJoined::as_("js").with_name("j"),
        )
        .to("out");
    }
);

topology!(
    fn outer(within: JoinWindows) -> Topology {
        let l = stream::<Text, Text>("left");
        let r = stream::<Text, Text>("right");
        l.outer_join(r, |a, b| text!(a, "+", b), within).to("out");
    }
);

topology!(
    fn outer_negative() -> Topology {
        let l = stream::<Text, Text>("left");
        let r = stream::<Text, Text>("right");
        let within = JoinWindows::of_time_difference_and_grace(ms(10), ms(5)).after_ms(-5);
        l.outer_join(r, |a, b| text!(a, "+", b), within).to("out");
    }
);

topology!(
    fn rekeyed() -> Topology {
        let l = stream::<Text, Doc>("left").select_key(|_, v| v.get("id").text());
        let r = stream::<Text, Doc>("right").map(|_, v| (v.get("ref").text(), v));
        let within = JoinWindows::of_time_difference_with_no_grace(ms(100));
        l.join(
            r,
            |k, a, b| Doc(json!({ "id": k, "l": a.get("x"), "r": b.get("y") })),
            within,
            Named::as_("jn"),
        )
        .to("out");
    }
);
