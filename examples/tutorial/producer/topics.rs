//! Topics made anew at start, so that every run begins empty.

use std::time::{Duration, Instant};

use futures_executor::block_on;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::metadata::MetadataTopic;
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
    let admin = connect(bootstrap_servers)?;
    // compared whole, as `word` is also the start of `word-agg`
    delete(&admin, |name| names.contains(&name))?;
    create(&admin, names)
}

/// Deletes the internal topics of an application, and so what its stores would be restored from.
///
/// # Errors
/// When the broker does not answer, or refuses.
pub fn delete_internal(bootstrap_servers: &str, application_id: &str) -> Result<(), AnyError> {
    let prefix = format!("{application_id}-");
    delete(&connect(bootstrap_servers)?, |name| name.starts_with(&prefix))
}

fn connect(bootstrap_servers: &str) -> Result<AdminClient<DefaultClientContext>, AnyError> {
    Ok(ClientConfig::new().set("bootstrap.servers", bootstrap_servers).create()?)
}

fn delete(
    admin: &AdminClient<DefaultClientContext>,
    unwanted: impl Fn(&str) -> bool,
) -> Result<(), AnyError> {
    let metadata = admin.inner().fetch_metadata(None, ANSWER_WITHIN).map_err(|error| {
        format!("the broker does not answer ({error}); start one at what --bootstrap-servers says")
    })?;
    let names = metadata.topics().iter().map(MetadataTopic::name);
    let old: Vec<&str> = names.filter(|name| unwanted(name)).collect();
    if !old.is_empty() {
        block_on(admin.delete_topics(&old, &AdminOptions::new()))?;
        std::thread::sleep(PAUSE);
    }
    Ok(())
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
