//! `CatalogueService.ListSystems`.

use fuldmagt_proto::v1::{ListSystemsRequest, ListSystemsResponse};
use tonic::Request;

use crate::{
    app::{App, Result, paging::PageRequest},
    rpc::{
        caller::caller,
        from_proto::{Violations, paging::page_size},
        to_proto,
    },
};

const RPC: &str = "fuldmagt.v1.CatalogueService/ListSystems";

pub(super) async fn handle(app: &App, request: Request<ListSystemsRequest>) -> Result<ListSystemsResponse> {
    let call = app.call(caller(&request, RPC)?);
    let message = request.into_inner();
    let mut fields = Violations::new();
    let size = fields.read("page_size", |fields| page_size(fields, message.page_size));
    let size = fields.finish(|| size)?;
    let page = app.list_systems(&call, &PageRequest { size, token: message.page_token }).await?;
    Ok(ListSystemsResponse {
        systems: page.items.iter().map(to_proto::system).collect(),
        next_page_token: page.next_page_token,
        revision: page.revision.to_token(),
    })
}
