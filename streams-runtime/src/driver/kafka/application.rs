//! What all threads of an instance share, checked against the broker before the first one starts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use super::clients::{self, Admin, Consumer, EndOf};
use super::events::lock;
use super::inputs::{Inputs, max_age};
use super::send::Changelogs;
use super::stores::{StoreRoom, is_logged};
use super::time::now;
use super::topics;
use crate::config::{ProcessingGuarantee, StreamsConfig};
use crate::context::PartitionCounts;
use crate::dsl::BuiltTopology;
use crate::error::StreamsError;
use crate::record::TopicPartition;
use crate::task::TaskSettings;

/// One instance of an application.
pub(crate) struct Application {
    pub(super) config: StreamsConfig,
    pub(super) built: Arc<BuiltTopology>,
    /// What it reads; another value after each look that found something new.
    pub(super) inputs: Mutex<Arc<Inputs>>,
    /// How often that was.
    pub(super) changes: AtomicU64,
    /// When to look for topics that match a pattern; held by who looks.
    pub(super) next_look: Mutex<Instant>,
    pub(super) changelogs: Changelogs,
    pub(super) repartitions: BTreeSet<String>,
    /// Answers questions about topics and offsets for all threads: on a consumer's own connection
    /// they would wait behind its fetches, half a second each.
    pub(super) metadata: Arc<Consumer>,
    /// Answers where changelogs end, open transactions included; the same client where there are
    /// none.
    pub(super) log_ends: Arc<Consumer>,
    process_id: uuid::Uuid,
    pub(super) admin: Arc<Admin>,
    pub(super) room: StoreRoom,
    pub(super) task_settings: TaskSettings,
    /// How many threads there are.
    pub(crate) threads: AtomicUsize,
}

impl Application {
    /// Locks the state, checks the topics of the broker and creates the internal ones.
    ///
    /// # Errors
    /// When the broker does not answer, topics do not fit, rights are missing, or the state
    /// directory is in use. All within bounded time.
    pub(crate) fn prepare(
        config: StreamsConfig,
        built: Arc<BuiltTopology>,
        client_id: &str,
        process_id: uuid::Uuid,
    ) -> Result<Self, StreamsError> {
        let room = StoreRoom::new(Arc::clone(&built), &config)?;
        let metadata = Arc::new(clients::metadata_client(&config, client_id, EndOf::Readable)?);
        let log_ends = match config.settings().guarantee {
            ProcessingGuarantee::AtLeastOnce => Arc::clone(&metadata),
            ProcessingGuarantee::ExactlyOnceV2 => {
                Arc::new(clients::metadata_client(&config, client_id, EndOf::Log)?)
            }
        };
        let admin = Arc::new(clients::admin(&config, client_id)?);
        let inputs = topics::prepare(&admin, &metadata, &built.plan, &config)?;
        let parts = &built.plan.sub_topologies;
        let repartitions = parts.iter().flat_map(|part| &part.repartition_sources);
        let repartitions = repartitions.map(|topic| topic.name.clone()).collect();
        let logged = built.plan.stores.iter().filter(|store| store.used && is_logged(store));
        let changelogs = Arc::new(logged.filter_map(|store| store.changelog.clone()).collect());
        let (task_settings, age) = (config.task_settings(), max_age(&config));
        let threads = AtomicUsize::new(config.settings().num_stream_threads);
        Ok(Self {
            config,
            built,
            inputs: Mutex::new(Arc::new(inputs)),
            changes: AtomicU64::new(0),
            next_look: Mutex::new(now() + age),
            changelogs,
            repartitions,
            metadata,
            log_ends,
            process_id,
            admin,
            room,
            task_settings,
            threads,
        })
    }

    /// True when there are global stores, and so a thread that keeps them.
    pub(crate) fn has_globals(&self) -> bool {
        self.built.plan.sub_topologies.iter().any(|part| part.global)
    }

    /// True when there are tasks, and so stream threads.
    pub(crate) fn has_tasks(&self) -> bool {
        self.built.plan.sub_topologies.iter().any(|part| !part.global)
    }

    /// All partitions of the topics that global stores are made of.
    pub(super) fn global_partitions(&self) -> Vec<TopicPartition> {
        let parts = self.built.plan.sub_topologies.iter().filter(|part| part.global);
        let topics: BTreeSet<&String> = parts.flat_map(|part| &part.source_topics).collect();
        let inputs = self.inputs();
        let places = topics.into_iter().flat_map(|topic| {
            let count = inputs.counts.get(topic).copied().unwrap_or(0);
            let topic: Arc<str> = topic.as_str().into();
            (0..i32::try_from(count).unwrap_or(i32::MAX))
                .map(move |partition| TopicPartition::new(Arc::clone(&topic), partition))
        });
        places.collect()
    }

    /// The transactional id of a thread, as Java's `StreamsProducer` makes it: no other process has
    /// it, and the group's generation keeps former owners of a task out.
    pub(super) fn transactional_id(&self, thread: &str) -> String {
        let number = thread.rsplit('-').next().unwrap_or_default();
        format!("{}-{}-{number}", self.config.application_id(), self.process_id)
    }

    /// The bytes that the caches of one thread may hold; a thread that keeps global stores has a share, as in
    /// Java (`KafkaStreams#cacheSizePerThread`).
    pub(super) fn cache_bytes_of_thread(&self) -> usize {
        let threads = self.threads.load(Ordering::Relaxed).max(1);
        self.config.settings().cache_max_bytes / (threads + usize::from(self.has_globals()))
    }

    /// The partition counts for partitioners; topics that a function names are asked for once.
    pub(super) fn partition_counts(&self) -> PartitionCounts {
        let signed = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
        let mut counts = PartitionCounts::default();
        for (topic, count) in &self.inputs().counts {
            counts.set(topic.clone(), signed(*count));
        }
        let (metadata, found) = (Arc::clone(&self.metadata), Mutex::new(BTreeMap::new()));
        counts.or_ask(move |topic| {
            let mut found = lock(&found);
            if let Some(count) = found.get(topic) {
                return Some(*count);
            }
            let count = signed(topics::partitions_of(&metadata, topic)?);
            found.insert(topic.to_owned(), count);
            Some(count)
        })
    }
}
