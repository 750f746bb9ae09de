//! Topics made anew at start, so that every run begins empty.

use std::time::{Duration, Instant};

use futures_executor::block_on;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::types::RDKafkaErrorCode;

use crate::AnyError;

const PARTITIONS: i32 = 3;
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
const GONE_WITHIN: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(500);

/// Deletes the topics that exist, then creates all of them with 3 partitions and 1 replica.
///
/// # Errors
/// When the broker does not answer, or refuses.
pub fn create_anew(bootstrap_servers: &str, names: &[&str]) -> Result<(), AnyError> {
    let admin: AdminClient<DefaultClientContext> =
        ClientConfig::new().set("bootstrap.servers", bootstrap_servers).create()?;
    let old = existing(&admin, names)?;
    if !old.is_empty() {
        block_on(admin.delete_topics(&old, &AdminOptions::new()))?;
        std::thread::sleep(PAUSE);
    }
    create(&admin, names)
}

/// Those of the names that are topics now; compared whole, as `word` is also the start of `word-agg`.
fn existing<'a>(
    admin: &AdminClient<DefaultClientContext>,
    names: &[&'a str],
) -> Result<Vec<&'a str>, AnyError> {
    let metadata = admin.inner().fetch_metadata(None, ANSWER_WITHIN)?;
    let exists = |name: &str| metadata.topics().iter().any(|topic| topic.name() == name);
    Ok(names.iter().copied().filter(|name| exists(name)).collect())
}

/// Creates the topics; one that is still being deleted is tried again for a while.
#[expect(clippy::disallowed_methods, reason = "a broker's answer is waited for in real time")]
fn create(admin: &AdminClient<DefaultClientContext>, names: &[&str]) -> Result<(), AnyError> {
    let give_up = Instant::now() + GONE_WITHIN;
    let mut missing = names.to_vec();
    loop {
        let new: Vec<NewTopic<'_>> = missing
            .iter()
            .map(|name| NewTopic::new(name, PARTITIONS, TopicReplication::Fixed(1)))
            .collect();
        missing.clear();
        for answer in block_on(admin.create_topics(&new, &AdminOptions::new()))? {
            match answer {
                Ok(_) => {}
                Err((name, RDKafkaErrorCode::TopicAlreadyExists)) if Instant::now() < give_up => {
                    missing.extend(names.iter().filter(|known| **known == name));
                }
                Err((name, code)) => return Err(format!("topic {name}: {code}").into()),
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        std::thread::sleep(PAUSE);
    }
}
