//! `CatalogueService.PublishPackageVersion`.

use fuldmagt_proto::v1::{PublishPackageVersionRequest, PublishPackageVersionResponse};
use prost::Message as _;
use tonic::Request;
use uuid::Uuid;

use crate::{
    app::{
        App, Call, Result, command::Channel, impact::ChangedPackage, publish_package_version::PublishVersion,
    },
    rpc::{
        answered,
        caller::caller,
        catalogue::sent_before,
        from_proto::{
            Violations,
            ids::{etag, request_id},
            package::package_id,
            privileges::in_order,
            publication::{mode, planned},
        },
        to_proto,
    },
};

const RPC: &str = "fuldmagt.v1.CatalogueService/PublishPackageVersion";

pub(super) async fn handle(
    app: &App,
    request: Request<PublishPackageVersionRequest>,
) -> Result<PublishPackageVersionResponse> {
    let call = app.call(caller(&request, RPC)?);
    let message = request.into_inner();
    let payload = message.encode_to_vec();
    let answer = match parse(&message, &call) {
        Ok((request_id, publish)) => {
            let order = app.order(call, request_id, &payload, Channel::System);
            app.publish_package_version(order, publish, mode(message.validate_only), encode).await?
        }
        Err(error) => sent_before(app, call, (&message.request_id, &payload), error).await?,
    };
    let mut response: PublishPackageVersionResponse = answered(&answer)?;
    response.revision = answer.revision.to_token();
    Ok(response)
}

fn parse(message: &PublishPackageVersionRequest, call: &Call) -> Result<(Uuid, PublishVersion)> {
    let mut fields = Violations::new();
    let request_id = fields.read("request_id", |fields| request_id(fields, &message.request_id));
    let package = fields.read("package_id", |fields| package_id(fields, &message.package_id));
    let privileges = fields.read("privileges", |fields| in_order(fields, &message.privileges));
    let on = fields.read("publish_time", |fields| planned(fields, message.publish_time, call.at));
    let expected_version = fields.read("etag", |fields| etag(fields, &message.etag));
    fields.finish(|| {
        let publish = PublishVersion {
            package: package?,
            privileges: privileges?,
            on: on?,
            expected_version: expected_version?,
        };
        Some((request_id?, publish))
    })
}

fn encode(changed: &ChangedPackage) -> Vec<u8> {
    PublishPackageVersionResponse {
        package: Some(to_proto::package(&changed.package)),
        revision: String::new(),
        impact: Some(to_proto::package_impact(&changed.impact)),
    }
    .encode_to_vec()
}
