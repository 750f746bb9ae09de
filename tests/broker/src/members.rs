//! Groups as tests see them.

use bytes::{Buf, Bytes};
use kafka_protocol::messages::ConsumerProtocolAssignment;
use kafka_protocol::protocol::Decodable;

use crate::broker::Broker;
use crate::groups::{Group, Member};

/// A committed offset.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CommittedOffset {
    /// The offset of the next record to be read.
    pub offset: i64,
    /// What the consumer has stored along with it.
    pub metadata: String,
}

/// A member of a group.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct GroupMember {
    /// The id that the broker gave it.
    pub member_id: String,
    /// The `group.instance.id` of a static member.
    pub instance_id: Option<String>,
    /// Its `client.id`.
    pub client_id: String,
    /// Topics and partitions assigned to it, sorted.
    pub assignment: Vec<(String, i32)>,
}

impl Broker {
    /// The offset that a group has committed for a partition.
    #[must_use]
    pub fn committed_offset(&self, group: &str, topic: &str, partition: i32) -> Option<i64> {
        self.committed(group, topic, partition).map(|committed| committed.offset)
    }

    /// The offset that a group has committed for a partition, with its metadata.
    #[must_use]
    pub fn committed(&self, group: &str, topic: &str, partition: i32) -> Option<CommittedOffset> {
        let groups = self.shared.coordinator.lock();
        let committed = groups.by_id.get(group)?.committed(topic, partition)?;
        let metadata = committed.metadata.clone();
        Some(CommittedOffset { offset: committed.offset, metadata })
    }

    /// The names of all groups, sorted.
    #[must_use]
    pub fn group_names(&self) -> Vec<String> {
        self.shared.coordinator.lock().by_id.keys().cloned().collect()
    }

    /// Kafka's word for where a group stands: `Stable`, `PreparingRebalance`...
    #[must_use]
    pub fn group_state(&self, group: &str) -> Option<&'static str> {
        self.shared.coordinator.lock().by_id.get(group).map(|group| group.state().name())
    }

    /// The members of a group in the order of joining; none for an unknown group.
    #[must_use]
    pub fn group_members(&self, group: &str) -> Vec<GroupMember> {
        let groups = self.shared.coordinator.lock();
        let members = groups.by_id.get(group).map(Group::members).unwrap_or_default();
        members.iter().map(shown).collect()
    }
}

fn shown(member: &Member) -> GroupMember {
    GroupMember {
        member_id: member.id.clone(),
        instance_id: member.instance_id.clone(),
        client_id: member.client_id.clone(),
        assignment: assigned(member.assignment.clone()),
    }
}

/// Reads the consumer protocol's assignment; empty when it is something else.
fn assigned(mut bytes: Bytes) -> Vec<(String, i32)> {
    let Ok(version) = bytes.try_get_i16() else { return Vec::new() };
    let decoded = ConsumerProtocolAssignment::decode(&mut bytes, version.min(0));
    let topics = decoded.map(|decoded| decoded.assigned_partitions).unwrap_or_default();
    let mut all: Vec<_> = topics
        .iter()
        .flat_map(|topic| topic.partitions.iter().map(|&at| (topic.topic.to_string(), at)))
        .collect();
    all.sort();
    all
}
