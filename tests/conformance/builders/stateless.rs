//! Operators without state: one record in, some records out.

use streams_runtime::prelude::*;
use uuid::Uuid;

use crate::support::lang::{Doc, Say, Text, len, log, plus, split, text, trim, upper, words};
use crate::support::registry::{Builder::Build, Entry};

pub(crate) const BUILDERS: &[Entry] = &[
    ("extractor-log-and-skip", Build(|_| extractor_log_and_skip())),
    ("extractor-partition-time", Build(|_| extractor_partition_time())),
    ("extractor-payload", Build(|_| extractor_payload())),
    ("extractor-use-partition-time", Build(|_| extractor_use_partition_time())),
    ("chain-fanout", Build(|_| chain_fanout())),
    ("filter", Build(|_| filter())),
    ("filter-not", Build(|_| filter_not())),
    ("flat-map", Build(|_| flat_map())),
    ("flat-map-values", Build(|_| flat_map_values())),
    ("flat-map-values-with-key", Build(|_| flat_map_values_with_key())),
    ("foreach", Build(|_| foreach())),
    ("null-key-repartition", Build(|_| null_key_repartition())),
    ("headers-pass", Build(|_| headers_pass())),
    ("map", Build(|_| map())),
    ("map-to-null", Build(|_| map_to_null())),
    ("map-values", Build(|_| map_values())),
    ("map-values-with-key", Build(|_| map_values_with_key())),
    ("merge-self", Build(|_| merge_self())),
    ("merge", Build(|_| merge())),
    ("multi-source", Build(|_| multi_source())),
    ("sink-partitioner", Build(|_| sink_partitioner())),
    ("peek", Build(|_| peek())),
    ("repartition", Build(|_| repartition())),
    ("repartition-unnamed", Build(|_| repartition_unnamed())),
    ("select-key", Build(|_| select_key())),
    ("serde-mix", Build(|_| serde_mix())),
    ("split-default-unnamed", Build(|_| split_default_unnamed())),
    ("split-default", Build(|_| split_default())),
    ("split-no-default", Build(|_| split_no_default())),
    ("through-topic", Build(|_| through_topic())),
    ("dynamic-topic-ctx", Build(|_| dynamic_topic_ctx())),
    ("dynamic-topic", Build(|_| dynamic_topic())),
];

topology!(
    fn extractor_log_and_skip() -> Topology {
        stream::<Text, Text>("in", LogAndSkipOnInvalidTimestamp).to("out");
    }
);

/// The record's own time, unless its value says that it is bad.
fn time_unless_bad(record: &ConsumerRecord<'_, Text, Text>, partition_time: i64) -> i64 {
    if record.value.as_deref() == Some("bad") { partition_time } else { record.timestamp }
}

topology!(
    fn extractor_partition_time() -> Topology {
        stream::<Text, Text>("in", Consumed::default().with_timestamp_extractor(time_unless_bad))
            .to("out");
    }
);

/// The time that the document itself names.
fn payload_time(record: &ConsumerRecord<'_, Text, Option<Doc>>, _: i64) -> i64 {
    record.value.as_ref().and_then(|doc| doc.get("at").long()).unwrap_or(-1)
}

topology!(
    fn extractor_payload() -> Topology {
        stream::<Text, Option<Doc>>(
            "in",
            Consumed::default().with_timestamp_extractor(payload_time),
        )
        .to("out");
    }
);

topology!(
    fn extractor_use_partition_time() -> Topology {
        stream::<Text, Text>("in", UsePartitionTimeOnInvalidTimestamp).to("out");
    }
);

topology!(
    fn chain_fanout() -> Topology {
        let s = stream::<Text, String>("in");
        s.map_values(|v| text!("1", v)).to("o1");
        let t = s.filter(|_, v| len(v) > 1);
        t.map_values(|v| text!("2", v)).to("o2");
        t.flat_map_values(|v| [v.clone(), v]).map_values(|v| text!("3", v)).to("o3");
        s.map_values(|v| text!("4", v)).to("o4");
    }
);

topology!(
    fn filter() -> Topology {
        stream::<Text, Text>("in").filter(|_, v| v.as_ref().is_some_and(|v| len(v) > 2)).to("out");
    }
);

topology!(
    fn filter_not() -> Topology {
        stream::<Text, Text>("in")
            .filter_not(|k, v| v.is_none() || k.as_deref() == Some("skip"))
            .to("out");
    }
);

topology!(
    fn flat_map() -> Topology {
        stream::<Text, String>("in")
            .flat_map(|_, v| {
                words(&v).into_iter().map(|w| {
                    let length = len(&w);
                    (w, length)
                })
            })
            .to("out");
    }
);

topology!(
    fn flat_map_values() -> Topology {
        stream::<Text, String>("in").flat_map_values(|v| split(&v, ",")).to("out");
    }
);

topology!(
    fn flat_map_values_with_key() -> Topology {
        stream::<Text, Text>("in")
            .flat_map_values(|k, v| match k.as_deref() {
                Some("none") => vec![],
                _ => vec![plus(k, &v), plus(&v, k)],
            })
            .to("out");
    }
);

topology!(
    fn foreach() -> Topology {
        stream::<Text, Text>("in").foreach(|k, v| log(text!(k, "->", v)));
    }
);

topology!(
    fn null_key_repartition() -> Topology {
        stream::<Text, Text>("in")
            .group_by(|_, v| v.clone().filter(|v| v != "nokey"))
            .count("c")
            .to_stream()
            .to("out");
    }
);

topology!(
    fn headers_pass() -> Topology {
        let s = stream::<Text, Text>("in");
        s.filter(|_, v| v.as_deref() != Some("drop")).flat_map_values(|v| [v.clone(), v]).to("out");
        s.select_key(|_, v| v.clone()).to("rekeyed");
    }
);

topology!(
    fn map() -> Topology {
        stream::<Text, String>("in")
            .map(|k, v| {
                let value = text!(k.unwrap_or("nokey".into()), "/", len(&v));
                (v, value)
            })
            .to("out");
    }
);

topology!(
    fn map_to_null() -> Topology {
        stream::<Text, Text>("in")
            .map(|k, v| match v.as_deref() {
                Some("k") => (None, v),
                Some("v") => (k, None),
                _ => (k, v),
            })
            .to("out");
    }
);

topology!(
    fn map_values() -> Topology {
        stream::<Text, Text>("in")
            .map_values(|v| v.map_or("was-null".into(), |v| upper(trim(&v))))
            .to("out");
    }
);

topology!(
    fn map_values_with_key() -> Topology {
        stream::<Text, i64>("in").map_values(|k, v| text!(k, ":", v.wrapping_mul(2))).to("out");
    }
);

topology!(
    fn merge_self() -> Topology {
        let a = stream::<Text, String>("in");
        a.filter(|_, v| len(v) > 1).merge(a.filter(|_, v| len(v) > 2)).to("out");
    }
);

topology!(
    fn merge() -> Topology {
        let a = stream::<Text, Text>("left");
        let b = stream::<Text, Text>("right");
        a.map_values(|v| text!("L", v)).merge(b.map_values(|v| text!("R", v))).to("out");
    }
);

topology!(
    fn multi_source() -> Topology {
        stream::<Text, Text>(["t1", "t2", "t3"]).map_values(|k, v| plus(k, &v)).to("out");
    }
);

/// The key `drop` goes nowhere, `default` where the default partitioner says.
fn partition_by_name(_: &str, key: &Text, _: &Text, _: i32) -> Option<Vec<i32>> {
    match key.as_deref() {
        Some("drop") => Some(vec![]),
        Some("default") => None,
        _ => Some(vec![0]),
    }
}

topology!(
    fn sink_partitioner() -> Topology {
        stream::<Text, Text>("in")
            .to("out", Produced::default().with_stream_partitioner(partition_by_name));
    }
);

topology!(
    fn peek() -> Topology {
        stream::<Text, Text>("in")
            .peek(|k, v| log(text!(k, "=", v)))
            .map_values(|v| text!(v, "!"))
            .peek(|_, v| log(text!("after ", v)))
            .to("out");
    }
);

topology!(
    fn repartition() -> Topology {
        stream::<Text, Text>("in")
            .select_key(|_, v| v.clone())
            .repartition(Repartitioned::as_("rp").with_number_of_partitions(3))
            .map_values(|k, v| text!(k, "|", v))
            .to("out");
    }
);

topology!(
    fn repartition_unnamed() -> Topology {
        stream::<Text, i64>("in").map(|_, v| (text!("k", v % 2), v)).repartition().to("out");
    }
);

topology!(
    fn select_key() -> Topology {
        stream::<Text, Text>("in")
            .select_key(|_, v| v.as_ref().map(|v| split(v, "-").swap_remove(0)))
            .to("out");
    }
);

topology!(
    fn serde_mix() -> Topology {
        stream::<Option<i64>, Option<f64>>("longs").map(|k, v| (k.say(), v.say())).to("out");
        stream::<Option<Uuid>, Option<bool>>("bools")
            .filter(|_, v| v.unwrap_or(false))
            .map_values(|k, _| k.as_ref().map(Say::say))
            .to("uuids");
        stream::<Option<i32>, i32>("ints").map_values(|v| i64::from(v) * 2).to("ints2");
        stream::<Option<Vec<u8>>, Option<Vec<u8>>>("raw").to("raw2");
        stream::<Text, Vec<i64>>("lists").flat_map_values(|v| v).to("items");
    }
);

topology!(
    fn split_default_unnamed() -> Topology {
        let [_half] = stream::<Text, i64>("in")
            .split()
            .branch(|_, v| v % 2 == 0, Branched::with_function(|s| s.map_values(|v| v / 2), "half"))
            .branch(|_, v| v % 3 == 0, Branched::with_consumer(|s| s.to("thirds")))
            .default_branch(Branched::with_consumer(|s| s.to("others")));
    }
);

topology!(
    fn split_default() -> Topology {
        let [negative, zero, big, rest] = stream::<Text, i64>("in")
            .split("b-")
            .branch(|_, v| *v < 0, "neg")
            .branch(|_, v| *v == 0)
            .branch(|_, v| *v > 100, "big")
            .default_branch("rest");
        negative.to("neg");
        zero.to("zero");
        big.to("big");
        rest.to("rest");
    }
);

topology!(
    fn split_no_default() -> Topology {
        let [a, b] = stream::<Text, String>("in")
            .split("s-")
            .branch(|_, v| v.starts_with('a'), "a")
            .branch(|_, v| v.contains('b'), "b")
            .no_default_branch();
        a.map_values(|v| text!("A:", v)).to("out-a");
        b.map_values(|v| text!("B:", v)).to("out-b");
    }
);

topology!(
    fn through_topic() -> Topology {
        stream::<Text, Text>("in").map_values(|v| text!(v, "1")).to("mid");
        stream::<Text, Text>("mid").map_values(|v| text!(v, "2")).to("out");
    }
);

topology!(
    fn dynamic_topic_ctx() -> Topology {
        stream::<Text, Text>(["in-x", "in-y"]).to(|_, _, cx| {
            text!("copy.", &*cx.topic, ".", cx.timestamp.as_millis() / 100, ".", cx.offset)
        });
    }
);

topology!(
    fn dynamic_topic() -> Topology {
        stream::<Text, Text>("in").to(|_, v, _| text!("out-", v));
    }
);
