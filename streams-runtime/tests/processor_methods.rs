//! `#[processor]` on the impl of a type: state, stores, punctuation, fixed keys.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use streams_runtime::prelude::*;

const SECOND: Duration = Duration::from_secs(1);

/// Numbers the records of a task, and sums them by key in a store.
struct Sums {
    seen: u64,
    ended: Arc<AtomicU32>,
    every: Duration,
}

#[processor]
impl Sums {
    fn init(
        &mut self,
        ctx: &mut ProcessorContext<'_, String, String>,
        sums: &mut KeyValueStore<String, i64>,
    ) {
        sums.put("first".to_owned(), 100);
        let time = Timestamp::from(0);
        ctx.forward(Record::new("init".to_owned(), format!("{}", self.seen), time));
    }

    fn process(
        &mut self,
        record: Record<String, i64>,
        ctx: &mut ProcessorContext<'_, String, String>,
        sums: &mut KeyValueStore<String, i64>,
    ) -> Result<(), String> {
        if record.value < 0 {
            return Err(format!("{} is negative", record.value));
        }
        self.seen += 1;
        let sum = sums.get(&record.key).unwrap_or(0) + record.value;
        sums.put(record.key.clone(), sum);
        let told = self.told(sum);
        ctx.forward(record.with_value(told));
        Ok(())
    }

    #[punctuate(stream_time = self.every)]
    fn tick(
        &mut self,
        time: Timestamp,
        ctx: &mut ProcessorContext<'_, String, String>,
        sums: &KeyValueStore<String, i64>,
    ) {
        let rows = sums.all().count();
        ctx.forward(Record::new("tick".to_owned(), format!("{rows} of {}", self.seen), time));
    }

    #[punctuate(wall_clock = SECOND)]
    fn clock(&mut self) {
        self.seen += 100;
    }

    fn close(&mut self) {
        self.ended.fetch_add(1, Ordering::Relaxed);
    }

    /// An ordinary method stays one.
    fn told(&self, sum: i64) -> String {
        format!("{sum} after {}", self.seen)
    }
}

#[test]
fn a_type_has_state_stores_and_punctuation() {
    let ended = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&ended);
    let topology = topology!({
        let sums = store(KeyValueStore::<String, i64>::in_memory("sums"));
        let make = move || Sums { seen: 0, ended: Arc::clone(&counted), every: 5 * SECOND };
        stream::<String, i64>("in").process(make, sums, "sums").to("out");
    });
    let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default()).unwrap();
    driver.input::<String, i64>("in").pipe_all([("a", 1), ("first", 5), ("a", 2)], 0).unwrap();
    driver.advance_wall_clock(1_000).unwrap();
    driver.input::<String, i64>("in").pipe("b", 7, 6_000).unwrap();
    let out = driver.output::<String, String>("out").values().unwrap();
    assert_eq!(
        out,
        ["0", "1 after 1", "2 of 1", "105 after 2", "3 after 3", "7 after 104", "3 of 104",]
    );
    driver.restart().unwrap();
    assert_eq!(ended.load(Ordering::Relaxed), 1);
    let error = driver.input::<String, i64>("in").pipe("b", -1, 6_001).unwrap_err().to_string();
    assert!(error.contains("-1 is negative"), "{error}");
}

/// Tells by how much a value differs from the one before.
#[derive(Default)]
struct Steps<T> {
    last: Option<T>,
}

#[processor]
impl<T> Steps<T>
where
    T: Copy + Send + std::ops::Sub<Output = T> + 'static,
{
    fn process(
        &mut self,
        record: FixedKeyRecord<String, T>,
        ctx: &mut FixedKeyProcessorContext<'_, String, T>,
    ) {
        let value = record.value;
        let last = self.last.replace(value).unwrap_or(value);
        ctx.forward(record.with_value(value - last));
    }
}

#[test]
fn a_fixed_key_type_leaves_the_key() {
    let topology = topology!({
        stream::<String, i64>("in").process_values(Steps::<i64>::default).group_by_key().count("n");
    });
    assert!(!topology.describe().contains("repartition"), "{}", topology.describe());
    let topology = topology!({
        stream::<String, i64>("in").process_values(Steps::<i64>::default).to("out");
    });
    let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default()).unwrap();
    driver.input::<String, i64>("in").pipe_all([("a", 3), ("b", 5), ("a", 4)], 0).unwrap();
    assert_eq!(driver.output::<String, i64>("out").values().unwrap(), [0, 2, -1]);
}

/// The largest value of each ten milliseconds, told once a window is over.
struct Largest {
    told: i64,
}

#[processor]
impl Largest {
    fn process(
        &mut self,
        record: Record<String, i64>,
        _: &mut ProcessorContext<'_, String, i64>,
        largest: &mut TimestampedWindowStore<String, i64>,
    ) {
        let time = record.timestamp.as_millis();
        let start = Timestamp::from_millis(time - time % 10).expect("no negative time");
        let known = largest.fetch_one(&record.key, start);
        if known.is_none_or(|known| known.value < record.value) {
            largest.put(record.key, record.value, record.timestamp, start);
        }
    }

    #[punctuate(stream_time = Duration::from_millis(10))]
    fn tell(
        &mut self,
        ctx: &mut ProcessorContext<'_, String, i64>,
        largest: &TimestampedWindowStore<String, i64>,
        time: Timestamp,
    ) {
        for (window, row) in largest.fetch_all(self.told, time.as_millis() - 10) {
            ctx.forward(Record::new(window.key.clone(), row.value, row.timestamp));
        }
        self.told = time.as_millis() - time.as_millis() % 10;
    }
}

#[test]
fn a_type_keeps_windows_with_times() -> Result<(), StreamsError> {
    let topology = topology!({
        let (kept, size) = (Duration::from_secs(60), Duration::from_millis(10));
        let largest = store(TimestampedWindowStore::<String, i64>::in_memory("w", kept, size));
        stream::<String, i64>("in").process(|| Largest { told: 0 }, largest).to("out");
    });
    let mut driver = TopologyTestDriver::new(&topology, TestDriverConfig::default())?;
    for (key, value, time) in [("a", 3, 1), ("a", 7, 4), ("b", 1, 5), ("a", 5, 9), ("a", 0, 23)] {
        driver.input::<String, i64>("in").pipe(key, value, time)?;
    }
    let told = driver.output::<String, i64>("out").read_all()?;
    let told: Vec<_> =
        told.iter().map(|row| (row.key.as_str(), row.value, row.timestamp.as_millis())).collect();
    assert_eq!(told, [("a", 7, 4), ("b", 1, 5)]);
    Ok(())
}
