//! Punctuation, and topologies built from sources, processors and sinks.

use std::time::Duration;

use streams_runtime::prelude::*;

use super::ms;
use crate::support::lang::{Text, text};
use crate::support::registry::{Builder::Build, Entry};

pub const BUILDERS: &[Entry] = &[
    ("punctuate-start", Build(|_| anchored())),
    ("punctuate-cancel", Build(|_| cancel())),
    ("punctuate-stream", Build(|p| stream_time(p.ms("every")))),
    ("punctuate-multi", Build(|_| two_schedules())),
    ("punctuate-wall", Build(|p| wall_clock(p.ms("every")))),
    ("low-level", Build(|_| low_level())),
    ("low-level-chain", Build(|_| low_level_chain())),
    ("low-level-shared-store", Build(|_| low_level_shared_store())),
];

/// Tells the time by two anchored schedules.
struct Anchored;

#[processor]
impl Processor for Anchored {
    type In = Record<Text, Text>;
    type Out = Record<Text, Text>;

    fn init(&mut self, ctx: &mut InitContext<'_, Self>) {
        ctx.schedule_from(ms(250), ms(100), PunctuationType::WallClockTime, |_, ctx, time| {
            ctx.forward(Record::new(Some("wall".to_owned()), Some("w".to_owned()), time));
        });
        ctx.schedule_from(ms(25), ms(10), PunctuationType::StreamTime, |_, ctx, time| {
            ctx.forward(Record::new(Some("stream".to_owned()), Some("s".to_owned()), time));
        });
    }

    fn process(&mut self, record: Record<Text, Text>, ctx: &mut ProcessorContext<'_, Text, Text>) {
        ctx.forward(record);
    }
}

topology!(
    fn anchored() -> Topology {
        stream::<Text, Text>("in").process(|| Anchored).to("out");
    }
);

/// Ticks until it ticked twice, or is told to stop.
#[derive(Default)]
struct Ticks {
    schedule: Option<Cancellable>,
    count: u32,
}

#[processor]
impl Processor for Ticks {
    type In = Record<Text, Text>;
    type Out = Record<String, String>;

    fn init(&mut self, ctx: &mut InitContext<'_, Self>) {
        let tick = ctx.schedule(ms(10), PunctuationType::StreamTime, |this, ctx, time| {
            ctx.forward(Record::new("tick".to_owned(), text!(time.as_millis()), time));
            this.count += 1;
            if this.count == 2 {
                this.schedule.take().map(Cancellable::cancel);
            }
        });
        self.schedule = Some(tick);
    }

    fn process(
        &mut self,
        record: Record<Text, Text>,
        _: &mut ProcessorContext<'_, String, String>,
    ) {
        if record.value.as_deref() == Some("stop") {
            self.schedule.take().map(Cancellable::cancel);
        }
    }
}

topology!(
    fn cancel() -> Topology {
        stream::<Text, Text>("in").process(Ticks::default).to("out");
    }
);

/// Counts keys, and tells the counts each time a schedule fires.
struct CountsOnSchedule {
    every: Duration,
    by: PunctuationType,
    forget: bool,
}

#[processor]
impl Processor for CountsOnSchedule {
    type In = Record<String, Text>;
    type Out = Record<String, i64>;
    type Stores = KeyValueStore<String, i64>;

    fn init(&mut self, ctx: &mut InitContext<'_, Self>) {
        ctx.schedule(self.every, self.by, |this, ctx, n, time| {
            for (key, count) in n.all().collect::<Vec<_>>() {
                if this.forget {
                    n.delete(&key);
                }
                ctx.forward(Record::new(key, count, time));
            }
        });
    }

    fn process(
        &mut self,
        record: Record<String, Text>,
        _: &mut ProcessorContext<'_, String, i64>,
        n: &mut KeyValueStore<String, i64>,
    ) {
        let count = n.get(&record.key).unwrap_or(0).wrapping_add(1);
        n.put(record.key, count);
    }
}

topology!(
    fn stream_time(every: Duration) -> Topology {
        let n = store(KeyValueStore::<String, i64>::persistent("n"));
        let counts =
            move || CountsOnSchedule { every, by: PunctuationType::StreamTime, forget: true };
        stream::<String, Text>("in").process(counts, n).to("out");
    }
);

topology!(
    fn wall_clock(every: Duration) -> Topology {
        let n = store(KeyValueStore::<String, i64>::persistent("n"));
        let counts =
            move || CountsOnSchedule { every, by: PunctuationType::WallClockTime, forget: false };
        stream::<String, Text>("in").process(counts, n).to("out");
    }
);

/// Two schedules that are often due together.
struct TenAndFive;

#[processor]
impl Processor for TenAndFive {
    type In = Record<Text, Text>;
    type Out = Record<Text, Text>;

    fn init(&mut self, ctx: &mut InitContext<'_, Self>) {
        ctx.schedule(ms(10), PunctuationType::StreamTime, |_, ctx, time| {
            ctx.forward(Record::new(Some("ten".to_owned()), Some("x".to_owned()), time));
        });
        ctx.schedule(ms(5), PunctuationType::StreamTime, |_, ctx, time| {
            ctx.forward(Record::new(Some("five".to_owned()), Some("y".to_owned()), time));
        });
    }

    fn process(&mut self, record: Record<Text, Text>, ctx: &mut ProcessorContext<'_, Text, Text>) {
        ctx.forward(record);
    }
}

topology!(
    fn two_schedules() -> Topology {
        stream::<Text, Text>("in").process(|| TenAndFive).to("out");
    }
);

/// To both children, or to the one that the value names.
#[processor]
fn route(record: Record<Text, String>, ctx: &mut ProcessorContext<'_, Text, String>) {
    match record.value.as_str() {
        "both" => ctx.forward(record),
        child => {
            let child = child.to_owned();
            ctx.forward_to(&child, record);
        }
    }
}

#[processor]
fn left(record: Record<Text, String>, ctx: &mut ProcessorContext<'_, Text, String>) {
    let value = text!("left ", record.value);
    ctx.forward(record.with_value(value));
}

#[processor]
fn right(record: Record<Text, String>, ctx: &mut ProcessorContext<'_, Text, String>) {
    let value = text!("right ", record.value);
    ctx.forward(record.with_value(value));
}

topology!(
    fn low_level() -> Topology {
        let src = source::<Text, String>("in", Named::as_("src"));
        let route = src.processor(route, Named::as_("route"));
        route.processor(left, Named::as_("left")).sink("out-l", Named::as_("sl"));
        route.processor(right, Named::as_("right")).sink("out-r", Named::as_("sr"));
    }
);

fn a_second_later(record: &ConsumerRecord<'_, Text, Text>, _: i64) -> i64 {
    record.timestamp + 1000
}

#[processor]
fn with_topic(record: Record<Text, Text>, ctx: &mut ProcessorContext<'_, Text, String>) {
    let value = text!(record.value, "@", ctx.topic());
    ctx.forward(record.with_value(value));
}

#[processor]
fn twice(record: Record<Text, String>, ctx: &mut ProcessorContext<'_, Text, String>) {
    ctx.forward(record.clone());
    let again = text!(record.value, " again");
    ctx.forward(record.with_value(again));
}

topology!(
    fn low_level_chain() -> Topology {
        let a = source::<Text, Text>(
            "in-a",
            Consumed::as_("a").with_timestamp_extractor(a_second_later),
        );
        let b = source::<Text, Text>("in-b", Named::as_("b"));
        let p = processor([a, b], with_topic, Named::as_("p"));
        let q = p.processor(twice, Named::as_("q"));
        sink([q, p], |k, _, _| text!("to-", k), Named::as_("z"));
    }
);

#[processor]
fn deposit(record: Record<String, i64>, balance: &mut KeyValueStore<String, i64>) {
    let sum = balance.get(&record.key).unwrap_or(0).wrapping_add(record.value);
    balance.put(record.key, sum);
}

#[processor]
fn ask(
    record: Record<String, Text>,
    ctx: &mut ProcessorContext<'_, String, Option<i64>>,
    balance: &mut KeyValueStore<String, i64>,
) {
    let sum = balance.get(&record.key);
    ctx.forward(record.with_value(sum));
}

topology!(
    fn low_level_shared_store() -> Topology {
        let balance = store(KeyValueStore::<String, i64>::persistent("balance"));
        source::<String, i64>("deposits", Named::as_("s1")).processor(
            deposit,
            balance,
            Named::as_("add"),
        );
        source::<String, Text>("queries", Named::as_("s2"))
            .processor(ask, balance, Named::as_("ask"))
            .sink("answers", Named::as_("out"));
    }
);
