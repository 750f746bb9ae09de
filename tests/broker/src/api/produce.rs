//! Produce: batches are checked outside of the lock, then appended partition by partition.

use bytes::Bytes;
use kafka_protocol::ResponseError as ErrorCode;
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::produce_response::{PartitionProduceResponse, TopicProduceResponse};
use kafka_protocol::messages::{ProduceRequest, ProduceResponse, TopicName};

use super::{Api, Call, Reply};
use crate::fault::Subjects;
use crate::log::{Batch, Codec};
use crate::topics::Appended;

/// The first Produce version whose clients know zstd (KIP-110).
const ZSTD_FROM: i16 = 7;

impl Api for ProduceRequest {
    type Response = ProduceResponse;

    fn subjects(&self) -> Subjects<'_> {
        Subjects::topics(self.topic_data.iter().map(|topic| topic.name.0.as_str()))
    }

    fn handle(self, call: &Call<'_>) -> Reply<ProduceResponse> {
        let wants_answer = self.acks != 0;
        let response = if matches!(self.acks, -1..=1) {
            let topics = self.topic_data.into_iter().map(|topic| append_topic(topic, call));
            ProduceResponse::default().with_responses(topics.collect())
        } else {
            self.refuse(ErrorCode::InvalidRequiredAcks)
        };
        call.shared.notify_appended();
        if wants_answer {
            return Reply::Send(response);
        }
        let mut partitions = response.responses.iter().flat_map(|topic| &topic.partition_responses);
        if partitions.all(|partition| partition.error_code == 0) {
            Reply::Silent
        } else {
            Reply::Close
        }
    }

    fn fail(&self, error: ErrorCode) -> Reply<ProduceResponse> {
        if self.acks == 0 { Reply::Close } else { Reply::Send(self.refuse(error)) }
    }

    fn refuse(&self, error: ErrorCode) -> ProduceResponse {
        let refuse_topic = |topic: &TopicProduceData| {
            let partitions = topic.partition_data.iter();
            let partitions = partitions.map(|data| partition_response(data.index, Err(error)));
            topic_response(topic.name.clone(), partitions.collect())
        };
        let topics = self.topic_data.iter().map(refuse_topic);
        ProduceResponse::default().with_responses(topics.collect())
    }
}

/// Refuses null keys where compaction needs them.
fn check_keys(topic: &str, batch: &Batch, call: &Call<'_>) -> Result<(), ErrorCode> {
    let is_compacted = call.shared.topics().get(topic)?.configs.has_policy("compact");
    if is_compacted && !batch.all_have_keys()? {
        return Err(ErrorCode::InvalidRecord);
    }
    Ok(())
}

fn append_topic(topic: TopicProduceData, call: &Call<'_>) -> TopicProduceResponse {
    let name = topic.name;
    let append = |data: PartitionProduceData| {
        let appended = append(&name, data.index, data.records, call);
        partition_response(data.index, appended)
    };
    let partitions = topic.partition_data.into_iter().map(append).collect();
    topic_response(name, partitions)
}

fn append(
    topic: &str,
    partition: i32,
    records: Option<Bytes>,
    call: &Call<'_>,
) -> Result<Appended, ErrorCode> {
    let batch = Batch::parse(records.ok_or(ErrorCode::InvalidRecord)?)?;
    if batch.codec() == Some(Codec::Zstd) && call.version < ZSTD_FROM {
        return Err(ErrorCode::UnsupportedCompressionType);
    }
    check_keys(topic, &batch, call)?;
    // Held until the batch is in the log, so that a marker cannot come in between.
    let transactions = batch.is_transactional().then(|| call.shared.transactions());
    if let Some(transactions) = &transactions {
        transactions.may_append(batch.identity(), topic, partition)?;
    }
    call.shared.topics().get_mut(topic)?.append(partition, batch)
}

fn topic_response(
    name: TopicName,
    partitions: Vec<PartitionProduceResponse>,
) -> TopicProduceResponse {
    TopicProduceResponse::default().with_name(name).with_partition_responses(partitions)
}

fn partition_response(
    index: i32,
    appended: Result<Appended, ErrorCode>,
) -> PartitionProduceResponse {
    let response = PartitionProduceResponse::default().with_index(index);
    match appended {
        Ok(appended) => response
            .with_base_offset(appended.base_offset)
            .with_log_append_time_ms(appended.append_time_ms)
            .with_log_start_offset(appended.log_start),
        Err(error) => response.with_error_code(error.code()).with_base_offset(-1),
    }
}
