//! `CatalogueService.PutPackage`.

use fuldmagt_proto::v1::{PutPackageRequest, PutPackageResponse};
use prost::Message as _;
use tonic::Request;

use crate::{
    app::{App, Result, command::Channel, impact::ChangedPackage},
    rpc::{
        answered,
        caller::caller,
        from_proto::{
            Violations,
            ids::{etag, request_id},
            package::package,
            publication::mode,
        },
        to_proto,
    },
};

const RPC: &str = "fuldmagt.v1.CatalogueService/PutPackage";

pub(super) async fn handle(app: &App, request: Request<PutPackageRequest>) -> Result<PutPackageResponse> {
    let call = app.call(caller(&request, RPC)?);
    let message = request.into_inner();
    let payload = message.encode_to_vec();
    let mut fields = Violations::new();
    let request_id = fields.read("request_id", |fields| request_id(fields, &message.request_id));
    let put = fields.read("package", |fields| package(fields, message.package));
    let expected_version = fields.read("etag", |fields| etag(fields, &message.etag));
    let (request_id, mut put, expected_version) =
        fields.finish(|| Some((request_id?, put?, expected_version?)))?;
    put.expected_version = expected_version;
    let order = app.order(call, request_id, &payload, Channel::System);
    let answer = app.put_package(order, put, mode(message.validate_only), encode).await?;
    let mut response: PutPackageResponse = answered(&answer)?;
    response.revision = answer.revision.to_token();
    Ok(response)
}

fn encode(changed: &ChangedPackage) -> Vec<u8> {
    PutPackageResponse {
        package: Some(to_proto::package(&changed.package)),
        revision: String::new(),
        impact: Some(to_proto::package_impact(&changed.impact)),
    }
    .encode_to_vec()
}
