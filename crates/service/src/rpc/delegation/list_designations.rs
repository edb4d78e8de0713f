//! `DelegationService.ListDesignations`.

use fuldmagt_proto::v1::{ListDesignationsRequest, ListDesignationsResponse};
use tonic::Request;

use crate::{
    app::{App, Result, paging::PageRequest},
    rpc::{
        caller::caller,
        from_proto::{Violations, actor::actor, ids::delegation_id, paging::page_size},
        to_proto,
    },
};

const RPC: &str = "fuldmagt.v1.DelegationService/ListDesignations";

pub(super) async fn handle(
    app: &App,
    request: Request<ListDesignationsRequest>,
) -> Result<ListDesignationsResponse> {
    let call = app.call(caller(&request, RPC)?);
    let message = request.into_inner();
    let mut fields = Violations::new();
    let actor = fields.read("actor", |fields| actor(fields, message.actor));
    let id = fields.read("delegation_id", |fields| delegation_id(fields, &message.delegation_id));
    let size = fields.read("page_size", |fields| page_size(fields, message.page_size));
    let (actor, id, size) = fields.finish(|| Some((actor?, id?, size?)))?;
    let call = call.acted_by(actor.party);
    let page = app.list_designations(&call, id, &PageRequest { size, token: message.page_token }).await?;
    Ok(ListDesignationsResponse {
        designations: page.designations.iter().map(to_proto::designation).collect(),
        next_page_token: page.next_page_token,
        revision: page.revision.to_token(),
    })
}
