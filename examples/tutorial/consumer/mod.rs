//! The role that shows what comes out.

use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::Message as _;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::{BorrowedMessage, Headers as _};
use streams_runtime::prelude::*;

use crate::AnyError;
use crate::domain::{Example, Settings};

/// The tutorial waits 2 s for the next record; shorter, so that the end is seen soon.
const POLL: Duration = Duration::from_millis(100);
/// How long dead letters may take to arrive.
const DEAD_LETTERS_WITHIN: Duration = Duration::from_secs(5);
const RULE: &str = "----------------------------------------";

/// Kafka Streams' header for the text of an error (KIP-1034).
const ERROR_HEADER: &str = "__streams.errors.message";

/// A result as the screen shows it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Shown {
    /// The key.
    pub key: String,
    /// The value, counts in digits.
    pub value: String,
}

/// Prints the example's results until `go_on` says no; `seen` gets each of them.
///
/// Each example has a group of its own, so that one consumer never takes the partitions of another.
///
/// # Errors
/// When the broker cannot be used, or a result does not decode.
pub fn run(
    example: Example,
    settings: &Settings,
    go_on: impl Fn() -> bool,
    mut seen: impl FnMut(Shown),
) -> Result<(), AnyError> {
    let consumer = subscribe(example, settings)?;
    while go_on() {
        // a poll of Java's client gives all records at hand: the first is waited for, the rest is not
        let mut wait = POLL;
        while let Some(message) = consumer.poll(wait) {
            let shown = decode(example, &message?)?;
            if example.row().counts && wait == POLL {
                println!("{RULE}");
            }
            show(example, &shown);
            seen(shown);
            wait = Duration::ZERO;
        }
    }
    Ok(())
}

fn subscribe(example: Example, settings: &Settings) -> Result<BaseConsumer, AnyError> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", &settings.bootstrap_servers)
        .set("group.id", format!("jun-consumer-{example}"))
        .set("enable.auto.commit", "true")
        .set("auto.offset.reset", settings.from.as_str())
        .create()?;
    consumer.subscribe(&[example.row().result])?;
    Ok(consumer)
}

fn decode(example: Example, message: &BorrowedMessage<'_>) -> Result<Shown, AnyError> {
    let topic = message.topic();
    let key = String::serde().deserialize(topic, message.key())?;
    let value = if example.row().counts {
        i64::serde().deserialize(topic, message.payload())?.to_string()
    } else {
        String::serde().deserialize(topic, message.payload())?
    };
    Ok(Shown { key, value })
}

fn show(example: Example, shown: &Shown) {
    let tag = if example.row().counts { "Agg" } else { "String" };
    println!("[{tag}] {} : {}", shown.key, shown.value);
}

/// Prints the first `count` records of the example's dead-letter topic, each with its error.
///
/// Ends early when they do not come within 5 s.
///
/// # Errors
/// When the broker cannot be used.
pub fn show_dead_letters(
    example: Example,
    settings: &Settings,
    count: usize,
) -> Result<(), AnyError> {
    let topic = example.dead_letter_topic();
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", &settings.bootstrap_servers)
        .set("group.id", format!("jun-consumer-{topic}"))
        .set("auto.offset.reset", "earliest")
        .create()?;
    consumer.subscribe(&[&topic])?;
    let give_up = now() + DEAD_LETTERS_WITHIN;
    let mut shown = 0;
    while shown < count && now() < give_up {
        let Some(message) = consumer.poll(POLL) else { continue };
        let message = message?;
        let value = String::from_utf8_lossy(message.payload().unwrap_or_default()).into_owned();
        println!("[{topic}] {value} because of: {}", error_text(&message));
        shown += 1;
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "records are waited for in real time")]
fn now() -> Instant {
    Instant::now()
}

fn error_text(message: &BorrowedMessage<'_>) -> String {
    let headers = message.headers();
    let all = headers.iter().flat_map(|headers| headers.iter());
    let text = all.filter(|header| header.key == ERROR_HEADER).find_map(|header| header.value);
    String::from_utf8_lossy(text.unwrap_or_default()).into_owned()
}
