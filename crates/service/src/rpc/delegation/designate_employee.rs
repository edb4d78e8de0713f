//! `DelegationService.DesignateEmployee`.

use fuldmagt_proto::v1::{DesignateEmployeeRequest, DesignateEmployeeResponse};
use tonic::Request;

use crate::{
    app::{App, Error, Result},
    rpc::caller::caller,
};

const RPC: &str = "fuldmagt.v1.DelegationService/DesignateEmployee";

pub(super) async fn handle(
    app: &App,
    request: Request<DesignateEmployeeRequest>,
) -> Result<DesignateEmployeeResponse> {
    let _call = app.call(caller(&request, RPC)?);
    Err(Error::NotBuilt)
}
