//! OffsetCommit and OffsetFetch.

use kafka_protocol::ResponseError as ErrorCode;
use kafka_protocol::messages::offset_commit_request::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use kafka_protocol::messages::offset_commit_response::{
    OffsetCommitResponsePartition, OffsetCommitResponseTopic,
};
use kafka_protocol::messages::offset_fetch_request::OffsetFetchRequestTopic;
use kafka_protocol::messages::offset_fetch_response::{
    OffsetFetchResponsePartition, OffsetFetchResponseTopic,
};
use kafka_protocol::messages::{
    OffsetCommitRequest, OffsetCommitResponse, OffsetFetchRequest, OffsetFetchResponse, TopicName,
};

use super::membership::speaker;
use super::{Api, Call, Reply, code_of, text};
use crate::clock;
use crate::fault::Subjects;
use crate::groups::{Committed, Group, Groups};
use crate::topics::Topics;

/// The first OffsetFetch version with an error for the whole answer.
const ERROR_FROM: i16 = 2;

impl Api for OffsetCommitRequest {
    type Response = OffsetCommitResponse;

    fn subjects(&self) -> Subjects<'_> {
        let topics = Subjects::topics(self.topics.iter().map(|topic| topic.name.0.as_str()));
        Subjects { groups: vec![&self.group_id], ..topics }
    }

    fn handle(self, call: &Call<'_>) -> Reply<OffsetCommitResponse> {
        // Lock order everywhere: topics before groups.
        let topics = call.shared.topics();
        let mut groups = call.shared.coordinator.lock();
        match committing_group(&self, &mut groups) {
            Err(error) => Reply::Send(self.refuse(error)),
            Ok(group) => Reply::Send(commit_respond(&self, |topic, asked| {
                commit(&topics, group, topic, asked)
            })),
        }
    }

    fn refuse(&self, error: ErrorCode) -> OffsetCommitResponse {
        commit_respond(self, |_, _| Err(error))
    }
}

fn committing_group<'a>(
    request: &OffsetCommitRequest,
    groups: &'a mut Groups,
) -> Result<&'a mut Group, ErrorCode> {
    let generation = request.generation_id_or_member_epoch;
    if request.group_id.is_empty() {
        return Err(ErrorCode::InvalidGroupId);
    }
    if generation >= 0 && !groups.by_id.contains_key(request.group_id.as_str()) {
        return Err(ErrorCode::IllegalGeneration);
    }
    let group = groups.get_or_create(&request.group_id);
    let speaker = speaker(&request.member_id, request.group_instance_id.as_ref());
    group.may_commit(speaker, generation, clock::now())?;
    Ok(group)
}

fn commit(
    topics: &Topics,
    group: &mut Group,
    topic: &str,
    asked: &OffsetCommitRequestPartition,
) -> Result<(), ErrorCode> {
    topics.log(topic, asked.partition_index)?;
    let committed = Committed {
        offset: asked.committed_offset,
        leader_epoch: asked.committed_leader_epoch,
        metadata: asked.committed_metadata.as_deref().unwrap_or_default().to_owned(),
    };
    group.commit(topic, asked.partition_index, committed)
}

fn commit_respond(
    request: &OffsetCommitRequest,
    mut commit: impl FnMut(&str, &OffsetCommitRequestPartition) -> Result<(), ErrorCode>,
) -> OffsetCommitResponse {
    let mut respond_topic = |topic: &OffsetCommitRequestTopic| {
        let partitions = topic.partitions.iter().map(|asked| {
            OffsetCommitResponsePartition::default()
                .with_partition_index(asked.partition_index)
                .with_error_code(code_of(&commit(&topic.name, asked)))
        });
        OffsetCommitResponseTopic::default()
            .with_name(topic.name.clone())
            .with_partitions(partitions.collect())
    };
    let topics = request.topics.iter().map(&mut respond_topic).collect();
    OffsetCommitResponse::default().with_topics(topics)
}

impl Api for OffsetFetchRequest {
    type Response = OffsetFetchResponse;

    fn subjects(&self) -> Subjects<'_> {
        let topics = self.topics.iter().flatten().map(|topic| topic.name.0.as_str());
        Subjects { groups: vec![&self.group_id], ..Subjects::topics(topics) }
    }

    fn handle(self, call: &Call<'_>) -> Reply<OffsetFetchResponse> {
        let groups = call.shared.coordinator.lock();
        let group = groups.by_id.get(self.group_id.as_str());
        let topics = match &self.topics {
            Some(asked) => {
                let stable = self.require_stable;
                asked.iter().map(|topic| fetch_topic(group, topic, stable)).collect()
            }
            None if call.version < ERROR_FROM => Vec::new(),
            None => group.map(fetch_all).unwrap_or_default(),
        };
        Reply::Send(OffsetFetchResponse::default().with_topics(topics))
    }

    fn refuse(&self, error: ErrorCode) -> OffsetFetchResponse {
        let refuse_topic = |topic: &OffsetFetchRequestTopic| {
            let partitions = topic.partition_indexes.iter();
            let refused = partitions.map(|&at| fetched(at, None).with_error_code(error.code()));
            topic_response(&topic.name, refused.collect())
        };
        let topics = self.topics.iter().flatten().map(refuse_topic).collect();
        OffsetFetchResponse::default().with_error_code(error.code()).with_topics(topics)
    }
}

fn fetch_topic(
    group: Option<&Group>,
    topic: &OffsetFetchRequestTopic,
    require_stable: bool,
) -> OffsetFetchResponseTopic {
    let find = |&partition: &i32| {
        let is_unstable = group.is_some_and(|group| group.is_unstable(&topic.name, partition));
        if require_stable && is_unstable {
            let code = ErrorCode::UnstableOffsetCommit.code();
            return fetched(partition, None).with_error_code(code);
        }
        let committed = group.and_then(|group| group.committed(&topic.name, partition));
        fetched(partition, committed)
    };
    topic_response(&topic.name, topic.partition_indexes.iter().map(find).collect())
}

fn fetch_all(group: &Group) -> Vec<OffsetFetchResponseTopic> {
    let mut topics: Vec<OffsetFetchResponseTopic> = Vec::new();
    for (name, partition, committed) in group.all_committed() {
        let found = fetched(partition, Some(committed));
        match topics.last_mut().filter(|last| last.name.as_str() == name) {
            Some(last) => last.partitions.push(found),
            None => topics.push(topic_response(&TopicName(text(name)), vec![found])),
        }
    }
    topics
}

fn topic_response(
    name: &TopicName,
    partitions: Vec<OffsetFetchResponsePartition>,
) -> OffsetFetchResponseTopic {
    OffsetFetchResponseTopic::default().with_name(name.clone()).with_partitions(partitions)
}

fn fetched(partition: i32, committed: Option<&Committed>) -> OffsetFetchResponsePartition {
    let response = OffsetFetchResponsePartition::default().with_partition_index(partition);
    match committed {
        None => response
            .with_committed_offset(-1)
            .with_committed_leader_epoch(-1)
            .with_metadata(Some(text(""))),
        Some(committed) => response
            .with_committed_offset(committed.offset)
            .with_committed_leader_epoch(committed.leader_epoch)
            .with_metadata(Some(text(&committed.metadata))),
    }
}
