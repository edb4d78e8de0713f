//! `CatalogueService.PublishPrivilege`.

use fuldmagt_proto::v1::{PublishPrivilegeRequest, PublishPrivilegeResponse};
use fuldmagt_store::catalogue::CataloguePrivilege;
use prost::Message as _;
use tonic::Request;

use crate::{
    app::{App, Result, command::Channel, set_publication::Change},
    rpc::{
        answered,
        caller::caller,
        from_proto::{Violations, ids::request_id, privileges::privilege},
        to_proto,
    },
};

const RPC: &str = "fuldmagt.v1.CatalogueService/PublishPrivilege";

pub(super) async fn handle(
    app: &App,
    request: Request<PublishPrivilegeRequest>,
) -> Result<PublishPrivilegeResponse> {
    let call = app.call(caller(&request, RPC)?);
    let message = request.into_inner();
    let payload = message.encode_to_vec();
    let mut fields = Violations::new();
    let request_id = fields.read("request_id", |fields| request_id(fields, &message.request_id));
    let uri = fields.read("privilege", |fields| privilege(fields, &message.privilege));
    let (request_id, uri) = fields.finish(|| Some((request_id?, uri?)))?;
    let order = app.order(call, request_id, &payload, Channel::System);
    let answer = app.set_publication(order, uri, Change::Publish, encode).await?;
    let mut response: PublishPrivilegeResponse = answered(&answer)?;
    response.revision = answer.revision.to_token();
    Ok(response)
}

fn encode(entry: &CataloguePrivilege) -> Vec<u8> {
    PublishPrivilegeResponse { privilege: Some(to_proto::privilege(entry)), revision: String::new() }
        .encode_to_vec()
}
