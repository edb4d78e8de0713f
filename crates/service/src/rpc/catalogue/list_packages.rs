//! `CatalogueService.ListPackages`.

use fuldmagt_proto::v1::{ListPackagesRequest, ListPackagesResponse};
use tonic::Request;

use crate::{
    app::{App, Result, paging::PageRequest},
    rpc::{
        caller::caller,
        from_proto::{Violations, paging::packages_page_size},
        to_proto,
    },
};

const RPC: &str = "fuldmagt.v1.CatalogueService/ListPackages";

pub(super) async fn handle(app: &App, request: Request<ListPackagesRequest>) -> Result<ListPackagesResponse> {
    let call = app.call(caller(&request, RPC)?);
    let message = request.into_inner();
    let mut fields = Violations::new();
    let size = fields.read("page_size", |fields| packages_page_size(fields, message.page_size));
    let size = fields.finish(|| size)?;
    let page = app.list_packages(&call, &PageRequest { size, token: message.page_token }).await?;
    Ok(ListPackagesResponse {
        packages: page.items.iter().map(to_proto::package).collect(),
        next_page_token: page.next_page_token,
        revision: page.revision.to_token(),
    })
}
