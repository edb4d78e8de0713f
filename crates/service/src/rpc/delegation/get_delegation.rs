//! `DelegationService.GetDelegation`.

use fuldmagt_proto::v1::{GetDelegationRequest, GetDelegationResponse};
use tonic::Request;

use crate::{
    app::{App, Result},
    rpc::{
        caller::caller,
        from_proto::{Violations, actor::actor, ids::delegation_id},
        to_proto,
    },
};

const RPC: &str = "fuldmagt.v1.DelegationService/GetDelegation";

pub(super) async fn handle(
    app: &App,
    request: Request<GetDelegationRequest>,
) -> Result<GetDelegationResponse> {
    let call = app.call(caller(&request, RPC)?);
    let message = request.into_inner();
    let mut fields = Violations::new();
    let actor = fields.read("actor", |fields| actor(fields, message.actor));
    let id = fields.read("delegation_id", |fields| delegation_id(fields, &message.delegation_id));
    let (actor, id) = fields.finish(|| Some((actor?, id?)))?;
    let call = call.acted_by(actor.party);
    let (shown, revision) = app.get_delegation(&call, id).await?;
    Ok(GetDelegationResponse {
        delegation: Some(to_proto::shown(&shown, call.at)),
        revision: revision.to_token(),
    })
}
