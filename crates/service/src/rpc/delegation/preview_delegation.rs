//! `DelegationService.PreviewDelegation`.

use chrono::{DateTime, Utc};
use fuldmagt_domain::{delegation::DelegationId, party::PartyId};
use fuldmagt_proto::v1::{
    PreviewDelegationRequest, PreviewDelegationResponse, preview_delegation_request::Agreement,
};
use tonic::Request;

use crate::{
    app::{App, Result, preview_delegation::Terms},
    rpc::{
        caller::caller,
        from_proto::{Violations, actor::actor, privileges, terms},
        to_proto,
    },
};

const RPC: &str = "fuldmagt.v1.DelegationService/PreviewDelegation";

pub(super) async fn handle(
    app: &App,
    request: Request<PreviewDelegationRequest>,
) -> Result<PreviewDelegationResponse> {
    let call = app.call(caller(&request, RPC)?);
    let message = request.into_inner();
    let listed = listed(&message);
    let (actor, terms) = parse(message, call.at)?;
    let preview = app.preview_delegation(&call.acted_by(actor), &terms).await;
    let preview = preview.map_err(|error| privileges::not_delegated(error, &listed))?;
    Ok(PreviewDelegationResponse {
        agreement: Some(to_proto::agreement(&preview.text)),
        minimum_level_of_assurance: to_proto::level_of_assurance(preview.minimum).into(),
        replaced_delegation_ids: preview.replaced.iter().map(DelegationId::to_string).collect(),
        revision: preview.revision.to_token(),
    })
}

/// The privileges of what is given on, as they are listed.
fn listed(message: &PreviewDelegationRequest) -> Vec<String> {
    match &message.agreement {
        Some(Agreement::SubDelegate(terms)) => terms.privileges.clone(),
        Some(Agreement::Create(_) | Agreement::Accept(_) | Agreement::Renew(_)) | None => Vec::new(),
    }
}

fn parse(message: PreviewDelegationRequest, now: DateTime<Utc>) -> Result<(PartyId, Terms)> {
    let mut fields = Violations::new();
    let actor = fields.read("actor", |fields| actor(fields, message.actor));
    let terms = match message.agreement {
        None => fields.read("agreement", Violations::required),
        Some(Agreement::Create(proto)) => {
            fields.read("create", |fields| terms::create(fields, actor, proto, now)).map(Terms::Create)
        }
        Some(Agreement::Accept(proto)) => {
            fields.read("accept", |fields| terms::accept(fields, actor, proto, now)).map(Terms::Accept)
        }
        Some(Agreement::Renew(proto)) => {
            fields.read("renew", |fields| terms::renew(fields, actor, proto, now)).map(Terms::Renew)
        }
        Some(Agreement::SubDelegate(proto)) => fields
            .read("sub_delegate", |fields| terms::sub_delegate(fields, actor, proto, now))
            .map(Terms::SubDelegate),
    };
    fields.finish(|| Some((actor?.party, terms?)))
}
