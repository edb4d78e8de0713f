//! `PartyService.EndEmployment`.

use fuldmagt_proto::v1::{EndEmploymentRequest, EndEmploymentResponse};
use tonic::Request;

use crate::{
    app::{App, Error, Result},
    rpc::caller::caller,
};

const RPC: &str = "fuldmagt.v1.PartyService/EndEmployment";

pub(super) async fn handle(
    app: &App,
    request: Request<EndEmploymentRequest>,
) -> Result<EndEmploymentResponse> {
    let _call = app.call(caller(&request, RPC)?);
    Err(Error::Broken("not built yet"))
}
