//! `DelegationService.RenewDelegation`.

use fuldmagt_proto::v1::{RenewDelegationRequest, RenewDelegationResponse};
use tonic::Request;

use crate::{
    app::{App, Error, Result},
    rpc::caller::caller,
};

const RPC: &str = "fuldmagt.v1.DelegationService/RenewDelegation";

pub(super) async fn handle(
    app: &App,
    request: Request<RenewDelegationRequest>,
) -> Result<RenewDelegationResponse> {
    let _call = app.call(caller(&request, RPC)?);
    Err(Error::Broken("not built yet"))
}
