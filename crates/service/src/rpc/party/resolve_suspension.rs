//! `PartyService.ResolveSuspension`.

use fuldmagt_proto::v1::{ResolveSuspensionRequest, ResolveSuspensionResponse};
use tonic::Request;

use crate::{
    app::{App, Error, Result},
    rpc::caller::caller,
};

const RPC: &str = "fuldmagt.v1.PartyService/ResolveSuspension";

pub(super) async fn handle(
    app: &App,
    request: Request<ResolveSuspensionRequest>,
) -> Result<ResolveSuspensionResponse> {
    let _call = app.call(caller(&request, RPC)?);
    Err(Error::Broken("not built yet"))
}
