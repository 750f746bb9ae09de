//! The APIs: one `impl Api` per request type, and the table that finds it by key.

mod config_admin;
mod coordinator;
mod fetch;
mod group_admin;
mod group_offsets;
mod list_offsets;
mod membership;
mod metadata;
mod produce;
mod shape;
mod topic_admin;
mod transactions;
mod versions;

use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::ResponseError as ErrorCode;
use kafka_protocol::messages::{self, ApiKey, RequestHeader, ResponseHeader};
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, StrBytes};

use crate::fault::{Action, Seen, Subjects};
use crate::shared::Shared;

/// Who asks, and in which version.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) client_id: &'a str,
    pub(crate) client_host: &'a str,
    pub(crate) version: i16,
}

/// What becomes of a request.
#[derive(Debug)]
enum Reply<T> {
    Send(T),
    /// The client wants no answer.
    Silent,
    /// The connection ends: the client wants no answer, but must notice a failure.
    Close,
}

/// One request type of the protocol.
trait Api: Decodable + HeaderVersion {
    /// Its answer.
    type Response: Encodable + HeaderVersion;

    /// The topics and groups it names.
    fn subjects(&self) -> Subjects<'_>;

    /// Does what it asks for. May wait: each connection has its thread.
    fn handle(self, call: &Call<'_>) -> Reply<Self::Response>;

    /// The answer that says `error` for everything the request names.
    fn refuse(&self, error: ErrorCode) -> Self::Response;

    /// What becomes of the request when a fault refuses it.
    fn fail(&self, error: ErrorCode) -> Reply<Self::Response> {
        Reply::Send(self.refuse(error))
    }
}

/// Why a connection ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Closed {
    /// The frame is not a request that this broker serves.
    BadRequest,
    /// A fault, or an error that a client without answers must notice.
    OnPurpose,
}

macro_rules! apis {
    ($($key:ident: $request:ty, $min:literal..=$max:literal;)*) => {
        /// Keys and versions that are served: those of Kafka 2.5, as far as the codec has them.
        const SERVED: &[(ApiKey, i16, i16)] = &[$((ApiKey::$key, $min, $max)),*];

        fn dispatch(
            key: ApiKey,
            call: &Call<'_>,
            header: &RequestHeader,
            body: Bytes,
        ) -> Result<Option<BytesMut>, Closed> {
            match key {
                $(ApiKey::$key => serve::<$request>(key, call, header, body),)*
                _ => Err(Closed::BadRequest),
            }
        }
    };
}

apis! {
    Produce: messages::ProduceRequest, 3..=8;
    Fetch: messages::FetchRequest, 4..=11;
    ListOffsets: messages::ListOffsetsRequest, 1..=5;
    Metadata: messages::MetadataRequest, 0..=9;
    OffsetCommit: messages::OffsetCommitRequest, 2..=8;
    OffsetFetch: messages::OffsetFetchRequest, 1..=7;
    FindCoordinator: messages::FindCoordinatorRequest, 0..=3;
    JoinGroup: messages::JoinGroupRequest, 0..=7;
    Heartbeat: messages::HeartbeatRequest, 0..=4;
    LeaveGroup: messages::LeaveGroupRequest, 0..=4;
    SyncGroup: messages::SyncGroupRequest, 0..=5;
    DescribeGroups: messages::DescribeGroupsRequest, 0..=5;
    ListGroups: messages::ListGroupsRequest, 0..=4;
    ApiVersions: messages::ApiVersionsRequest, 0..=3;
    CreateTopics: messages::CreateTopicsRequest, 2..=5;
    DeleteTopics: messages::DeleteTopicsRequest, 1..=4;
    DeleteRecords: messages::DeleteRecordsRequest, 0..=1;
    InitProducerId: messages::InitProducerIdRequest, 0..=3;
    AddPartitionsToTxn: messages::AddPartitionsToTxnRequest, 0..=1;
    AddOffsetsToTxn: messages::AddOffsetsToTxnRequest, 0..=1;
    EndTxn: messages::EndTxnRequest, 0..=1;
    TxnOffsetCommit: messages::TxnOffsetCommitRequest, 0..=3;
    DescribeConfigs: messages::DescribeConfigsRequest, 1..=2;
    AlterConfigs: messages::AlterConfigsRequest, 0..=1;
    CreatePartitions: messages::CreatePartitionsRequest, 0..=2;
    DeleteGroups: messages::DeleteGroupsRequest, 0..=2;
    IncrementalAlterConfigs: messages::IncrementalAlterConfigsRequest, 0..=1;
}

/// Answers one request frame (without its length); none when the client wants no answer.
///
/// # Errors
/// When the connection must end.
pub(crate) fn answer(
    shared: &Shared,
    client_host: &str,
    mut frame: Bytes,
) -> Result<Option<BytesMut>, Closed> {
    let (key, version) = key_and_version(&frame)?;
    if key == ApiKey::ApiVersions && !is_served(key, version) {
        return versions::answer_unsupported(&frame);
    }
    if !is_served(key, version) {
        return Err(Closed::BadRequest);
    }
    let header_version = key.request_header_version(version);
    let header =
        RequestHeader::decode(&mut frame, header_version).map_err(|_| Closed::BadRequest)?;
    shape::check(key, version, &frame)?;
    let client_id = header.client_id.as_ref().map_or("", StrBytes::as_str);
    let call = Call { shared, client_id, client_host, version };
    dispatch(key, &call, &header, frame)
}

fn key_and_version(frame: &[u8]) -> Result<(ApiKey, i16), Closed> {
    let [k0, k1, v0, v1, ..] = *frame else { return Err(Closed::BadRequest) };
    let key = i16::from_be_bytes([k0, k1]);
    let key = ApiKey::try_from(key).map_err(|()| Closed::BadRequest)?;
    Ok((key, i16::from_be_bytes([v0, v1])))
}

fn is_served(key: ApiKey, version: i16) -> bool {
    let fits =
        |&(known, min, max): &(ApiKey, i16, i16)| known == key && (min..=max).contains(&version);
    SERVED.iter().any(fits)
}

fn serve<A: Api>(
    key: ApiKey,
    call: &Call<'_>,
    header: &RequestHeader,
    mut body: Bytes,
) -> Result<Option<BytesMut>, Closed> {
    let request = A::decode(&mut body, call.version).map_err(|_| Closed::BadRequest)?;
    let seen = Seen { api: key, client_id: call.client_id, subjects: request.subjects() };
    let action = call.shared.faults.strike(&seen);
    let reply = match action {
        Some(Action::Disconnect) => return Err(Closed::OnPurpose),
        Some(Action::Error(code)) => request.fail(code),
        Some(Action::Delay(time)) => {
            call.shared.sleep(time);
            request.handle(call)
        }
        Some(Action::DropResponse) => {
            request.handle(call);
            return Err(Closed::OnPurpose);
        }
        None => request.handle(call),
    };
    match reply {
        Reply::Send(response) => encode(header.correlation_id, call.version, &response).map(Some),
        Reply::Silent => Ok(None),
        Reply::Close => Err(Closed::OnPurpose),
    }
}

/// A whole response frame with its length.
fn encode<R: Encodable + HeaderVersion>(
    correlation_id: i32,
    version: i16,
    response: &R,
) -> Result<BytesMut, Closed> {
    let mut out = BytesMut::new();
    out.put_i32(0);
    let header = ResponseHeader::default().with_correlation_id(correlation_id);
    let header_done = header.encode(&mut out, R::header_version(version));
    let body_done = header_done.and_then(|()| response.encode(&mut out, version));
    debug_assert!(body_done.is_ok(), "response does not fit version {version}: {body_done:?}");
    body_done.map_err(|_| Closed::BadRequest)?;
    let length = i32::try_from(out.len() - 4).map_err(|_| Closed::BadRequest)?;
    if let Some(place) = out.get_mut(..4) {
        place.copy_from_slice(&length.to_be_bytes());
    }
    Ok(out)
}

/// The wire code of an outcome.
fn code_of<T>(outcome: &Result<T, ErrorCode>) -> i16 {
    outcome.as_ref().err().map_or(0, ErrorCode::code)
}

/// Text for the wire.
fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

/// Optional text for the wire.
fn optional_text(text: Option<&str>) -> Option<StrBytes> {
    text.map(self::text)
}
