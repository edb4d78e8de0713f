//! `PaperService.StartPaperDelegation`.

use chrono::{DateTime, Utc};
use fuldmagt_domain::{paper::Case, party::PartyId};
use fuldmagt_proto::v1::{StartPaperDelegationRequest, StartPaperDelegationResponse};
use fuldmagt_store::usage::About;
use prost::Message as _;
use tonic::Request;
use uuid::Uuid;

use crate::{
    app::{
        App, Error, Result,
        command::{Channel, Order},
        start_paper_delegation::StartPaper,
    },
    rpc::{
        answered,
        caller::caller,
        from_proto::{
            Violations,
            actor::actor,
            ids::{party_id, request_id},
            period::period,
            privileges::privileges,
        },
        to_proto,
    },
};

const RPC: &str = "fuldmagt.v1.PaperService/StartPaperDelegation";

pub(super) async fn handle(
    app: &App,
    request: Request<StartPaperDelegationRequest>,
) -> Result<StartPaperDelegationResponse> {
    let call = app.call(caller(&request, RPC)?);
    let message = request.into_inner();
    let payload = message.encode_to_vec();
    let sent_before = sent_before(&message);
    let answer = match parse(message, call.at) {
        Ok((request_id, start)) => {
            let call = call.acted_by(start.actor.party);
            let order = app.order(call, request_id, &payload, Channel::Paper);
            app.start_paper_delegation(order, start, encode).await?
        }
        // A start that has passed since the request was sent first is no reason to forget its answer.
        Err(error @ Error::Invalid(_)) => match sent_before {
            Some((request_id, actor, about)) => {
                let order = app.order(call.acted_by(actor), request_id, &payload, Channel::Paper);
                app.replay_or(&order, about, error).await?
            }
            None => return Err(error),
        },
        Err(error) => return Err(error),
    };
    let mut response: StartPaperDelegationResponse = answered(&answer)?;
    response.revision = answer.revision.to_token();
    Ok(response)
}

/// Whose request it is and whom it is about, if it can have been right before: then its ids are.
fn sent_before(message: &StartPaperDelegationRequest) -> Option<(Uuid, PartyId, About)> {
    let mut fields = Violations::new();
    let request_id = request_id(&mut fields, &message.request_id)?;
    let mut party = |text: &str| party_id(&mut fields, text);
    let actor = party(&message.actor.as_ref()?.party_id)?;
    let (delegator, representative) = (party(&message.delegator_id)?, party(&message.representative_id)?);
    let about = About { delegator: Some(delegator), representative: Some(representative), delegation: None };
    Some((request_id, actor, about))
}

fn parse(message: StartPaperDelegationRequest, now: DateTime<Utc>) -> Result<(Uuid, StartPaper)> {
    let mut fields = Violations::new();
    let request_id = fields.read("request_id", |fields| request_id(fields, &message.request_id));
    let actor = fields.read("actor", |fields| actor(fields, message.actor));
    let delegator = fields.read("delegator_id", |fields| party_id(fields, &message.delegator_id));
    let representative = fields.read("representative_id", |fields| {
        let representative = party_id(fields, &message.representative_id)?;
        if delegator == Some(representative) {
            return fields.refuse("DELEGATOR_IS_REPRESENTATIVE", "must be another party than the delegator");
        }
        Some(representative)
    });
    let privileges = fields.read("privileges", |fields| privileges(fields, &message.privileges));
    let starts_on_approval = message.period.as_ref().is_some_and(|period| period.start.is_none());
    let period = fields.read("period", |fields| period(fields, message.period, now));
    fields.finish(|| {
        let start = StartPaper {
            actor: actor?,
            delegator: delegator?,
            representative: representative?,
            privileges: privileges?,
            period: period?,
            starts_on_approval,
        };
        Some((request_id?, start))
    })
}

fn encode(case: &Case, order: &Order) -> Vec<u8> {
    let paper_case = Some(to_proto::paper_case(case, order.call.at));
    StartPaperDelegationResponse { paper_case, revision: String::new() }.encode_to_vec()
}
