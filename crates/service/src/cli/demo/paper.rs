//! Paper: somebody without MitID gives a delegation by a signed form, and it takes two caseworkers.

use anyhow::Context as _;
use fuldmagt_proto::v1;

use super::{
    catalogue::TAX_STATEMENT,
    people,
    step::{prove, prove_refused, refused, tell as say},
    story::{Callers, PURPOSE, Parties, today, until},
};
use crate::cli::client::{actor, request_id};

/// How long the delegation is to last, in days.
const DAYS: u64 = 180;
/// Stands for the digest of a scan: the demo has no scanner.
const SCAN_DIGEST: [u8; 32] = [0x5c; 32];

/// Tells it; gives the delegation that is in force afterwards.
///
/// # Errors
/// When an answer is not what it must be.
pub(super) async fn tell(
    callers: &Callers,
    parties: &Parties,
    delegator: &v1::Identifier,
) -> anyhow::Result<String> {
    let office = &callers.office;
    let ove = office.party(vec![delegator.clone()], people::OVE, true).await.map_err(refused)?;
    let ove = ove.party.context("a party")?.party_id;
    let mut caseworkers = Vec::new();
    for (identifiers, name) in [(people::mette(), people::METTE), (people::jens(), people::JENS)] {
        let answer = office.party(identifiers, name, true).await.map_err(refused)?;
        caseworkers.push(answer.party.context("a party")?.party_id);
    }
    let [mette, jens] =
        <[String; 2]>::try_from(caseworkers).map_err(|_| anyhow::anyhow!("two caseworkers"))?;

    let start = v1::StartPaperDelegationRequest {
        request_id: request_id(),
        actor: actor(&mette),
        delegator_id: ove,
        representative_id: parties.anders.clone(),
        privileges: vec![TAX_STATEMENT.to_owned()],
        period: until(DAYS)?,
    };
    let case = office.paper().start_paper_delegation(start).await.map_err(refused)?.into_inner().paper_case;
    let id = case.and_then(|case| case.delegation).context("a case")?.delegation_id;
    say(format_args!("{} starts case {id}; a form is to be posted to {}", people::METTE, people::OVE));

    let register = v1::RegisterSignedFormRequest {
        request_id: request_id(),
        actor: actor(&mette),
        delegation_id: id.clone(),
        scan_digest: SCAN_DIGEST.to_vec(),
        ticked_privileges: vec![TAX_STATEMENT.to_owned()],
        sign_date: today().to_string(),
    };
    let case = office.paper().register_signed_form(register).await.map_err(refused)?.into_inner().paper_case;
    let etag = case.and_then(|case| case.delegation).context("a case")?.etag;
    say("the signed form has come back, and she registers it");

    let approve = |caseworker: &str| v1::ApprovePaperDelegationRequest {
        request_id: request_id(),
        actor: actor(caseworker),
        delegation_id: id.clone(),
        etag: etag.clone(),
        replace_existing: false,
    };
    let own = office.paper().approve_paper_delegation(approve(&mette)).await;
    prove_refused(own, "APPROVER_IS_NOT_SECOND", "nobody approves what they registered themselves")?;
    office.paper().approve_paper_delegation(approve(&jens)).await.map_err(refused)?;
    let decision = ask(callers, delegator).await?;
    prove(
        decision.granted && decision.delegation_id == id,
        format_args!("once {} has approved it, Anders may act for {}", people::JENS, people::OVE),
    )?;
    Ok(id)
}

/// May Anders act for them?
pub(super) async fn ask(callers: &Callers, delegator: &v1::Identifier) -> anyhow::Result<v1::Decision> {
    let request = v1::CheckDelegationRequest {
        delegator: Some(delegator.clone()),
        representative: people::anders().into_iter().next(),
        privilege: TAX_STATEMENT.to_owned(),
        purpose: PURPOSE.to_owned(),
        ..v1::CheckDelegationRequest::default()
    };
    let answer = callers.authority.query().check_delegation(request).await.map_err(refused)?.into_inner();
    answer.decision.context("a decision")
}
