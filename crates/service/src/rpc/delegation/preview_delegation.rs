//! `DelegationService.PreviewDelegation`.

use chrono::{DateTime, Utc};
use fuldmagt_domain::{delegation::DelegationId, party::PartyId};
use fuldmagt_proto::v1::{
    PreviewDelegationRequest, PreviewDelegationResponse, preview_delegation_request::Agreement,
};
use tonic::Request;

use crate::{
    app::{App, Error, Result, preview_delegation::Terms},
    rpc::{
        caller::caller,
        from_proto::{Violations, actor::actor, terms},
        to_proto,
    },
};

const RPC: &str = "fuldmagt.v1.DelegationService/PreviewDelegation";

pub(super) async fn handle(
    app: &App,
    request: Request<PreviewDelegationRequest>,
) -> Result<PreviewDelegationResponse> {
    let call = app.call(caller(&request, RPC)?);
    let (actor, terms) = parse(request.into_inner(), call.at)?;
    let preview = app.preview_delegation(&call.acted_by(actor), &terms).await?;
    Ok(PreviewDelegationResponse {
        agreement: Some(to_proto::agreement(&preview.text)),
        minimum_level_of_assurance: to_proto::level_of_assurance(preview.minimum).into(),
        replaced_delegation_ids: preview.replaced.iter().map(DelegationId::to_string).collect(),
        revision: preview.revision.to_token(),
    })
}

fn parse(message: PreviewDelegationRequest, now: DateTime<Utc>) -> Result<(PartyId, Terms)> {
    let mut fields = Violations::new();
    let actor = fields.read("actor", |fields| actor(fields, message.actor));
    let terms = match message.agreement {
        None => fields.read("agreement", Violations::required),
        Some(Agreement::Create(proto)) => {
            fields.read("create", |fields| terms::create(fields, actor, proto, now)).map(Terms::Create)
        }
        Some(Agreement::Accept(_) | Agreement::Renew(_) | Agreement::SubDelegate(_)) => {
            return Err(Error::Broken("not built yet"));
        }
    };
    fields.finish(|| Some((actor?.party, terms?)))
}
