//! `DelegationService.PreviewDelegation`.

use fuldmagt_proto::v1::{PreviewDelegationRequest, PreviewDelegationResponse};
use tonic::Request;

use crate::{
    app::{App, Error, Result},
    rpc::caller::caller,
};

const RPC: &str = "fuldmagt.v1.DelegationService/PreviewDelegation";

pub(super) async fn handle(
    app: &App,
    request: Request<PreviewDelegationRequest>,
) -> Result<PreviewDelegationResponse> {
    let _call = app.call(caller(&request, RPC)?);
    Err(Error::Broken("not built yet"))
}
