//! `DelegationService.DeclineDelegation`.

use fuldmagt_domain::delegation::Delegation;
use fuldmagt_proto::v1::{DeclineDelegationRequest, DeclineDelegationResponse};
use prost::Message as _;
use tonic::Request;

use crate::{
    app::{
        App, Result,
        command::{Channel, Order},
        decline_delegation::Decline,
    },
    rpc::{
        answered,
        caller::caller,
        from_proto::{
            Violations,
            actor::actor,
            delegation::end_reason,
            ids::{delegation_id, request_id},
        },
        to_proto,
    },
};

const RPC: &str = "fuldmagt.v1.DelegationService/DeclineDelegation";

pub(super) async fn handle(
    app: &App,
    request: Request<DeclineDelegationRequest>,
) -> Result<DeclineDelegationResponse> {
    let call = app.call(caller(&request, RPC)?);
    let message = request.into_inner();
    let payload = message.encode_to_vec();
    let mut fields = Violations::new();
    let request_id = fields.read("request_id", |fields| request_id(fields, &message.request_id));
    let actor = fields.read("actor", |fields| actor(fields, message.actor));
    let delegation = fields.read("delegation_id", |fields| delegation_id(fields, &message.delegation_id));
    let reason = fields.read("reason", |fields| end_reason(fields, message.reason));
    let (request_id, decline) = fields.finish(|| {
        Some((request_id?, Decline { actor: actor?, delegation: delegation?, reason: reason? }))
    })?;
    let order = app.order(call.acted_by(decline.actor.party), request_id, &payload, Channel::SelfService);
    let answer = app.decline_delegation(order, decline, encode).await?;
    let mut response: DeclineDelegationResponse = answered(&answer)?;
    response.revision = answer.revision.to_token();
    Ok(response)
}

fn encode(delegation: &Delegation, order: &Order) -> Vec<u8> {
    let delegation = Some(to_proto::delegation(delegation, order.call.at));
    DeclineDelegationResponse { delegation, revision: String::new() }.encode_to_vec()
}
