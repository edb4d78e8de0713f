//! `DelegationService.RevokeDelegation`.

use fuldmagt_domain::delegation::{Delegation, EndedBy};
use fuldmagt_proto::v1::{RevokeDelegationRequest, RevokeDelegationResponse};
use prost::Message as _;
use tonic::Request;

use super::ended::{Asked, parse};
use crate::{
    app::{
        App, Result,
        command::{Channel, Order},
    },
    rpc::{
        answered,
        caller::caller,
        from_proto::{delegated_packages, privileges},
        to_proto,
    },
};

const RPC: &str = "fuldmagt.v1.DelegationService/RevokeDelegation";

pub(super) async fn handle(
    app: &App,
    request: Request<RevokeDelegationRequest>,
) -> Result<RevokeDelegationResponse> {
    let call = app.call(caller(&request, RPC)?);
    let message = request.into_inner();
    let payload = message.encode_to_vec();
    let (privileges, packages) = (message.privileges.clone(), message.packages.clone());
    let (request_id, end) = parse(
        Asked {
            request_id: message.request_id,
            actor: message.actor,
            delegation_id: message.delegation_id,
            reason: message.reason,
            privileges: message.privileges,
            packages: message.packages,
        },
        EndedBy::Delegator,
    )?;
    let order = app.order(call.acted_by(end.actor.party), request_id, &payload, Channel::SelfService);
    let ended = app.end_delegation(order, end, encode).await;
    let answer = ended.map_err(|error| {
        delegated_packages::not_followed(privileges::not_delegated(error, &privileges), &packages)
    })?;
    let mut response: RevokeDelegationResponse = answered(&answer)?;
    response.revision = answer.revision.to_token();
    Ok(response)
}

fn encode(delegation: &Delegation, order: &Order) -> Vec<u8> {
    let delegation = Some(to_proto::delegation(delegation, order.call.at));
    RevokeDelegationResponse { delegation, revision: String::new() }.encode_to_vec()
}
