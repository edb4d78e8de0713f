//! `PaperService.RegisterSignedForm`.

use fuldmagt_domain::paper::{Case, Returned};
use fuldmagt_proto::v1::{RegisterSignedFormRequest, RegisterSignedFormResponse};
use prost::Message as _;
use tonic::Request;
use uuid::Uuid;

use crate::{
    app::{
        App, Result,
        command::{Channel, Order},
        register_signed_form::RegisterForm,
    },
    rpc::{
        answered,
        caller::caller,
        from_proto::{
            Violations,
            actor::actor,
            ids::{delegation_id, request_id},
            paper::{scan_digest, sign_date},
            privileges::privileges,
        },
        to_proto,
    },
};

const RPC: &str = "fuldmagt.v1.PaperService/RegisterSignedForm";

pub(super) async fn handle(
    app: &App,
    request: Request<RegisterSignedFormRequest>,
) -> Result<RegisterSignedFormResponse> {
    let call = app.call(caller(&request, RPC)?);
    let message = request.into_inner();
    let payload = message.encode_to_vec();
    let (request_id, form) = parse(message)?;
    let order = app.order(call.acted_by(form.actor.party), request_id, &payload, Channel::Paper);
    let answer = app.register_signed_form(order, form, encode).await?;
    let mut response: RegisterSignedFormResponse = answered(&answer)?;
    response.revision = answer.revision.to_token();
    Ok(response)
}

fn parse(message: RegisterSignedFormRequest) -> Result<(Uuid, RegisterForm)> {
    let mut fields = Violations::new();
    let request_id = fields.read("request_id", |fields| request_id(fields, &message.request_id));
    let actor = fields.read("actor", |fields| actor(fields, message.actor));
    let delegation = fields.read("delegation_id", |fields| delegation_id(fields, &message.delegation_id));
    let digest = fields.read("scan_digest", |fields| scan_digest(fields, &message.scan_digest));
    let ticked = fields.read("ticked_privileges", |fields| privileges(fields, &message.ticked_privileges));
    let signed_on = fields.read("sign_date", |fields| sign_date(fields, &message.sign_date));
    fields.finish(|| {
        let returned = Returned { scan_digest: digest?, ticked: ticked?, signed_on: signed_on? };
        Some((request_id?, RegisterForm { actor: actor?, delegation: delegation?, returned }))
    })
}

fn encode(case: &Case, order: &Order) -> Vec<u8> {
    let paper_case = Some(to_proto::paper_case(case, order.call.at));
    RegisterSignedFormResponse { paper_case, revision: String::new() }.encode_to_vec()
}
