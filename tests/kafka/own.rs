//! Places and stores of the user's own on Kafka: restarts, crashes and lost changelogs under exactly-once.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use streams_runtime::client::{KafkaStreams, UncaughtExceptionResponse};
use streams_runtime::config::ProcessingGuarantee;
use streams_runtime::prelude::*;
use streams_runtime::store::{ChangelogRecord, OwnStore, StoreError};

use crate::notes::Notes;
use crate::place::places;
use crate::topologies::count_by_key;
use crate::world::{PATIENCE, World};

/// Counts by key; durable with its commits where it has a disk.
#[derive(Default)]
struct Counts {
    counts: BTreeMap<String, i64>,
    disk: Option<(Arc<Mutex<Durable>>, i32)>,
}

/// Counts and offset by partition.
type Durable = BTreeMap<i32, (BTreeMap<String, i64>, i64)>;

impl OwnStore for Counts {
    fn restore(&mut self, record: &ChangelogRecord<'_>) -> Result<(), StoreError> {
        let count = record.value.and_then(|value| value.try_into().ok());
        let count = count.map_or(0, i64::from_be_bytes);
        self.counts.insert(String::from_utf8_lossy(record.key).into_owned(), count);
        Ok(())
    }

    fn commit(&mut self, offsets: &[(i32, i64)]) -> Result<(), StoreError> {
        if let Some((disk, partition)) = &self.disk {
            for (_, offset) in offsets {
                disk.lock().unwrap().insert(*partition, (self.counts.clone(), *offset));
            }
        }
        Ok(())
    }

    fn committed_offset(&self, _: i32) -> Result<Option<i64>, StoreError> {
        let Some((disk, partition)) = &self.disk else { return Ok(None) };
        Ok(disk.lock().unwrap().get(partition).map(|(_, offset)| *offset))
    }

    fn wipe(&mut self) -> Result<(), StoreError> {
        if let Some((disk, partition)) = &self.disk {
            disk.lock().unwrap().remove(partition);
        }
        Ok(())
    }
}

#[processor]
fn count_up(
    record: Record<String, String>,
    ctx: &mut ProcessorContext<'_, String, i64>,
    counts: &mut Own<Counts>,
) {
    let now = counts.with(|counts, log| {
        let count = counts.counts.entry(record.key.clone()).or_insert(0);
        *count += 1;
        assert!(record.value != "panic" || PANICS.fetch_add(1, Ordering::Relaxed) > 0, "as wanted");
        log.log(record.key.as_bytes(), Some(&count.to_be_bytes()), record.timestamp);
        *count
    });
    if let Some(now) = now {
        ctx.forward(record.with_value(now));
    }
}

/// How often the word `panic` came.
static PANICS: AtomicUsize = AtomicUsize::new(0);

fn own_counts(input: String, output: String, disk: Option<Arc<Mutex<Durable>>>) -> Topology {
    topology!({
        let counts = store(Own::<Counts>::builder("counts", move |setup| {
            let partition = setup.partition;
            let disk = disk.clone().map(|disk| (disk, partition));
            let durable = disk.as_ref().and_then(|(disk, of)| {
                disk.lock().unwrap().get(of).map(|(counts, _)| counts.clone())
            });
            Ok(Counts { counts: durable.unwrap_or_default(), disk })
        }));
        stream::<String, String>(input).process(count_up, counts).to(output);
    })
}

fn records(count: usize) -> Vec<(String, String)> {
    (0..count).map(|ix| (format!("k{}", ix % 7), "v".to_owned())).collect()
}

fn produce(world: &World, topic: &str, records: &[(String, String)]) {
    world.produce(topic, records.iter().map(|(key, value)| (key.as_str(), Some(value.as_str()))));
}

fn counts_of(records: &[(String, String)]) -> BTreeMap<String, i64> {
    let mut counts = BTreeMap::new();
    for (key, _) in records {
        *counts.entry(key.clone()).or_insert(0) += 1;
    }
    counts
}

/// Each count of a key once and in order.
#[track_caller]
fn expect_each_count_once(world: &World, output: &str, records: &[(String, String)]) {
    world.expect_counts(output, &counts_of(records));
    let mut seen: BTreeMap<Vec<u8>, i64> = BTreeMap::new();
    for record in world.records(output) {
        let count = i64::from_be_bytes(record.value.unwrap().try_into().unwrap());
        let last = seen.entry(record.key.unwrap()).or_default();
        assert_eq!(count, *last + 1);
        *last = count;
    }
}

#[test]
fn a_place_that_lost_its_last_batches_catches_up() {
    let world = World::new("own-place").under("exactly_once_v2");
    let (input, output) = (world.create_topic("in", 2), world.create_topic("out", 2));
    let own = places();
    let all = records(600);
    let topology = count_by_key(input.clone(), output.clone());
    for round in 1..=3 {
        let notes = Notes::default();
        let config = world.config("a").cache_max_bytes(0);
        let config = config.default_store_type(own.clone());
        let streams = KafkaStreams::new(&topology, config).unwrap();
        streams.set_restore_listener(notes.clone());
        streams.start().unwrap();
        // several commits
        for end in (200 * (round - 1)..200 * round).step_by(40).map(|start| start + 40) {
            produce(&world, &input, &all[end - 40..end]);
            expect_each_count_once(&world, &output, &all[..end]);
        }
        assert!(streams.close(PATIENCE));
        let from_the_beginning = notes.text().matches(" 0..").count();
        assert!(round == 1 || from_the_beginning == 0, "{}", notes.text());
    }
}

#[test]
fn stores_of_ones_own_count_once_over_a_crash_and_a_restart() {
    for durable in [false, true] {
        PANICS.store(0, Ordering::Relaxed);
        let world = World::new("own-store");
        let (input, output) = (world.create_topic("in", 1), world.create_topic("out", 1));
        let disk = durable.then(Arc::default);
        let mut all = records(400);
        all[150].1 = "panic".to_owned();
        let topology = own_counts(input.clone(), output.clone(), disk);
        for part in [0..300, 300..400] {
            let config = world
                .config("a")
                .processing_guarantee(ProcessingGuarantee::ExactlyOnceV2)
                .commit_interval(Duration::from_millis(300));
            let streams = KafkaStreams::new(&topology, config).unwrap();
            streams.set_uncaught_exception_handler(|error| {
                assert!(error.to_string().contains("as wanted"), "{error}");
                UncaughtExceptionResponse::ReplaceThread
            });
            streams.start().unwrap();
            produce(&world, &input, &all[part.clone()]);
            expect_each_count_once(&world, &output, &all[..part.end]);
            assert!(streams.close(PATIENCE));
        }
        assert_eq!(PANICS.load(Ordering::Relaxed), 2, "it came again behind the crash");
    }
}
