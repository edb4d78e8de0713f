//! `DelegationService.RemoveDesignation`.

use fuldmagt_proto::v1::{RemoveDesignationRequest, RemoveDesignationResponse};
use tonic::Request;

use crate::{
    app::{App, Error, Result},
    rpc::caller::caller,
};

const RPC: &str = "fuldmagt.v1.DelegationService/RemoveDesignation";

pub(super) async fn handle(
    app: &App,
    request: Request<RemoveDesignationRequest>,
) -> Result<RemoveDesignationResponse> {
    let _call = app.call(caller(&request, RPC)?);
    Err(Error::NotBuilt)
}
