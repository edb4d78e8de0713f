//! A company: Karen gives it a delegation, and only the employee whom it designates may use it.

use anyhow::Context as _;
use fuldmagt_proto::v1::{self, preview_delegation_request::Agreement};

use super::{
    catalogue::TAX_STATEMENT,
    people,
    step::{prove, refused, tell as say},
    story::{Callers, PURPOSE, Parties, until},
};
use crate::cli::client::{actor, request_id};

/// How long the delegation is to last, in days.
const DAYS: u64 = 90;

/// Tells it.
///
/// # Errors
/// When an answer is not what it must be.
pub(super) async fn tell(callers: &Callers, parties: &Parties) -> anyhow::Result<()> {
    let front_end = &callers.front_end;
    let company = party(callers, vec![people::company()], people::COMPANY).await?;
    let manager = party(callers, people::lone(), people::LONE).await?;
    let employee = party(callers, people::per(), people::PER).await?;
    say(format_args!(
        "{}: the company, and {} and {}, who work there",
        people::COMPANY,
        people::LONE,
        people::PER
    ));
    let given = give(callers, parties, &company).await?;
    let (before, organisation) =
        (ask(callers, people::per()).await?, ask(callers, vec![people::company()]).await?);
    prove(!before.granted && !organisation.granted, "nobody may use it before the company has said who")?;

    let designate = v1::DesignateEmployeeRequest {
        request_id: request_id(),
        actor: actor(&manager),
        delegation_id: given.clone(),
        employee: people::per().into_iter().next(),
        p_number: String::new(),
    };
    front_end.delegations().designate_employee(designate).await.map_err(refused)?;
    say(format_args!("{} designates {}", people::LONE, people::PER));
    let (per, lone) = (ask(callers, people::per()).await?, ask(callers, people::lone()).await?);
    prove(
        per.granted && per.delegation_id == given && !lone.granted,
        "the employee who is designated may act for Karen, another may not",
    )?;

    let remove = v1::RemoveDesignationRequest {
        request_id: request_id(),
        actor: actor(&manager),
        delegation_id: given.clone(),
        employee_id: employee,
    };
    front_end.delegations().remove_designation(remove).await.map_err(refused)?;
    prove(!ask(callers, people::per()).await?.granted, "and no more, once the designation is removed")?;
    let revoke = v1::RevokeDelegationRequest {
        request_id: request_id(),
        actor: actor(&parties.karen),
        delegation_id: given,
        ..v1::RevokeDelegationRequest::default()
    };
    front_end.delegations().revoke_delegation(revoke).await.map_err(refused)?;
    Ok(())
}

async fn party(callers: &Callers, identifiers: Vec<v1::Identifier>, name: &str) -> anyhow::Result<String> {
    let answer = callers.front_end.party(identifiers, name, true).await.map_err(refused)?;
    Ok(answer.party.context("a party")?.party_id)
}

async fn give(callers: &Callers, parties: &Parties, company: &str) -> anyhow::Result<String> {
    let terms = v1::CreateTerms {
        delegator_id: parties.karen.clone(),
        representative_id: company.to_owned(),
        privileges: vec![TAX_STATEMENT.to_owned()],
        period: until(DAYS)?,
        ..v1::CreateTerms::default()
    };
    let karen = actor(&parties.karen);
    let signed = callers
        .front_end
        .sign(karen.clone(), people::karen_pid(), Agreement::Create(terms.clone()))
        .await
        .map_err(refused)?;
    let create = v1::CreateDelegationRequest {
        request_id: request_id(),
        actor: karen,
        delegator_id: terms.delegator_id,
        representative_id: terms.representative_id,
        privileges: terms.privileges,
        period: terms.period,
        signature: Some(signed.proof),
        ..v1::CreateDelegationRequest::default()
    };
    let given =
        callers.front_end.delegations().create_delegation(create).await.map_err(refused)?.into_inner();
    Ok(given.delegation.context("a delegation")?.delegation_id)
}

/// May they act for Karen?
async fn ask(callers: &Callers, who: Vec<v1::Identifier>) -> anyhow::Result<v1::Decision> {
    let request = v1::CheckDelegationRequest {
        delegator: people::karen().into_iter().next(),
        representative: who.into_iter().next(),
        privilege: TAX_STATEMENT.to_owned(),
        purpose: PURPOSE.to_owned(),
        ..v1::CheckDelegationRequest::default()
    };
    let answer = callers.authority.query().check_delegation(request).await.map_err(refused)?.into_inner();
    answer.decision.context("a decision")
}
