//! A request: Anders asks, Karen accepts less than he asked for.

use anyhow::Context as _;
use fuldmagt_proto::v1::{self, DenialReason, preview_delegation_request::Agreement};

use super::{
    catalogue::{TAX_DEBT, TAX_STATEMENT},
    people,
    step::{prove, prove_refused, refused, tell as say},
    story::{Callers, Parties, check, until},
};
use crate::cli::client::{actor, request_id};

/// For how long Anders asks, in days.
const ASKED_DAYS: u64 = 300;
/// For how long Karen says yes, in days.
const ACCEPTED_DAYS: u64 = 60;

/// Tells it.
///
/// # Errors
/// When an answer is not what it must be.
pub(super) async fn tell(callers: &Callers, parties: &Parties) -> anyhow::Result<()> {
    let front_end = &callers.front_end;
    let request = v1::RequestDelegationRequest {
        request_id: request_id(),
        actor: actor(&parties.anders),
        representative_id: parties.anders.clone(),
        delegator_id: parties.karen.clone(),
        privileges: vec![TAX_STATEMENT.to_owned(), TAX_DEBT.to_owned()],
        period: until(ASKED_DAYS)?,
        message: "Kære Karen, så kan jeg ordne din årsopgørelse.".to_owned(),
        ..v1::RequestDelegationRequest::default()
    };
    let asked = front_end.delegations().request_delegation(request).await.map_err(refused)?.into_inner();
    let asked = asked.delegation.context("a request")?;
    say(format_args!("request {} for two privileges, {ASKED_DAYS} days", asked.delegation_id));
    let before = check(&callers.authority, TAX_STATEMENT).await?;
    prove(!before.granted, "a request alone gives nothing")?;

    let accepted = accept(callers, parties, &asked).await?;
    say(format_args!("Karen accepts one of the two, for {ACCEPTED_DAYS} days"));
    let (yes, no) =
        (check(&callers.authority, TAX_STATEMENT).await?, check(&callers.authority, TAX_DEBT).await?);
    prove(
        yes.granted && yes.delegation_id == asked.delegation_id && !no.granted,
        "what she accepted is granted, what she left out is not",
    )?;
    let wider = v1::AcceptTerms {
        delegation_id: accepted.delegation_id.clone(),
        privileges: vec![TAX_DEBT.to_owned()],
        ..v1::AcceptTerms::default()
    };
    let again = v1::PreviewDelegationRequest {
        actor: actor(&parties.karen),
        agreement: Some(Agreement::Accept(wider)),
    };
    let answered = front_end.delegations().preview_delegation(again).await;
    prove_refused(answered, "REQUEST_ANSWERED", "an answered request cannot be answered once more")?;

    let revoke = v1::RevokeDelegationRequest {
        request_id: request_id(),
        actor: actor(&parties.karen),
        delegation_id: accepted.delegation_id,
        ..v1::RevokeDelegationRequest::default()
    };
    front_end.delegations().revoke_delegation(revoke).await.map_err(refused)?;
    let after = check(&callers.authority, TAX_STATEMENT).await?;
    prove(after.denial_reason() == DenialReason::Revoked, "revoked, it says no at once")
}

async fn accept(
    callers: &Callers,
    parties: &Parties,
    asked: &v1::Delegation,
) -> anyhow::Result<v1::Delegation> {
    let terms = v1::AcceptTerms {
        delegation_id: asked.delegation_id.clone(),
        privileges: vec![TAX_STATEMENT.to_owned()],
        period: until(ACCEPTED_DAYS)?,
        ..v1::AcceptTerms::default()
    };
    let karen = actor(&parties.karen);
    let signed = callers
        .front_end
        .sign(karen.clone(), people::karen_pid(), Agreement::Accept(terms.clone()))
        .await
        .map_err(refused)?;
    let accept = v1::AcceptDelegationRequest {
        request_id: request_id(),
        actor: karen,
        delegation_id: terms.delegation_id,
        etag: asked.etag.clone(),
        privileges: terms.privileges,
        period: terms.period,
        signature: Some(signed.proof),
        ..v1::AcceptDelegationRequest::default()
    };
    let answer = callers.front_end.delegations().accept_delegation(accept).await.map_err(refused)?;
    answer.into_inner().delegation.context("a delegation")
}
