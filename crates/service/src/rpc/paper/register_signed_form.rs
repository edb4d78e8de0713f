//! `PaperService.RegisterSignedForm`.

use fuldmagt_proto::v1::{RegisterSignedFormRequest, RegisterSignedFormResponse};
use tonic::Request;

use crate::{
    app::{App, Error, Result},
    rpc::caller::caller,
};

const RPC: &str = "fuldmagt.v1.PaperService/RegisterSignedForm";

pub(super) async fn handle(
    app: &App,
    request: Request<RegisterSignedFormRequest>,
) -> Result<RegisterSignedFormResponse> {
    let _call = app.call(caller(&request, RPC)?);
    Err(Error::Broken("not built yet"))
}
