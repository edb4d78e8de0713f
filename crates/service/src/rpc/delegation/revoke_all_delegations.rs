//! `DelegationService.RevokeAllDelegations`.

use fuldmagt_proto::v1::{RevokeAllDelegationsRequest, RevokeAllDelegationsResponse};
use tonic::Request;

use crate::{
    app::{App, Error, Result},
    rpc::caller::caller,
};

const RPC: &str = "fuldmagt.v1.DelegationService/RevokeAllDelegations";

pub(super) async fn handle(
    app: &App,
    request: Request<RevokeAllDelegationsRequest>,
) -> Result<RevokeAllDelegationsResponse> {
    let _call = app.call(caller(&request, RPC)?);
    Err(Error::Broken("not built yet"))
}
