//! `DelegationService.WithdrawRequest`.

use fuldmagt_domain::delegation::Delegation;
use fuldmagt_proto::v1::{WithdrawRequestRequest, WithdrawRequestResponse};
use prost::Message as _;
use tonic::Request;

use crate::{
    app::{
        App, Result,
        command::{Channel, Order},
        withdraw_request::Withdraw,
    },
    rpc::{
        answered,
        caller::caller,
        from_proto::{
            Violations,
            actor::actor,
            ids::{delegation_id, request_id},
        },
        to_proto,
    },
};

const RPC: &str = "fuldmagt.v1.DelegationService/WithdrawRequest";

pub(super) async fn handle(
    app: &App,
    request: Request<WithdrawRequestRequest>,
) -> Result<WithdrawRequestResponse> {
    let call = app.call(caller(&request, RPC)?);
    let message = request.into_inner();
    let payload = message.encode_to_vec();
    let mut fields = Violations::new();
    let request_id = fields.read("request_id", |fields| request_id(fields, &message.request_id));
    let actor = fields.read("actor", |fields| actor(fields, message.actor));
    let delegation = fields.read("delegation_id", |fields| delegation_id(fields, &message.delegation_id));
    let (request_id, withdraw) =
        fields.finish(|| Some((request_id?, Withdraw { actor: actor?, delegation: delegation? })))?;
    let order = app.order(call.acted_by(withdraw.actor.party), request_id, &payload, Channel::SelfService);
    let answer = app.withdraw_request(order, withdraw, encode).await?;
    let mut response: WithdrawRequestResponse = answered(&answer)?;
    response.revision = answer.revision.to_token();
    Ok(response)
}

fn encode(delegation: &Delegation, order: &Order) -> Vec<u8> {
    let delegation = Some(to_proto::delegation(delegation, order.call.at));
    WithdrawRequestResponse { delegation, revision: String::new() }.encode_to_vec()
}
