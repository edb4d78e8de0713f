//! `DelegationService.RenewDelegation`.

use chrono::{DateTime, Utc};
use fuldmagt_domain::delegation::Delegation;
use fuldmagt_proto::v1::{RenewDelegationRequest, RenewDelegationResponse, RenewTerms};
use fuldmagt_store::usage::About;
use prost::Message as _;
use tonic::Request;
use uuid::Uuid;

use super::resent::{Resent, first_answer_or};
use crate::{
    app::{App, Result, command::Channel, renew_delegation::Renew},
    rpc::{
        answered,
        caller::caller,
        from_proto::{
            Violations,
            actor::actor,
            ids::{delegation_id, party_id, request_id},
            signature::signature,
            terms,
        },
        to_proto,
    },
};

const RPC: &str = "fuldmagt.v1.DelegationService/RenewDelegation";

pub(super) async fn handle(
    app: &App,
    request: Request<RenewDelegationRequest>,
) -> Result<RenewDelegationResponse> {
    let call = app.call(caller(&request, RPC)?);
    let message = request.into_inner();
    let payload = message.encode_to_vec();
    let resent = resent(&message);
    let answer = match parse(message, call.at) {
        Ok((request_id, renew)) => {
            let call = call.acted_by(renew.terms.actor.party);
            let order = app.order(call, request_id, &payload, Channel::SelfService);
            app.renew_delegation(order, renew, encode).await?
        }
        Err(error) => first_answer_or(app, call, &payload, resent, error).await?,
    };
    let mut response: RenewDelegationResponse = answered(&answer)?;
    response.revision = answer.revision.to_token();
    Ok(response)
}

fn resent(message: &RenewDelegationRequest) -> Option<Resent> {
    let mut fields = Violations::new();
    Some(Resent {
        request_id: request_id(&mut fields, &message.request_id)?,
        actor: party_id(&mut fields, &message.actor.as_ref()?.party_id)?,
        about: About {
            delegation: Some(delegation_id(&mut fields, &message.delegation_id)?.0),
            ..About::default()
        },
    })
}

fn parse(message: RenewDelegationRequest, now: DateTime<Utc>) -> Result<(Uuid, Renew)> {
    let mut fields = Violations::new();
    let request_id = fields.read("request_id", |fields| request_id(fields, &message.request_id));
    let actor = fields.read("actor", |fields| actor(fields, message.actor));
    let terms = RenewTerms { delegation_id: message.delegation_id, period: message.period };
    let terms = terms::renew(&mut fields, actor, terms, now);
    let signature = fields.read("signature", |fields| signature(fields, message.signature, now));
    fields.finish(|| Some((request_id?, Renew { terms: terms?, signature: signature? })))
}

fn encode(delegation: &Delegation) -> Vec<u8> {
    let delegation = Some(to_proto::delegation(delegation, delegation.created_at));
    RenewDelegationResponse { delegation, revision: String::new() }.encode_to_vec()
}
