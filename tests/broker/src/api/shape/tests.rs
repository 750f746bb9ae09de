use bytes::BytesMut;
use kafka_protocol::messages::*;
use kafka_protocol::protocol::{Encodable, StrBytes};

use super::super::SERVED;
use super::*;

/// Encodes `request` in every served version and expects the outline to fit to the last byte, and
/// every shorter body to be refused.
#[track_caller]
fn check_all<R: Encodable>(api: ApiKey, request: impl Fn(i16) -> R) {
    let &(_, min, max) = SERVED.iter().find(|(key, ..)| *key == api).unwrap();
    for version in min..=max {
        let mut body = BytesMut::new();
        request(version).encode(&mut body, version).unwrap();
        assert_eq!(walk(api, version, &body), Some(&[][..]), "{api:?} {version}");
        for cut in 0..body.len() {
            assert_eq!(walk(api, version, &body[..cut]), None, "{api:?} {version} cut at {cut}");
        }
    }
}

fn name() -> TopicName {
    TopicName(s())
}

fn s() -> StrBytes {
    StrBytes::from_static_str("abc")
}

#[test]
fn outlines_of_data_requests_fit() {
    check_all(ApiKey::Produce, |_| {
        use produce_request::{PartitionProduceData, TopicProduceData};
        let data = PartitionProduceData::default().with_records(Some(vec![1, 2, 3].into()));
        let topic = TopicProduceData::default().with_name(name());
        ProduceRequest::default().with_topic_data(vec![topic.with_partition_data(vec![data; 2])])
    });
    check_all(ApiKey::Fetch, |version| {
        use fetch_request::{FetchPartition, FetchTopic, ForgottenTopic};
        let topic = FetchTopic::default().with_topic(name());
        let topic = topic.with_partitions(vec![FetchPartition::default(); 2]);
        let forgotten = ForgottenTopic::default().with_topic(name()).with_partitions(vec![1, 2]);
        let request = FetchRequest::default().with_topics(vec![topic]);
        if version < 7 { request } else { request.with_forgotten_topics_data(vec![forgotten]) }
    });
    check_all(ApiKey::ListOffsets, |_| {
        use list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
        let topic = ListOffsetsTopic::default().with_name(name());
        let topic = topic.with_partitions(vec![ListOffsetsPartition::default(); 2]);
        ListOffsetsRequest::default().with_topics(vec![topic])
    });
    check_all(ApiKey::Metadata, |_| {
        let topic = metadata_request::MetadataRequestTopic::default().with_name(Some(name()));
        MetadataRequest::default().with_topics(Some(vec![topic; 2]))
    });
    check_all(ApiKey::InitProducerId, |_| InitProducerIdRequest::default());
    check_all(ApiKey::ApiVersions, |_| ApiVersionsRequest::default());
}

#[test]
fn outlines_of_group_requests_fit() {
    check_all(ApiKey::OffsetCommit, |_| {
        use offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic};
        let topic = OffsetCommitRequestTopic::default().with_name(name());
        let topic = topic.with_partitions(vec![OffsetCommitRequestPartition::default(); 2]);
        OffsetCommitRequest::default().with_topics(vec![topic])
    });
    check_all(ApiKey::OffsetFetch, |_| {
        let topic = offset_fetch_request::OffsetFetchRequestTopic::default();
        let topic = topic.with_name(name()).with_partition_indexes(vec![1, 2]);
        OffsetFetchRequest::default().with_topics(Some(vec![topic]))
    });
    check_all(ApiKey::FindCoordinator, |_| FindCoordinatorRequest::default().with_key(s()));
    check_all(ApiKey::JoinGroup, |_| {
        let protocol = join_group_request::JoinGroupRequestProtocol::default();
        let protocol = protocol.with_name(s()).with_metadata(vec![1, 2].into());
        JoinGroupRequest::default().with_member_id(s()).with_protocols(vec![protocol; 2])
    });
    check_all(ApiKey::SyncGroup, |_| {
        let given = sync_group_request::SyncGroupRequestAssignment::default();
        let given = given.with_member_id(s()).with_assignment(vec![1].into());
        SyncGroupRequest::default().with_assignments(vec![given; 2])
    });
    check_all(ApiKey::Heartbeat, |_| HeartbeatRequest::default().with_member_id(s()));
    check_all(ApiKey::LeaveGroup, |version| {
        let member = leave_group_request::MemberIdentity::default().with_member_id(s());
        let request = LeaveGroupRequest::default();
        if version < 3 { request } else { request.with_members(vec![member; 2]) }
    });
    let groups = || vec![GroupId(s()); 2];
    check_all(ApiKey::DescribeGroups, |_| DescribeGroupsRequest::default().with_groups(groups()));
    check_all(ApiKey::DeleteGroups, |_| DeleteGroupsRequest::default().with_groups_names(groups()));
    check_all(ApiKey::ListGroups, |version| {
        let request = ListGroupsRequest::default();
        if version < 4 { request } else { request.with_states_filter(vec![s(); 2]) }
    });
}

#[test]
fn outlines_of_transaction_requests_fit() {
    let id = || TransactionalId(s());
    check_all(ApiKey::AddPartitionsToTxn, |_| {
        let topic = add_partitions_to_txn_request::AddPartitionsToTxnTopic::default();
        let topic = topic.with_name(name()).with_partitions(vec![1, 2]);
        let request = AddPartitionsToTxnRequest::default().with_v3_and_below_transactional_id(id());
        request.with_v3_and_below_topics(vec![topic; 2])
    });
    check_all(ApiKey::AddOffsetsToTxn, |_| {
        AddOffsetsToTxnRequest::default().with_transactional_id(id()).with_group_id(GroupId(s()))
    });
    check_all(ApiKey::EndTxn, |_| EndTxnRequest::default().with_transactional_id(id()));
    check_all(ApiKey::TxnOffsetCommit, |_| {
        use txn_offset_commit_request::*;
        let partition = TxnOffsetCommitRequestPartition::default();
        let topic = TxnOffsetCommitRequestTopic::default().with_partitions(vec![partition; 2]);
        TxnOffsetCommitRequest::default().with_topics(vec![topic; 2])
    });
}

#[test]
fn outlines_of_admin_requests_fit() {
    check_all(ApiKey::CreateTopics, |_| {
        use create_topics_request::*;
        let assignment = CreatableReplicaAssignment::default().with_broker_ids(vec![BrokerId(1)]);
        let config = CreatableTopicConfig::default().with_name(s()).with_value(Some(s()));
        let topic = CreatableTopic::default().with_name(name());
        let topic = topic.with_assignments(vec![assignment; 2]).with_configs(vec![config; 2]);
        CreateTopicsRequest::default().with_topics(vec![topic])
    });
    check_all(ApiKey::DeleteTopics, |_| {
        DeleteTopicsRequest::default().with_topic_names(vec![name(); 2])
    });
    check_all(ApiKey::DeleteRecords, |_| {
        use delete_records_request::{DeleteRecordsPartition, DeleteRecordsTopic};
        let topic = DeleteRecordsTopic::default().with_name(name());
        let topic = topic.with_partitions(vec![DeleteRecordsPartition::default(); 2]);
        DeleteRecordsRequest::default().with_topics(vec![topic])
    });
    check_all(ApiKey::CreatePartitions, |_| {
        use create_partitions_request::{CreatePartitionsAssignment, CreatePartitionsTopic};
        let given = CreatePartitionsAssignment::default().with_broker_ids(vec![BrokerId(1)]);
        let topic = CreatePartitionsTopic::default().with_assignments(Some(vec![given; 2]));
        CreatePartitionsRequest::default().with_topics(vec![topic])
    });
    check_all(ApiKey::DescribeConfigs, |_| {
        let resource = describe_configs_request::DescribeConfigsResource::default();
        let resource = resource.with_configuration_keys(Some(vec![s(); 2]));
        DescribeConfigsRequest::default().with_resources(vec![resource])
    });
    check_all(ApiKey::AlterConfigs, |_| {
        use alter_configs_request::{AlterConfigsResource, AlterableConfig};
        let config = AlterableConfig::default().with_name(s()).with_value(Some(s()));
        let resource = AlterConfigsResource::default().with_configs(vec![config; 2]);
        AlterConfigsRequest::default().with_resources(vec![resource])
    });
    check_all(ApiKey::IncrementalAlterConfigs, |_| {
        use incremental_alter_configs_request::{AlterConfigsResource, AlterableConfig};
        let config = AlterableConfig::default().with_name(s()).with_value(Some(s()));
        let resource = AlterConfigsResource::default().with_configs(vec![config; 2]);
        IncrementalAlterConfigsRequest::default().with_resources(vec![resource])
    });
}

#[test]
fn a_huge_announced_length_is_refused_before_the_codec_sees_it() {
    let metadata_of_two_billion = 0x7fff_ffff_i32.to_be_bytes();
    assert_eq!(walk(ApiKey::Metadata, 1, &metadata_of_two_billion), None);
    let compact = [0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0, 0, 0];
    assert_eq!(walk(ApiKey::Metadata, 9, &compact), None);
}
