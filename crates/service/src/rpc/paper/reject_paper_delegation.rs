//! `PaperService.RejectPaperDelegation`.

use fuldmagt_proto::v1::{RejectPaperDelegationRequest, RejectPaperDelegationResponse};
use tonic::Request;

use crate::{
    app::{App, Error, Result},
    rpc::caller::caller,
};

const RPC: &str = "fuldmagt.v1.PaperService/RejectPaperDelegation";

pub(super) async fn handle(
    app: &App,
    request: Request<RejectPaperDelegationRequest>,
) -> Result<RejectPaperDelegationResponse> {
    let _call = app.call(caller(&request, RPC)?);
    Err(Error::Broken("not built yet"))
}
