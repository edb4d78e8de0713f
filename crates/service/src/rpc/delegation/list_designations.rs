//! `DelegationService.ListDesignations`.

use fuldmagt_proto::v1::{ListDesignationsRequest, ListDesignationsResponse};
use tonic::Request;

use crate::{
    app::{App, Error, Result},
    rpc::caller::caller,
};

const RPC: &str = "fuldmagt.v1.DelegationService/ListDesignations";

pub(super) async fn handle(
    app: &App,
    request: Request<ListDesignationsRequest>,
) -> Result<ListDesignationsResponse> {
    let _call = app.call(caller(&request, RPC)?);
    Err(Error::NotBuilt)
}
