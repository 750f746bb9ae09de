//! Counts the words of a book: lines go into one Kafka topic, counts come out of another.
//!
//! `cargo run --example word_count` needs nothing else: it starts an embedded broker. With
//! `--bootstrap-servers host:port` it uses a broker of yours. In the end the counts are compared with
//! a count that knows nothing of Kafka; the exit code is 0 only when all of them are equal.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread::ScopedJoinHandle;
use std::time::{Duration, Instant};

use clap::Parser;
use comfy_table::{CellAlignment, Table, presets::UTF8_FULL_CONDENSED};
use futures_executor::block_on;
use indicatif::{ProgressBar, ProgressStyle};
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer as _, ThreadedProducer};
use rdkafka::types::RDKafkaErrorCode;
use rdkafka::{ClientConfig, Message as _, Offset, TopicPartitionList};
use streams_runtime::client::{KafkaStreams, State};
use streams_runtime::config::StreamsConfig;
use streams_runtime::prelude::*;
use streams_runtime::topology::StoreType;
use streams_test_broker::Broker;

/// The input: one record per line, without a key.
#[topic("book-lines")]
pub type Lines = Topic<Option<String>, String>;

/// The result: each word with its count so far.
#[topic("book-word-counts")]
pub type WordCounts = Topic<String, i64>;

topology!(
    /// Counts how often each word of at least `min_length` letters was seen.
    pub fn word_count(min_length: usize) -> Topology {
        let words = stream(Lines)
            .flat_map_values(split_words)
            .filter(move |_, word| word.chars().count() >= min_length);
        let counts = words.group_by(|_, word| word.clone()).count("counts");
        counts.to_stream().to(WordCounts);
    }
);

/// Words are letters, digits and apostrophes inside; `God's` is one word.
fn split_words(line: String) -> Vec<String> {
    line.split(|character: char| !character.is_alphanumeric() && character != '\'')
        .map(|word| word.trim_matches('\'').to_lowercase())
        .filter(|word| !word.is_empty())
        .collect()
}

/// Counts the words of a book with a Kafka Streams topology, and checks the result.
#[derive(Parser)]
struct Options {
    /// A broker of yours; without it, one starts inside this program
    #[arg(long, value_name = "HOST:PORT")]
    bootstrap_servers: Option<String>,
    /// Threads that process
    #[arg(long, default_value_t = 1)]
    threads: usize,
    /// The book, as plain text
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/kjv.txt"))]
    file: PathBuf,
    /// Words to show in the end
    #[arg(long, default_value_t = 20)]
    top: usize,
    /// Count only words of at least so many letters
    #[arg(long, default_value_t = 1)]
    min_length: usize,
}

type AnyError = Box<dyn std::error::Error + Send + Sync>;
type Counts = HashMap<String, i64>;

/// The application's name; its internal topics begin with it.
const APPLICATION: &str = "book-word-count";
/// What a run before may have left; each run begins with empty topics.
const TOPICS: [&str; 4] = [
    "book-lines",
    "book-word-counts",
    "book-word-count-counts-repartition",
    "book-word-count-counts-changelog",
];
const PARTITIONS: i32 = 4;
const NOTHING_NEW_MAX: Duration = Duration::from_secs(30);
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Counts the book through Kafka, shows the result, and says whether it is right.
fn run(options: &Options) -> Result<bool, AnyError> {
    let book = std::fs::read_to_string(&options.file)
        .map_err(|error| format!("{}: {error}", options.file.display()))?;
    let expected = count_without_kafka(&book, options.min_length);
    let kafka = Kafka::connect(options.bootstrap_servers.as_deref())?;
    println!("book    {} ({} lines)", options.file.display(), book.lines().count());
    println!("broker  {}", kafka.about());

    kafka.create_topics()?;
    let streams = KafkaStreams::new(&word_count(options.min_length), config(options, &kafka))?;
    let (counts, seconds) = count_with_kafka(&kafka, &streams, &book, expected.values().sum())?;

    show_top(&counts, options.top);
    let lines = book.lines().count() as f64;
    let words = counts.values().sum::<i64>() as f64;
    println!(
        "speed   {:.0} lines/s, {:.0} words/s ({:.1} s from the first line to the last count)",
        lines / seconds,
        words / seconds,
        seconds
    );
    Ok(check(&counts, &expected))
}

/// Commits often, so that the progress moves, and keeps the counts in memory, as they live no longer
/// than the program.
fn config(options: &Options, kafka: &Kafka) -> StreamsConfig {
    StreamsConfig::new(APPLICATION)
        .bootstrap_servers(&kafka.servers)
        .num_stream_threads(options.threads)
        .commit_interval(Duration::from_millis(200))
        .default_store_type(StoreType::InMemory)
}

/// Runs the topology while one thread sends the book and this one reads counts; gives the counts and
/// the seconds it took.
fn count_with_kafka(
    kafka: &Kafka,
    streams: &KafkaStreams,
    book: &str,
    total: i64,
) -> Result<(Counts, f64), AnyError> {
    std::thread::scope(|scope| {
        let running = scope.spawn(|| streams.run_until_signal());
        let started = now();
        let producer = scope.spawn(|| kafka.produce(book));
        let counts = kafka.read_counts(total, || streams.state());
        let seconds = started.elapsed().as_secs_f64();
        streams.close(ANSWER_WITHIN);
        join(running)?;
        join(producer)?;
        Ok((counts?, seconds))
    })
}

/// The result of a thread; a panic goes on here.
fn join<E: Into<AnyError>>(thread: ScopedJoinHandle<'_, Result<(), E>>) -> Result<(), AnyError> {
    let result = thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    result.map_err(Into::into)
}

/// A second opinion: one loop over the characters of the whole book, and no topology.
fn count_without_kafka(book: &str, min_length: usize) -> Counts {
    let mut counts = Counts::new();
    let mut word = String::new();
    for character in book.chars().chain(['\n']) {
        if character.is_alphanumeric() || (character == '\'' && !word.is_empty()) {
            word.push(character);
            continue;
        }
        while word.ends_with('\'') {
            word.pop();
        }
        let word = std::mem::take(&mut word).to_lowercase();
        if !word.is_empty() && word.chars().count() >= min_length {
            *counts.entry(word).or_default() += 1;
        }
    }
    counts
}

/// Compares every word's count and says the result.
fn check(counts: &Counts, expected: &Counts) -> bool {
    let wrong = expected.iter().filter(|(word, count)| counts.get(*word) != Some(*count));
    let unknown = counts.keys().filter(|word| !expected.contains_key(*word));
    let (wrong, unknown) = (wrong.count(), unknown.count());
    if wrong + unknown == 0 {
        let total: i64 = expected.values().sum();
        println!("checked {} words, {total} in all: equal to a count without Kafka", counts.len());
        return true;
    }
    println!("WRONG   {wrong} of {} counts differ, {unknown} words too many", expected.len());
    false
}

fn show_top(counts: &Counts, top: usize) {
    let mut by_count: Vec<(&String, &i64)> = counts.iter().collect();
    by_count.sort_by_key(|(word, count)| (-**count, *word));
    let total: i64 = counts.values().sum();
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header(["rank", "word", "count", "share"]);
    for (rank, (word, count)) in by_count.into_iter().take(top).enumerate() {
        let share = *count as f64 * 100.0 / total as f64;
        table.add_row([
            (rank + 1).to_string(),
            word.clone(),
            count.to_string(),
            format!("{share:.2} %"),
        ]);
    }
    for column in [0, 2, 3] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    println!("{table}");
}

/// The broker of this run, and what is done with it around the topology.
struct Kafka {
    servers: String,
    embedded: Option<Broker>,
}

impl Kafka {
    fn connect(servers: Option<&str>) -> Result<Self, AnyError> {
        if let Some(servers) = servers {
            return Ok(Self { servers: servers.to_owned(), embedded: None });
        }
        let broker = Broker::start()?;
        Ok(Self { servers: broker.bootstrap_servers(), embedded: Some(broker) })
    }

    fn about(&self) -> String {
        let kind = if self.embedded.is_some() { " (embedded in this program)" } else { "" };
        format!("{}{kind}", self.servers)
    }

    fn client(&self) -> ClientConfig {
        let mut client = ClientConfig::new();
        client.set("bootstrap.servers", &self.servers);
        client
    }

    /// Deletes what a run before has left, and creates the input and the output.
    fn create_topics(&self) -> Result<(), AnyError> {
        let admin: AdminClient<DefaultClientContext> = self.client().create()?;
        let options = AdminOptions::new();
        let known = admin.inner().fetch_metadata(None, ANSWER_WITHIN).map_err(|error| {
            format!(
                "no broker answers at {} ({error}); start one there, or leave out --bootstrap-servers",
                self.servers
            )
        })?;
        let is_old = |name: &&str| known.topics().iter().any(|topic| topic.name() == *name);
        let old: Vec<&str> = TOPICS.into_iter().filter(is_old).collect();
        if !old.is_empty() {
            block_on(admin.delete_topics(&old, &options))?;
        }
        for name in &TOPICS[..2] {
            let topic = NewTopic::new(name, PARTITIONS, TopicReplication::Fixed(1));
            retry_while_deleting(|| {
                let answer = block_on(admin.create_topics([&topic], &options))?.remove(0);
                Ok(answer.map_err(|(_, code)| code))
            })?;
        }
        Ok(())
    }

    /// Sends every line of the book.
    fn produce(&self, book: &str) -> Result<(), AnyError> {
        let producer: ThreadedProducer<DefaultProducerContext> =
            self.client().set("linger.ms", "5").create()?;
        for line in book.lines() {
            let mut record = BaseRecord::<(), str>::to(TOPICS[0]).payload(line);
            while let Err((error, unsent)) = producer.send(record) {
                if error.rdkafka_error_code() != Some(RDKafkaErrorCode::QueueFull) {
                    return Err(error.into());
                }
                std::thread::sleep(Duration::from_millis(10));
                record = unsent;
            }
        }
        Ok(producer.flush(ANSWER_WITHIN)?)
    }

    /// Reads the newest count of each word until all `total` words are counted.
    ///
    /// Ends early when nothing new comes for a while.
    fn read_counts(&self, total: i64, state: impl Fn() -> State) -> Result<Counts, AnyError> {
        let consumer: BaseConsumer = self.client().set("group.id", APPLICATION).create()?;
        let mut partitions = TopicPartitionList::new();
        for partition in 0..PARTITIONS {
            partitions.add_partition_offset(TOPICS[1], partition, Offset::Beginning)?;
        }
        consumer.assign(&partitions)?;
        let progress = ProgressBar::new(total.unsigned_abs()).with_style(style()?);
        let (mut counts, mut counted, mut newest) = (Counts::new(), 0, now());
        while counted < total && newest.elapsed() < NOTHING_NEW_MAX {
            if !matches!(state(), State::Created | State::Rebalancing | State::Running) {
                return Err("stopped before the whole book was counted".into());
            }
            let Some(message) = consumer.poll(Duration::from_millis(100)) else { continue };
            let message = message?;
            let word = String::serde().deserialize(TOPICS[1], message.key())?;
            let count = i64::serde().deserialize(TOPICS[1], message.payload())?;
            counted += count - counts.insert(word, count).unwrap_or(0);
            progress.set_position(counted.unsigned_abs());
            newest = now();
        }
        progress.finish();
        Ok(counts)
    }
}

fn style() -> Result<ProgressStyle, AnyError> {
    Ok(ProgressStyle::with_template("words   {bar:40} {human_pos} of {human_len} in {elapsed}")?)
}

/// Tries again while a topic of that name is still being deleted.
fn retry_while_deleting(
    create: impl Fn() -> Result<Result<String, RDKafkaErrorCode>, AnyError>,
) -> Result<(), AnyError> {
    let started = now();
    loop {
        match create()? {
            Ok(_) => return Ok(()),
            Err(RDKafkaErrorCode::TopicAlreadyExists) if started.elapsed() < ANSWER_WITHIN => {
                std::thread::sleep(Duration::from_millis(200));
            }
            Err(code) => return Err(format!("cannot create a topic: {code}").into()),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a program measures its own run")]
fn now() -> Instant {
    Instant::now()
}
