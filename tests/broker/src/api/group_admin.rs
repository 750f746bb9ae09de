//! DescribeGroups, ListGroups, DeleteGroups.

use bytes::Bytes;
use kafka_protocol::ResponseError as ErrorCode;
use kafka_protocol::messages::delete_groups_response::DeletableGroupResult;
use kafka_protocol::messages::describe_groups_response::{DescribedGroup, DescribedGroupMember};
use kafka_protocol::messages::list_groups_response::ListedGroup;
use kafka_protocol::messages::{
    DeleteGroupsRequest, DeleteGroupsResponse, DescribeGroupsRequest, DescribeGroupsResponse,
    GroupId, ListGroupsRequest, ListGroupsResponse,
};

use super::{Api, Call, Reply, code_of, optional_text, text};
use crate::fault::Subjects;
use crate::groups::{Group, State};

fn named(groups: &[GroupId]) -> Subjects<'_> {
    let groups = groups.iter().map(|group| group.0.as_str()).collect();
    Subjects { topics: Vec::new(), groups }
}

impl Api for DescribeGroupsRequest {
    type Response = DescribeGroupsResponse;

    fn subjects(&self) -> Subjects<'_> {
        named(&self.groups)
    }

    fn handle(self, call: &Call<'_>) -> Reply<DescribeGroupsResponse> {
        let groups = call.shared.coordinator.lock();
        let describe = |id: &GroupId| match groups.by_id.get(id.as_str()) {
            Some(group) => describe(id, group),
            None => {
                DescribedGroup::default().with_group_id(id.clone()).with_group_state(text("Dead"))
            }
        };
        let described = self.groups.iter().map(describe).collect();
        Reply::Send(DescribeGroupsResponse::default().with_groups(described))
    }

    fn refuse(&self, error: ErrorCode) -> DescribeGroupsResponse {
        let refuse = |id: &GroupId| {
            DescribedGroup::default().with_group_id(id.clone()).with_error_code(error.code())
        };
        DescribeGroupsResponse::default().with_groups(self.groups.iter().map(refuse).collect())
    }
}

fn describe(id: &GroupId, group: &Group) -> DescribedGroup {
    // What members said and got is shown only when it is settled.
    let is_settled = group.state() == State::Stable;
    let members = group.members().iter().map(|member| {
        let shown = |bytes: Bytes| if is_settled { bytes } else { Bytes::new() };
        DescribedGroupMember::default()
            .with_member_id(text(&member.id))
            .with_group_instance_id(optional_text(member.instance_id.as_deref()))
            .with_client_id(text(&member.client_id))
            .with_client_host(text(&member.client_host))
            .with_member_metadata(shown(member.metadata(group.protocol())))
            .with_member_assignment(shown(member.assignment.clone()))
    });
    DescribedGroup::default()
        .with_group_id(id.clone())
        .with_group_state(text(group.state().name()))
        .with_protocol_type(text(group.protocol_type()))
        .with_protocol_data(text(if is_settled { group.protocol() } else { "" }))
        .with_members(members.collect())
}

impl Api for ListGroupsRequest {
    type Response = ListGroupsResponse;

    fn subjects(&self) -> Subjects<'_> {
        Subjects::default()
    }

    fn handle(self, call: &Call<'_>) -> Reply<ListGroupsResponse> {
        let groups = call.shared.coordinator.lock();
        let is_wanted = |group: &Group| {
            let mut states = self.states_filter.iter();
            self.states_filter.is_empty() || states.any(|state| **state == *group.state().name())
        };
        let wanted = groups.by_id.iter().filter(|(_, group)| is_wanted(group));
        let listed = wanted.map(|(id, group)| {
            ListedGroup::default()
                .with_group_id(GroupId(text(id)))
                .with_protocol_type(text(group.protocol_type()))
                .with_group_state(text(group.state().name()))
        });
        Reply::Send(ListGroupsResponse::default().with_groups(listed.collect()))
    }

    fn refuse(&self, error: ErrorCode) -> ListGroupsResponse {
        ListGroupsResponse::default().with_error_code(error.code())
    }
}

impl Api for DeleteGroupsRequest {
    type Response = DeleteGroupsResponse;

    fn subjects(&self) -> Subjects<'_> {
        named(&self.groups_names)
    }

    fn handle(self, call: &Call<'_>) -> Reply<DeleteGroupsResponse> {
        let mut groups = call.shared.coordinator.lock();
        let results = self.groups_names.iter().map(|id| {
            let deleted = groups.delete(id);
            DeletableGroupResult::default()
                .with_group_id(id.clone())
                .with_error_code(code_of(&deleted))
        });
        Reply::Send(DeleteGroupsResponse::default().with_results(results.collect()))
    }

    fn refuse(&self, error: ErrorCode) -> DeleteGroupsResponse {
        let refuse = |id: &GroupId| {
            DeletableGroupResult::default().with_group_id(id.clone()).with_error_code(error.code())
        };
        DeleteGroupsResponse::default().with_results(self.groups_names.iter().map(refuse).collect())
    }
}
