//! Small applications with windows, joins and processors.

use std::time::Duration;

use serde_json::json;
use streams_runtime::prelude::*;

use super::ms;
use crate::support::lang::{Doc, Say, Text, text};
use crate::support::registry::{Builder::Build, Entry};

pub const BUILDERS: &[Entry] = &[
    ("anomaly", Build(|_| anomaly())),
    ("dedup", Build(|_| dedup())),
    ("frequency", Build(|_| frequency())),
    ("page-view-region", Build(|_| page_view_region())),
    ("sessions-activity", Build(|_| session_activity())),
    ("temperature", Build(|_| temperature())),
];

const MINUTE: Duration = Duration::from_secs(60);

topology!(
    fn anomaly() -> Topology {
        stream::<Text, Text>("clicks")
            .map(|k, v| (v, k))
            .group_by_key()
            .windowed_by(TimeWindows::of_size_with_no_grace(MINUTE))
            .count("UserClickCounts")
            .filter(|_, n| *n >= 3)
            .to_stream()
            .filter(|_, n| n.is_some())
            .map(|wk, n| (wk.key.say(), n))
            .to("anomalies");
    }
);

/// Lets a value through that was not seen within a second.
#[processor]
fn first_of_a_second(
    record: Record<Text, String>,
    ctx: &mut ProcessorContext<'_, Text, String>,
    seen: &mut WindowStore<String, i64>,
) {
    let time = record.timestamp.as_millis();
    if seen.fetch(&record.value, time - 1000, time + 1000).next().is_none() {
        seen.put(record.value.clone(), time, record.timestamp);
        ctx.forward(record);
    }
}

topology!(
    fn dedup() -> Topology {
        let seen = store(WindowStore::<String, i64>::persistent("seen", ms(1000), ms(1000)));
        stream::<Text, String>("in").process(first_of_a_second, seen).to("out");
    }
);

topology!(
    fn frequency() -> Topology {
        stream::<Text, Text>("events")
            .group_by(|_, v| v.clone())
            .windowed_by(TimeWindows::of_size_and_grace(MINUTE, ms(10_000)))
            .count("freq")
            .to_stream(|wk, _| text!(wk.key, "@", wk.start))
            .to("out");
    }
);

topology!(
    fn page_view_region() -> Topology {
        let users = table::<String, Doc>("users");
        stream::<Text, Text>("views")
            .left_join(users, |page, user: Option<Doc>| {
                let region = user.map_or(Doc::from("unknown"), |user| user.get("region"));
                Doc(json!({ "page": page, "region": region }))
            })
            .map(|_, v| (v.get("region").text(), v))
            .group_by_key()
            .windowed_by(TimeWindows::of_size_with_no_grace(ms(10_000)).advance_by(ms(5000)))
            .count("views")
            .to_stream(|wk, _| text!(wk.key, "[", wk.start, "]"))
            .to("out");
    }
);

topology!(
    fn session_activity() -> Topology {
        stream::<Text, Text>("clicks")
            .group_by_key()
            .windowed_by(SessionWindows::of_inactivity_gap_and_grace(ms(300), ms(100)))
            .count("s")
            .to_stream()
            .filter(|_, n| n.is_some())
            .map(|wk, n| {
                let visit = json!({
                    "user": wk.key, "from": wk.start, "to": wk.end, "clicks": n,
                    "length": wk.end - wk.start,
                });
                (wk.key, Doc(visit))
            })
            .to("out");
    }
);

topology!(
    fn temperature() -> Topology {
        stream::<Text, i64>("temps")
            .group_by_key()
            .windowed_by(TimeWindows::of_size_with_no_grace(ms(5000)))
            .reduce(|a, b| a.max(b), "maxima")
            .to_stream()
            .filter(|_, v| v.is_some_and(|v| v > 20))
            .to("out");
    }
);
