//! `PaperService.StartPaperDelegation`.

use fuldmagt_proto::v1::{StartPaperDelegationRequest, StartPaperDelegationResponse};
use tonic::Request;

use crate::{
    app::{App, Error, Result},
    rpc::caller::caller,
};

const RPC: &str = "fuldmagt.v1.PaperService/StartPaperDelegation";

pub(super) async fn handle(
    app: &App,
    request: Request<StartPaperDelegationRequest>,
) -> Result<StartPaperDelegationResponse> {
    let _call = app.call(caller(&request, RPC)?);
    Err(Error::Broken("not built yet"))
}
