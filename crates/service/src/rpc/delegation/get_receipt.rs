//! `DelegationService.GetReceipt`.

use fuldmagt_proto::v1::{GetReceiptRequest, GetReceiptResponse};
use tonic::Request;

use crate::{
    app::{App, Error, Result},
    rpc::caller::caller,
};

const RPC: &str = "fuldmagt.v1.DelegationService/GetReceipt";

pub(super) async fn handle(app: &App, request: Request<GetReceiptRequest>) -> Result<GetReceiptResponse> {
    let _call = app.call(caller(&request, RPC)?);
    Err(Error::Broken("not built yet"))
}
