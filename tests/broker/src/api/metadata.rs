//! Metadata: the node, and the topics with their partitions.

use kafka_protocol::ResponseError as ErrorCode;
use kafka_protocol::messages::metadata_response::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use kafka_protocol::messages::{BrokerId, MetadataRequest, MetadataResponse, TopicName};

use super::{Api, Call, Reply, text};
use crate::fault::Subjects;
use crate::log::LEADER_EPOCH;
use crate::shared::{CLUSTER_ID, HOST, NODE_ID};
use crate::topics::{Topic, TopicConfigs, Topics};

impl Api for MetadataRequest {
    type Response = MetadataResponse;

    fn subjects(&self) -> Subjects<'_> {
        Subjects::topics(self.names())
    }

    fn handle(self, call: &Call<'_>) -> Reply<MetadataResponse> {
        let mut topics = call.shared.topics();
        // Version 0 has no null: there an empty list asks for everything.
        let wants_all = match &self.topics {
            None => true,
            Some(named) => call.version == 0 && named.is_empty(),
        };
        let found: Vec<_> = if wants_all {
            topics.iter().map(|(name, topic)| describe(name, Ok(topic))).collect()
        } else {
            let mut find = |name| look_up(&mut topics, name, self.allow_auto_topic_creation, call);
            self.names().map(&mut find).collect()
        };
        Reply::Send(response(call.shared.port).with_topics(found))
    }

    fn refuse(&self, error: ErrorCode) -> MetadataResponse {
        let topics = self.names().map(|name| describe(name, Err(error)));
        MetadataResponse::default().with_topics(topics.collect())
    }
}

trait Names {
    fn names(&self) -> impl Iterator<Item = &str>;
}

impl Names for MetadataRequest {
    fn names(&self) -> impl Iterator<Item = &str> {
        let topics = self.topics.iter().flatten();
        topics.filter_map(|topic| topic.name.as_ref()).map(|name| name.0.as_str())
    }
}

fn look_up(
    topics: &mut Topics,
    name: &str,
    may_create: bool,
    call: &Call<'_>,
) -> MetadataResponseTopic {
    let settings = call.shared.settings;
    if may_create && settings.auto_create_topics && topics.get(name).is_err() {
        let created = topics.create(name, settings.default_partitions, TopicConfigs::default());
        if let Err(error) = created {
            return describe(name, Err(error));
        }
    }
    describe(name, topics.get(name))
}

fn response(port: u16) -> MetadataResponse {
    let node = MetadataResponseBroker::default()
        .with_node_id(BrokerId(NODE_ID))
        .with_host(text(HOST))
        .with_port(i32::from(port));
    MetadataResponse::default()
        .with_brokers(vec![node])
        .with_cluster_id(Some(text(CLUSTER_ID)))
        .with_controller_id(BrokerId(NODE_ID))
}

fn describe(name: &str, topic: Result<&Topic, ErrorCode>) -> MetadataResponseTopic {
    let described = MetadataResponseTopic::default().with_name(Some(TopicName(text(name))));
    match topic {
        Err(error) => described.with_error_code(error.code()),
        Ok(topic) => {
            described.with_partitions((0..topic.partition_count()).map(partition).collect())
        }
    }
}

fn partition(index: i32) -> MetadataResponsePartition {
    MetadataResponsePartition::default()
        .with_partition_index(index)
        .with_leader_id(BrokerId(NODE_ID))
        .with_leader_epoch(LEADER_EPOCH)
        .with_replica_nodes(vec![BrokerId(NODE_ID)])
        .with_isr_nodes(vec![BrokerId(NODE_ID)])
}
