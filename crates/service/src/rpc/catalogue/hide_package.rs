//! `CatalogueService.HidePackage`.

use fuldmagt_proto::v1::{HidePackageRequest, HidePackageResponse};
use prost::Message as _;
use tonic::Request;

use crate::{
    app::{App, Result, command::Channel, impact::ChangedPackage},
    rpc::{
        answered,
        caller::caller,
        from_proto::{Violations, ids::request_id, package::package_id, publication::mode},
        to_proto,
    },
};

const RPC: &str = "fuldmagt.v1.CatalogueService/HidePackage";

pub(super) async fn handle(app: &App, request: Request<HidePackageRequest>) -> Result<HidePackageResponse> {
    let call = app.call(caller(&request, RPC)?);
    let message = request.into_inner();
    let payload = message.encode_to_vec();
    let mut fields = Violations::new();
    let request_id = fields.read("request_id", |fields| request_id(fields, &message.request_id));
    let id = fields.read("package_id", |fields| package_id(fields, &message.package_id));
    let (request_id, id) = fields.finish(|| Some((request_id?, id?)))?;
    let order = app.order(call, request_id, &payload, Channel::System);
    let answer = app.hide_package(order, id, mode(message.validate_only), encode).await?;
    let mut response: HidePackageResponse = answered(&answer)?;
    response.revision = answer.revision.to_token();
    Ok(response)
}

fn encode(changed: &ChangedPackage) -> Vec<u8> {
    HidePackageResponse {
        package: Some(to_proto::package(&changed.package)),
        revision: String::new(),
        impact: Some(to_proto::package_impact(&changed.impact)),
    }
    .encode_to_vec()
}
