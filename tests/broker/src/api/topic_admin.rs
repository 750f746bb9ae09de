//! CreateTopics, DeleteTopics, CreatePartitions, DeleteRecords.

use kafka_protocol::ResponseError as ErrorCode;
use kafka_protocol::messages::create_partitions_request::CreatePartitionsTopic;
use kafka_protocol::messages::create_partitions_response::CreatePartitionsTopicResult;
use kafka_protocol::messages::create_topics_request::CreatableTopic;
use kafka_protocol::messages::create_topics_response::CreatableTopicResult;
use kafka_protocol::messages::delete_records_request::DeleteRecordsTopic;
use kafka_protocol::messages::delete_records_response::{
    DeleteRecordsPartitionResult, DeleteRecordsTopicResult,
};
use kafka_protocol::messages::delete_topics_response::DeletableTopicResult;
use kafka_protocol::messages::{
    CreatePartitionsRequest, CreatePartitionsResponse, CreateTopicsRequest, CreateTopicsResponse,
    DeleteRecordsRequest, DeleteRecordsResponse, DeleteTopicsRequest, DeleteTopicsResponse,
    TopicName,
};

use super::{Api, Call, Reply, code_of};
use crate::fault::Subjects;
use crate::topics::{TopicConfigs, Topics};

/// Asks for the broker's own number.
const DEFAULT: i32 = -1;
/// In DeleteRecords: everything there is.
const HIGH_WATERMARK: i64 = -1;

impl Api for CreateTopicsRequest {
    type Response = CreateTopicsResponse;

    fn subjects(&self) -> Subjects<'_> {
        Subjects::topics(self.topics.iter().map(|topic| topic.name.0.as_str()))
    }

    fn handle(self, call: &Call<'_>) -> Reply<CreateTopicsResponse> {
        let mut topics = call.shared.topics();
        let is_twice =
            |name: &TopicName| self.topics.iter().filter(|t| t.name == *name).count() > 1;
        let results = self.topics.iter().map(|asked| {
            let created = if is_twice(&asked.name) {
                Err(ErrorCode::InvalidRequest)
            } else {
                create(
                    &mut topics,
                    asked,
                    self.validate_only,
                    call.shared.settings.default_partitions,
                )
            };
            create_result(asked, created)
        });
        Reply::Send(CreateTopicsResponse::default().with_topics(results.collect()))
    }

    fn refuse(&self, error: ErrorCode) -> CreateTopicsResponse {
        let results = self.topics.iter().map(|asked| create_result(asked, Err(error)));
        CreateTopicsResponse::default().with_topics(results.collect())
    }
}

fn create(
    topics: &mut Topics,
    asked: &CreatableTopic,
    validate_only: bool,
    default_partitions: i32,
) -> Result<i32, ErrorCode> {
    let partitions = match asked.num_partitions {
        DEFAULT if !asked.assignments.is_empty() => {
            i32::try_from(asked.assignments.len()).map_err(|_| ErrorCode::InvalidPartitions)?
        }
        DEFAULT => default_partitions,
        partitions => partitions,
    };
    topics.check_new(&asked.name, partitions)?;
    if asked.assignments.is_empty() && !matches!(asked.replication_factor, -1 | 1) {
        return Err(ErrorCode::InvalidReplicationFactor);
    }
    let mut configs = TopicConfigs::default();
    for config in &asked.configs {
        configs.set(&config.name, config.value.as_deref().ok_or(ErrorCode::InvalidConfig)?)?;
    }
    if !validate_only {
        topics.create(&asked.name, partitions, configs)?;
    }
    Ok(partitions)
}

fn create_result(asked: &CreatableTopic, created: Result<i32, ErrorCode>) -> CreatableTopicResult {
    let result = CreatableTopicResult::default()
        .with_name(asked.name.clone())
        .with_error_code(code_of(&created));
    match created {
        Ok(partitions) => result.with_num_partitions(partitions).with_replication_factor(1),
        Err(_) => result,
    }
}

impl Api for DeleteTopicsRequest {
    type Response = DeleteTopicsResponse;

    fn subjects(&self) -> Subjects<'_> {
        Subjects::topics(self.topic_names.iter().map(|name| name.0.as_str()))
    }

    fn handle(self, call: &Call<'_>) -> Reply<DeleteTopicsResponse> {
        let delete = |name: &TopicName| call.shared.delete_topic(name);
        Reply::Send(delete_respond(&self, delete))
    }

    fn refuse(&self, error: ErrorCode) -> DeleteTopicsResponse {
        delete_respond(self, |_| Err(error))
    }
}

fn delete_respond(
    request: &DeleteTopicsRequest,
    delete: impl Fn(&TopicName) -> Result<(), ErrorCode>,
) -> DeleteTopicsResponse {
    let results = request.topic_names.iter().map(|name| {
        DeletableTopicResult::default()
            .with_name(Some(name.clone()))
            .with_error_code(code_of(&delete(name)))
    });
    DeleteTopicsResponse::default().with_responses(results.collect())
}

impl Api for CreatePartitionsRequest {
    type Response = CreatePartitionsResponse;

    fn subjects(&self) -> Subjects<'_> {
        Subjects::topics(self.topics.iter().map(|topic| topic.name.0.as_str()))
    }

    fn handle(self, call: &Call<'_>) -> Reply<CreatePartitionsResponse> {
        let mut topics = call.shared.topics();
        let results = self.topics.iter().map(|asked| {
            let grown = topics.get_mut(&asked.name).and_then(|topic| {
                if self.validate_only {
                    topic.check_growth(asked.count)
                } else {
                    topic.grow(asked.count)
                }
            });
            grow_result(asked, &grown)
        });
        Reply::Send(CreatePartitionsResponse::default().with_results(results.collect()))
    }

    fn refuse(&self, error: ErrorCode) -> CreatePartitionsResponse {
        let results = self.topics.iter().map(|asked| grow_result(asked, &Err(error)));
        CreatePartitionsResponse::default().with_results(results.collect())
    }
}

fn grow_result(
    asked: &CreatePartitionsTopic,
    grown: &Result<(), ErrorCode>,
) -> CreatePartitionsTopicResult {
    CreatePartitionsTopicResult::default()
        .with_name(asked.name.clone())
        .with_error_code(code_of(grown))
}

impl Api for DeleteRecordsRequest {
    type Response = DeleteRecordsResponse;

    fn subjects(&self) -> Subjects<'_> {
        Subjects::topics(self.topics.iter().map(|topic| topic.name.0.as_str()))
    }

    fn handle(self, call: &Call<'_>) -> Reply<DeleteRecordsResponse> {
        let mut topics = call.shared.topics();
        let delete = |name: &str, at, offset| delete_records(&mut topics, name, at, offset);
        Reply::Send(delete_records_respond(&self, delete))
    }

    fn refuse(&self, error: ErrorCode) -> DeleteRecordsResponse {
        delete_records_respond(self, |_, _, _| Err(error))
    }
}

fn delete_records(
    topics: &mut Topics,
    name: &str,
    partition: i32,
    offset: i64,
) -> Result<i64, ErrorCode> {
    let topic = topics.get_mut(name)?;
    if !topic.configs.has_policy("delete") {
        return Err(ErrorCode::PolicyViolation);
    }
    let log = topic.log_mut(partition)?;
    let offset = if offset == HIGH_WATERMARK { log.end() } else { offset };
    log.delete_before(offset)
}

fn delete_records_respond(
    request: &DeleteRecordsRequest,
    mut delete: impl FnMut(&str, i32, i64) -> Result<i64, ErrorCode>,
) -> DeleteRecordsResponse {
    let mut respond_topic = |topic: &DeleteRecordsTopic| {
        let partitions = topic.partitions.iter().map(|asked| {
            let deleted = delete(&topic.name, asked.partition_index, asked.offset);
            DeleteRecordsPartitionResult::default()
                .with_partition_index(asked.partition_index)
                .with_error_code(code_of(&deleted))
                .with_low_watermark(deleted.unwrap_or(-1))
        });
        DeleteRecordsTopicResult::default()
            .with_name(topic.name.clone())
            .with_partitions(partitions.collect())
    };
    let topics = request.topics.iter().map(&mut respond_topic).collect();
    DeleteRecordsResponse::default().with_topics(topics)
}
