//! The examples, checked: each tutorial topology through the test driver, exactly, and the programs
//! from start to end on the embedded broker.
#![allow(unreachable_pub, reason = "the modules are those of a program")]

#[allow(dead_code, unused_imports, reason = "the programs use all of it")]
#[path = "../examples/tutorial/domain/mod.rs"]
mod domain;
#[allow(dead_code, unused_imports, reason = "the programs use all of it")]
#[path = "../examples/tutorial/all/expected.rs"]
mod expected;
#[path = "../examples/tutorial/producer/messages.rs"]
mod messages;
#[allow(dead_code, unused_imports, reason = "the programs use all of it")]
#[path = "../examples/tutorial/processor/topologies/mod.rs"]
mod topologies;

/// The module tree that the shared files know.
mod producer {
    pub(crate) use crate::messages::Message;
}

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use streams_runtime::config::StreamsConfig;
use streams_runtime::driver::test::TopologyTestDriver;
use streams_runtime::handler::LogAndContinueProcessingExceptionHandler;
use streams_runtime::prelude::*;

use domain::{
    AnimalCounts, Animals, Example, Lines, MergeLeft, MergeRight, Merged, OnError, ProductNumbers,
    ProductTexts, Repository, Strings, StringsChanged, WordCounts,
};
use expected::Expected;
use messages::{Message, messages};

const COUNT: usize = 500;
const SEED: u64 = 1;
/// The tutorial sends a record each 200 ms.
const EVERY: Duration = Duration::from_millis(200);

/// A driver without record caches, so that every update of a count is seen.
fn driver(topology: &Topology, config: StreamsConfig) -> TopologyTestDriver {
    TopologyTestDriver::new(topology, config.cache_max_bytes(0)).expect("the topology is valid")
}

fn config(example: Example) -> StreamsConfig {
    StreamsConfig::new(example.application_id())
}

fn product_driver(config: StreamsConfig) -> TopologyTestDriver {
    let table = Repository::with_rows(topologies::PRODUCTS);
    driver(&topologies::products(Arc::new(table)), config)
}

/// Pipes the messages into the example's only input topic.
fn pipe<T>(driver: &mut TopologyTestDriver, topic: T, messages: &[Message])
where
    T: TopicDecl<Key = String, Value = String>,
{
    for message in messages {
        let time = time_of(message);
        let (key, value) = (message.key.as_str(), message.value.as_str());
        driver.input(topic).pipe(key, value, time).expect("the record is processed");
    }
}

/// When the message is sent, in milliseconds after the first.
fn time_of(message: &Message) -> i64 {
    i64::try_from((EVERY * message.turn).as_millis()).expect("it is soon")
}

/// The results so far, in order, as text.
fn results<T>(driver: &mut TopologyTestDriver, topic: T) -> Vec<(String, String)>
where
    T: TopicDecl<Key = String, Value: ToString>,
{
    let all = driver.output(topic).key_values().expect("they decode");
    all.into_iter().map(|(key, value)| (key, value.to_string())).collect()
}

fn last(rows: &[(String, String)]) -> BTreeMap<String, String> {
    rows.iter().cloned().collect()
}

#[track_caller]
fn check_expected(example: Example, rows: &[(String, String)]) {
    let sent = messages(example, COUNT, SEED);
    let expected = Expected::of(example, &sent, OnError::Skip, EVERY);
    assert_eq!(expected.difference(&last(rows)), None);
}

#[test]
fn generators_say_what_the_tutorial_says() {
    let values = |example, count| -> Vec<String> {
        messages(example, count, SEED).into_iter().map(|message| message.value).collect()
    };
    assert_eq!(values(Example::String, 2), ["kafka-test-1", "kafka-test-2"]);
    assert_eq!(values(Example::Products, 500)[499], "1000");
    let animals = values(Example::Frequency, 500);
    assert!(animals.iter().all(|animal| animal != "raccoon"));
    assert!(animals.iter().any(|animal| animal == "Pig"));
    for line in values(Example::WordCount, 500) {
        let lengths: Vec<usize> = line.split(' ').map(str::len).collect();
        assert_eq!(lengths, [3, 3, 3], "{line}");
    }
    let merge = messages(Example::Merge, 5, SEED);
    let at_key_four = |topic| {
        let found = merge.iter().find(|message| message.topic == topic && message.key == "4");
        found.map(|message| message.value.as_str())
    };
    assert_eq!(at_key_four("merge1"), Some("merge-1-data-8"));
    assert_eq!(at_key_four("merge2"), Some("merge-2-data-5"));
}

#[test]
fn the_same_seed_gives_the_same_records() {
    let of = |seed| messages(Example::WordCount, COUNT, seed);
    assert_eq!(of(7), of(7));
    assert_ne!(of(7), of(8));
}

#[test]
fn string_processing_keeps_odd_keys_with_their_new_text() {
    let mut driver = driver(&topologies::strings(), config(Example::String));
    pipe(&mut driver, Strings, &messages(Example::String, COUNT, SEED));
    let results = results(&mut driver, StringsChanged);
    assert_eq!(results.len(), 250);
    assert_eq!(results[0], ("1".to_owned(), "KAFKA-REAL-2-1".to_owned()));
    for (i, (key, value)) in results.iter().enumerate() {
        let odd = 2 * i + 1;
        assert_eq!(
            (key.as_str(), value.as_str()),
            (odd.to_string().as_str(), format!("KAFKA-REAL-{}-{odd}", odd + 1).as_str())
        );
    }
}

#[test]
fn string_processing_needs_no_repartition() {
    let text = topologies::strings().describe();
    assert!(!text.contains("repartition"), "{text}");
    assert!(!text.contains("Sub-topology: 1"), "{text}");
}

#[test]
fn frequency_counts_all_animals_but_the_pig() {
    let mut driver = driver(&topologies::frequency(), config(Example::Frequency));
    let messages = messages(Example::Frequency, COUNT, SEED);
    pipe(&mut driver, Animals, &messages);
    let results = results(&mut driver, AnimalCounts);
    check_expected(Example::Frequency, &results);
    let mut running: BTreeMap<String, i64> = BTreeMap::new();
    let mut expected = Vec::new();
    for animal in messages.iter().map(|message| message.value.to_lowercase()) {
        if animal == "pig" {
            continue;
        }
        let count = running.entry(animal.clone()).or_default();
        *count += 1;
        expected.push((animal, count.to_string()));
    }
    assert_eq!(results, expected);
    assert_eq!(running.len(), 7);
}

#[test]
fn frequency_travels_through_a_repartition_topic() {
    let text = topologies::frequency().describe();
    assert!(text.contains("Sink: count-store-repartition-sink"), "{text}");
    assert!(text.contains("stores: [count-store]"), "{text}");
}

#[test]
fn word_count_counts_three_letter_words_in_capitals() {
    let mut driver = driver(&topologies::word_count(), config(Example::WordCount));
    pipe(&mut driver, Lines, &messages(Example::WordCount, COUNT, SEED));
    let results = results(&mut driver, WordCounts);
    assert_eq!(results.len(), 3 * COUNT);
    check_expected(Example::WordCount, &results);
}

#[test]
fn word_count_splits_as_java_does() {
    let mut driver = driver(&topologies::word_count(), config(Example::WordCount));
    let line =
        Message { topic: "word", key: "0".into(), value: "'One one_1, two!".into(), turn: 0 };
    pipe(&mut driver, Lines, &[line]);
    let results = results(&mut driver, WordCounts);
    let words: Vec<&str> = results.iter().map(|(word, _)| word.as_str()).collect();
    assert_eq!(words, ["", "ONE", "ONE_1", "TWO"]);
}

#[test]
fn products_look_the_numbers_up() {
    let mut driver = product_driver(config(Example::Products));
    pipe(&mut driver, ProductNumbers, &messages(Example::Products, 1, SEED));
    let json = r#"{"productionNo":2,"name":"test-user-1","desc":"test-case-1"}"#;
    let results = results(&mut driver, ProductTexts);
    assert_eq!(results, [("0".to_owned(), json.to_owned())]);
}

#[test]
fn products_stop_at_number_20() {
    let mut driver = product_driver(config(Example::Products));
    let messages = messages(Example::Products, 10, SEED);
    pipe(&mut driver, ProductNumbers, &messages[..9]);
    let (key, value) = (messages[9].key.clone(), messages[9].value.clone());
    let error = driver.input(ProductNumbers).pipe(key, value, 1800).expect_err("20 is invalid");
    assert!(error.to_string().contains("20 invalid"), "{error}");
    assert_eq!(results(&mut driver, ProductTexts).len(), 9);
}

#[test]
fn products_can_skip_number_20() {
    let config = config(Example::Products)
        .processing_exception_handler(LogAndContinueProcessingExceptionHandler);
    let mut driver = product_driver(config);
    pipe(&mut driver, ProductNumbers, &messages(Example::Products, COUNT, SEED));
    let results = results(&mut driver, ProductTexts);
    assert_eq!(results.len(), COUNT - 1);
    check_expected(Example::Products, &results);
    assert_eq!(driver.dropped_records(), 1);
}

#[test]
fn products_can_send_number_20_to_a_dead_letter_topic() {
    let topic = Example::Products.dead_letter_topic();
    let config = config(Example::Products)
        .processing_exception_handler(LogAndContinueProcessingExceptionHandler)
        .dead_letter_queue(&topic);
    let mut driver = product_driver(config);
    pipe(&mut driver, ProductNumbers, &messages(Example::Products, COUNT, SEED));
    let produced = driver.take_output();
    let letters: Vec<_> = produced.iter().filter(|record| *record.topic == *topic).collect();
    assert_eq!(produced.len(), COUNT);
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].key.as_deref(), Some(&b"9"[..]));
    assert_eq!(letters[0].value.as_deref(), Some(&b"20"[..]));
    let header = letters[0].headers.last("__streams.errors.message").expect("it has the error");
    let text = String::from_utf8_lossy(header.value.as_deref().unwrap_or_default());
    assert!(text.contains("20 invalid"), "{text}");
}

#[test]
fn merge_joins_what_is_at_most_three_seconds_apart() {
    let mut driver = driver(&topologies::merge(), config(Example::Merge));
    for message in messages(Example::Merge, COUNT, SEED) {
        let (key, value, time) = (message.key.clone(), message.value.clone(), time_of(&message));
        let piped = match message.topic {
            "merge1" => driver.input(MergeLeft).pipe(key, value, time),
            _ => driver.input(MergeRight).pipe(key, value, time),
        };
        piped.expect("the record is processed");
    }
    let results = results(&mut driver, Merged);
    check_expected(Example::Merge, &results);
    let keys: Vec<&str> = results.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(keys, ["0", "4", "8", "12", "16", "20", "24", "28"]);
    assert_eq!(results[0].1, "merge-1-data-0 : merge-2-data-1");
    assert_eq!(results[1].1, "merge-1-data-8 : merge-2-data-5");
    assert_eq!(results[2].1, "merge-1-data-16 : merge-2-data-9");
}

#[test]
fn merge_needs_two_window_stores_and_no_repartition() {
    let text = topologies::merge().describe();
    assert!(!text.contains("repartition"), "{text}");
    assert!(text.contains("stores: [KSTREAM-JOINTHIS-"), "{text}");
    assert!(text.contains("stores: [KSTREAM-JOINOTHER-"), "{text}");
}

#[test]
fn an_unknown_product_fails_too() {
    let config = config(Example::Products)
        .processing_exception_handler(LogAndContinueProcessingExceptionHandler);
    let mut driver = product_driver(config);
    let odd = |value: &str| Message {
        topic: "production",
        key: "k".into(),
        value: value.into(),
        turn: 0,
    };
    pipe(&mut driver, ProductNumbers, &[odd("1001"), odd("two"), odd("1000")]);
    let results = results(&mut driver, ProductTexts);
    assert_eq!(results.len(), 1);
    assert!(results[0].1.starts_with(r#"{"productionNo":1000,"#), "{results:?}");
}

/// The programs themselves, on the embedded broker.
#[cfg(feature = "kafka")]
mod programs {
    use std::path::{Path, PathBuf};
    use std::process::{Command, Output};
    use std::sync::LazyLock;
    use std::time::SystemTime;

    /// Where the built programs lie. `cargo test` builds them, but `cargo test --test examples` alone would
    /// run old ones: those are built here.
    static PROGRAMS: LazyLock<PathBuf> = LazyLock::new(|| {
        let test = std::env::current_exe().expect("a test is a program");
        let profile: PathBuf = test.ancestors().nth(2).expect("target/<profile>/deps/x").into();
        let programs = profile.join("examples");
        if EXAMPLES.iter().all(|example| is_fresh(&programs.join(example))) {
            return programs;
        }
        let features = if cfg!(feature = "rocksdb") { "kafka,rocksdb" } else { "kafka" };
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--examples", "--no-default-features", "--features", features]);
        build.arg("--target-dir").arg(profile.parent().expect("target/<profile>"));
        if profile.ends_with("release") {
            build.arg("--release");
        }
        let built = build.current_dir(env!("CARGO_MANIFEST_DIR")).status().expect("cargo starts");
        assert!(built.success(), "the examples do not build");
        programs
    });

    const EXAMPLES: [&str; 2] = ["word_count", "tutorial"];

    /// True when a program is newer than all that it is made of.
    fn is_fresh(program: &Path) -> bool {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let sources = [
            "examples",
            "streams-runtime/src",
            "streams-macros/src",
            "tests/broker/src",
            "Cargo.lock",
        ];
        let newest = sources.iter().map(|source| newest(&root.join(source))).max();
        program.metadata().and_then(|file| file.modified()).ok() > newest
    }

    fn newest(path: &Path) -> SystemTime {
        let files = std::fs::read_dir(path)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| newest(&entry.path()));
        let modified =
            path.metadata().and_then(|file| file.modified()).expect("a source with a time");
        files.max().map_or(modified, |inside| inside.max(modified))
    }

    fn run(example: &str, arguments: &[&str]) -> Output {
        Command::new(PROGRAMS.join(example)).args(arguments).output().expect("it starts")
    }

    #[track_caller]
    fn check(example: &str, arguments: &[&str], code: i32, words: &[&str]) {
        let output = run(example, arguments);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{text}\n{errors}");
        for word in words {
            assert!(text.contains(word) || errors.contains(word), "{word}: {text}\n{errors}");
        }
    }

    #[test]
    fn word_count_equals_a_count_without_kafka() {
        let sure = "equal to a count without Kafka";
        check("word_count", &["--threads", "2", "--top", "3"], 0, &["the", sure]);
    }

    #[test]
    fn word_count_of_a_small_file_with_a_minimum() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/README.md");
        let sure = "equal to a count without Kafka";
        check("word_count", &["--file", file, "--min-length", "7"], 0, &["version", sure]);
    }

    #[test]
    fn the_tutorial_runs_everything() {
        check("tutorial", &["all", "all"], 0, &["KAFKA-REAL-2-1", "20 invalid", "as expected"]);
    }

    #[test]
    fn products_skip() {
        check("tutorial", &["all", "products", "--on-error", "skip"], 0, &["as expected"]);
    }

    #[test]
    fn products_dead_letter() {
        let words = ["[production-dead-letter] 20 because of: 20 invalid", "as expected"];
        check("tutorial", &["all", "products", "--on-error", "dead-letter"], 0, &words);
    }

    #[test]
    fn products_replace_thread() {
        let words = ["stopped on purpose; what came before is as expected"];
        check("tutorial", &["all", "products", "--on-error", "replace-thread"], 0, &words);
    }

    #[test]
    fn merge() {
        // as in the tutorial, key 28 is the last one whose sides are close enough
        let words = ["[String] 28 : merge-1-data-56 : merge-2-data-29", "as expected"];
        let arguments = ["all", "merge", "--count", "33", "--rate", "5"];
        check("tutorial", &arguments, 0, &words);
    }
}
