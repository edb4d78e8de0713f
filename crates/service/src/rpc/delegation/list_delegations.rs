//! `DelegationService.ListDelegations`.

use fuldmagt_proto::v1::{ListDelegationsRequest, ListDelegationsResponse};
use tonic::Request;

use crate::{
    app::{App, Result, paging::PageRequest},
    rpc::{
        caller::caller,
        from_proto::{Violations, actor::actor, delegation::side, ids::party_id, paging::page_size},
        to_proto,
    },
};

const RPC: &str = "fuldmagt.v1.DelegationService/ListDelegations";

pub(super) async fn handle(
    app: &App,
    request: Request<ListDelegationsRequest>,
) -> Result<ListDelegationsResponse> {
    let call = app.call(caller(&request, RPC)?);
    let message = request.into_inner();
    let mut fields = Violations::new();
    let actor = fields.read("actor", |fields| actor(fields, message.actor));
    let party = fields.read("party_id", |fields| party_id(fields, &message.party_id));
    let side = fields.read("side", |fields| side(fields, message.side));
    let size = fields.read("page_size", |fields| page_size(fields, message.page_size));
    let (actor, party, side, size) = fields.finish(|| Some((actor?, party?, side?, size?)))?;
    let call = call.acted_by(actor.party);
    let request = PageRequest { size, token: message.page_token };
    let page = app.list_delegations(&call, party, side, &request).await?;
    Ok(ListDelegationsResponse {
        delegations: page.delegations.iter().map(|shown| to_proto::shown(shown, call.at)).collect(),
        next_page_token: page.next_page_token,
        revision: page.revision.to_token(),
    })
}
