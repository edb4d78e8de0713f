//! `PartyService.ResolveParty`.

use fuldmagt_proto::v1::{ResolvePartyRequest, ResolvePartyResponse};
use prost::Message as _;
use tonic::Request;

use crate::{
    app::{
        App, Result,
        command::Channel,
        resolve_party::{Resolve, ResolvedParty},
    },
    rpc::{
        answered,
        caller::caller,
        from_proto::{Violations, identifier::identifiers, ids::request_id, text},
        to_proto,
    },
};

const RPC: &str = "fuldmagt.v1.PartyService/ResolveParty";

pub(super) async fn handle(app: &App, request: Request<ResolvePartyRequest>) -> Result<ResolvePartyResponse> {
    let call = app.call(caller(&request, RPC)?);
    let message = request.into_inner();
    let payload = message.encode_to_vec();
    let mut fields = Violations::new();
    let request_id = fields.read("request_id", |fields| request_id(fields, &message.request_id));
    let identifiers = fields.read("identifiers", |fields| identifiers(fields, message.identifiers));
    let name = fields.read("name", |fields| text::name(fields, &message.name));
    let create_if_missing = message.create_if_missing;
    let (request_id, resolve) = fields.finish(|| {
        Some((request_id?, Resolve { identifiers: identifiers?, create_if_missing, name: name? }))
    })?;
    let order = app.order(call, request_id, &payload, Channel::System);
    let answer = app.resolve_party(order, resolve, encode).await?;
    let mut response: ResolvePartyResponse = answered(&answer)?;
    response.revision = answer.revision.to_token();
    Ok(response)
}

fn encode(resolved: &ResolvedParty) -> Vec<u8> {
    let party = Some(to_proto::party(resolved));
    ResolvePartyResponse { party, created: resolved.created, revision: String::new() }.encode_to_vec()
}
