//! `CatalogueService.HidePrivilege`.

use fuldmagt_domain::privilege::PrivilegeUri;
use fuldmagt_proto::v1::{HidePrivilegeRequest, HidePrivilegeResponse};
use prost::Message as _;
use tonic::Request;
use uuid::Uuid;

use crate::{
    app::{App, Call, Result, command::Channel, impact::ChangedPrivilege, set_publication::Change},
    rpc::{
        answered,
        caller::caller,
        catalogue::sent_before,
        from_proto::{
            Violations,
            ids::request_id,
            privileges::privilege,
            publication::{existing_grants, mode, planned},
        },
        to_proto,
    },
};

const RPC: &str = "fuldmagt.v1.CatalogueService/HidePrivilege";

pub(super) async fn handle(
    app: &App,
    request: Request<HidePrivilegeRequest>,
) -> Result<HidePrivilegeResponse> {
    let call = app.call(caller(&request, RPC)?);
    let message = request.into_inner();
    let payload = message.encode_to_vec();
    let answer = match parse(&message, &call) {
        Ok((request_id, uri, change)) => {
            let order = app.order(call, request_id, &payload, Channel::System);
            app.set_publication(order, (uri, change), mode(message.validate_only), encode).await?
        }
        Err(error) => sent_before(app, call, (&message.request_id, &payload), error).await?,
    };
    let mut response: HidePrivilegeResponse = answered(&answer)?;
    response.revision = answer.revision.to_token();
    Ok(response)
}

fn parse(message: &HidePrivilegeRequest, call: &Call) -> Result<(Uuid, PrivilegeUri, Change)> {
    let mut fields = Violations::new();
    let request_id = fields.read("request_id", |fields| request_id(fields, &message.request_id));
    let uri = fields.read("privilege", |fields| privilege(fields, &message.privilege));
    let on = fields.read("hide_time", |fields| planned(fields, message.hide_time, call.at));
    let existing = fields.read("existing_grants", |fields| existing_grants(fields, message.existing_grants));
    fields.finish(|| Some((request_id?, uri?, Change::Hide { on: on?, existing: existing? })))
}

fn encode(changed: &ChangedPrivilege) -> Vec<u8> {
    HidePrivilegeResponse {
        privilege: Some(to_proto::privilege(&changed.entry, changed.at)),
        revision: String::new(),
        impact: changed.impact.as_ref().map(to_proto::privilege_impact),
    }
    .encode_to_vec()
}
