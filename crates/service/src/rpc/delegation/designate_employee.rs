//! `DelegationService.DesignateEmployee`.

use fuldmagt_domain::delegation::Delegation;
use fuldmagt_proto::v1::{DesignateEmployeeRequest, DesignateEmployeeResponse};
use prost::Message as _;
use tonic::Request;

use crate::{
    app::{
        App, Result,
        command::{Channel, Order},
        designate_employee::Designate,
    },
    rpc::{
        answered,
        caller::caller,
        from_proto::{
            Violations,
            actor::actor,
            identifier::{employee, p_number},
            ids::{delegation_id, request_id},
        },
        to_proto,
    },
};

const RPC: &str = "fuldmagt.v1.DelegationService/DesignateEmployee";

pub(super) async fn handle(
    app: &App,
    request: Request<DesignateEmployeeRequest>,
) -> Result<DesignateEmployeeResponse> {
    let call = app.call(caller(&request, RPC)?);
    let message = request.into_inner();
    let payload = message.encode_to_vec();
    let mut fields = Violations::new();
    let request_id = fields.read("request_id", |fields| request_id(fields, &message.request_id));
    let actor = fields.read("actor", |fields| actor(fields, message.actor));
    let delegation = fields.read("delegation_id", |fields| delegation_id(fields, &message.delegation_id));
    let employee = fields.read("employee", |fields| employee(fields, message.employee));
    let p_number = fields.read("p_number", |fields| p_number(fields, &message.p_number));
    let (request_id, designate) = fields.finish(|| {
        let (actor, delegation, employee) = (actor?, delegation?, employee?);
        Some((request_id?, Designate { actor, delegation, employee, p_number: p_number? }))
    })?;
    let order = app.order(call.acted_by(designate.actor.party), request_id, &payload, Channel::SelfService);
    let answer = app.designate_employee(order, designate, encode).await?;
    let mut response: DesignateEmployeeResponse = answered(&answer)?;
    response.revision = answer.revision.to_token();
    Ok(response)
}

fn encode(delegation: &Delegation, order: &Order) -> Vec<u8> {
    let delegation = Some(to_proto::delegation(delegation, order.call.at));
    DesignateEmployeeResponse { delegation, revision: String::new() }.encode_to_vec()
}
