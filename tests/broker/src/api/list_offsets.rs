//! ListOffsets: start, end, or the first offset at or after a time.

use kafka_protocol::ResponseError as ErrorCode;
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::list_offsets_response::{
    ListOffsetsPartitionResponse, ListOffsetsTopicResponse,
};
use kafka_protocol::messages::{ListOffsetsRequest, ListOffsetsResponse};

use super::fetch::{check_epoch, view};
use super::{Api, Call, Reply};
use crate::fault::Subjects;
use crate::log::{LEADER_EPOCH, TimedOffset, View};
use crate::topics::Topics;

const LATEST: i64 = -1;
const EARLIEST: i64 = -2;

impl Api for ListOffsetsRequest {
    type Response = ListOffsetsResponse;

    fn subjects(&self) -> Subjects<'_> {
        Subjects::topics(self.topics.iter().map(|topic| topic.name.0.as_str()))
    }

    fn handle(self, call: &Call<'_>) -> Reply<ListOffsetsResponse> {
        let topics = call.shared.topics();
        Reply::Send(respond(&self, |topic, asked| {
            find(&topics, topic, asked, view(self.isolation_level))
        }))
    }

    fn refuse(&self, error: ErrorCode) -> ListOffsetsResponse {
        respond(self, |_, _| Err(error))
    }
}

fn respond(
    request: &ListOffsetsRequest,
    find: impl Fn(&str, &ListOffsetsPartition) -> Result<TimedOffset, ErrorCode>,
) -> ListOffsetsResponse {
    let respond_topic = |topic: &ListOffsetsTopic| {
        let partitions = topic.partitions.iter();
        let partitions = partitions.map(|asked| partition(asked, find(&topic.name, asked)));
        ListOffsetsTopicResponse::default()
            .with_name(topic.name.clone())
            .with_partitions(partitions.collect())
    };
    ListOffsetsResponse::default().with_topics(request.topics.iter().map(respond_topic).collect())
}

fn find(
    topics: &Topics,
    topic: &str,
    asked: &ListOffsetsPartition,
    view: View,
) -> Result<TimedOffset, ErrorCode> {
    let log = topics.log(topic, asked.partition_index)?;
    check_epoch(asked.current_leader_epoch)?;
    let untimed = |offset| TimedOffset { offset, timestamp: -1 };
    match asked.timestamp {
        LATEST => Ok(untimed(log.visible_end(view))),
        EARLIEST => Ok(untimed(log.start())),
        time if time < 0 => Err(ErrorCode::UnsupportedForMessageFormat),
        time => {
            let found = log.find_time(time)?;
            let is_visible = |found: &TimedOffset| found.offset < log.visible_end(view);
            Ok(found.filter(is_visible).unwrap_or(untimed(-1)))
        }
    }
}

fn partition(
    asked: &ListOffsetsPartition,
    found: Result<TimedOffset, ErrorCode>,
) -> ListOffsetsPartitionResponse {
    let response =
        ListOffsetsPartitionResponse::default().with_partition_index(asked.partition_index);
    match found {
        Err(error) => response.with_error_code(error.code()).with_offset(-1).with_timestamp(-1),
        Ok(found) => response
            .with_offset(found.offset)
            .with_timestamp(found.timestamp)
            .with_leader_epoch(if found.offset < 0 { -1 } else { LEADER_EPOCH }),
    }
}
