//! `NoticeService.ListNotices`.

use fuldmagt_proto::v1::{ListNoticesRequest, ListNoticesResponse};
use tonic::Request;

use crate::{
    app::{App, Result},
    rpc::{
        caller::caller,
        from_proto::{Violations, paging::page_size},
        to_proto,
    },
};

const RPC: &str = "fuldmagt.v1.NoticeService/ListNotices";

pub(super) async fn handle(app: &App, request: Request<ListNoticesRequest>) -> Result<ListNoticesResponse> {
    let call = app.call(caller(&request, RPC)?);
    let message = request.into_inner();
    let mut fields = Violations::new();
    let most = fields.read("page_size", |fields| page_size(fields, message.page_size));
    let most = fields.finish(|| most)?;
    let listed = app.list_notices(&call, most).await?;
    Ok(ListNoticesResponse {
        notices: listed.notices.iter().map(to_proto::notice).collect(),
        revision: listed.revision.to_token(),
    })
}
