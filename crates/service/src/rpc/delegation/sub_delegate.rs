//! `DelegationService.SubDelegate`.

use fuldmagt_proto::v1::{SubDelegateRequest, SubDelegateResponse};
use tonic::Request;

use crate::{
    app::{App, Error, Result},
    rpc::caller::caller,
};

const RPC: &str = "fuldmagt.v1.DelegationService/SubDelegate";

pub(super) async fn handle(app: &App, request: Request<SubDelegateRequest>) -> Result<SubDelegateResponse> {
    let _call = app.call(caller(&request, RPC)?);
    Err(Error::Broken("not built yet"))
}
