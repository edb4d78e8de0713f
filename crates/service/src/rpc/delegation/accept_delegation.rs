//! `DelegationService.AcceptDelegation`.

use chrono::{DateTime, Utc};
use fuldmagt_domain::{delegation::Delegation, party::PartyId};
use fuldmagt_proto::v1::{AcceptDelegationRequest, AcceptDelegationResponse, AcceptTerms};
use fuldmagt_store::usage::About;
use prost::Message as _;
use tonic::Request;
use uuid::Uuid;

use crate::{
    app::{
        App, Error, Result,
        accept_delegation::Accept,
        command::{Channel, Order},
    },
    rpc::{
        answered,
        caller::caller,
        from_proto::{
            Violations,
            actor::actor,
            ids::{delegation_id, party_id, request_id, required_etag},
            signature::signature,
            terms,
        },
        to_proto,
    },
};

const RPC: &str = "fuldmagt.v1.DelegationService/AcceptDelegation";

pub(super) async fn handle(
    app: &App,
    request: Request<AcceptDelegationRequest>,
) -> Result<AcceptDelegationResponse> {
    let call = app.call(caller(&request, RPC)?);
    let message = request.into_inner();
    let payload = message.encode_to_vec();
    let sent_before = sent_before(&message);
    let answer = match parse(message, call.at) {
        Ok((request_id, accept)) => {
            let call = call.acted_by(accept.terms.actor.party);
            let order = app.order(call, request_id, &payload, Channel::SelfService);
            app.accept_delegation(order, accept, encode).await?
        }
        // A start that has passed since the request was sent first is no reason to forget its answer.
        Err(error @ Error::Invalid(_)) => match sent_before {
            Some((request_id, actor, about)) => {
                let order = app.order(call.acted_by(actor), request_id, &payload, Channel::SelfService);
                app.replay_or(&order, about, error).await?
            }
            None => return Err(error),
        },
        Err(error) => return Err(error),
    };
    let mut response: AcceptDelegationResponse = answered(&answer)?;
    response.revision = answer.revision.to_token();
    Ok(response)
}

/// Whose request it is and what it is about, if it can have been right before: then its ids are.
fn sent_before(message: &AcceptDelegationRequest) -> Option<(Uuid, PartyId, About)> {
    let mut fields = Violations::new();
    let request_id = request_id(&mut fields, &message.request_id)?;
    let actor = party_id(&mut fields, &message.actor.as_ref()?.party_id)?;
    let delegation = delegation_id(&mut fields, &message.delegation_id)?;
    Some((request_id, actor, About { delegation: Some(delegation.0), ..About::default() }))
}

fn parse(message: AcceptDelegationRequest, now: DateTime<Utc>) -> Result<(Uuid, Accept)> {
    let mut fields = Violations::new();
    let request_id = fields.read("request_id", |fields| request_id(fields, &message.request_id));
    let actor = fields.read("actor", |fields| actor(fields, message.actor));
    let version = fields.read("etag", |fields| required_etag(fields, &message.etag));
    let terms = AcceptTerms {
        delegation_id: message.delegation_id,
        privileges: message.privileges,
        period: message.period,
        replace_existing: message.replace_existing,
        packages: message.packages,
    };
    let terms = terms::accept(&mut fields, actor, terms, now);
    let signature = fields.read("signature", |fields| signature(fields, message.signature, now));
    fields.finish(|| {
        let accept = Accept { terms: terms?, expected_version: version?, signature: signature? };
        Some((request_id?, accept))
    })
}

fn encode(delegation: &Delegation, order: &Order) -> Vec<u8> {
    let delegation = Some(to_proto::delegation(delegation, order.call.at));
    AcceptDelegationResponse { delegation, revision: String::new() }.encode_to_vec()
}
