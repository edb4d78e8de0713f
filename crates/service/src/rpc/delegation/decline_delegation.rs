//! `DelegationService.DeclineDelegation`.

use fuldmagt_proto::v1::{DeclineDelegationRequest, DeclineDelegationResponse};
use tonic::Request;

use crate::{
    app::{App, Error, Result},
    rpc::caller::caller,
};

const RPC: &str = "fuldmagt.v1.DelegationService/DeclineDelegation";

pub(super) async fn handle(
    app: &App,
    request: Request<DeclineDelegationRequest>,
) -> Result<DeclineDelegationResponse> {
    let _call = app.call(caller(&request, RPC)?);
    Err(Error::Broken("not built yet"))
}
