//! `DelegationService.AcceptDelegation`.

use fuldmagt_proto::v1::{AcceptDelegationRequest, AcceptDelegationResponse};
use tonic::Request;

use crate::{
    app::{App, Error, Result},
    rpc::caller::caller,
};

const RPC: &str = "fuldmagt.v1.DelegationService/AcceptDelegation";

pub(super) async fn handle(
    app: &App,
    request: Request<AcceptDelegationRequest>,
) -> Result<AcceptDelegationResponse> {
    let _call = app.call(caller(&request, RPC)?);
    Err(Error::Broken("not built yet"))
}
