//! `PaperService.ApprovePaperDelegation`.

use fuldmagt_domain::paper::Case;
use fuldmagt_proto::v1::{ApprovePaperDelegationRequest, ApprovePaperDelegationResponse};
use prost::Message as _;
use tonic::Request;
use uuid::Uuid;

use crate::{
    app::{
        App, Result,
        approve_paper_delegation::ApprovePaper,
        command::{Channel, Order},
    },
    rpc::{
        answered,
        caller::caller,
        from_proto::{
            Violations,
            actor::actor,
            ids::{delegation_id, etag, request_id},
        },
        to_proto,
    },
};

const RPC: &str = "fuldmagt.v1.PaperService/ApprovePaperDelegation";

pub(super) async fn handle(
    app: &App,
    request: Request<ApprovePaperDelegationRequest>,
) -> Result<ApprovePaperDelegationResponse> {
    let call = app.call(caller(&request, RPC)?);
    let message = request.into_inner();
    let payload = message.encode_to_vec();
    let (request_id, approve) = parse(message)?;
    let order = app.order(call.acted_by(approve.actor.party), request_id, &payload, Channel::Paper);
    let answer = app.approve_paper_delegation(order, approve, encode).await?;
    let mut response: ApprovePaperDelegationResponse = answered(&answer)?;
    response.revision = answer.revision.to_token();
    Ok(response)
}

fn parse(message: ApprovePaperDelegationRequest) -> Result<(Uuid, ApprovePaper)> {
    let mut fields = Violations::new();
    let request_id = fields.read("request_id", |fields| request_id(fields, &message.request_id));
    let actor = fields.read("actor", |fields| actor(fields, message.actor));
    let delegation = fields.read("delegation_id", |fields| delegation_id(fields, &message.delegation_id));
    let expected_version = fields.read("etag", |fields| match etag(fields, &message.etag)? {
        Some(version) => Some(version),
        None => fields.required(),
    });
    fields.finish(|| {
        let approve = ApprovePaper {
            actor: actor?,
            delegation: delegation?,
            expected_version: expected_version?,
            replace: message.replace_existing,
        };
        Some((request_id?, approve))
    })
}

fn encode(case: &Case, order: &Order) -> Vec<u8> {
    let paper_case = Some(to_proto::paper_case(case, order.call.at));
    ApprovePaperDelegationResponse { paper_case, revision: String::new() }.encode_to_vec()
}
