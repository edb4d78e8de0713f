//! `PartyService.ResolveSuspension`.

use fuldmagt_proto::v1::{ResolveSuspensionRequest, ResolveSuspensionResponse, SuspensionOutcome};
use prost::Message as _;
use tonic::Request;

use crate::{
    app::{App, Result, command::Channel, resolve_suspension::Resolve, standing::Turned},
    rpc::{
        answered,
        caller::caller,
        from_proto::{
            ENUM_UNKNOWN, Violations,
            ids::{party_id, request_id, required_etag},
        },
        to_proto,
    },
};

const RPC: &str = "fuldmagt.v1.PartyService/ResolveSuspension";

pub(super) async fn handle(
    app: &App,
    request: Request<ResolveSuspensionRequest>,
) -> Result<ResolveSuspensionResponse> {
    let call = app.call(caller(&request, RPC)?);
    let message = request.into_inner();
    let payload = message.encode_to_vec();
    let mut fields = Violations::new();
    let request_id = fields.read("request_id", |fields| request_id(fields, &message.request_id));
    let caseworker = fields.read("caseworker_id", |fields| party_id(fields, &message.caseworker_id));
    let party = fields.read("party_id", |fields| party_id(fields, &message.party_id));
    let comes_back = fields.read("outcome", |fields| comes_back(fields, message.outcome));
    let expected_version = fields.read("etag", |fields| required_etag(fields, &message.etag));
    let (request_id, resolve) = fields.finish(|| {
        let resolve = Resolve {
            caseworker: caseworker?,
            party: party?,
            expected_version: expected_version?,
            comes_back: comes_back?,
        };
        Some((request_id?, resolve))
    })?;
    let order = app.order(call.acted_by(resolve.caseworker), request_id, &payload, Channel::System);
    let answer = app.resolve_suspension(order, resolve, encode).await?;
    let mut response: ResolveSuspensionResponse = answered(&answer)?;
    response.revision = answer.revision.to_token();
    Ok(response)
}

fn comes_back(fields: &mut Violations, number: i32) -> Option<bool> {
    match SuspensionOutcome::try_from(number) {
        Ok(SuspensionOutcome::Reinstated) => Some(true),
        Ok(SuspensionOutcome::Ended) => Some(false),
        Ok(SuspensionOutcome::Unspecified) => fields.required(),
        Err(_) => fields.refuse(ENUM_UNKNOWN, "must be one of the outcomes"),
    }
}

fn encode(turned: &Turned) -> Vec<u8> {
    ResolveSuspensionResponse {
        delegation_ids: to_proto::delegation_ids(&turned.delegations),
        has_more: turned.has_more,
        revision: String::new(),
    }
    .encode_to_vec()
}
