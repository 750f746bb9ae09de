//! JoinGroup, SyncGroup, Heartbeat, LeaveGroup: the wire side of `groups`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use kafka_protocol::ResponseError as ErrorCode;
use kafka_protocol::messages::join_group_response::JoinGroupResponseMember;
use kafka_protocol::messages::leave_group_request::MemberIdentity;
use kafka_protocol::messages::leave_group_response::MemberResponse;
use kafka_protocol::messages::{
    HeartbeatRequest, HeartbeatResponse, JoinGroupRequest, JoinGroupResponse, LeaveGroupRequest,
    LeaveGroupResponse, SyncGroupRequest, SyncGroupResponse,
};
use kafka_protocol::protocol::StrBytes;

use super::{Api, Call, Reply, code_of, optional_text, text};
use crate::clock;
use crate::fault::Subjects;
use crate::groups::{JoinReply, JoinRequest, Speaker, SyncReply, SyncRequest};

/// The first JoinGroup version whose clients know MEMBER_ID_REQUIRED (KIP-394).
const ID_REQUIRED_FROM: i16 = 4;
/// The first JoinGroup version with a rebalance timeout of its own.
const REBALANCE_TIMEOUT_FROM: i16 = 1;
/// The first LeaveGroup version that names several members (KIP-345).
const MEMBERS_FROM: i16 = 3;
/// Kafka's default `group.max.session.timeout.ms`.
const SESSION_TIMEOUT_MAX: Duration = Duration::from_secs(1800);

static LAST_MEMBER: AtomicU64 = AtomicU64::new(0);

impl Api for JoinGroupRequest {
    type Response = JoinGroupResponse;

    fn subjects(&self) -> Subjects<'_> {
        Subjects::group(&self.group_id)
    }

    fn handle(self, call: &Call<'_>) -> Reply<JoinGroupResponse> {
        if self.group_id.is_empty() {
            return Reply::Send(self.refuse(ErrorCode::InvalidGroupId));
        }
        let session_timeout = millis(self.session_timeout_ms);
        let allowed = call.shared.settings.session_timeout_min..=SESSION_TIMEOUT_MAX;
        if !allowed.contains(&session_timeout) {
            return Reply::Send(self.refuse(ErrorCode::InvalidSessionTimeout));
        }
        let group = self.group_id.0.clone();
        let reply = call.shared.coordinator.join(&group, join_request(self, call));
        Reply::Send(join_response(reply, call.version))
    }

    fn refuse(&self, error: ErrorCode) -> JoinGroupResponse {
        let response = JoinGroupResponse::default().with_error_code(error.code());
        response.with_generation_id(-1).with_member_id(self.member_id.clone())
    }
}

fn join_request(request: JoinGroupRequest, call: &Call<'_>) -> JoinRequest {
    let instance_id = request.group_instance_id.as_deref().map(str::to_owned);
    let protocols = request.protocols.into_iter();
    let rebalance_ms = if call.version >= REBALANCE_TIMEOUT_FROM {
        request.rebalance_timeout_ms
    } else {
        request.session_timeout_ms
    };
    JoinRequest {
        member_id: request.member_id.to_string(),
        fresh_id: fresh_id(instance_id.as_deref().unwrap_or(call.client_id)),
        instance_id,
        client_id: call.client_id.to_owned(),
        client_host: call.client_host.to_owned(),
        session_timeout: millis(request.session_timeout_ms),
        rebalance_timeout: millis(rebalance_ms),
        protocol_type: request.protocol_type.to_string(),
        protocols: protocols.map(|p| (p.name.to_string(), p.metadata)).collect(),
        id_required: call.version >= ID_REQUIRED_FROM,
    }
}

/// An id no other member has had, also not one of a broker that ran here before.
fn fresh_id(prefix: &str) -> String {
    let number = LAST_MEMBER.fetch_add(1, Ordering::Relaxed);
    format!("{prefix}-{:x}-{:x}-{number:x}", std::process::id(), clock::wall_ms())
}

fn join_response(reply: JoinReply, version: i16) -> JoinGroupResponse {
    let members = reply.members.into_iter().map(|member| {
        JoinGroupResponseMember::default()
            .with_member_id(text(&member.member_id))
            .with_group_instance_id(optional_text(member.instance_id.as_deref()))
            .with_metadata(member.metadata)
    });
    // Null names are allowed from version 7 on only.
    let protocol = optional_text(reply.protocol.as_deref());
    let protocol = if version < 7 { protocol.or(Some(StrBytes::new())) } else { protocol };
    JoinGroupResponse::default()
        .with_error_code(reply.error.map_or(0, |error| error.code()))
        .with_generation_id(reply.generation)
        .with_protocol_type(optional_text(reply.protocol_type.as_deref()))
        .with_protocol_name(protocol)
        .with_leader(text(&reply.leader))
        .with_member_id(text(&reply.member_id))
        .with_members(members.collect())
}

impl Api for SyncGroupRequest {
    type Response = SyncGroupResponse;

    fn subjects(&self) -> Subjects<'_> {
        Subjects::group(&self.group_id)
    }

    fn handle(self, call: &Call<'_>) -> Reply<SyncGroupResponse> {
        let assignments = self.assignments.iter();
        let request = SyncRequest {
            speaker: speaker(&self.member_id, self.group_instance_id.as_ref()),
            generation: self.generation_id,
            protocol_type: self.protocol_type.as_deref(),
            protocol: self.protocol_name.as_deref(),
            assignments: assignments
                .map(|given| (given.member_id.to_string(), given.assignment.clone()))
                .collect(),
        };
        Reply::Send(sync_response(call.shared.coordinator.sync(&self.group_id, request)))
    }

    fn refuse(&self, error: ErrorCode) -> SyncGroupResponse {
        sync_response(Err(error))
    }
}

fn sync_response(reply: SyncReply) -> SyncGroupResponse {
    match reply {
        Err(error) => SyncGroupResponse::default().with_error_code(error.code()),
        Ok(assigned) => SyncGroupResponse::default()
            .with_protocol_type(optional_text(assigned.protocol_type.as_deref()))
            .with_protocol_name(optional_text(assigned.protocol.as_deref()))
            .with_assignment(assigned.assignment),
    }
}

impl Api for HeartbeatRequest {
    type Response = HeartbeatResponse;

    fn subjects(&self) -> Subjects<'_> {
        Subjects::group(&self.group_id)
    }

    fn handle(self, call: &Call<'_>) -> Reply<HeartbeatResponse> {
        let speaker = speaker(&self.member_id, self.group_instance_id.as_ref());
        let mut groups = call.shared.coordinator.lock();
        let beat = groups.heartbeat(&self.group_id, speaker, self.generation_id, clock::now());
        Reply::Send(HeartbeatResponse::default().with_error_code(code_of(&beat)))
    }

    fn refuse(&self, error: ErrorCode) -> HeartbeatResponse {
        HeartbeatResponse::default().with_error_code(error.code())
    }
}

impl Api for LeaveGroupRequest {
    type Response = LeaveGroupResponse;

    fn subjects(&self) -> Subjects<'_> {
        Subjects::group(&self.group_id)
    }

    fn handle(self, call: &Call<'_>) -> Reply<LeaveGroupResponse> {
        let coordinator = &call.shared.coordinator;
        if call.version < MEMBERS_FROM {
            let left = coordinator.leave(&self.group_id, speaker(&self.member_id, None));
            return Reply::Send(LeaveGroupResponse::default().with_error_code(code_of(&left)));
        }
        let leave = |member: &MemberIdentity| {
            let speaker = speaker(&member.member_id, member.group_instance_id.as_ref());
            let left = coordinator.leave(&self.group_id, speaker);
            MemberResponse::default()
                .with_member_id(member.member_id.clone())
                .with_group_instance_id(member.group_instance_id.clone())
                .with_error_code(code_of(&left))
        };
        let members = self.members.iter().map(leave).collect();
        Reply::Send(LeaveGroupResponse::default().with_members(members))
    }

    fn refuse(&self, error: ErrorCode) -> LeaveGroupResponse {
        LeaveGroupResponse::default().with_error_code(error.code())
    }
}

/// Names who sends a request of a group.
pub(super) fn speaker<'a>(member_id: &'a str, instance_id: Option<&'a StrBytes>) -> Speaker<'a> {
    Speaker { member_id, instance_id: instance_id.map(StrBytes::as_str) }
}

fn millis(ms: i32) -> Duration {
    Duration::from_millis(u64::try_from(ms).unwrap_or_default())
}
