//! `DelegationService.WithdrawRequest`.

use fuldmagt_proto::v1::{WithdrawRequestRequest, WithdrawRequestResponse};
use tonic::Request;

use crate::{
    app::{App, Error, Result},
    rpc::caller::caller,
};

const RPC: &str = "fuldmagt.v1.DelegationService/WithdrawRequest";

pub(super) async fn handle(
    app: &App,
    request: Request<WithdrawRequestRequest>,
) -> Result<WithdrawRequestResponse> {
    let _call = app.call(caller(&request, RPC)?);
    Err(Error::Broken("not built yet"))
}
