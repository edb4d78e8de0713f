//! `NoticeService.ListNotices`.

use fuldmagt_proto::v1::{ListNoticesRequest, ListNoticesResponse};
use tonic::Request;

use crate::{
    app::{App, Error, Result},
    rpc::caller::caller,
};

const RPC: &str = "fuldmagt.v1.NoticeService/ListNotices";

pub(super) async fn handle(app: &App, request: Request<ListNoticesRequest>) -> Result<ListNoticesResponse> {
    let _call = app.call(caller(&request, RPC)?);
    Err(Error::Broken("not built yet"))
}
