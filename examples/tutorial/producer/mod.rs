//! The role that fills the source topics.

mod messages;
mod sender;
mod topics;

use crate::AnyError;
use crate::domain::{Example, Pacing, Settings};

pub use messages::{Message, messages};
use sender::Sender;

/// Makes the example's topics anew and sends its records.
///
/// # Errors
/// When the broker does not answer, or refuses a topic or a record.
pub fn run(example: Example, settings: &Settings) -> Result<(), AnyError> {
    create_topics(example, settings)?;
    send(example, settings)
}

/// Makes the example's source and result topics anew, and its dead-letter topic.
///
/// # Errors
/// When the broker does not answer, or refuses.
pub fn create_topics(example: Example, settings: &Settings) -> Result<(), AnyError> {
    let dead_letters = example.dead_letter_topic();
    let mut names = example.row().sources.to_vec();
    names.extend([example.row().result, &dead_letters]);
    topics::create_anew(&settings.bootstrap_servers, &names)
}

/// Deletes what a run before has left of the application itself: its internal topics.
///
/// # Errors
/// When the broker does not answer, or refuses.
pub fn reset_application(example: Example, settings: &Settings) -> Result<(), AnyError> {
    topics::delete_internal(&settings.bootstrap_servers, &example.application_id())
}

/// Sends the example's records at the wanted rate and waits for the broker's answer to each.
///
/// A record's timestamp is the moment when it was due, so that a slow broker changes no result.
///
/// # Errors
/// When the broker does not answer, or refuses a record.
pub fn send(example: Example, settings: &Settings) -> Result<(), AnyError> {
    let sender = Sender::connect(&settings.bootstrap_servers)?;
    let pacing = Pacing::new(settings.rate);
    let all = messages(example, settings.count, settings.seed);
    for message in &all {
        let Message { topic, key, value, turn } = message;
        let place = sender.send(message, pacing.wait(*turn))?;
        println!(
            "key: {key}, message: {value}, topic: {topic}, partition: {}, offset: {}",
            place.partition, place.offset
        );
    }
    Ok(())
}
