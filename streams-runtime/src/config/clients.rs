//! What is passed on to the clients: prefixes, translation, and which client reads what.

use std::collections::BTreeMap;

use super::java::{self, Translation};
use super::librdkafka::{self, Scope};
use super::{keys, nearest};

/// The clients of an instance.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ClientKind {
    /// Reads the source topics, one per thread.
    MainConsumer,
    /// Reads changelogs, one per thread.
    RestoreConsumer,
    /// Reads global tables, one per instance.
    GlobalConsumer,
    /// Writes, one per thread.
    Producer,
    /// Creates and checks topics, one per instance.
    Admin,
}

type Properties = BTreeMap<String, String>;

/// Settings by prefix, weakest first: none, `consumer.`, then `main.consumer.` and its like.
#[derive(Clone, Debug, Default)]
pub(super) struct ClientSettings {
    all: Properties,
    consumer: Properties,
    main_consumer: Properties,
    restore_consumer: Properties,
    global_consumer: Properties,
    producer: Properties,
    admin: Properties,
    topic: Properties,
}

impl ClientSettings {
    /// Takes a key that is none of Kafka Streams' own.
    pub(super) fn apply(&mut self, key: &str, value: &str) -> Result<Option<String>, String> {
        if let Some(name) = key.strip_prefix("topic.")
            && librdkafka::scope(key).is_none()
        {
            self.topic.insert(name.to_owned(), value.to_owned());
            return Ok(None);
        }
        let (client, name) = split_prefix(key);
        match java::translate(name, value) {
            Some(Translation::As(name, value)) => self.put(client, key, name, value),
            Some(Translation::Ignored(reason)) => {
                Ok(Some(format!("`{key}` has no effect: {reason}")))
            }
            Some(Translation::Refused(reason)) => Err(format!("`{key}` is {value:?}: {reason}")),
            None => self.put(client, key, name, value.to_owned()),
        }
    }

    fn put(
        &mut self,
        client: Client,
        key: &str,
        name: &str,
        value: String,
    ) -> Result<Option<String>, String> {
        let Some(scope) = librdkafka::scope(name) else { return Err(unknown(key, client, name)) };
        let name = name.to_owned();
        match (client, scope) {
            (Client::Any, Scope::All) => self.all.insert(name, value),
            (Client::Any | Client::Consumer, Scope::Consumer) | (Client::Consumer, Scope::All) => {
                self.consumer.insert(name, value)
            }
            (Client::Main, Scope::Consumer | Scope::All) => self.main_consumer.insert(name, value),
            (Client::Restore, Scope::Consumer | Scope::All) => {
                self.restore_consumer.insert(name, value)
            }
            (Client::Global, Scope::Consumer | Scope::All) => {
                self.global_consumer.insert(name, value)
            }
            (Client::Any | Client::Producer, Scope::Producer) | (Client::Producer, Scope::All) => {
                self.producer.insert(name, value)
            }
            (Client::Admin, Scope::All) => self.admin.insert(name, value),
            (Client::Producer, Scope::Consumer) => {
                return Err(format!("`{key}`: `{name}` is read by consumers, not by producers"));
            }
            (
                Client::Consumer | Client::Main | Client::Restore | Client::Global,
                Scope::Producer,
            ) => {
                return Err(format!("`{key}`: `{name}` is read by producers, not by consumers"));
            }
            (Client::Admin, _) => {
                return Err(format!("`{key}`: the admin client does not read `{name}`"));
            }
        };
        Ok(None)
    }

    /// The merged settings of one kind of client.
    pub(super) fn properties(&self, kind: ClientKind) -> Properties {
        let layers: &[&Properties] = match kind {
            ClientKind::MainConsumer => &[&self.all, &self.consumer, &self.main_consumer],
            ClientKind::RestoreConsumer => &[&self.all, &self.consumer, &self.restore_consumer],
            ClientKind::GlobalConsumer => &[&self.all, &self.consumer, &self.global_consumer],
            ClientKind::Producer => &[&self.all, &self.producer],
            ClientKind::Admin => &[&self.all, &self.admin],
        };
        let mut merged = Properties::new();
        for layer in layers {
            merged.extend(layer.iter().map(|(key, value)| (key.clone(), value.clone())));
        }
        merged
    }

    /// The settings of internal topics.
    pub(super) fn topic(&self) -> &Properties {
        &self.topic
    }
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Client {
    Any,
    Consumer,
    Main,
    Restore,
    Global,
    Producer,
    Admin,
}

const PREFIXES: &[(&str, Client)] = &[
    ("main.consumer.", Client::Main),
    ("restore.consumer.", Client::Restore),
    ("global.consumer.", Client::Global),
    ("consumer.", Client::Consumer),
    ("producer.", Client::Producer),
    ("admin.", Client::Admin),
];

fn split_prefix(key: &str) -> (Client, &str) {
    for (prefix, client) in PREFIXES {
        if let Some(name) = key.strip_prefix(prefix) {
            return (*client, name);
        }
    }
    (Client::Any, key)
}

fn unknown(key: &str, client: Client, name: &str) -> String {
    let guess = if client == Client::Any {
        nearest::nearest(name, keys::all_keys().chain(librdkafka::all_keys()))
    } else {
        nearest::nearest(name, librdkafka::all_keys())
    };
    let prefix = &key[..key.len() - name.len()];
    match guess {
        Some(guess) => format!("`{key}` is unknown; did you mean `{prefix}{guess}`?"),
        None => format!("`{key}` is a key of neither Kafka Streams nor librdkafka"),
    }
}
