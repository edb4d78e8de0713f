//! `CatalogueService.ListPrivileges`.

use fuldmagt_proto::v1::{ListPrivilegesRequest, ListPrivilegesResponse};
use tonic::Request;

use crate::{
    app::{App, Result, paging::PageRequest},
    rpc::{
        caller::caller,
        from_proto::{Violations, catalogue::system_filter, paging::page_size},
        to_proto,
    },
};

const RPC: &str = "fuldmagt.v1.CatalogueService/ListPrivileges";

pub(super) async fn handle(
    app: &App,
    request: Request<ListPrivilegesRequest>,
) -> Result<ListPrivilegesResponse> {
    let call = app.call(caller(&request, RPC)?);
    let message = request.into_inner();
    let mut fields = Violations::new();
    let system = fields.read("system_id", |fields| system_filter(fields, &message.system_id));
    let size = fields.read("page_size", |fields| page_size(fields, message.page_size));
    let (system, size) = fields.finish(|| Some((system?, size?)))?;
    let page = app.list_privileges(&call, system, &PageRequest { size, token: message.page_token }).await?;
    Ok(ListPrivilegesResponse {
        privileges: page.items.iter().map(|entry| to_proto::privilege(entry, call.at)).collect(),
        next_page_token: page.next_page_token,
        revision: page.revision.to_token(),
    })
}
