//! `PaperService.ListPaperDelegations`.

use fuldmagt_proto::v1::{ListPaperDelegationsRequest, ListPaperDelegationsResponse};
use tonic::Request;

use crate::{
    app::{App, Error, Result},
    rpc::caller::caller,
};

const RPC: &str = "fuldmagt.v1.PaperService/ListPaperDelegations";

pub(super) async fn handle(
    app: &App,
    request: Request<ListPaperDelegationsRequest>,
) -> Result<ListPaperDelegationsResponse> {
    let _call = app.call(caller(&request, RPC)?);
    Err(Error::Broken("not built yet"))
}
