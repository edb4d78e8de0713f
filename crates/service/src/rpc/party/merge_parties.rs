//! `PartyService.MergeParties`.

use fuldmagt_proto::v1::{MergePartiesRequest, MergePartiesResponse};
use tonic::Request;

use crate::{
    app::{App, Error, Result},
    rpc::caller::caller,
};

const RPC: &str = "fuldmagt.v1.PartyService/MergeParties";

pub(super) async fn handle(app: &App, request: Request<MergePartiesRequest>) -> Result<MergePartiesResponse> {
    let _call = app.call(caller(&request, RPC)?);
    Err(Error::Broken("not built yet"))
}
