//! The broker as its user holds it: start, stop, topics, groups, faults.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use crate::error::Error;
use crate::fault::{Fault, InjectedFault};
use crate::server::Server;
use crate::shared::{HOST, Settings, Shared};
use crate::topics::TopicConfigs;

/// Kafka's default `group.min.session.timeout.ms`.
const SESSION_TIMEOUT_MIN: Duration = Duration::from_secs(6);
/// Kafka's default `socket.request.max.bytes`.
const REQUEST_BYTES_MAX: usize = 100 * 1024 * 1024;

/// A running broker. Dropping it closes all connections and ends all of its threads.
///
/// All records stay until their topic or the broker is gone, whatever retention a topic asks for.
#[derive(Debug)]
pub struct Broker {
    pub(crate) shared: Arc<Shared>,
    server: Server,
}

/// Options of a [`Broker`].
#[derive(Clone, Debug)]
#[must_use]
pub struct BrokerBuilder {
    port: u16,
    settings: Settings,
}

impl BrokerBuilder {
    /// Listens on this port; 0, the default, takes any free one.
    pub fn port(self, port: u16) -> Self {
        Self { port, ..self }
    }

    /// Whether asking for an unknown topic makes it; off by default.
    pub fn auto_create_topics(mut self, auto_create_topics: bool) -> Self {
        self.settings.auto_create_topics = auto_create_topics;
        self
    }

    /// Partitions of a topic that is made without a number; 1 by default.
    pub fn default_partitions(mut self, partitions: i32) -> Self {
        self.settings.default_partitions = partitions;
        self
    }

    /// The shortest session timeout that a group member may ask for; 6 s, as in Kafka, by default.
    pub fn session_timeout_min(mut self, session_timeout_min: Duration) -> Self {
        self.settings.session_timeout_min = session_timeout_min;
        self
    }

    /// Starts the broker.
    ///
    /// # Errors
    /// When the port is taken or no thread can be started.
    pub fn start(self) -> io::Result<Broker> {
        let listener = TcpListener::bind((HOST, self.port))?;
        let port = listener.local_addr()?.port();
        let shared = Arc::new(Shared::new(self.settings, port));
        let server = Server::start(listener, Arc::clone(&shared))?;
        Ok(Broker { shared, server })
    }
}

impl Broker {
    /// Starts a broker with all defaults on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// See [`BrokerBuilder::start`].
    ///
    /// # Example
    /// ```
    /// let broker = streams_test_broker::Broker::start()?;
    /// broker.create_topic("orders", 3)?;
    /// assert_eq!(broker.topic_names(), ["orders"]);
    /// assert!(broker.bootstrap_servers().starts_with("127.0.0.1:"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn start() -> io::Result<Self> {
        Self::builder().start()
    }

    /// A broker to be started with options.
    pub fn builder() -> BrokerBuilder {
        let settings = Settings {
            auto_create_topics: false,
            default_partitions: 1,
            session_timeout_min: SESSION_TIMEOUT_MIN,
            request_bytes_max: REQUEST_BYTES_MAX,
        };
        BrokerBuilder { port: 0, settings }
    }

    /// What goes into `bootstrap.servers`.
    #[must_use]
    pub fn bootstrap_servers(&self) -> String {
        format!("{HOST}:{}", self.shared.port)
    }

    /// Makes a topic with default configs.
    ///
    /// # Errors
    /// When the topic exists, or its name or number of partitions is not allowed.
    pub fn create_topic(&self, name: &str, partitions: i32) -> Result<(), Error> {
        self.create_topic_with(name, partitions, &[])
    }

    /// Makes a topic with configs, such as `("cleanup.policy", "compact")`.
    ///
    /// # Errors
    /// As [`Broker::create_topic`], and for configs that Kafka does not know.
    pub fn create_topic_with(
        &self,
        name: &str,
        partitions: i32,
        configs: &[(&str, &str)],
    ) -> Result<(), Error> {
        let failed = |code| Error::new(code, format!("create topic `{name}`"));
        let configs = TopicConfigs::from_pairs(configs.iter().copied()).map_err(failed)?;
        self.shared.topics().create(name, partitions, configs).map_err(failed)
    }

    /// Deletes a topic with its records and the offsets committed for it.
    ///
    /// # Errors
    /// When there is no such topic.
    pub fn delete_topic(&self, name: &str) -> Result<(), Error> {
        let deleted = self.shared.delete_topic(name);
        deleted.map_err(|code| Error::new(code, format!("delete topic `{name}`")))
    }

    /// The names of all topics, sorted.
    #[must_use]
    pub fn topic_names(&self) -> Vec<String> {
        self.shared.topics().iter().map(|(name, _)| name.to_owned()).collect()
    }

    /// How many partitions a topic has.
    #[must_use]
    pub fn partition_count(&self, topic: &str) -> Option<i32> {
        self.shared.topics().get(topic).ok().map(|topic| topic.partition_count())
    }

    /// The value in force of a topic's config; none for an unknown topic or config.
    #[must_use]
    pub fn topic_config(&self, topic: &str, name: &str) -> Option<String> {
        crate::topics::find_config(name).ok()?;
        self.shared.topics().get(topic).ok().map(|topic| topic.configs.get(name).to_owned())
    }

    /// Puts a fault in force.
    pub fn inject(&self, fault: Fault) -> InjectedFault {
        self.shared.faults.inject(fault)
    }

    /// Cuts all connections that are open now, as a broker restart would.
    pub fn disconnect_all(&self) {
        self.server.disconnect_all();
    }
}
