//! `PartyService.MergeParties`.

use fuldmagt_proto::v1::{MergePartiesRequest, MergePartiesResponse};
use prost::Message as _;
use tonic::Request;

use super::by_register_or_system;
use crate::{
    app::{
        App, Result,
        merge_parties::{Joining, Merge},
    },
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

const RPC: &str = "fuldmagt.v1.PartyService/MergeParties";

pub(super) async fn handle(app: &App, request: Request<MergePartiesRequest>) -> Result<MergePartiesResponse> {
    let call = app.call(caller(&request, RPC)?);
    let message = request.into_inner();
    let payload = message.encode_to_vec();
    let mut fields = Violations::new();
    let request_id = fields.read("request_id", |fields| request_id(fields, &message.request_id));
    let survivor = fields.read("surviving_id", |fields| party_id(fields, &message.surviving_id));
    let absorbed = fields.read("absorbed_id", |fields| {
        let absorbed = party_id(fields, &message.absorbed_id)?;
        if survivor == Some(absorbed) {
            return fields.refuse("PARTIES_ARE_THE_SAME", "must be another party than surviving_id");
        }
        Some(absorbed)
    });
    let (request_id, merge) =
        fields.finish(|| Some((request_id?, Merge { survivor: survivor?, absorbed: absorbed? })))?;
    let channel = by_register_or_system(&call);
    let order = app.order(call, request_id, &payload, channel);
    let answer = app.merge_parties(order, merge, encode).await?;
    let mut response: MergePartiesResponse = answered(&answer)?;
    response.revision = answer.revision.to_token();
    Ok(response)
}

fn encode(joining: &Joining) -> Vec<u8> {
    MergePartiesResponse {
        party: Some(to_proto::party(&joining.survivor)),
        moved_identifier_count: to_proto::count(joining.moved_identifiers),
        moved_delegation_ids: to_proto::delegation_ids(&joining.moved),
        duplicate_delegation_ids: to_proto::delegation_ids(&joining.duplicates),
        self_delegation_ids: to_proto::delegation_ids(&joining.selves),
        revision: String::new(),
    }
    .encode_to_vec()
}
