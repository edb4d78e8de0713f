//! `DelegationService.CreateDelegation`.

use chrono::{DateTime, Utc};
use fuldmagt_domain::delegation::Delegation;
use fuldmagt_proto::v1::{CreateDelegationRequest, CreateDelegationResponse, CreateTerms};
use fuldmagt_store::usage::About;
use prost::Message as _;
use tonic::Request;
use uuid::Uuid;

use super::resent::{Resent, first_answer_or};
use crate::{
    app::{App, Result, command::Channel, create_delegation::Create},
    rpc::{
        answered,
        caller::caller,
        from_proto::{
            Violations,
            actor::actor,
            ids::{party_id, request_id},
            signature::signature,
            terms, text,
        },
        to_proto,
    },
};

const RPC: &str = "fuldmagt.v1.DelegationService/CreateDelegation";

pub(super) async fn handle(
    app: &App,
    request: Request<CreateDelegationRequest>,
) -> Result<CreateDelegationResponse> {
    let call = app.call(caller(&request, RPC)?);
    let message = request.into_inner();
    let payload = message.encode_to_vec();
    let resent = resent(&message);
    let answer = match parse(message, call.at) {
        Ok((request_id, create)) => {
            let call = call.acted_by(create.terms.actor.party);
            let order = app.order(call, request_id, &payload, Channel::SelfService);
            app.create_delegation(order, create, encode).await?
        }
        Err(error) => first_answer_or(app, call, &payload, resent, error).await?,
    };
    let mut response: CreateDelegationResponse = answered(&answer)?;
    response.revision = answer.revision.to_token();
    Ok(response)
}

fn resent(message: &CreateDelegationRequest) -> Option<Resent> {
    let mut fields = Violations::new();
    let mut party = |text: &str| party_id(&mut fields, text);
    let actor = party(&message.actor.as_ref()?.party_id)?;
    let (delegator, representative) = (party(&message.delegator_id)?, party(&message.representative_id)?);
    let about = About { delegator: Some(delegator), representative: Some(representative), delegation: None };
    Some(Resent { request_id: request_id(&mut fields, &message.request_id)?, actor, about })
}

fn parse(message: CreateDelegationRequest, now: DateTime<Utc>) -> Result<(Uuid, Create)> {
    let mut fields = Violations::new();
    let request_id = fields.read("request_id", |fields| request_id(fields, &message.request_id));
    let actor = fields.read("actor", |fields| actor(fields, message.actor));
    let terms = CreateTerms {
        delegator_id: message.delegator_id,
        representative_id: message.representative_id,
        privileges: message.privileges,
        packages: message.packages,
        period: message.period,
        replace_existing: message.replace_existing,
    };
    let terms = terms::create(&mut fields, actor, terms, now);
    let text = fields.read("message", |fields| text::message(fields, &message.message));
    let signature = fields.read("signature", |fields| signature(fields, message.signature, now));
    fields.finish(|| Some((request_id?, Create { terms: terms?, message: text?, signature: signature? })))
}

fn encode(delegation: &Delegation) -> Vec<u8> {
    let delegation = Some(to_proto::delegation(delegation, delegation.created_at));
    CreateDelegationResponse { delegation, revision: String::new() }.encode_to_vec()
}
