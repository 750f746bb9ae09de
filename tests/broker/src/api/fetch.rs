//! Fetch: waits until enough bytes are there, an error is to be told, or the time is over.

use std::time::Duration;

use bytes::BytesMut;
use kafka_protocol::ResponseError as ErrorCode;
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::fetch_response::{
    AbortedTransaction, FetchableTopicResponse, PartitionData,
};
use kafka_protocol::messages::{BrokerId, FetchRequest, FetchResponse, ProducerId};

use super::{Api, Call, Reply};
use crate::clock;
use crate::fault::Subjects;
use crate::log::{Aborted, LEADER_EPOCH, PartitionLog, View};
use crate::topics::Topics;

impl Api for FetchRequest {
    type Response = FetchResponse;

    fn subjects(&self) -> Subjects<'_> {
        Subjects::topics(self.topics.iter().map(|topic| topic.topic.0.as_str()))
    }

    fn handle(self, call: &Call<'_>) -> Reply<FetchResponse> {
        if self.session_id != 0 {
            // No sessions here (KIP-227): the client falls back to naming all partitions.
            let error = ErrorCode::FetchSessionIdNotFound.code();
            return Reply::Send(FetchResponse::default().with_error_code(error));
        }
        let wait_ms = u64::try_from(self.max_wait_ms).unwrap_or_default();
        let deadline = clock::now() + Duration::from_millis(wait_ms);
        let mut topics = call.shared.topics();
        while !is_ready(&self, &topics) {
            let (again, goes_on) = call.shared.await_append(topics, deadline);
            topics = again;
            if !goes_on {
                break;
            }
        }
        Reply::Send(collect(&self, &topics))
    }

    fn refuse(&self, error: ErrorCode) -> FetchResponse {
        let refuse_topic = |topic: &FetchTopic| {
            let partitions = topic.partitions.iter().map(|asked| failed(asked.partition, error));
            topic_response(topic, partitions.collect())
        };
        FetchResponse::default().with_responses(self.topics.iter().map(refuse_topic).collect())
    }
}

fn is_ready(request: &FetchRequest, topics: &Topics) -> bool {
    let enough = usize::try_from(request.min_bytes).unwrap_or_default();
    let mut bytes = 0;
    for topic in &request.topics {
        for asked in &topic.partitions {
            let log = topics.log(&topic.topic, asked.partition);
            let view = view(request.isolation_level);
            match log.and_then(|log| log.readable(asked.fetch_offset, view, enough - bytes)) {
                Ok(readable) => bytes += readable,
                Err(_) => return true,
            }
            if bytes >= enough {
                return true;
            }
        }
    }
    bytes >= enough
}

fn collect(request: &FetchRequest, topics: &Topics) -> FetchResponse {
    let mut left = usize::try_from(request.max_bytes).unwrap_or_default();
    let mut is_first = true;
    let mut responses = Vec::with_capacity(request.topics.len());
    for topic in &request.topics {
        let mut partitions = Vec::with_capacity(topic.partitions.len());
        for asked in &topic.partitions {
            let limits = Limits { bytes_max: left, at_least_one: is_first };
            let data = read(topics, request, &topic.topic, asked, limits);
            let bytes = data.records.as_ref().map_or(0, bytes::Bytes::len);
            left = left.saturating_sub(bytes);
            is_first &= bytes == 0;
            partitions.push(data);
        }
        responses.push(topic_response(topic, partitions));
    }
    FetchResponse::default().with_responses(responses)
}

#[derive(Clone, Copy)]
struct Limits {
    bytes_max: usize,
    at_least_one: bool,
}

fn read(
    topics: &Topics,
    request: &FetchRequest,
    topic: &str,
    asked: &FetchPartition,
    Limits { bytes_max, at_least_one }: Limits,
) -> PartitionData {
    let view = view(request.isolation_level);
    let bytes_max = bytes_max.min(usize::try_from(asked.partition_max_bytes).unwrap_or_default());
    let mut records = BytesMut::new();
    let read = topics.log(topic, asked.partition).and_then(|log| {
        check_epoch(asked.current_leader_epoch)?;
        log.read(asked.fetch_offset, view, bytes_max, at_least_one, &mut records)?;
        Ok(log)
    });
    match read {
        Err(error) => failed(asked.partition, error),
        Ok(log) => partition(asked.partition)
            .with_high_watermark(log.end())
            .with_last_stable_offset(log.visible_end(View::Committed))
            .with_log_start_offset(log.start())
            .with_aborted_transactions(aborted(log, asked.fetch_offset, view))
            .with_records(Some(records.freeze())),
    }
}

/// Only readers of committed records are told what to skip.
fn aborted(log: &PartitionLog, offset: i64, view: View) -> Option<Vec<AbortedTransaction>> {
    let told = |aborted: Aborted| {
        AbortedTransaction::default()
            .with_producer_id(ProducerId(aborted.producer_id))
            .with_first_offset(aborted.first_offset)
    };
    match view {
        View::Everything => None,
        View::Committed => Some(log.aborted(offset).into_iter().map(told).collect()),
    }
}

/// What an isolation level of the protocol lets a reader see.
pub(super) fn view(isolation_level: i8) -> View {
    if isolation_level == 1 { View::Committed } else { View::Everything }
}

/// Refuses a client whose metadata is from another life of the partition.
pub(super) fn check_epoch(leader_epoch: i32) -> Result<(), ErrorCode> {
    if leader_epoch > LEADER_EPOCH { Err(ErrorCode::UnknownLeaderEpoch) } else { Ok(()) }
}

fn topic_response(topic: &FetchTopic, partitions: Vec<PartitionData>) -> FetchableTopicResponse {
    FetchableTopicResponse::default().with_topic(topic.topic.clone()).with_partitions(partitions)
}

fn failed(index: i32, error: ErrorCode) -> PartitionData {
    partition(index)
        .with_error_code(error.code())
        .with_high_watermark(-1)
        .with_records(Some(bytes::Bytes::new()))
}

fn partition(index: i32) -> PartitionData {
    PartitionData::default()
        .with_partition_index(index)
        .with_preferred_read_replica(BrokerId(-1))
        .with_last_stable_offset(-1)
        .with_log_start_offset(-1)
        .with_aborted_transactions(None)
}
