//! Exactly-once: without a record cache each update of a count is a result, so every word must show
//! 1, 2, 3 … up to its count, each number once and in order, whatever happens in between.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use streams_runtime::client::{KafkaStreams, UncaughtExceptionResponse};
use streams_runtime::config::{ProcessingGuarantee, StreamsConfig};
use streams_test_broker::{ApiKey, ErrorCode, Fault, InjectedFault};

use crate::topologies::{Trouble, troubled_word_count, word_count};
use crate::world::{PATIENCE, World, eventually};

fn exactly_once(world: &World, instance: &str) -> StreamsConfig {
    world
        .config(instance)
        .processing_guarantee(ProcessingGuarantee::ExactlyOnceV2)
        .cache_max_bytes(0)
}

fn lines(from: usize, to: usize) -> Vec<String> {
    (from..to).map(|ix| format!("all w{} x{}", ix % 7, ix % 50)).collect()
}

fn texts(lines: &[String]) -> impl Iterator<Item = &str> {
    lines.iter().map(String::as_str)
}

/// Waits until each word has shown all its counts, and fails when one came twice or out of order.
#[track_caller]
fn expect_each_count_once(world: &World, output: &str, lines: &[String]) {
    let mut expected: BTreeMap<String, i64> = BTreeMap::new();
    for word in lines.iter().flat_map(|line| line.split(' ')) {
        *expected.entry(word.to_owned()).or_default() += 1;
    }
    let start = Instant::now();
    loop {
        let mut seen: BTreeMap<String, i64> = BTreeMap::new();
        for record in world.records(output) {
            let word = String::from_utf8(record.key.unwrap()).unwrap();
            let count = i64::from_be_bytes(record.value.unwrap().try_into().unwrap());
            let last = seen.entry(word.clone()).or_default();
            assert_eq!(count, *last + 1, "{word} in partition {}", record.partition);
            *last = count;
        }
        if seen == expected {
            return;
        }
        assert!(start.elapsed() < PATIENCE, "{} of {} words", seen.len(), expected.len());
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Does something when it is called the nth time.
fn once_at(nth: usize, act: impl Fn() + Send + Sync + 'static) -> Trouble {
    let calls = AtomicUsize::new(0);
    Arc::new(move |_| {
        if calls.fetch_add(1, Ordering::Relaxed) + 1 == nth {
            act();
        }
    })
}

fn quiet() -> Trouble {
    Arc::new(|_| {})
}

#[test]
fn a_restart_and_a_lost_state_repeat_nothing() {
    let world = World::new("eos-restart");
    let (input, output) = (world.create_topic("lines", 2), world.create_topic("counts", 2));
    let all = lines(0, 1_500);
    for (ix, part) in all.chunks(500).enumerate() {
        world.produce_lines(&input, texts(part));
        let topology = word_count(input.clone(), output.clone());
        let streams = KafkaStreams::new(&topology, exactly_once(&world, "a")).unwrap();
        streams.start().unwrap();
        expect_each_count_once(&world, &output, &all[..(ix + 1) * 500]);
        assert!(streams.close(PATIENCE));
        if ix == 1 {
            world.wipe("a");
        }
    }
}

#[test]
fn a_crash_takes_its_open_transaction_back() {
    let world = World::new("eos-panic");
    let (input, output) = (world.create_topic("lines", 2), world.create_topic("counts", 2));
    let all = lines(0, 2_000);
    let trouble = once_at(900, || panic!("as the test wants it"));
    let topology = troubled_word_count(input.clone(), output.clone(), trouble);
    // slow commits, so that results of the crashed round are already on the broker
    let config = exactly_once(&world, "a").commit_interval(Duration::from_secs(2));
    let streams = KafkaStreams::new(&topology, config).unwrap();
    streams.set_uncaught_exception_handler(|_| UncaughtExceptionResponse::ReplaceThread);
    streams.start().unwrap();
    for part in all.chunks(400) {
        world.produce_lines(&input, texts(part));
        std::thread::sleep(Duration::from_millis(150));
    }
    expect_each_count_once(&world, &output, &all);
    assert!(streams.close(PATIENCE));
}

#[cfg(feature = "rocksdb")]
#[test]
fn a_crash_wipes_no_state() {
    let world = World::new("eos-keep");
    let (input, output) = (world.create_topic("lines", 1), world.create_topic("counts", 1));
    let all = lines(0, 600);
    world.produce_lines(&input, texts(&all[..500]));
    let trouble = once_at(550, || panic!("as the test wants it"));
    let topology = troubled_word_count(input.clone(), output.clone(), trouble);
    let streams = KafkaStreams::new(&topology, exactly_once(&world, "a")).unwrap();
    streams.set_uncaught_exception_handler(|_| UncaughtExceptionResponse::ReplaceThread);
    streams.start().unwrap();
    expect_each_count_once(&world, &output, &all[..500]);
    let notes = crate::notes::Notes::default();
    streams.set_restore_listener(notes.clone());
    world.produce_lines(&input, texts(&all[500..]));
    expect_each_count_once(&world, &output, &all);
    assert!(streams.close(PATIENCE));
    // the store holds the last commit, so the successor reads on from there: past the records of
    // the transaction that was taken back, and the markers
    let text = notes.text();
    assert!(!text.contains(" 0.."), "{text}");
    assert!(
        text.split("; ").all(|note| !note.starts_with("end") || note.ends_with(" 0")),
        "{text}"
    );
}

const CHILD: &str = "STREAMS_TEST_EXACTLY_ONCE_CHILD";

/// Not a test of its own: the process that `a_killed_process_repeats_nothing` starts and kills.
#[test]
fn child_counts_until_it_is_killed() {
    let Ok(arguments) = std::env::var(CHILD) else { return };
    let [bootstrap, application, state, input, output] =
        arguments.split(' ').collect::<Vec<_>>()[..]
    else {
        panic!("five words: {arguments}")
    };
    let config = StreamsConfig::new(application)
        .bootstrap_servers(bootstrap)
        .state_dir(state)
        .processing_guarantee(ProcessingGuarantee::ExactlyOnceV2)
        .cache_max_bytes(0)
        .set("consumer.session.timeout.ms", "6000")
        .set("consumer.heartbeat.interval.ms", "300")
        .set("producer.transaction.timeout.ms", "3000");
    let streams = KafkaStreams::new(&word_count(input.into(), output.into()), config).unwrap();
    streams.run_until_signal().unwrap();
}

/// A process that does not outlive its test.
struct Killed(std::process::Child);

impl Drop for Killed {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[test]
fn a_killed_process_repeats_nothing() {
    let world = World::new("eos-kill");
    let (input, output) = (world.create_topic("lines", 2), world.create_topic("counts", 2));
    let state = std::env::temp_dir().join(world.topic("state"));
    let state_name = state.to_string_lossy().into_owned();
    let start = || {
        let id = world.application_id();
        let words = [world.bootstrap(), &id, &state_name, &input, &output].join(" ");
        std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "exactly_once::child_counts_until_it_is_killed", "--nocapture"])
            .env(CHILD, words)
            .stdout(std::process::Stdio::null())
            .spawn()
            .map(Killed)
            .unwrap()
    };
    let all = lines(0, 3_000);
    let mut child = start();
    eventually("the child has begun", || {
        world.produce_lines(&input, ["all"]);
        !world.records(&output).is_empty()
    });
    let warm_up = world.records(&input).len();
    let all: Vec<String> = std::iter::repeat_n("all".to_owned(), warm_up).chain(all).collect();
    for (ix, part) in all[warm_up..].chunks(300).enumerate() {
        world.produce_lines(&input, texts(part));
        std::thread::sleep(Duration::from_millis(200));
        if ix % 4 == 2 {
            drop(child);
            child = start();
        }
    }
    expect_each_count_once(&world, &output, &all);
    drop(child);
    std::fs::remove_dir_all(state).ok();
}

#[test]
fn an_owner_who_lost_its_partitions_cannot_commit() {
    let world = World::new("eos-zombie");
    let (input, output) = (world.create_topic("lines", 2), world.create_topic("counts", 2));
    let all = lines(0, 600);
    world.produce_lines(&input, texts(&all[..400]));
    // sleeps longer than the group waits, then goes on as if nothing had happened
    let trouble = once_at(300, || std::thread::sleep(Duration::from_secs(9)));
    let topology = troubled_word_count(input.clone(), output.clone(), trouble);
    let slow = exactly_once(&world, "slow").set("main.consumer.max.poll.interval.ms", "6000");
    let one = KafkaStreams::new(&topology, slow).unwrap();
    one.start().unwrap();
    eventually("the slow one has begun", || !world.records(&output).is_empty());
    let topology = troubled_word_count(input.clone(), output.clone(), quiet());
    let two = KafkaStreams::new(&topology, exactly_once(&world, "two")).unwrap();
    two.start().unwrap();
    world.produce_lines(&input, texts(&all[400..]));
    expect_each_count_once(&world, &output, &all);
    assert!(one.close(PATIENCE));
    assert!(two.close(PATIENCE));
    expect_each_count_once(&world, &output, &all);
}

#[test]
fn a_transaction_that_lasted_too_long_is_made_again() {
    let world = World::new("eos-timeout");
    let (input, output) = (world.create_topic("lines", 1), world.create_topic("counts", 1));
    let all = lines(0, 400);
    world.produce_lines(&input, texts(&all));
    // Kafka looks for such transactions every 10 s
    let trouble = once_at(350, || std::thread::sleep(Duration::from_secs(16)));
    let topology = troubled_word_count(input.clone(), output.clone(), trouble);
    let config = exactly_once(&world, "a")
        .set("producer.transaction.timeout.ms", "3000")
        .set("main.consumer.max.poll.interval.ms", "60000");
    let streams = KafkaStreams::new(&topology, config).unwrap();
    // an instance that stopped tells why here, and shows nothing below
    streams.set_uncaught_exception_handler(|error| {
        eprintln!("the thread ended: {error}");
        UncaughtExceptionResponse::ShutdownClient
    });
    streams.start().unwrap();
    expect_each_count_once(&world, &output, &all);
    assert!(streams.close(PATIENCE));
}

#[test]
fn a_producer_that_is_fenced_while_records_are_processed_is_replaced() {
    let world = World::new("eos-fenced");
    // faults can be ordered of the embedded broker only
    let Some(broker) = world.embedded() else { return };
    let (input, output) = (world.create_topic("lines", 1), world.create_topic("counts", 1));
    let all = lines(0, 30);
    let fenced = Arc::new(OnceLock::new());
    let seen = Arc::clone(&fenced);
    // the results of the line before are on their way, and refused, while this one is processed
    let trouble = once_at(12, move || {
        let fault: &InjectedFault = seen.wait();
        eventually("the producer is fenced", || fault.hits() > 0);
        std::thread::sleep(Duration::from_millis(500));
    });
    let topology = troubled_word_count(input.clone(), output.clone(), trouble);
    let config = exactly_once(&world, "a")
        .set("producer.linger.ms", "1000")
        .commit_interval(Duration::from_secs(3));
    let streams = KafkaStreams::new(&topology, config).unwrap();
    streams.start().unwrap();
    world.produce_lines(&input, texts(&all[..10]));
    expect_each_count_once(&world, &output, &all[..10]);
    let words = format!("{}-counts-repartition", world.application_id());
    let fault = Fault::on(ApiKey::Produce).topic(&words).error(ErrorCode::ProducerFenced);
    assert!(fenced.set(broker.inject(fault)).is_ok());
    for line in texts(&all[10..]) {
        world.produce_lines(&input, [line]);
        std::thread::sleep(Duration::from_millis(100));
    }
    expect_each_count_once(&world, &output, &all);
    assert!(streams.close(PATIENCE));
}

#[test]
fn trouble_with_the_broker_repeats_nothing() {
    let world = World::new("eos-trouble");
    // faults can be ordered of the embedded broker only
    let Some(broker) = world.embedded() else { return };
    let (input, output) = (world.create_topic("lines", 2), world.create_topic("counts", 2));
    let topology = word_count(input.clone(), output.clone());
    let streams = KafkaStreams::new(&topology, exactly_once(&world, "a")).unwrap();
    let application = world.application_id();
    let faults = [
        Fault::on(ApiKey::AddPartitionsToTxn).error(ErrorCode::ConcurrentTransactions),
        Fault::on(ApiKey::AddOffsetsToTxn).skip(1).error(ErrorCode::CoordinatorLoadInProgress),
        Fault::on(ApiKey::TxnOffsetCommit).skip(2).error(ErrorCode::NotCoordinator),
        Fault::on(ApiKey::TxnOffsetCommit).skip(4).group(&application).disconnect(),
        // the commit happens, and nobody learns of it
        Fault::on(ApiKey::EndTxn).skip(1).drop_response(),
        Fault::on(ApiKey::EndTxn).skip(5).error(ErrorCode::CoordinatorNotAvailable),
        Fault::on(ApiKey::Produce).skip(6).drop_response(),
        Fault::on(ApiKey::OffsetFetch).error(ErrorCode::UnstableOffsetCommit),
    ];
    let _faults: Vec<_> = faults.into_iter().map(|fault| broker.inject(fault)).collect();
    streams.start().unwrap();
    let all = lines(0, 3_000);
    for (ix, part) in all.chunks(300).enumerate() {
        world.produce_lines(&input, texts(part));
        std::thread::sleep(Duration::from_millis(150));
        if ix % 3 == 2 {
            broker.disconnect_all();
        }
    }
    expect_each_count_once(&world, &output, &all);
    assert!(streams.close(PATIENCE));
}

#[test]
fn positions_that_another_transaction_holds_are_waited_for() {
    let world = World::new("eos-unstable");
    let Some(broker) = world.embedded() else { return };
    let (input, output) = (world.create_topic("lines", 1), world.create_topic("counts", 1));
    let all = lines(0, 100);
    world.produce_lines(&input, texts(&all));
    // longer than one question for positions waits
    let held = broker
        .inject(Fault::on(ApiKey::OffsetFetch).always().error(ErrorCode::UnstableOffsetCommit));
    let topology = word_count(input, output.clone());
    let streams = KafkaStreams::new(&topology, exactly_once(&world, "a")).unwrap();
    streams.start().unwrap();
    std::thread::sleep(Duration::from_secs(8));
    assert!(held.hits() > 1);
    held.remove();
    expect_each_count_once(&world, &output, &all);
    assert!(streams.close(PATIENCE));
}

#[test]
fn commits_later_than_a_transaction_lives_are_refused() {
    let config = StreamsConfig::new("app")
        .processing_guarantee(ProcessingGuarantee::ExactlyOnceV2)
        .commit_interval(Duration::from_secs(30));
    let error = config.check().unwrap_err().to_string();
    for word in ["producer.transaction.timeout.ms", "commit.interval.ms", "10000", "30000"] {
        assert!(error.contains(word), "{error}");
    }
    assert!(config.set("producer.transaction.timeout.ms", "60000").check().is_ok());
}
