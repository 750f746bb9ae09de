//! librdkafka's error codes in the words of somebody who wants to mend the application.

use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use crate::error::{StreamsError, StreamsErrorKind};

/// No broker answered.
pub(super) fn unreachable(servers: &str, seconds: u64, last_error: Option<String>) -> StreamsError {
    let last = last_error.map_or(String::new(), |error| format!(" (last error: {error})"));
    StreamsError::new(
        StreamsErrorKind::Broker,
        format!(
            "no broker answers at {servers} (bootstrap.servers) within {seconds} s{last}; start \
             the broker, or correct the address"
        ),
    )
}

/// True for codes that say that a right is missing.
pub(super) fn is_denied(code: RDKafkaErrorCode) -> bool {
    matches!(
        code,
        RDKafkaErrorCode::TopicAuthorizationFailed
            | RDKafkaErrorCode::GroupAuthorizationFailed
            | RDKafkaErrorCode::ClusterAuthorizationFailed
            | RDKafkaErrorCode::TransactionalIdAuthorizationFailed
    )
}

/// True for codes after which another attempt may succeed.
pub(super) fn is_retriable(code: RDKafkaErrorCode) -> bool {
    matches!(
        code,
        RDKafkaErrorCode::BrokerTransportFailure
            | RDKafkaErrorCode::AllBrokersDown
            | RDKafkaErrorCode::OperationTimedOut
            | RDKafkaErrorCode::TimedOutQueue
            | RDKafkaErrorCode::RequestTimedOut
            | RDKafkaErrorCode::MessageTimedOut
            | RDKafkaErrorCode::LeaderNotAvailable
            | RDKafkaErrorCode::NotLeaderForPartition
            | RDKafkaErrorCode::CoordinatorLoadInProgress
            | RDKafkaErrorCode::CoordinatorNotAvailable
            | RDKafkaErrorCode::NotCoordinator
            | RDKafkaErrorCode::WaitingForCoordinator
            | RDKafkaErrorCode::NetworkException
            | RDKafkaErrorCode::NotEnoughReplicas
            | RDKafkaErrorCode::NotEnoughReplicasAfterAppend
            | RDKafkaErrorCode::InProgress
            | RDKafkaErrorCode::PreviousInProgress
            | RDKafkaErrorCode::Outdated
            | RDKafkaErrorCode::KafkaStorageError
            | RDKafkaErrorCode::UnknownTopicOrPartition
            | RDKafkaErrorCode::UnknownLeaderEpoch
            | RDKafkaErrorCode::FencedLeaderEpoch
            // an open transaction holds positions, or is about to end
            | RDKafkaErrorCode::UnstableOffsetCommit
            | RDKafkaErrorCode::ConcurrentTransactions
    )
}

/// True for codes that say that somebody else owns our partitions now.
pub(super) fn is_migrated(code: RDKafkaErrorCode) -> bool {
    matches!(
        code,
        RDKafkaErrorCode::UnknownMemberId
            | RDKafkaErrorCode::IllegalGeneration
            | RDKafkaErrorCode::RebalanceInProgress
            | RDKafkaErrorCode::FencedInstanceId
            | RDKafkaErrorCode::AssignmentLost
    )
}

/// A right is missing to do `what`.
pub(super) fn denied(what: &str, mend: &str, error: RDKafkaErrorCode) -> StreamsError {
    StreamsError::new(StreamsErrorKind::Broker, format!("no right to {what} ({error}); {mend}"))
}

/// What a consumer's error means for the thread; `None` when librdkafka goes on by itself.
pub(super) fn of_consumer(error: &KafkaError, group: &str) -> Option<StreamsError> {
    let code = error.rdkafka_error_code()?;
    let kind = StreamsErrorKind::Broker;
    let fatal = matches!(error, KafkaError::MessageConsumptionFatal(_));
    match code {
        RDKafkaErrorCode::TopicAuthorizationFailed => Some(denied(
            "read a source topic",
            "give the principal READ and DESCRIBE on the source topics and on the internal topics",
            code,
        )),
        RDKafkaErrorCode::GroupAuthorizationFailed => Some(denied(
            &format!("join the group `{group}`"),
            "give the principal READ on the group that application.id names",
            code,
        )),
        RDKafkaErrorCode::AutoOffsetReset => Some(no_offset(&error.to_string())),
        RDKafkaErrorCode::Authentication | RDKafkaErrorCode::SaslAuthenticationFailed => {
            Some(StreamsError::new(
                kind,
                format!(
                    "the broker refuses the credentials ({error}); correct the sasl.* settings"
                ),
            ))
        }
        _ if fatal => Some(StreamsError::new(
            kind,
            format!("the consumer of group `{group}` stopped for good: {error}; restart"),
        )),
        _ => None,
    }
}

/// True for an error that says that a subscribed topic is not there, or not yet on every broker.
pub(super) fn is_missing_topic(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic)
    )
}

/// A source topic went away while the application ran.
pub(super) fn deleted_source(topic: &str) -> StreamsError {
    StreamsError::new(
        StreamsErrorKind::Topics,
        format!(
            "missing source topic (Kafka Streams: MissingSourceTopicException): `{topic}` was \
             deleted while the application ran; create it again and restart"
        ),
    )
}

/// There is no committed offset, and the reset policy is to fail.
pub(super) fn no_offset(place: &str) -> StreamsError {
    StreamsError::new(
        StreamsErrorKind::Topics,
        format!(
            "{place}: there is no committed offset, or it is no longer in the topic, and \
             auto.offset.reset is `none`; set it to `earliest` or `latest`, or commit an offset"
        ),
    )
}

/// What an error of one partition means; `None` when librdkafka goes on by itself.
pub(super) fn of_partition(
    place: &crate::record::TopicPartition,
    code: RDKafkaErrorCode,
) -> Option<StreamsError> {
    match code {
        RDKafkaErrorCode::AutoOffsetReset | RDKafkaErrorCode::OffsetOutOfRange => {
            Some(no_offset(&place.to_string()))
        }
        code if is_denied(code) => Some(denied(
            &format!("read topic `{}`", place.topic),
            "give the principal READ and DESCRIBE on it",
            code,
        )),
        code => {
            tracing::warn!("partition {place}: {code}");
            None
        }
    }
}
