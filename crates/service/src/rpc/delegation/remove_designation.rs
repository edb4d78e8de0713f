//! `DelegationService.RemoveDesignation`.

use fuldmagt_domain::delegation::Delegation;
use fuldmagt_proto::v1::{RemoveDesignationRequest, RemoveDesignationResponse};
use prost::Message as _;
use tonic::Request;

use crate::{
    app::{
        App, Result,
        command::{Channel, Order},
    },
    rpc::{
        answered,
        caller::caller,
        from_proto::{
            Violations,
            actor::actor,
            ids::{delegation_id, party_id, request_id},
        },
        to_proto,
    },
};

const RPC: &str = "fuldmagt.v1.DelegationService/RemoveDesignation";

pub(super) async fn handle(
    app: &App,
    request: Request<RemoveDesignationRequest>,
) -> Result<RemoveDesignationResponse> {
    let call = app.call(caller(&request, RPC)?);
    let message = request.into_inner();
    let payload = message.encode_to_vec();
    let mut fields = Violations::new();
    let request_id = fields.read("request_id", |fields| request_id(fields, &message.request_id));
    let actor = fields.read("actor", |fields| actor(fields, message.actor));
    let delegation = fields.read("delegation_id", |fields| delegation_id(fields, &message.delegation_id));
    let employee = fields.read("employee_id", |fields| party_id(fields, &message.employee_id));
    let (request_id, actor, what) =
        fields.finish(|| Some((request_id?, actor?.party, (actor?.party, delegation?, employee?))))?;
    let order = app.order(call.acted_by(actor), request_id, &payload, Channel::SelfService);
    let answer = app.remove_designation(order, what, encode).await?;
    let mut response: RemoveDesignationResponse = answered(&answer)?;
    response.revision = answer.revision.to_token();
    Ok(response)
}

fn encode(delegation: &Delegation, order: &Order) -> Vec<u8> {
    let delegation = Some(to_proto::delegation(delegation, order.call.at));
    RemoveDesignationResponse { delegation, revision: String::new() }.encode_to_vec()
}
