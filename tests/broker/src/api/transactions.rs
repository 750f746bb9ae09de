//! AddPartitionsToTxn, AddOffsetsToTxn, TxnOffsetCommit and EndTxn.

use kafka_protocol::ResponseError as ErrorCode;
use kafka_protocol::messages::add_partitions_to_txn_request::AddPartitionsToTxnTopic;
use kafka_protocol::messages::add_partitions_to_txn_response::{
    AddPartitionsToTxnPartitionResult, AddPartitionsToTxnTopicResult,
};
use kafka_protocol::messages::txn_offset_commit_request::{
    TxnOffsetCommitRequestPartition, TxnOffsetCommitRequestTopic,
};
use kafka_protocol::messages::txn_offset_commit_response::{
    TxnOffsetCommitResponsePartition, TxnOffsetCommitResponseTopic,
};
use kafka_protocol::messages::{
    AddOffsetsToTxnRequest, AddOffsetsToTxnResponse, AddPartitionsToTxnRequest,
    AddPartitionsToTxnResponse, EndTxnRequest, EndTxnResponse, ProducerId, TxnOffsetCommitRequest,
    TxnOffsetCommitResponse,
};

use super::membership::speaker;
use super::{Api, Call, Reply, code_of};
use crate::clock;
use crate::fault::Subjects;
use crate::groups::Committed;
use crate::transactions::{Identity, Outcome, Transactions};

fn identity(producer_id: ProducerId, epoch: i16) -> Identity {
    Identity { producer_id: producer_id.0, epoch }
}

impl Api for AddPartitionsToTxnRequest {
    type Response = AddPartitionsToTxnResponse;

    fn subjects(&self) -> Subjects<'_> {
        Subjects::topics(self.v3_and_below_topics.iter().map(|topic| topic.name.0.as_str()))
    }

    fn handle(self, call: &Call<'_>) -> Reply<AddPartitionsToTxnResponse> {
        let mut transactions = call.shared.transactions();
        let topics = call.shared.topics();
        let exists = |topic: &str, at| topics.log(topic, at).is_ok();
        let asked = self
            .v3_and_below_topics
            .iter()
            .flat_map(|topic| topic.partitions.iter().map(|&at| (topic.name.to_string(), at)));
        if asked.clone().any(|(topic, at)| !exists(&topic, at)) {
            return Reply::Send(partitions_respond(&self, |topic, at| {
                if exists(topic, at) {
                    ErrorCode::OperationNotAttempted.code()
                } else {
                    ErrorCode::UnknownTopicOrPartition.code()
                }
            }));
        }
        let by = identity(self.v3_and_below_producer_id, self.v3_and_below_producer_epoch);
        let id = &self.v3_and_below_transactional_id;
        let added = code_of(&transactions.add_partitions(id, by, asked, clock::now()));
        call.shared.notify_transactions();
        Reply::Send(partitions_respond(&self, |_, _| added))
    }

    fn refuse(&self, error: ErrorCode) -> AddPartitionsToTxnResponse {
        partitions_respond(self, |_, _| error.code())
    }
}

fn partitions_respond(
    request: &AddPartitionsToTxnRequest,
    code: impl Fn(&str, i32) -> i16,
) -> AddPartitionsToTxnResponse {
    let respond_topic = |topic: &AddPartitionsToTxnTopic| {
        let partitions = topic.partitions.iter().map(|&at| {
            AddPartitionsToTxnPartitionResult::default()
                .with_partition_index(at)
                .with_partition_error_code(code(&topic.name, at))
        });
        AddPartitionsToTxnTopicResult::default()
            .with_name(topic.name.clone())
            .with_results_by_partition(partitions.collect())
    };
    let topics = request.v3_and_below_topics.iter().map(respond_topic).collect();
    AddPartitionsToTxnResponse::default().with_results_by_topic_v3_and_below(topics)
}

impl Api for AddOffsetsToTxnRequest {
    type Response = AddOffsetsToTxnResponse;

    fn subjects(&self) -> Subjects<'_> {
        Subjects::group(&self.group_id)
    }

    fn handle(self, call: &Call<'_>) -> Reply<AddOffsetsToTxnResponse> {
        let by = identity(self.producer_id, self.producer_epoch);
        let mut transactions = call.shared.transactions();
        let added =
            transactions.add_group(&self.transactional_id, by, &self.group_id, clock::now());
        call.shared.notify_transactions();
        Reply::Send(AddOffsetsToTxnResponse::default().with_error_code(code_of(&added)))
    }

    fn refuse(&self, error: ErrorCode) -> AddOffsetsToTxnResponse {
        AddOffsetsToTxnResponse::default().with_error_code(error.code())
    }
}

impl Api for TxnOffsetCommitRequest {
    type Response = TxnOffsetCommitResponse;

    fn subjects(&self) -> Subjects<'_> {
        let topics = Subjects::topics(self.topics.iter().map(|topic| topic.name.0.as_str()));
        Subjects { groups: vec![&self.group_id], ..topics }
    }

    fn handle(self, call: &Call<'_>) -> Reply<TxnOffsetCommitResponse> {
        // Held throughout, so that the transaction cannot end in between.
        let mut transactions = call.shared.transactions();
        match check_offsets(&self, &mut transactions, call) {
            Err(error) => Reply::Send(self.refuse(error)),
            Ok(()) => Reply::Send(offsets_respond(&self, |topic, asked| {
                commit_pending(&self, call, topic, asked)
            })),
        }
    }

    fn refuse(&self, error: ErrorCode) -> TxnOffsetCommitResponse {
        offsets_respond(self, |_, _| Err(error))
    }
}

fn check_offsets(
    request: &TxnOffsetCommitRequest,
    transactions: &mut Transactions,
    call: &Call<'_>,
) -> Result<(), ErrorCode> {
    let by = identity(request.producer_id, request.producer_epoch);
    transactions.may_commit(&request.transactional_id, by, &request.group_id)?;
    let mut groups = call.shared.coordinator.lock();
    let speaker = speaker(&request.member_id, request.group_instance_id.as_ref());
    if request.generation_id >= 0 && !groups.by_id.contains_key(request.group_id.as_str()) {
        return Err(ErrorCode::IllegalGeneration);
    }
    groups.get_or_create(&request.group_id).may_commit_in_transaction(
        speaker,
        request.generation_id,
        clock::now(),
    )
}

fn commit_pending(
    request: &TxnOffsetCommitRequest,
    call: &Call<'_>,
    topic: &str,
    asked: &TxnOffsetCommitRequestPartition,
) -> Result<(), ErrorCode> {
    let topics = call.shared.topics();
    topics.log(topic, asked.partition_index)?;
    let committed = Committed {
        offset: asked.committed_offset,
        leader_epoch: asked.committed_leader_epoch,
        metadata: asked.committed_metadata.as_deref().unwrap_or_default().to_owned(),
    };
    let mut groups = call.shared.coordinator.lock();
    let group = groups.get_or_create(&request.group_id);
    group.commit_pending(request.producer_id.0, topic, asked.partition_index, committed)
}

fn offsets_respond(
    request: &TxnOffsetCommitRequest,
    commit: impl Fn(&str, &TxnOffsetCommitRequestPartition) -> Result<(), ErrorCode>,
) -> TxnOffsetCommitResponse {
    let respond_topic = |topic: &TxnOffsetCommitRequestTopic| {
        let partitions = topic.partitions.iter().map(|asked| {
            TxnOffsetCommitResponsePartition::default()
                .with_partition_index(asked.partition_index)
                .with_error_code(code_of(&commit(&topic.name, asked)))
        });
        TxnOffsetCommitResponseTopic::default()
            .with_name(topic.name.clone())
            .with_partitions(partitions.collect())
    };
    let topics = request.topics.iter().map(respond_topic).collect();
    TxnOffsetCommitResponse::default().with_topics(topics)
}

impl Api for EndTxnRequest {
    type Response = EndTxnResponse;

    fn subjects(&self) -> Subjects<'_> {
        Subjects::default()
    }

    fn handle(self, call: &Call<'_>) -> Reply<EndTxnResponse> {
        let by = identity(self.producer_id, self.producer_epoch);
        let outcome = if self.committed { Outcome::Commit } else { Outcome::Abort };
        let mut transactions = call.shared.transactions();
        let ended = transactions.end(&self.transactional_id, by, outcome);
        let code = code_of(&ended);
        if let Ok(Some(ended)) = ended {
            // Under the lock, so that nothing is written between the end and its markers.
            call.shared.apply(&ended);
        }
        Reply::Send(EndTxnResponse::default().with_error_code(code))
    }

    fn refuse(&self, error: ErrorCode) -> EndTxnResponse {
        EndTxnResponse::default().with_error_code(error.code())
    }
}
