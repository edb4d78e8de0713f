//! `DelegationService.RequestDelegation`.

use chrono::{DateTime, Utc};
use fuldmagt_domain::{delegation::Delegation, party::PartyId};
use fuldmagt_proto::v1::{RequestDelegationRequest, RequestDelegationResponse};
use fuldmagt_store::usage::About;
use prost::Message as _;
use tonic::Request;
use uuid::Uuid;

use crate::{
    app::{App, Error, Result, command::Channel, request_delegation::Wanted},
    rpc::{
        answered,
        caller::caller,
        from_proto::{
            Violations,
            actor::actor,
            delegated_packages::choices,
            ids::{party_id, request_id},
            period::period,
            privileges::{filter, privileges},
            text,
        },
        to_proto,
    },
};

const RPC: &str = "fuldmagt.v1.DelegationService/RequestDelegation";

pub(super) async fn handle(
    app: &App,
    request: Request<RequestDelegationRequest>,
) -> Result<RequestDelegationResponse> {
    let call = app.call(caller(&request, RPC)?);
    let message = request.into_inner();
    let payload = message.encode_to_vec();
    let sent_before = sent_before(&message);
    let answer = match parse(message, call.at) {
        Ok((request_id, wanted)) => {
            let call = call.acted_by(wanted.actor.party);
            let order = app.order(call, request_id, &payload, Channel::SelfService);
            app.request_delegation(order, wanted, encode).await?
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
    let mut response: RequestDelegationResponse = answered(&answer)?;
    response.revision = answer.revision.to_token();
    Ok(response)
}

/// Whose request it is and whom it is about, if it can have been right before: then its ids are.
fn sent_before(message: &RequestDelegationRequest) -> Option<(Uuid, PartyId, About)> {
    let mut fields = Violations::new();
    let request_id = request_id(&mut fields, &message.request_id)?;
    let mut party = |text: &str| party_id(&mut fields, text);
    let actor = party(&message.actor.as_ref()?.party_id)?;
    let (delegator, representative) = (party(&message.delegator_id)?, party(&message.representative_id)?);
    let about = About { delegator: Some(delegator), representative: Some(representative), delegation: None };
    Some((request_id, actor, about))
}

fn parse(message: RequestDelegationRequest, now: DateTime<Utc>) -> Result<(Uuid, Wanted)> {
    let mut fields = Violations::new();
    let starts_on_acceptance = message.period.as_ref().is_some_and(|period| period.start.is_none());
    let request_id = fields.read("request_id", |fields| request_id(fields, &message.request_id));
    let actor = fields.read("actor", |fields| actor(fields, message.actor));
    let representative =
        fields.read("representative_id", |fields| party_id(fields, &message.representative_id));
    let delegator = fields.read("delegator_id", |fields| {
        let delegator = party_id(fields, &message.delegator_id)?;
        if representative == Some(delegator) {
            return fields
                .refuse("DELEGATOR_IS_REPRESENTATIVE", "must be another party than the representative");
        }
        Some(delegator)
    });
    let privileges = fields.read("privileges", |fields| {
        // A package is enough.
        let read = if message.packages.is_empty() { privileges } else { filter };
        read(fields, &message.privileges)
    });
    let packages = fields.read("packages", |fields| choices(fields, &message.packages));
    let period = fields.read("period", |fields| period(fields, message.period, now));
    let text = fields.read("message", |fields| text::message(fields, &message.message));
    fields.finish(|| {
        let wanted = Wanted {
            actor: actor?,
            representative: representative?,
            delegator: delegator?,
            privileges: privileges?,
            packages: packages?,
            period: period?,
            starts_on_acceptance,
            message: text?,
        };
        Some((request_id?, wanted))
    })
}

fn encode(delegation: &Delegation) -> Vec<u8> {
    let delegation = Some(to_proto::delegation(delegation, delegation.created_at));
    RequestDelegationResponse { delegation, revision: String::new() }.encode_to_vec()
}
