//! `PartyService.LinkIdentifier`.

use fuldmagt_proto::v1::{LinkIdentifierRequest, LinkIdentifierResponse};
use prost::Message as _;
use tonic::Request;

use crate::{
    app::{App, Result, command::Channel, link_identifier::Link, resolve_party::ResolvedParty},
    rpc::{
        answered,
        caller::caller,
        from_proto::{
            Violations,
            identifier::identifier,
            ids::{etag, party_id, request_id},
        },
        to_proto,
    },
};

const RPC: &str = "fuldmagt.v1.PartyService/LinkIdentifier";

pub(super) async fn handle(
    app: &App,
    request: Request<LinkIdentifierRequest>,
) -> Result<LinkIdentifierResponse> {
    let call = app.call(caller(&request, RPC)?);
    let message = request.into_inner();
    let payload = message.encode_to_vec();
    let mut fields = Violations::new();
    let request_id = fields.read("request_id", |fields| request_id(fields, &message.request_id));
    let party = fields.read("party_id", |fields| party_id(fields, &message.party_id));
    let identifier = fields.read("identifier", |fields| identifier(fields, message.identifier));
    let expected_version = fields.read("etag", |fields| etag(fields, &message.etag));
    let (request_id, link) = fields.finish(|| {
        let link = Link { party: party?, identifier: identifier?, expected_version: expected_version? };
        Some((request_id?, link))
    })?;
    let order = app.order(call, request_id, &payload, Channel::System);
    let answer = app.link_identifier(order, link, encode).await?;
    let mut response: LinkIdentifierResponse = answered(&answer)?;
    response.revision = answer.revision.to_token();
    Ok(response)
}

fn encode(resolved: &ResolvedParty) -> Vec<u8> {
    LinkIdentifierResponse { party: Some(to_proto::party(resolved)), revision: String::new() }.encode_to_vec()
}
