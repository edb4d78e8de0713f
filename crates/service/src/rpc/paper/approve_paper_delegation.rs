//! `PaperService.ApprovePaperDelegation`.

use fuldmagt_proto::v1::{ApprovePaperDelegationRequest, ApprovePaperDelegationResponse};
use tonic::Request;

use crate::{
    app::{App, Error, Result},
    rpc::caller::caller,
};

const RPC: &str = "fuldmagt.v1.PaperService/ApprovePaperDelegation";

pub(super) async fn handle(
    app: &App,
    request: Request<ApprovePaperDelegationRequest>,
) -> Result<ApprovePaperDelegationResponse> {
    let _call = app.call(caller(&request, RPC)?);
    Err(Error::Broken("not built yet"))
}
