//! Processors with stores on a broker: what the test driver gives, over restarts.

use std::time::Duration;

use streams_runtime::client::{KafkaStreams, State};
use streams_runtime::prelude::*;

use crate::script::Step::{Move, Put, Restart, Wipe};
use crate::script::{play, under_both_guarantees};
use crate::world::{PATIENCE, World, eventually, wait_for};

/// Sums up per key, and tells all sums each time the schedule fires.
struct Sums {
    sums: StoreHandle<KeyValueStore<'static, String, i64>>,
    every: Duration,
    by: PunctuationType,
}

impl Processor<String, String, String, String> for Sums {
    fn init(&mut self, ctx: &mut ProcessorContext<'_, String, String>) {
        ctx.schedule(self.every, self.by, |this: &mut Self, ctx, time| {
            for (key, sum) in ctx.store(this.sums).all() {
                ctx.forward(Record::new(key, format!("told {sum}"), time));
            }
        });
    }

    fn process(
        &mut self,
        record: Record<String, String>,
        ctx: &mut ProcessorContext<'_, String, String>,
    ) -> Result<(), UserError> {
        let number: i64 = record.value.parse()?;
        let mut sums = ctx.store(self.sums);
        let sum = sums.get(&record.key).unwrap_or(0) + number;
        sums.put(record.key.clone(), sum);
        ctx.forward(record.with_value(sum.to_string()));
        Ok(())
    }
}

topology!(
    fn sums(input: String, output: String, every: Duration, by: PunctuationType) -> Topology {
        let sums = store(KeyValueStore::<String, i64>::persistent("sums"));
        stream::<String, String>(input).process(move || Sums { sums, every, by }, sums).to(output);
    }
);

#[test]
fn a_processor_finds_its_store_again_and_punctuates_by_stream_time() {
    under_both_guarantees("punctuate", |world| {
        let (input, output) = (world.create_topic("in", 1), world.create_topic("out", 1));
        let topology = sums(input, output, Duration::from_secs(10), PunctuationType::StreamTime);
        let steps = [
            Put(&[("in", "a", "1", 0)]),
            Put(&[("in", "b", "2", 5_000), ("in", "a", "3", 9_999)]),
            Put(&[("in", "a", "4", 10_000)]),
            Wipe,
            Put(&[("in", "b", "5", 11_000)]),
            Put(&[("in", "a", "6", 20_500)]),
            Restart,
            Put(&[("in", "b", "7", 20_600)]),
            Put(&[("in", "b", "8", 30_000)]),
        ];
        let results = play(world, &topology, "out", |config| config, &steps);
        for line in ["a=told 8@10000", "a=14@20500", "b=told 22@30000"] {
            assert!(results.contains(&line.to_owned()), "{line}: {results:?}");
        }
        world.expect_topic_config("sums-changelog", &[("cleanup.policy", "compact")]);
    });
}

#[test]
fn a_processor_punctuates_by_the_wall_clock_without_records() {
    let world = World::new("wall-clock");
    let (input, output) = (world.create_topic("in", 1), world.create_topic("out", 1));
    let by = PunctuationType::WallClockTime;
    let topology = sums(input.clone(), output.clone(), Duration::from_millis(50), by);
    let told = |text: &str| {
        let records = world.records(&output);
        records.iter().filter(|record| record.value.as_deref() == Some(text.as_bytes())).count()
    };
    for expected in ["told 5", "told 10"] {
        let streams = KafkaStreams::new(&topology, world.config("a")).unwrap();
        streams.start().unwrap();
        world.produce(&input, [("a", Some("2")), ("a", Some("3"))]);
        eventually(expected, || told(expected) >= 3);
        assert!(streams.close(PATIENCE));
        world.wipe("a");
    }
}

/// How many records of the key came in the same 10 s, and how many in the visit that is open.
#[processor]
fn count_twice(
    record: Record<String, String>,
    ctx: &mut ProcessorContext<'_, String, String>,
    windows: &mut WindowStore<String, i64>,
    sessions: &mut SessionStore<String, i64>,
) {
    let time = record.timestamp.as_millis();
    let window = time - time % 10_000;
    let count = windows.fetch(&record.key, window, window).next().map_or(0, |(_, n)| n) + 1;
    windows.put(record.key.clone(), count, Timestamp::from_millis(window).unwrap_or_default());
    let (mut visit, mut visits) = (Window { start: time, end: time }, 1);
    for (open, seen) in sessions.find_sessions(&record.key, time - 5_000, time + 5_000) {
        visit.start = visit.start.min(open.window.start);
        visit.end = visit.end.max(open.window.end);
        visits += seen;
        sessions.remove(&open);
    }
    sessions.put(Windowed { key: record.key.clone(), window: visit }, visits);
    ctx.forward(record.with_value(format!("{count} {visits}")));
}

topology!(
    fn counts_twice(input: String, output: String) -> Topology {
        let kept = Duration::from_secs(3_600);
        let windows =
            store(WindowStore::<String, i64>::persistent("windows", kept, Duration::from_secs(10)));
        let sessions = store(SessionStore::<String, i64>::persistent("sessions", kept));
        stream::<String, String>(input).process(count_twice, windows, sessions).to(output);
    }
);

#[test]
fn window_and_session_stores_of_a_processor_come_back() {
    under_both_guarantees("own-stores", |world| {
        let (input, output) = (world.create_topic("in", 2), world.create_topic("out", 2));
        let steps = [
            Put(&[("in", "a", "x", 0), ("in", "b", "x", 1_000), ("in", "a", "x", 4_000)]),
            Wipe,
            Put(&[("in", "a", "x", 9_000), ("in", "b", "x", 12_000)]),
            Move,
            Put(&[("in", "a", "x", 9_500), ("in", "b", "x", 7_000)]),
        ];
        let results = play(world, &counts_twice(input, output), "out", |config| config, &steps);
        assert!(results.contains(&"a=4 4@9500".to_owned()), "{results:?}");
        assert!(results.contains(&"b=2 2@7000".to_owned()), "{results:?}");
        let kept = [("cleanup.policy", "compact,delete"), ("retention.ms", "90000000")];
        world.expect_topic_config("windows-changelog", &kept);
        world.expect_topic_config("sessions-changelog", &kept);
    });
}

#[processor]
fn commit_at_the_end(
    record: FixedKeyRecord<String, String>,
    ctx: &mut FixedKeyProcessorContext<'_, String, String>,
) {
    if record.value == "end" {
        ctx.commit();
    }
    ctx.forward(record);
}

topology!(
    /// Copies records, and commits where one of them says so.
    fn until_the_end(input: String, output: String) -> Topology {
        stream::<String, String>(input).process_values(commit_at_the_end).to(output);
    }
);

#[test]
fn a_processor_asks_for_a_commit_before_its_time() {
    let world = World::new("commit");
    let [input, output] = ["in", "out"].map(|name| world.create_topic(name, 1));
    let config = world.config("a").set("commit.interval.ms", "3600000");
    let streams = KafkaStreams::new(&until_the_end(input.clone(), output.clone()), config).unwrap();
    streams.start().unwrap();
    wait_for(&streams, State::Running);
    world.produce(&input, [("k", Some("begin"))]);
    eventually("the first is copied", || world.records(&output).len() == 1);
    assert!(!world.is_consumed(std::slice::from_ref(&input)), "the hour is not over");
    world.produce(&input, [("k", Some("end"))]);
    eventually("both are committed", || world.is_consumed(std::slice::from_ref(&input)));
    assert!(streams.close(PATIENCE));
}

#[processor]
fn keep_row(record: Record<String, String>, rows: &mut KeyValueStore<String, String>) {
    rows.put(record.key, record.value);
}

#[processor]
fn look_up(
    record: Record<String, String>,
    ctx: &mut ProcessorContext<'_, String, String>,
    rows: &ReadOnlyStore<KeyValueStore<String, String>>,
) {
    let row = rows.get(&record.key).unwrap_or_default();
    let value = format!("{}={row}", record.value);
    ctx.forward(record.with_value(value));
}

#[test]
fn a_read_only_store_comes_back_from_its_topic() {
    let world = World::new("read-only");
    let [rows, input, output] = ["rows", "in", "out"].map(|name| world.create_topic(name, 2));
    let mut builder = TopologyBuilder::new();
    let store = KeyValueStore::<String, String>::persistent("rows");
    let store =
        builder.add_read_only_state_store(store, "read", rows.clone(), "keep", keep_row, ());
    let asked = builder.add_source::<String, String>("asked", input.clone(), ());
    let found = builder.add_processor("look-up", look_up, [&asked], store);
    builder.add_sink("sink", output.clone(), [&found], ());
    let topology = builder.finish();
    world.produce(&rows, [("a", Some("1")), ("b", Some("2")), ("a", Some("3"))]);
    for (round, wiped) in [("first", false), ("again", false), ("wiped", true)] {
        if wiped {
            world.wipe("a");
        }
        let streams = KafkaStreams::new(&topology, world.config("a")).unwrap();
        streams.start().unwrap();
        wait_for(&streams, State::Running);
        for (key, row) in [("a", "3"), ("b", "2")] {
            let wanted = format!("{round}={row}");
            eventually(&wanted, || {
                world.produce(&input, [(key, Some(round))]);
                let records = world.records(&output);
                records.iter().any(|record| record.value.as_deref() == Some(wanted.as_bytes()))
            });
        }
        assert!(streams.close(PATIENCE));
    }
}
