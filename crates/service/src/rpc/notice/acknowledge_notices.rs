//! `NoticeService.AcknowledgeNotices`.

use fuldmagt_proto::v1::{AcknowledgeNoticesRequest, AcknowledgeNoticesResponse};
use tonic::Request;

use crate::{
    app::{App, Error, Result},
    rpc::caller::caller,
};

const RPC: &str = "fuldmagt.v1.NoticeService/AcknowledgeNotices";

pub(super) async fn handle(
    app: &App,
    request: Request<AcknowledgeNoticesRequest>,
) -> Result<AcknowledgeNoticesResponse> {
    let _call = app.call(caller(&request, RPC)?);
    Err(Error::Broken("not built yet"))
}
