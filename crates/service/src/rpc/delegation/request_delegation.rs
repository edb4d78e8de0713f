//! `DelegationService.RequestDelegation`.

use fuldmagt_proto::v1::{RequestDelegationRequest, RequestDelegationResponse};
use tonic::Request;

use crate::{
    app::{App, Error, Result},
    rpc::caller::caller,
};

const RPC: &str = "fuldmagt.v1.DelegationService/RequestDelegation";

pub(super) async fn handle(
    app: &App,
    request: Request<RequestDelegationRequest>,
) -> Result<RequestDelegationResponse> {
    let _call = app.call(caller(&request, RPC)?);
    Err(Error::Broken("not built yet"))
}
