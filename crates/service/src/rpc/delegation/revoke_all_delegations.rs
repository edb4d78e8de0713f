//! `DelegationService.RevokeAllDelegations`.

use fuldmagt_domain::delegation::Delegation;
use fuldmagt_proto::v1::{RevokeAllDelegationsRequest, RevokeAllDelegationsResponse};
use prost::Message as _;
use tonic::Request;
use uuid::Uuid;

use crate::{
    app::{
        App, Result,
        command::{Channel, Order},
        revoke_all_delegations::RevokeAll,
    },
    rpc::{
        answered,
        caller::caller,
        from_proto::{
            Violations,
            actor::actor,
            delegation::end_reason,
            ids::{party_id, request_id},
        },
        to_proto,
    },
};

const RPC: &str = "fuldmagt.v1.DelegationService/RevokeAllDelegations";

pub(super) async fn handle(
    app: &App,
    request: Request<RevokeAllDelegationsRequest>,
) -> Result<RevokeAllDelegationsResponse> {
    let call = app.call(caller(&request, RPC)?);
    let message = request.into_inner();
    let payload = message.encode_to_vec();
    let (request_id, all) = parse(message)?;
    let order = app.order(call.acted_by(all.actor.party), request_id, &payload, Channel::SelfService);
    let answer = app.revoke_all_delegations(order, all, encode).await?;
    let mut response: RevokeAllDelegationsResponse = answered(&answer)?;
    response.revision = answer.revision.to_token();
    Ok(response)
}

fn parse(message: RevokeAllDelegationsRequest) -> Result<(Uuid, RevokeAll)> {
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
    let reason = fields.read("reason", |fields| end_reason(fields, message.reason));
    fields.finish(|| {
        let (delegator, representative) = (delegator?, representative?);
        Some((request_id?, RevokeAll { actor: actor?, delegator, representative, reason: reason? }))
    })
}

fn encode(ended: &[&Delegation], order: &Order) -> Vec<u8> {
    let delegations =
        ended.iter().map(|delegation| to_proto::delegation(delegation, order.call.at)).collect();
    RevokeAllDelegationsResponse { delegations, revision: String::new() }.encode_to_vec()
}
