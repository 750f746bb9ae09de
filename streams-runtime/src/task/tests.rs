//! A task from outside: records in, outbox and offsets out.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::context::Context;
use crate::dsl::{BuiltTopology, EmitStrategy, StreamsBuilder, TimeWindows, Topology, Unset};
use crate::error::StreamsErrorKind;
use crate::handler::{ExceptionHandlers, LogAndContinueExceptionHandler};
use crate::outbox::Outbox;
use crate::plumbing;
use crate::record::{Headers, TopicPartition};
use crate::serdes::commit_metadata::CommitMetadata;
use crate::store::{MemoryBytes, StateStore, StoreSetup};
use crate::time::Timestamp;
use crate::topology::{StoreIx, TaskId, TopologyConfig};

const NOW: Timestamp = Timestamp::ZERO;

/// Copies the topics to `out`, each value as text.
fn copies(topics: &[&'static str]) -> Topology {
    let mut b = StreamsBuilder::new();
    for topic in topics {
        let (stream, source) = b.stream::<String, String>(*topic, Unset);
        let to = stream.to(&mut b, "out", Unset);
        b.source(source, move |cx, record| to.run(cx, record));
    }
    b.finish()
}

/// Counts the records of `in` by key.
fn counts() -> Topology {
    let mut b = StreamsBuilder::new();
    let (stream, source) = b.stream::<String, String>("in", Unset);
    let (counts, count) = stream.group_by_key(&mut b, Unset).count(&mut b, "n");
    let (updates, to_stream) = counts.to_stream(&mut b, Unset);
    let to = updates.to(&mut b, "out", Unset);
    let after = plumbing::seam(counts, move |cx, record| {
        let record = to_stream.run(cx, record);
        to.run(cx, record)
    });
    let flush = after.clone();
    b.on_flush(&count, counts, move |cx, record| flush(cx, record));
    b.source(source, move |cx, record| match count.run(cx, record)? {
        Some(record) => after(cx, record),
        None => Ok(()),
    });
    b.finish()
}

fn open(topology: &BuiltTopology, outbox: &mut Outbox) -> Vec<(StoreIx, Box<dyn StateStore>)> {
    let open = |(ix, plan): (u32, &crate::topology::StorePlan)| {
        let setup = StoreSetup {
            name: &plan.name,
            backend: Box::new(MemoryBytes::default()),
            changelog: plan.changelog.as_deref().map(|topic| outbox.topic(topic)),
            changelog_topic: plan.changelog.as_deref().unwrap_or_default(),
            partition: 0,
            caching: plan.caching,
            max_entries: None,
        };
        (StoreIx(ix), (topology.stores[ix as usize].maker)(setup).unwrap())
    };
    (0..).zip(&topology.plan.stores).map(open).collect()
}

fn task_with(topology: &Topology, change: impl FnOnce(&mut TaskSettings)) -> Task {
    let mut settings = TaskSettings::new("app");
    change(&mut settings);
    let built = Arc::new(topology.build(&TopologyConfig::new("app")).unwrap());
    let mut outbox = Outbox::default();
    let stores = open(&built, &mut outbox);
    let sources = built.plan.sources.iter().flat_map(|source| &source.topics);
    let spec = TaskSpec {
        sub_topologies: built.plan.sub_topologies.iter().map(|part| part.id).collect(),
        inputs: sources.map(|topic| (Arc::from(&**topic), 0)).collect(),
        partition_counts: PartitionCounts::all(1),
    };
    let id = TaskId { sub_topology: 0, partition: 0 };
    Task::with_outbox(&built, id, spec, stores, &settings, outbox).unwrap()
}

fn task(topology: &Topology) -> Task {
    task_with(topology, |_| {})
}

/// A batch of records with the same key, from an offset on.
fn batch(from: i64, records: &[(i64, &str)]) -> RecordBatch {
    let mut batch = RecordBatch::default();
    for (offset, (time, value)) in (from..).zip(records) {
        batch.push(offset, *time, Some(b"k"), Some(value.as_bytes()), Headers::default());
    }
    batch
}

/// The values produced to `out` since the last call.
fn produced(task: &mut Task) -> Vec<String> {
    let outbox = task.outbox();
    let to_out = outbox.sends().iter().filter(|send| **outbox.topic_name(send.topic) == *"out");
    let text = to_out.map(|send| match outbox.value(send) {
        Some(value) if value.len() == 8 => {
            i64::from_be_bytes(value.try_into().unwrap()).to_string()
        }
        Some(value) => String::from_utf8(value.to_vec()).unwrap(),
        None => "null".to_owned(),
    });
    let text = text.collect();
    outbox.clear();
    text
}

fn offsets(task: &Task) -> Vec<(String, i64)> {
    let offsets = task.input_offsets().into_iter();
    offsets.map(|(partition, next, _)| (partition.to_string(), next)).collect()
}

#[test]
fn the_lowest_head_time_is_next() {
    let mut task = task(&copies(&["a", "b"]));
    task.add_records("a", 0, batch(0, &[(5, "a5"), (2, "a2"), (9, "a9")]));
    task.add_records("b", 0, batch(0, &[(3, "b3"), (9, "b9"), (4, "b4")]));
    for topic in ["a", "b"] {
        task.set_lag(topic, 0, Some(0));
    }
    assert_eq!(task.process(NOW, 2).unwrap(), 2);
    assert_eq!(produced(&mut task), ["b3", "a5"]);
    assert_eq!(task.process(NOW, 100).unwrap(), 4);
    assert_eq!(produced(&mut task), ["a2", "b9", "b4", "a9"]);
    assert_eq!(task.stats().stream_time_ms, 9);
}

#[test]
fn an_empty_partition_is_waited_for_until_its_lag_is_known_to_be_zero() {
    let mut task = task(&copies(&["a", "b"]));
    task.add_records("a", 0, batch(0, &[(5, "x"), (6, "y")]));
    assert_eq!(task.process(NOW, 9).unwrap(), 0, "the lag of b is unknown");
    task.set_lag("b", 0, Some(2));
    assert_eq!(task.process(NOW, 9).unwrap(), 0, "b has records on the broker");
    task.set_lag("b", 0, Some(0));
    assert_eq!(task.process(NOW, 1).unwrap(), 1);
    assert_eq!(task.stats().enforced, 1);
    task.add_records("b", 0, batch(0, &[(1, "z")]));
    task.set_lag("a", 0, Some(0));
    assert_eq!(task.process(NOW, 9).unwrap(), 2);
    assert_eq!(produced(&mut task), ["x", "z", "y"]);
}

#[test]
fn a_caught_up_partition_is_waited_for_as_long_as_configured() {
    let mut task = task_with(&copies(&["a", "b"]), |settings| {
        settings.max_task_idle_ms = Some(10);
    });
    task.add_records("a", 0, batch(0, &[(5, "x")]));
    task.set_lag("b", 0, Some(0));
    let at = Timestamp::from;
    assert_eq!(task.process(at(100), 9).unwrap(), 0);
    assert_eq!(task.process(at(109), 9).unwrap(), 0);
    assert_eq!(task.process(at(110), 9).unwrap(), 1);
}

#[test]
fn no_idle_time_means_never_to_wait() {
    let mut task = task_with(&copies(&["a", "b"]), |settings| settings.max_task_idle_ms = None);
    task.add_records("a", 0, batch(0, &[(5, "x")]));
    assert_eq!(task.process(NOW, 9).unwrap(), 1);
    assert_eq!(task.stats().enforced, 0);
}

#[test]
fn offsets_follow_what_was_processed() {
    let mut task = task(&copies(&["a", "b"]));
    assert_eq!(offsets(&task), []);
    let mut first = batch(3, &[(5, "x"), (7, "y")]);
    first.set_position(9);
    task.add_records("a", 0, first);
    task.add_records("b", 0, batch(0, &[(6, "z")]));
    task.set_lag("b", 0, Some(0));
    task.process(NOW, 1).unwrap();
    assert_eq!(offsets(&task), [("a-0".to_owned(), 4)]);
    task.process(NOW, 1).unwrap();
    assert_eq!(offsets(&task), [("a-0".to_owned(), 4), ("b-0".to_owned(), 1)]);
    task.process(NOW, 9).unwrap();
    assert_eq!(offsets(&task), [("a-0".to_owned(), 9), ("b-0".to_owned(), 1)]);
    task.commit_stores(&BTreeMap::new()).unwrap();
    assert_eq!(offsets(&task), []);
}

#[test]
fn metadata_carries_the_time_of_a_partition() {
    let mut first = task(&copies(&["in"]));
    first.add_records("in", 0, batch(0, &[(7, "x"), (3, "y")]));
    first.process(NOW, 9).unwrap();
    let (_, _, metadata) = first.input_offsets().remove(0);
    assert_eq!(metadata, "AgAAAAAAAAAH");
    let mut second = task(&copies(&["in"]));
    second.restore_metadata("in", 0, &metadata);
    assert_eq!(second.stats().stream_time_ms, 7);
}

/// Counts the records of both topics by windows of 10 ms, whose results leave when they close.
fn counts_on_close() -> Topology {
    let mut b = StreamsBuilder::new();
    let (left, left_source) = b.stream::<String, String>("in", Unset);
    let (right, right_source) = b.stream::<String, String>("other", Unset);
    let both = left.merge(&mut b, right, Unset);
    let windows = TimeWindows::of_size_with_no_grace(Duration::from_millis(10));
    let windowed = both.group_by_key(&mut b, Unset).windowed_by(&mut b, windows);
    let windowed = windowed.emit_strategy(&mut b, EmitStrategy::on_window_close());
    let (counts, count) = windowed.count(&mut b, "n");
    let (updates, to_stream) =
        counts.to_stream_with_key(&mut b, |windowed, _| windowed.key.clone(), Unset);
    let to = updates.to(&mut b, "out", Unset);
    let after = plumbing::seam(counts, move |cx, record| {
        let record = to_stream.run(cx, record);
        to.run(cx, record)
    });
    let flush = after.clone();
    b.on_flush(&count, counts, move |cx, record| flush(cx, record));
    let run = Arc::new(move |cx: &mut Context, record| {
        for record in count.run(cx, record)? {
            after(cx, record)?;
        }
        Ok(())
    });
    let other = Arc::clone(&run);
    b.source(left_source, move |cx, record| run(cx, record));
    b.source(right_source, move |cx, record| other(cx, record));
    b.finish()
}

#[test]
fn emitted_windows_are_noted_beside_every_partition() {
    let mut task = task(&counts_on_close());
    task.add_records("in", 0, batch(0, &[(1, "x"), (2, "y")]));
    task.add_records("other", 0, batch(0, &[(3, "z")]));
    task.set_lag("in", 0, Some(0));
    task.set_lag("other", 0, Some(0));
    task.process(NOW, 9).unwrap();
    assert_eq!(offsets(&task), [("in-0".to_owned(), 2), ("other-0".to_owned(), 1)]);
    task.commit_stores(&BTreeMap::new()).unwrap();
    task.add_records("other", 0, batch(1, &[(4, "z")]));
    task.process(NOW, 9).unwrap();
    assert_eq!(offsets(&task), [("other-0".to_owned(), 2)], "nothing closed");
    task.commit_stores(&BTreeMap::new()).unwrap();
    task.add_records("other", 0, batch(2, &[(12, "z")]));
    let later = Timestamp::from(1_000);
    task.process(later, 9).unwrap();
    assert_eq!(produced(&mut task), ["4"]);
    let committed = task.input_offsets();
    let of = |at: usize| CommitMetadata::decode(&committed[at].2).processors;
    assert_eq!(offsets(&task), [("in-0".to_owned(), 2), ("other-0".to_owned(), 3)]);
    assert_eq!((of(0).get("n"), of(1).get("n")), (Some(&12), Some(&12)));
    task.commit_stores(&BTreeMap::new()).unwrap();
    assert_eq!(offsets(&task), []);
}

#[test]
fn a_cache_spares_changelog_writes_of_windows_that_leave_on_close() {
    let mut task = task(&counts_on_close());
    let logged = |task: &mut Task| {
        let outbox = task.outbox();
        let changelog = |topic| outbox.topic_name(topic).ends_with("-changelog");
        outbox.sends().iter().filter(|send| changelog(send.topic)).count()
    };
    task.add_records("in", 0, batch(0, &[(1, "x"), (2, "y"), (3, "z")]));
    task.set_lag("other", 0, Some(0));
    task.process(NOW, 9).unwrap();
    assert_eq!(logged(&mut task), 0);
    task.flush_caches().unwrap();
    assert_eq!(logged(&mut task), 1);
    assert_eq!(produced(&mut task), [""; 0], "what leaves the cache is no result");
    // what only the cache knows is emitted, too
    task.add_records("in", 0, batch(3, &[(4, "z"), (12, "z")]));
    task.process(NOW, 1).unwrap();
    task.process(Timestamp::from(1_000), 1).unwrap();
    assert_eq!(produced(&mut task), ["4"]);
}

fn numbers() -> Topology {
    let mut b = StreamsBuilder::new();
    for topic in ["in", "other"] {
        let (stream, source) = b.stream::<String, i64>(topic, Unset);
        let to = stream.to(&mut b, "out", Unset);
        b.source(source, move |cx, record| to.run(cx, record));
    }
    b.finish()
}

#[test]
fn skipped_records_move_the_offset_and_reach_the_dead_letter_topic() {
    let mut task = task_with(&numbers(), |settings| {
        settings.handlers = ExceptionHandlers {
            deserialization: Arc::new(LogAndContinueExceptionHandler),
            dead_letter_topic: Some("dlq".into()),
            ..ExceptionHandlers::default()
        };
        settings.max_task_idle_ms = None;
    });
    task.add_records("in", 0, batch(0, &[(1, "12345678"), (2, "bad"), (3, "worse")]));
    assert_eq!(task.process(NOW, 9).unwrap(), 2, "one record, and the skipped ones together");
    assert_eq!(offsets(&task), [("in-0".to_owned(), 3)]);
    assert_eq!((task.stats().dropped, task.has_records()), (2, false));
    let outbox = task.outbox();
    let topics: Vec<_> =
        outbox.sends().iter().map(|send| outbox.topic_name(send.topic).to_string()).collect();
    assert_eq!(topics, ["out", "dlq", "dlq"]);
}

#[test]
fn a_record_that_does_not_decode_stops_with_its_place() {
    let mut task = task(&numbers());
    task.add_records("in", 0, batch(41, &[(1, "bad")]));
    let error = task.process(NOW, 9).unwrap_err();
    assert_eq!(error.kind(), StreamsErrorKind::Deserialization);
    let text = error.to_string();
    for part in ["task 0_0", "the value", "topic=in partition=0 offset=41", "LogAndContinue"] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn a_negative_time_stops_with_its_place() {
    let mut task = task(&copies(&["in"]));
    task.add_records("in", 0, batch(41, &[(1, "x"), (-1, "y")]));
    let error = task.process(NOW, 9).unwrap_err();
    assert_eq!(error.kind(), StreamsErrorKind::Timestamp);
    assert!(error.to_string().contains("topic=in partition=0 offset=42"), "{error}");
    assert_eq!(produced(&mut task), ["x"]);
}

#[test]
fn several_runs_of_one_source_each_get_the_record() {
    let mut b = StreamsBuilder::new();
    let (texts, text_source) = b.stream::<String, String>("in", Unset);
    let (upper, to_upper) = texts.map_values(&mut b, |text| text.to_uppercase(), Unset);
    let upper_out = upper.to(&mut b, "out", Unset);
    let (plain, plain_source) = b.stream::<String, String>("in", Unset);
    let plain_out = plain.to(&mut b, "out", Unset);
    let (again, again_source) = b.stream::<String, String>("in", Unset);
    let again_out = again.to(&mut b, "out", Unset);
    b.source(text_source, move |cx, record| {
        let record = to_upper.run(cx, record);
        upper_out.run(cx, record)
    });
    b.source(plain_source, move |cx, record| plain_out.run(cx, record));
    b.source(again_source, move |cx, record| again_out.run(cx, record));
    let mut task = task(&b.finish());
    task.add_records("in", 0, batch(0, &[(1, "a"), (2, "b")]));
    assert_eq!(task.process(NOW, 9).unwrap(), 2);
    assert_eq!(produced(&mut task), ["A", "a", "a", "B", "b", "b"]);
}

#[test]
fn caches_keep_to_their_budget() {
    let mut task = task_with(&counts(), |settings| settings.cache_max_bytes = 20_000);
    let mut records = RecordBatch::default();
    for offset in 0..1_000 {
        let key = format!("key-{offset}");
        records.push(offset, offset, Some(key.as_bytes()), Some(b"v"), Headers::default());
    }
    task.add_records("in", 0, records);
    assert_eq!(task.process(NOW, 1_000).unwrap(), 1_000);
    assert!(task.stats().cache_bytes <= 20_000, "{} bytes", task.stats().cache_bytes);
    let early = produced(&mut task).len();
    assert!(early > 500, "only {early} left the cache");
    task.flush_caches().unwrap();
    assert_eq!(early + produced(&mut task).len(), 1_000);
}

#[test]
fn a_cache_that_nobody_listens_to_keeps_to_its_budget() {
    let mut task = task_with(&counts_on_close(), |settings| settings.cache_max_bytes = 20_000);
    let mut records = RecordBatch::default();
    for offset in 0..1_000 {
        let key = format!("key-{offset}");
        records.push(offset, 1, Some(key.as_bytes()), Some(b"v"), Headers::default());
    }
    task.add_records("in", 0, records);
    task.set_lag("other", 0, Some(0));
    assert_eq!(task.process(NOW, 1_000).unwrap(), 1_000);
    let bytes = task.stats().cache_bytes;
    assert!(bytes > 0 && bytes <= 20_000, "{bytes} bytes");
}

#[test]
fn a_commit_notes_the_changelog_offset_in_the_store() {
    let mut task = task(&counts());
    task.add_records("in", 0, batch(0, &[(1, "v"), (2, "v")]));
    task.process(NOW, 9).unwrap();
    assert_eq!(produced(&mut task), [""; 0]);
    task.flush_caches().unwrap();
    assert_eq!(produced(&mut task), ["2"]);
    let changelog = TopicPartition::new("app-n-changelog", 0);
    task.commit_stores(&BTreeMap::from([(changelog, 6)])).unwrap();
    let (_, store) = task.stores_mut().next().unwrap();
    assert_eq!(store.committed_offset().unwrap(), Some(6));
}

#[test]
fn a_task_needs_its_stores_and_known_topics() {
    let built = Arc::new(counts().build(&TopologyConfig::new("app")).unwrap());
    let id = TaskId { sub_topology: 0, partition: 2 };
    let spec = |topic: &str| TaskSpec {
        sub_topologies: vec![0],
        inputs: vec![(Arc::from(topic), 2)],
        partition_counts: PartitionCounts::default(),
    };
    let settings = TaskSettings::new("app");
    let error = Task::new(&built, id, spec("in"), Vec::new(), &settings).err().unwrap();
    assert_eq!(error.to_string(), "task 0_2: its store `n` was not opened");
    let stores = open(&built, &mut Outbox::default());
    let error = Task::new(&built, id, spec("what"), stores, &settings).err().unwrap();
    assert_eq!(error.to_string(), "task 0_2: topic `what` is no source of the topology");
}
