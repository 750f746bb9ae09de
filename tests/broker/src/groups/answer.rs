//! What a group answers: at once, or later against a ticket.

use bytes::Bytes;
use kafka_protocol::ResponseError as ErrorCode;

/// A promise of an answer, unique within its group.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Ticket(pub(super) u64);

/// An answer, or where to wait for it.
#[derive(Debug)]
pub(crate) enum Answer<T> {
    Now(T),
    Later(Ticket),
}

/// The answer to JoinGroup.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct JoinReply {
    pub(crate) error: Option<ErrorCode>,
    pub(crate) generation: i32,
    pub(crate) protocol_type: Option<String>,
    pub(crate) protocol: Option<String>,
    pub(crate) leader: String,
    pub(crate) member_id: String,
    /// All members, for the leader only.
    pub(crate) members: Vec<MemberMetadata>,
}

/// What the leader learns of a member.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct MemberMetadata {
    pub(crate) member_id: String,
    pub(crate) instance_id: Option<String>,
    pub(crate) metadata: Bytes,
}

impl JoinReply {
    /// The answer to a join that failed.
    pub(crate) fn refused(error: ErrorCode, member_id: &str) -> Self {
        let member_id = member_id.to_owned();
        Self { error: Some(error), generation: -1, member_id, ..Self::default() }
    }
}

/// What SyncGroup gives a member.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Assigned {
    pub(crate) protocol_type: Option<String>,
    pub(crate) protocol: Option<String>,
    pub(crate) assignment: Bytes,
}

/// The answer to SyncGroup.
pub(crate) type SyncReply = Result<Assigned, ErrorCode>;
