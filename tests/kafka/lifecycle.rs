//! Start, trouble, stop.

use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use streams_runtime::client::{KafkaStreams, State, ThreadState, UncaughtExceptionResponse};
use streams_runtime::config::StreamsConfig;
use streams_runtime::error::StreamsErrorKind;
use streams_test_broker::{ApiKey, ErrorCode, Fault};

use crate::topologies::{copy, panics, word_count};
use crate::world::{PATIENCE, World, eventually, wait_for};

#[test]
fn listeners_see_every_state_in_order() {
    let world = World::new("states");
    let (input, output) = (world.create_topic("in", 2), world.create_topic("out", 2));
    let streams = KafkaStreams::new(&copy(input, output), world.config("a")).unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&seen);
    streams.set_state_listener(move |new, old| {
        notes.lock().unwrap().push(format!("{old}->{new}"));
    });
    streams.start().unwrap();
    wait_for(&streams, State::Running);
    let threads = streams.thread_metadata();
    assert_eq!(threads.len(), 1);
    assert!(threads[0].name.ends_with("-StreamThread-1"), "{}", threads[0].name);
    assert_eq!(threads[0].state, ThreadState::Running);
    assert_eq!(threads[0].tasks.len(), 2);
    assert!(streams.close(PATIENCE) && streams.close(PATIENCE));
    assert_eq!(
        seen.lock().unwrap().join(" "),
        "CREATED->REBALANCING REBALANCING->RUNNING RUNNING->PENDING_SHUTDOWN \
         PENDING_SHUTDOWN->NOT_RUNNING"
    );
}

#[test]
fn who_waits_learns_that_another_closed() {
    let world = World::new("wait");
    let (input, output) = (world.create_topic("in", 1), world.create_topic("out", 1));
    let streams = KafkaStreams::new(&copy(input, output), world.config("a")).unwrap();
    streams.start().unwrap();
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| streams.wait());
        wait_for(&streams, State::Running);
        assert!(!waiter.is_finished());
        assert!(streams.close(PATIENCE));
        waiter.join().unwrap().unwrap();
    });
    assert_eq!(streams.state(), State::NotRunning);
}

#[test]
fn an_instance_that_never_started_closes() {
    let config = StreamsConfig::new("app").bootstrap_servers("127.0.0.1:1");
    let streams = KafkaStreams::new(&copy("in".into(), "out".into()), config).unwrap();
    assert!(streams.close(Duration::ZERO));
    assert_eq!(streams.state(), State::NotRunning);
}

#[test]
fn a_panic_stops_the_instance_with_an_error() {
    let world = World::new("panic");
    let (input, output) = (world.create_topic("in", 1), world.create_topic("out", 1));
    world.produce_lines(&input, ["fine", "panic"]);
    let streams = KafkaStreams::new(&panics(input, output), world.config("a")).unwrap();
    let names = Arc::new(Mutex::new(Vec::new()));
    let failed = Arc::clone(&names);
    // the first time the thread is replaced, and its successor meets the same record again
    streams.set_uncaught_exception_handler(move |error| {
        assert_eq!(error.kind(), StreamsErrorKind::Processing);
        let name = std::thread::current().name().unwrap_or_default().to_owned();
        failed.lock().unwrap().push(name);
        if failed.lock().unwrap().len() == 1 {
            UncaughtExceptionResponse::ReplaceThread
        } else {
            UncaughtExceptionResponse::ShutdownClient
        }
    });
    streams.start().unwrap();
    let error = streams.wait().unwrap_err().to_string();
    for word in ["task 0_0", "panicked", "this word is not allowed"] {
        assert!(error.contains(word), "{error}");
    }
    let expected = [1, 2].map(|n| format!("{}-StreamThread-{n}", streams.client_id()));
    assert_eq!(*names.lock().unwrap(), expected);
    assert_eq!(streams.state(), State::Error);
}

#[test]
fn trouble_with_the_broker_loses_and_repeats_nothing() {
    let world = World::new("trouble");
    let Some(broker) = world.embedded() else { return };
    let (input, output) = (world.create_topic("lines", 2), world.create_topic("counts", 2));
    let streams = KafkaStreams::new(&word_count(input.clone(), output.clone()), world.config("a"));
    let streams = streams.unwrap();
    let application = world.application_id();
    let faults = [
        Fault::on(ApiKey::OffsetCommit).error(ErrorCode::CoordinatorLoadInProgress),
        Fault::on(ApiKey::Produce).drop_response(),
        Fault::on(ApiKey::Produce).skip(3).error(ErrorCode::NotLeaderOrFollower),
        Fault::on(ApiKey::Fetch).skip(5).disconnect(),
        Fault::on(ApiKey::ListOffsets).skip(4).error(ErrorCode::LeaderNotAvailable),
        Fault::on(ApiKey::OffsetFetch).group(&application).error(ErrorCode::NotCoordinator),
    ];
    streams.start().unwrap();
    wait_for(&streams, State::Running);
    let _faults: Vec<_> = faults.into_iter().map(|fault| broker.inject(fault)).collect();
    let lines: Vec<String> = (0..3_000).map(|ix| format!("a b{} c{}", ix % 7, ix % 50)).collect();
    for (ix, chunk) in lines.chunks(500).enumerate() {
        world.produce_lines(&input, chunk.iter().map(String::as_str));
        std::thread::sleep(Duration::from_millis(100));
        if ix % 2 == 1 {
            broker.disconnect_all();
        }
    }
    let mut expected = std::collections::BTreeMap::new();
    for word in lines.iter().flat_map(|line| line.split(' ')) {
        *expected.entry(word.to_owned()).or_insert(0) += 1;
    }
    world.expect_counts(&output, &expected);
    assert!(streams.close(PATIENCE));
}

#[test]
fn consumed_repartition_records_are_purged() {
    let world = World::new("purge");
    let (input, output) = (world.create_topic("lines", 1), world.create_topic("counts", 1));
    let config = world.config("a").set("repartition.purge.interval.ms", "200");
    let streams = KafkaStreams::new(&word_count(input.clone(), output), config).unwrap();
    streams.start().unwrap();
    let repartition = format!("{}-counts-repartition", world.application_id());
    let start = std::time::Instant::now();
    while world.ends(&repartition, 0).0 == 0 {
        assert!(start.elapsed() < PATIENCE, "nothing was purged");
        world.produce_lines(&input, ["some words to count"]);
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(streams.close(PATIENCE));
}

#[test]
fn a_function_that_takes_too_long_costs_the_partitions_and_nothing_else() {
    let world = World::new("slow");
    let (input, output) = (world.create_topic("in", 1), world.create_topic("out", 1));
    let config = world.config("a").set("main.consumer.max.poll.interval.ms", "6000");
    let streams =
        KafkaStreams::new(&crate::topologies::slow(input.clone(), output.clone()), config);
    let streams = streams.unwrap();
    streams.start().unwrap();
    world.produce_lines(&input, ["before", "slow", "after"]);
    eventually("all records in spite of the expulsion", || {
        let values: Vec<_> = world.records(&output).into_iter().filter_map(|r| r.value).collect();
        ["before", "slow", "after"].iter().all(|text| values.contains(&text.as_bytes().to_vec()))
    });
    world.produce_lines(&input, ["later"]);
    eventually("and those that come later", || {
        world.records(&output).iter().any(|record| record.value.as_deref() == Some(b"later"))
    });
    assert!(streams.close(PATIENCE));
}

const CHILD: &str = "STREAMS_TEST_CHILD";

/// Not a test of its own: the process that `sigterm_commits_and_ends_with_code_0` starts.
#[test]
fn child_runs_until_a_signal() {
    let Ok(arguments) = std::env::var(CHILD) else { return };
    let [bootstrap, application, input, output] = arguments.split(' ').collect::<Vec<_>>()[..]
    else {
        panic!("four words: {arguments}")
    };
    let config = StreamsConfig::new(application)
        .bootstrap_servers(bootstrap)
        .state_dir(std::env::temp_dir().join(format!("streams-child-{}", std::process::id())));
    let streams = KafkaStreams::new(&copy(input.into(), output.into()), config).unwrap();
    let code = match streams.run_until_signal() {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("{error}");
            1
        }
    };
    std::process::exit(code);
}

fn child(world: &World, input: &str, output: &str) -> Child {
    let words = [world.bootstrap(), &world.application_id(), input, output].join(" ");
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "lifecycle::child_runs_until_a_signal", "--nocapture"])
        .env(CHILD, words)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

#[cfg(unix)]
#[test]
fn sigterm_commits_and_ends_with_code_0() {
    let world = World::new("sigterm");
    let (input, output) = (world.create_topic("in", 1), world.create_topic("out", 1));
    world.produce_lines(&input, ["one", "two"]);
    let signal = |child: &Child, name: &str| {
        Command::new("kill").args([name, &child.id().to_string()]).status().unwrap();
    };
    let mut first = child(&world, &input, &output);
    eventually("the copies", || world.records(&output).len() == 2);
    signal(&first, "-TERM");
    assert_eq!(first.wait().unwrap().code(), Some(0));
    // the commit interval is 30 s: only the stop can have committed, so nothing is copied twice
    world.produce_lines(&input, ["three"]);
    let mut second = child(&world, &input, &output);
    eventually("the third copy", || world.records(&output).len() == 3);
    signal(&second, "-INT");
    assert_eq!(second.wait().unwrap().code(), Some(0));
    assert_eq!(world.records(&output).len(), 3);
}

#[test]
fn a_task_with_an_empty_topic_goes_on() {
    let world = World::new("gap");
    let (left, right) = (world.create_topic("left", 2), world.create_topic("right", 2));
    let output = world.create_topic("out", 1);
    let topology = crate::topologies::count_both(left.clone(), right.clone(), output.clone());
    let streams = KafkaStreams::new(&topology, world.config("a")).unwrap();
    streams.start().unwrap();
    world.produce(&left, [("a", Some("1")), ("b", Some("1")), ("a", Some("1"))]);
    world.expect_counts(&output, &[("a".into(), 2), ("b".into(), 1)].into());
    // an empty partition that ends with the mark of a transaction looks as if it had a record left
    world.produce_in_transactions(&right, [("a", true), ("b", false)]);
    world.produce(&left, [("b", Some("1"))]);
    world.expect_counts(&output, &[("a".into(), 3), ("b".into(), 3)].into());
    assert!(streams.close(PATIENCE));
}

#[test]
fn results_that_arrive_late_are_made_again() {
    let world = World::new("late");
    let Some(broker) = world.embedded() else { return };
    let (input, output) = (world.create_topic("in", 1), world.create_topic("out", 1));
    // shorter than the outage: the producer gives the records up, and the task starts again
    let config = world.config("a").set("producer.message.timeout.ms", "700");
    let streams = KafkaStreams::new(&copy(input.clone(), output.clone()), config).unwrap();
    streams.start().unwrap();
    wait_for(&streams, State::Running);
    let outage = Fault::on(ApiKey::Produce).topic(&output).always();
    let outage = broker.inject(outage.error(ErrorCode::NotLeaderOrFollower));
    world.produce_lines(&input, ["one", "two", "three"]);
    std::thread::sleep(Duration::from_secs(3));
    assert!(world.records(&output).is_empty());
    outage.remove();
    eventually("all copies", || {
        let values: Vec<_> = world.records(&output).into_iter().filter_map(|r| r.value).collect();
        ["one", "two", "three"].iter().all(|text| values.contains(&text.as_bytes().to_vec()))
    });
    assert_eq!(streams.state(), State::Running);
    assert!(streams.close(PATIENCE));
}

#[test]
fn threads_come_and_go_while_it_runs() {
    let world = World::new("threads");
    let (input, output) = (world.create_topic("lines", 4), world.create_topic("counts", 4));
    let topology = word_count(input.clone(), output.clone());
    let streams = KafkaStreams::new(&topology, world.config("a")).unwrap();
    assert_eq!(streams.add_stream_thread().unwrap(), None);
    streams.start().unwrap();
    wait_for(&streams, State::Running);
    assert_eq!(streams.remove_stream_thread(), None);
    let tasks = || -> Vec<usize> {
        let threads = streams.thread_metadata();
        threads.iter().map(|thread| thread.tasks.iter().filter(|t| !t.restoring).count()).collect()
    };
    assert_eq!(tasks(), [8]);
    world.produce_lines(&input, ["a b", "a c", "b c"]);
    assert!(streams.add_stream_thread().unwrap().unwrap().ends_with("-StreamThread-2"));
    eventually("four tasks each", || tasks() == [4, 4]);
    world.produce_lines(&input, ["a b", "a c", "b c"]);
    assert!(streams.remove_stream_thread().unwrap().ends_with("-StreamThread-2"));
    eventually("all tasks on the first", || tasks() == [8]);
    wait_for(&streams, State::Running);
    world.produce_lines(&input, ["a b", "a c", "b c"]);
    world.expect_counts(&output, &[("a".into(), 6), ("b".into(), 6), ("c".into(), 6)].into());
    assert!(streams.close(PATIENCE));
}

#[test]
fn static_members_restart_without_a_rebalance_of_the_others() {
    let world = World::new("static");
    let (input, output) = (world.create_topic("in", 4), world.create_topic("out", 1));
    let topology = copy(input.clone(), output.clone());
    let start = |name: &str| {
        let config = world
            .config(name)
            .num_stream_threads(2)
            .set("consumer.session.timeout.ms", "30000")
            .set("consumer.group.instance.id", name);
        let streams = KafkaStreams::new(&topology, config).unwrap();
        streams.start().unwrap();
        streams
    };
    let tasks = |streams: &KafkaStreams| -> usize {
        streams.thread_metadata().iter().map(|thread| thread.tasks.len()).sum()
    };
    let (one, two) = (start("one"), start("two"));
    eventually("two tasks each", || tasks(&one) == 2 && tasks(&two) == 2);
    wait_for(&one, State::Running);
    let changes = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&changes);
    one.set_state_listener(move |_, _| {
        count.fetch_add(1, Ordering::Relaxed);
    });
    assert!(two.close(PATIENCE));
    let two = start("two");
    eventually("its two tasks again", || tasks(&two) == 2);
    assert_eq!(changes.load(Ordering::Relaxed), 0, "the other instance must not notice");
    world.produce_lines(&input, ["a", "b", "c", "d"]);
    eventually("all copies", || world.records(&output).len() == 4);
    assert!(one.close(PATIENCE) && two.close(PATIENCE));
}
