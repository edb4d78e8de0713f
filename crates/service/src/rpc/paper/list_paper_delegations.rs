//! `PaperService.ListPaperDelegations`.

use fuldmagt_proto::v1::{ListPaperDelegationsRequest, ListPaperDelegationsResponse};
use tonic::Request;

use crate::{
    app::{App, Result, paging::PageRequest},
    rpc::{
        caller::caller,
        from_proto::{Violations, actor::actor, paging::page_size},
        to_proto,
    },
};

const RPC: &str = "fuldmagt.v1.PaperService/ListPaperDelegations";

pub(super) async fn handle(
    app: &App,
    request: Request<ListPaperDelegationsRequest>,
) -> Result<ListPaperDelegationsResponse> {
    let call = app.call(caller(&request, RPC)?);
    let message = request.into_inner();
    let mut fields = Violations::new();
    let actor = fields.read("actor", |fields| actor(fields, message.actor));
    let size = fields.read("page_size", |fields| page_size(fields, message.page_size));
    let (actor, size) = fields.finish(|| Some((actor?, size?)))?;
    let call = call.acted_by(actor.party);
    let page = app.list_paper_delegations(&call, &PageRequest { size, token: message.page_token }).await?;
    Ok(ListPaperDelegationsResponse {
        paper_cases: page.cases.iter().map(|case| to_proto::paper_case(case, call.at)).collect(),
        next_page_token: page.next_page_token,
        revision: page.revision.to_token(),
    })
}
