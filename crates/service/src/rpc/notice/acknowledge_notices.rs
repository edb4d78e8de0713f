//! `NoticeService.AcknowledgeNotices`.

use fuldmagt_proto::v1::{AcknowledgeNoticesRequest, AcknowledgeNoticesResponse};
use prost::Message as _;
use tonic::Request;

use crate::{
    app::{App, Result, command::Channel},
    rpc::{
        answered,
        caller::caller,
        from_proto::{
            Violations,
            ids::{notice_ids, request_id},
        },
    },
};

const RPC: &str = "fuldmagt.v1.NoticeService/AcknowledgeNotices";

pub(super) async fn handle(
    app: &App,
    request: Request<AcknowledgeNoticesRequest>,
) -> Result<AcknowledgeNoticesResponse> {
    let call = app.call(caller(&request, RPC)?);
    let message = request.into_inner();
    let payload = message.encode_to_vec();
    let mut fields = Violations::new();
    let request_id = fields.read("request_id", |fields| request_id(fields, &message.request_id));
    let notices = fields.read("notice_ids", |fields| notice_ids(fields, &message.notice_ids));
    let (request_id, notices) = fields.finish(|| Some((request_id?, notices?)))?;
    let order = app.order(call, request_id, &payload, Channel::System);
    let answer = app.acknowledge_notices(order, notices, encode).await?;
    let mut response: AcknowledgeNoticesResponse = answered(&answer)?;
    response.revision = answer.revision.to_token();
    Ok(response)
}

fn encode(acknowledged_count: i32) -> Vec<u8> {
    AcknowledgeNoticesResponse { acknowledged_count, revision: String::new() }.encode_to_vec()
}
