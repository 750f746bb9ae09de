//! FindCoordinator and InitProducerId: this node coordinates every group and every transaction.

use std::time::Duration;

use kafka_protocol::ResponseError as ErrorCode;
use kafka_protocol::messages::{
    BrokerId, FindCoordinatorRequest, FindCoordinatorResponse, InitProducerIdRequest,
    InitProducerIdResponse, ProducerId,
};

use super::{Api, Call, Reply, text};
use crate::fault::Subjects;
use crate::shared::{HOST, NODE_ID};
use crate::transactions::Identity;

const KEY_TYPE_GROUP: i8 = 0;
const KEY_TYPE_TRANSACTION: i8 = 1;

impl Api for FindCoordinatorRequest {
    type Response = FindCoordinatorResponse;

    fn subjects(&self) -> Subjects<'_> {
        if self.key_type == KEY_TYPE_GROUP {
            Subjects::group(&self.key)
        } else {
            Subjects::default()
        }
    }

    fn handle(self, call: &Call<'_>) -> Reply<FindCoordinatorResponse> {
        if !matches!(self.key_type, KEY_TYPE_GROUP | KEY_TYPE_TRANSACTION) {
            return Reply::Send(self.refuse(ErrorCode::InvalidRequest));
        }
        let found = FindCoordinatorResponse::default()
            .with_node_id(BrokerId(NODE_ID))
            .with_host(text(HOST))
            .with_port(i32::from(call.shared.port));
        Reply::Send(found)
    }

    fn refuse(&self, error: ErrorCode) -> FindCoordinatorResponse {
        let response = FindCoordinatorResponse::default().with_error_code(error.code());
        response.with_node_id(BrokerId(-1)).with_port(-1)
    }
}

impl Api for InitProducerIdRequest {
    type Response = InitProducerIdResponse;

    fn subjects(&self) -> Subjects<'_> {
        Subjects::default()
    }

    fn handle(self, call: &Call<'_>) -> Reply<InitProducerIdResponse> {
        match init(&self, call) {
            Err(error) => Reply::Send(self.refuse(error)),
            Ok(identity) => {
                let given = InitProducerIdResponse::default()
                    .with_producer_id(ProducerId(identity.producer_id))
                    .with_producer_epoch(identity.epoch);
                Reply::Send(given)
            }
        }
    }

    fn refuse(&self, error: ErrorCode) -> InitProducerIdResponse {
        let response = InitProducerIdResponse::default().with_error_code(error.code());
        response.with_producer_id(ProducerId(-1)).with_producer_epoch(-1)
    }
}

fn init(request: &InitProducerIdRequest, call: &Call<'_>) -> Result<Identity, ErrorCode> {
    let fresh_id = || call.shared.new_producer_id();
    let Some(id) = &request.transactional_id else {
        return Ok(Identity { producer_id: fresh_id(), epoch: 0 });
    };
    if id.is_empty() {
        return Err(ErrorCode::InvalidRequest);
    }
    let timeout_ms = u64::try_from(request.transaction_timeout_ms).unwrap_or_default();
    let known = Identity { producer_id: request.producer_id.0, epoch: request.producer_epoch };
    let known = Some(known).filter(|known| known.producer_id >= 0);
    let mut transactions = call.shared.transactions();
    let given = transactions.init(id, Duration::from_millis(timeout_ms), known, fresh_id);
    let (identity, ended) = given.map_err(|error| match error {
        // Clients before version 4 know only the older code.
        ErrorCode::ProducerFenced => ErrorCode::InvalidProducerEpoch,
        other => other,
    })?;
    if let Some(ended) = ended {
        call.shared.apply(&ended);
    }
    Ok(identity)
}
