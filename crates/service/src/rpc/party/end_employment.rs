//! `PartyService.EndEmployment`.

use fuldmagt_proto::v1::{EndEmploymentRequest, EndEmploymentResponse};
use prost::Message as _;
use tonic::Request;

use super::by_register_or_system;
use crate::{
    app::{App, Result, standing::Turned},
    rpc::{
        answered,
        caller::caller,
        from_proto::{
            Violations,
            ids::{party_id, request_id},
        },
        to_proto,
    },
};

const RPC: &str = "fuldmagt.v1.PartyService/EndEmployment";

pub(super) async fn handle(
    app: &App,
    request: Request<EndEmploymentRequest>,
) -> Result<EndEmploymentResponse> {
    let call = app.call(caller(&request, RPC)?);
    let message = request.into_inner();
    let payload = message.encode_to_vec();
    let mut fields = Violations::new();
    let request_id = fields.read("request_id", |fields| request_id(fields, &message.request_id));
    let employee = fields.read("employee_id", |fields| party_id(fields, &message.employee_id));
    let (request_id, employee) = fields.finish(|| Some((request_id?, employee?)))?;
    let channel = by_register_or_system(&call);
    let order = app.order(call, request_id, &payload, channel);
    let answer = app.end_employment(order, employee, encode).await?;
    let mut response: EndEmploymentResponse = answered(&answer)?;
    response.revision = answer.revision.to_token();
    Ok(response)
}

fn encode(turned: &Turned) -> Vec<u8> {
    EndEmploymentResponse {
        terminated_delegation_ids: to_proto::delegation_ids(&turned.delegations),
        removed_designation_count: to_proto::count(turned.removed_designations),
        has_more: turned.has_more,
        revision: String::new(),
    }
    .encode_to_vec()
}
