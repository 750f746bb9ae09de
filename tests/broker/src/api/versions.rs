//! ApiVersions: what this broker can do.

use bytes::{Buf, Bytes, BytesMut};
use kafka_protocol::ResponseError as ErrorCode;
use kafka_protocol::messages::api_versions_response::ApiVersion;
use kafka_protocol::messages::{ApiKey, ApiVersionsRequest, ApiVersionsResponse};

use super::{Api, Call, Closed, Reply, SERVED, encode};
use crate::fault::Subjects;

impl Api for ApiVersionsRequest {
    type Response = ApiVersionsResponse;

    fn subjects(&self) -> Subjects<'_> {
        Subjects::default()
    }

    fn handle(self, _call: &Call<'_>) -> Reply<ApiVersionsResponse> {
        Reply::Send(ApiVersionsResponse::default().with_api_keys(served()))
    }

    fn refuse(&self, error: ErrorCode) -> ApiVersionsResponse {
        ApiVersionsResponse::default().with_error_code(error.code()).with_api_keys(served())
    }
}

fn served() -> Vec<ApiVersion> {
    let version = |&(key, min, max): &(ApiKey, i16, i16)| {
        // librdkafka takes compression for impossible unless Produce starts at 0 (KAFKA-18659).
        let min = if key == ApiKey::Produce { 0 } else { min };
        ApiVersion::default().with_api_key(key as i16).with_min_version(min).with_max_version(max)
    };
    SERVED.iter().map(version).collect()
}

/// Answers a version that is too new, in version 0, so that the client can try again (KIP-511).
pub(super) fn answer_unsupported(frame: &Bytes) -> Result<Option<BytesMut>, Closed> {
    let mut correlation = frame.get(4..8).ok_or(Closed::BadRequest)?;
    let response = ApiVersionsResponse::default()
        .with_error_code(ErrorCode::UnsupportedVersion.code())
        .with_api_keys(served());
    encode(correlation.get_i32(), 0, &response).map(Some)
}
