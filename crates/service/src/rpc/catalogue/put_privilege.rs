//! `CatalogueService.PutPrivilege`.

use fuldmagt_proto::v1::{PutPrivilegeRequest, PutPrivilegeResponse};
use prost::Message as _;
use tonic::Request;

use crate::{
    app::{App, Result, command::Channel, impact::ChangedPrivilege},
    rpc::{
        answered,
        caller::caller,
        from_proto::{
            Violations, catalogue,
            ids::{etag, request_id},
            publication::mode,
        },
        to_proto,
    },
};

const RPC: &str = "fuldmagt.v1.CatalogueService/PutPrivilege";

pub(super) async fn handle(app: &App, request: Request<PutPrivilegeRequest>) -> Result<PutPrivilegeResponse> {
    let call = app.call(caller(&request, RPC)?);
    let message = request.into_inner();
    let payload = message.encode_to_vec();
    let mut fields = Violations::new();
    let request_id = fields.read("request_id", |fields| request_id(fields, &message.request_id));
    let put = fields.read("privilege", |fields| catalogue::privilege(fields, message.privilege));
    let expected_version = fields.read("etag", |fields| etag(fields, &message.etag));
    let (request_id, mut put, expected_version) =
        fields.finish(|| Some((request_id?, put?, expected_version?)))?;
    put.expected_version = expected_version;
    let order = app.order(call, request_id, &payload, Channel::System);
    let answer = app.put_privilege(order, put, mode(message.validate_only), encode).await?;
    let mut response: PutPrivilegeResponse = answered(&answer)?;
    response.revision = answer.revision.to_token();
    Ok(response)
}

fn encode(changed: &ChangedPrivilege) -> Vec<u8> {
    PutPrivilegeResponse {
        privilege: Some(to_proto::privilege(&changed.entry, changed.at)),
        revision: String::new(),
        impact: changed.impact.as_ref().map(to_proto::privilege_impact),
    }
    .encode_to_vec()
}
