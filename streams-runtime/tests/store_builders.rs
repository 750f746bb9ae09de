//! Stores of processors from suppliers and serdes: what they are made of, and what does not fit.

use std::time::Duration;

use streams_runtime::prelude::*;
use streams_runtime::topology::TopologyConfig;

const HOUR: Duration = Duration::from_secs(3600);

/// A type without a serde of its own.
#[derive(Clone, Debug, PartialEq)]
struct Place(u8, u8);

struct PlaceSerde;

impl Serde<Place> for PlaceSerde {
    fn serialize(
        &self,
        _: &str,
        value: &Place,
        out: &mut Vec<u8>,
    ) -> Result<streams_runtime::serdes::Encoded, SerdeError> {
        out.extend([value.0, value.1]);
        Ok(streams_runtime::serdes::Encoded::Bytes)
    }

    fn deserialize(&self, _: &str, bytes: Option<&[u8]>) -> Result<Place, SerdeError> {
        match bytes {
            Some([x, y]) => Ok(Place(*x, *y)),
            _ => Err(SerdeError::new("a place has two bytes")),
        }
    }
}

#[processor]
#[expect(clippy::too_many_arguments, reason = "a store of each kind")]
fn visit(
    record: Record<String, i64>,
    ctx: &mut ProcessorContext<'_, String, i64>,
    plain: &mut KeyValueStore<Place, i64>,
    timed: &mut TimestampedKeyValueStore<Place, i64>,
    past: &mut VersionedKeyValueStore<Place, i64>,
    windows: &mut WindowStore<Place, i64>,
    timed_windows: &mut TimestampedWindowStore<Place, i64>,
    sessions: &mut SessionStore<Place, i64>,
) {
    let place = Place(7, u8::try_from(record.value).unwrap_or(0));
    let now = record.timestamp;
    plain.put(place.clone(), record.value);
    timed.put(place.clone(), record.value, now);
    past.put(place.clone(), Some(record.value), now);
    windows.put(place.clone(), record.value, now);
    timed_windows.put(place.clone(), record.value, now, now);
    let window = Window { start: now.as_millis(), end: now.as_millis() };
    sessions.put(Windowed { key: place.clone(), window }, record.value);
    let found = [
        plain.get(&place),
        timed.get(&place).map(|row| row.value),
        past.get(&place).map(|row| row.value),
        windows.fetch_one(&place, now),
        timed_windows.fetch_one(&place, now).map(|row| row.value),
        sessions.fetch(&place).next().map(|(_, value)| value),
    ];
    let sum = found.into_iter().flatten().sum();
    ctx.forward(record.with_value(sum));
}

#[test]
fn every_kind_takes_serdes_of_its_own() {
    let topology = topology!({
        let plain = store(Stores::key_value_store_builder(
            Stores::lru_map("plain", 1),
            PlaceSerde,
            I64Serde,
        ));
        let timed = store(Stores::timestamped_key_value_store_builder(
            Stores::in_memory_key_value_store("timed"),
            PlaceSerde,
            I64Serde,
        ));
        let past = store(Stores::versioned_key_value_store_builder(
            Stores::persistent_versioned_key_value_store_with_segments("past", HOUR, HOUR / 60),
            PlaceSerde,
            I64Serde,
        ));
        let windows = store(Stores::window_store_builder(
            Stores::persistent_window_store("windows", HOUR, HOUR / 60, false),
            PlaceSerde,
            I64Serde,
        ));
        let timed_windows = store(Stores::timestamped_window_store_builder(
            Stores::in_memory_window_store("timed-windows", HOUR, HOUR / 60, false),
            PlaceSerde,
            I64Serde,
        ));
        let sessions = store(
            Stores::session_store_builder(
                Stores::persistent_session_store("sessions", HOUR),
                PlaceSerde,
                I64Serde,
            )
            .with_logging_disabled(),
        );
        stream::<String, i64>("in")
            .process(visit, plain, timed, past, windows, timed_windows, sessions, "visits")
            .to("out");
    });
    let mut driver =
        TopologyTestDriver::new(&topology, TestDriverConfig::default()).expect("it starts");
    driver.input::<String, i64>("in").pipe_all([("a", 1), ("a", 2)], 5).expect("it runs");
    assert_eq!(driver.output::<String, i64>("out").values().expect("numbers"), [6, 12]);
    assert_eq!(driver.store_rows("plain").expect("rows").len(), 1, "one entry at most");
    let rows = driver.store_rows("windows").expect("rows");
    assert_eq!(rows[0].key, [7, 1]);
    assert_eq!(rows[0].window.map(|window| window.end), Some(5 + 60_000));
    let topics = driver.produced_topic_names();
    assert_eq!(
        topics.iter().filter(|topic| topic.ends_with("-changelog")).count(),
        5,
        "{topics:?}"
    );
    assert!(topology.describe().contains("Processor: visits"));
}

#[processor]
fn keep(record: Record<String, i64>, rows: &mut KeyValueStore<String, i64>) {
    rows.put(record.key, record.value);
}

fn problem(topology: &Topology) -> String {
    topology.build(&TopologyConfig::new("app")).expect_err("refused").to_string()
}

#[test]
fn a_supplier_of_another_kind_is_refused() {
    let sessions = topology!({
        let rows = Stores::persistent_session_store("rows", HOUR);
        let rows = store(Stores::key_value_store_builder(rows, StringSerde::default(), I64Serde));
        stream::<String, i64>("in").process(keep, rows);
    });
    let text = problem(&sessions);
    assert!(text.contains("the store `rows` is built of a session supplier"), "{text}");
    assert!(text.contains("give it a key-value supplier"), "{text}");
}

/// Calls of `init` and `close` leave their traces in what is forwarded and stored.
struct Counting(i64);

impl ValueTransformerWithKey<String, i64, i64> for Counting {
    fn init(&mut self, ctx: &ProcessingContext<'_>) {
        assert_eq!(ctx.application_id(), "app");
        self.0 = 100;
    }

    fn transform(
        &mut self,
        _: &String,
        value: Option<i64>,
        _: &ProcessingContext<'_>,
    ) -> Option<i64> {
        self.0 += 1;
        value.map(|value| value + self.0)
    }

    fn close(&mut self) {
        CLOSED.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    }
}

static CLOSED: std::sync::atomic::AtomicI64 = std::sync::atomic::AtomicI64::new(0);

#[test]
fn a_transformer_has_a_beginning_an_end_stores_a_name_and_a_store_of_its_own() {
    let topology = topology!({
        let [a, b] = ["a", "b"].map(KeyValueStore::<String, i64>::in_memory);
        let a = store(a);
        let b = store(b);
        table::<String, i64>("in")
            .transform_values(|| Counting(0), a, b, "numbered", Materialized::as_("kept"))
            .to_stream()
            .to("out");
    });
    let mut driver =
        TopologyTestDriver::new(&topology, TestDriverConfig::default()).expect("it starts");
    driver.input::<String, i64>("in").pipe_all([("k", 1), ("k", 5)], 0).expect("it runs");
    assert_eq!(driver.output::<String, i64>("out").values().expect("numbers"), [102, 107]);
    let kept = driver.key_value_store::<String, i64>("kept").expect("a store").all();
    assert_eq!(kept.expect("rows"), [("k".to_owned(), 107)]);
    let described = topology.describe();
    assert!(described.contains("Processor: numbered (stores: [a, b, kept])"), "{described}");
    driver.restart().expect("it goes on");
    assert_eq!(CLOSED.load(std::sync::atomic::Ordering::Relaxed), 1);
}

#[processor]
fn commit_at_five(
    record: FixedKeyRecord<String, i64>,
    ctx: &mut FixedKeyProcessorContext<'_, String, i64>,
) {
    if record.value == 5 {
        ctx.commit();
    }
    ctx.forward(record);
}

#[test]
fn a_processor_asks_for_a_commit() {
    let topology = topology!({
        stream::<String, i64>("in")
            .process_values(commit_at_five)
            .group_by_key()
            .count("counts")
            .to_stream()
            .to("out");
    });
    let config = TestDriverConfig::new("app").with_manual_commit();
    let mut driver = TopologyTestDriver::new(&topology, config).expect("it starts");
    let seen = [(1, vec![]), (1, vec![]), (5, vec![3]), (1, vec![]), (5, vec![5])];
    for (value, expected) in seen {
        driver.input::<String, i64>("in").pipe("k", value, 0).expect("it runs");
        assert_eq!(driver.output::<String, i64>("out").values().expect("numbers"), expected);
    }
}

/// Tells the time of a grid that begins at 3.
struct OnAGrid;

impl FixedKeyProcessor<String, i64, i64> for OnAGrid {
    fn init(&mut self, ctx: &mut FixedKeyProcessorContext<'_, String, i64>) {
        let (start, ten) = (Timestamp::from(3), Duration::from_millis(10));
        ctx.schedule_from(start, ten, PunctuationType::StreamTime, |_: &mut Self, _, now| {
            TICKS.lock().expect("nobody panicked").push(now.as_millis());
        });
    }

    fn process(
        &mut self,
        record: FixedKeyRecord<String, i64>,
        ctx: &mut FixedKeyProcessorContext<'_, String, i64>,
    ) -> Result<(), UserError> {
        ctx.forward(record);
        Ok(())
    }
}

static TICKS: std::sync::Mutex<Vec<i64>> = std::sync::Mutex::new(Vec::new());

#[test]
fn a_fixed_key_processor_punctuates_on_a_grid() {
    let topology = topology!({
        stream::<String, i64>("in").process_values(|| OnAGrid).to("out");
    });
    let mut driver =
        TopologyTestDriver::new(&topology, TestDriverConfig::default()).expect("it starts");
    for time in [1, 4, 12, 13, 35] {
        driver.input::<String, i64>("in").pipe("k", 0, time).expect("it runs");
    }
    assert_eq!(*TICKS.lock().expect("nobody panicked"), [4, 13, 35]);
}
