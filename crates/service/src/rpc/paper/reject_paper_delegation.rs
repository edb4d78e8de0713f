//! `PaperService.RejectPaperDelegation`.

use fuldmagt_domain::paper::Case;
use fuldmagt_proto::v1::{RejectPaperDelegationRequest, RejectPaperDelegationResponse};
use prost::Message as _;
use tonic::Request;
use uuid::Uuid;

use crate::{
    app::{
        App, Result,
        command::{Channel, Order},
        reject_paper_delegation::RejectPaper,
    },
    rpc::{
        answered,
        caller::caller,
        from_proto::{
            Violations,
            actor::actor,
            ids::{delegation_id, request_id},
            paper::reject_reason,
        },
        to_proto,
    },
};

const RPC: &str = "fuldmagt.v1.PaperService/RejectPaperDelegation";

pub(super) async fn handle(
    app: &App,
    request: Request<RejectPaperDelegationRequest>,
) -> Result<RejectPaperDelegationResponse> {
    let call = app.call(caller(&request, RPC)?);
    let message = request.into_inner();
    let payload = message.encode_to_vec();
    let (request_id, reject) = parse(message)?;
    let order = app.order(call.acted_by(reject.actor.party), request_id, &payload, Channel::Paper);
    let answer = app.reject_paper_delegation(order, reject, encode).await?;
    let mut response: RejectPaperDelegationResponse = answered(&answer)?;
    response.revision = answer.revision.to_token();
    Ok(response)
}

fn parse(message: RejectPaperDelegationRequest) -> Result<(Uuid, RejectPaper)> {
    let mut fields = Violations::new();
    let request_id = fields.read("request_id", |fields| request_id(fields, &message.request_id));
    let actor = fields.read("actor", |fields| actor(fields, message.actor));
    let delegation = fields.read("delegation_id", |fields| delegation_id(fields, &message.delegation_id));
    let reason = fields.read("reason", |fields| reject_reason(fields, message.reason));
    fields.finish(|| {
        Some((request_id?, RejectPaper { actor: actor?, delegation: delegation?, reason: reason? }))
    })
}

fn encode(case: &Case, order: &Order) -> Vec<u8> {
    let paper_case = Some(to_proto::paper_case(case, order.call.at));
    RejectPaperDelegationResponse { paper_case, revision: String::new() }.encode_to_vec()
}
