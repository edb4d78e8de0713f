//! `DelegationService.SubDelegate`.

use chrono::{DateTime, Utc};
use fuldmagt_domain::delegation::Delegation;
use fuldmagt_proto::v1::{SubDelegateRequest, SubDelegateResponse, SubDelegateTerms};
use fuldmagt_store::usage::About;
use prost::Message as _;
use tonic::Request;
use uuid::Uuid;

use super::resent::{Resent, first_answer_or};
use crate::{
    app::{App, Result, command::Channel, sub_delegate::SubDelegate},
    rpc::{
        answered,
        caller::caller,
        from_proto::{
            Violations,
            actor::actor,
            ids::{delegation_id, party_id, request_id},
            privileges,
            signature::signature,
            terms, text,
        },
        to_proto,
    },
};

const RPC: &str = "fuldmagt.v1.DelegationService/SubDelegate";

pub(super) async fn handle(app: &App, request: Request<SubDelegateRequest>) -> Result<SubDelegateResponse> {
    let call = app.call(caller(&request, RPC)?);
    let message = request.into_inner();
    let payload = message.encode_to_vec();
    let (resent, privileges) = (resent(&message), message.privileges.clone());
    let answer = match parse(message, call.at) {
        Ok((request_id, part)) => {
            let order =
                app.order(call.acted_by(part.terms.actor.party), request_id, &payload, Channel::SelfService);
            let given = app.sub_delegate(order, part, encode).await;
            given.map_err(|error| privileges::not_delegated(error, &privileges))?
        }
        Err(error) => first_answer_or(app, call, &payload, resent, error).await?,
    };
    let mut response: SubDelegateResponse = answered(&answer)?;
    response.revision = answer.revision.to_token();
    Ok(response)
}

fn resent(message: &SubDelegateRequest) -> Option<Resent> {
    let mut fields = Violations::new();
    Some(Resent {
        request_id: request_id(&mut fields, &message.request_id)?,
        actor: party_id(&mut fields, &message.actor.as_ref()?.party_id)?,
        about: About {
            representative: Some(party_id(&mut fields, &message.representative_id)?),
            delegation: Some(delegation_id(&mut fields, &message.parent_id)?.0),
            ..About::default()
        },
    })
}

fn parse(message: SubDelegateRequest, now: DateTime<Utc>) -> Result<(Uuid, SubDelegate)> {
    let mut fields = Violations::new();
    let request_id = fields.read("request_id", |fields| request_id(fields, &message.request_id));
    let actor = fields.read("actor", |fields| actor(fields, message.actor));
    let terms = SubDelegateTerms {
        parent_id: message.parent_id,
        representative_id: message.representative_id,
        privileges: message.privileges,
        period: message.period,
    };
    let terms = terms::sub_delegate(&mut fields, actor, terms, now);
    let text = fields.read("message", |fields| text::message(fields, &message.message));
    let signature = fields.read("signature", |fields| signature(fields, message.signature, now));
    fields.finish(|| {
        let part = SubDelegate { terms: terms?, message: text?, signature: signature? };
        Some((request_id?, part))
    })
}

fn encode(delegation: &Delegation) -> Vec<u8> {
    let delegation = Some(to_proto::delegation(delegation, delegation.created_at));
    SubDelegateResponse { delegation, revision: String::new() }.encode_to_vec()
}
