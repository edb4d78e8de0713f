//! A gift: Karen gives Anders a delegation, the tax authority asks, Karen revokes it and reads what happened.

use anyhow::Context as _;
use fuldmagt_proto::v1::{self, DenialReason, preview_delegation_request::Agreement};

use super::{
    catalogue::{TAX_ASSESSMENT, TAX_DEBT, TAX_STATEMENT},
    people,
    step::{Steps, prove, refused, tell as say},
    story::{Callers, PURPOSE, Parties, check, last_day, revocation, until},
};
use crate::cli::client::{Client, actor, request_id, time};

/// How long the delegation is to last, in days.
const DAYS: u64 = 30;

/// Tells it.
///
/// # Errors
/// When an answer is not what it must be.
pub(super) async fn tell(steps: &mut Steps, callers: &Callers, parties: &Parties) -> anyhow::Result<()> {
    steps.begin(format_args!("{} gives {} a delegation on two privileges", people::KAREN, people::ANDERS));
    let delegation = give(&callers.front_end, parties).await?;
    steps.begin("The tax authority asks what Anders may do for Karen");
    ask(&callers.authority, &delegation).await?;
    steps.begin("The tax authority asks whom Anders may act for");
    list(&callers.authority, &delegation).await?;
    steps.begin("Karen revokes the delegation, and the tax authority asks again at once");
    revoke(callers, parties, &delegation).await?;
    steps.begin("Karen reads the history");
    history(&callers.front_end, parties, &delegation).await
}

async fn give(front_end: &Client, parties: &Parties) -> anyhow::Result<String> {
    let last = last_day(DAYS)?;
    let terms = v1::CreateTerms {
        delegator_id: parties.karen.clone(),
        representative_id: parties.anders.clone(),
        privileges: vec![TAX_STATEMENT.to_owned(), TAX_ASSESSMENT.to_owned()],
        period: until(DAYS)?,
        ..v1::CreateTerms::default()
    };
    let proof = sign(front_end, parties, terms.clone()).await?;
    let create = v1::CreateDelegationRequest {
        request_id: request_id(),
        actor: actor(&parties.karen),
        delegator_id: terms.delegator_id.clone(),
        representative_id: terms.representative_id.clone(),
        privileges: terms.privileges.clone(),
        period: terms.period.clone(),
        message: "Kære Anders, tak fordi du hjælper mig med skatten.".to_owned(),
        signature: Some(proof.clone()),
        ..v1::CreateDelegationRequest::default()
    };
    let first =
        front_end.delegations().create_delegation(create.clone()).await.map_err(refused)?.into_inner();
    let again = front_end.delegations().create_delegation(create).await.map_err(refused)?.into_inner();
    let given = first.delegation.clone().context("a delegation")?;
    say(format_args!("delegation {}", given.delegation_id));
    say(format_args!("valid to and including {last}: until {} in UTC", time(given.valid_to.as_ref())));
    prove(first == again, "the same request sent twice gives one delegation and the same answer")?;
    receipt(front_end, parties, &given, &proof).await?;
    Ok(given.delegation_id)
}

/// Karen is shown what she agrees to, and signs it.
async fn sign(
    front_end: &Client,
    parties: &Parties,
    terms: v1::CreateTerms,
) -> anyhow::Result<v1::SignatureProof> {
    let signer = people::karen_pid();
    let signed =
        front_end.sign(actor(&parties.karen), signer, Agreement::Create(terms)).await.map_err(refused)?;
    say("she signs this:");
    signed.agreement.text_da.lines().for_each(|line| say(format_args!("  | {line}")));
    Ok(signed.proof)
}

/// Both can read it again; what proves the signature is for who signed.
async fn receipt(
    front_end: &Client,
    parties: &Parties,
    given: &v1::Delegation,
    proof: &v1::SignatureProof,
) -> anyhow::Result<()> {
    let mut all_same = true;
    for (party, evidence) in [(&parties.karen, proof.evidence.as_slice()), (&parties.anders, &[])] {
        let request =
            v1::GetReceiptRequest { actor: actor(party), delegation_id: given.delegation_id.clone() };
        let receipt = front_end.delegations().get_receipt(request).await.map_err(refused)?.into_inner();
        let agreement = receipt.agreement.unwrap_or_default();
        let same = agreement.digest == proof.digest && receipt.signer_id == parties.karen;
        all_same &= same && receipt.evidence == evidence;
    }
    prove(all_same, "both can read what was signed, in the same words; the evidence is for Karen, who signed")
}

async fn ask(authority: &Client, delegation: &str) -> anyhow::Result<()> {
    for privilege in [TAX_STATEMENT, TAX_ASSESSMENT] {
        let decision = check(authority, privilege).await?;
        let granted = decision.granted && decision.delegation_id == delegation;
        prove(granted, "what was given is granted, by the delegation that was given")?;
    }
    let decision = check(authority, TAX_DEBT).await?;
    let denied = !decision.granted && decision.denial_reason() == DenialReason::NoDelegation;
    prove(denied, "what was not given is denied, with the reason")
}

async fn list(authority: &Client, delegation: &str) -> anyhow::Result<()> {
    let request = v1::ListDelegatorsRequest {
        representative: people::anders().pop(),
        privileges: Vec::new(),
        purpose: PURPOSE.to_owned(),
        page_size: 500,
        page_token: String::new(),
    };
    let answer = authority.query().list_delegators(request).await.map_err(refused)?.into_inner();
    let mut listed: Vec<&str> = Vec::new();
    for entry in answer.entries.iter().filter(|entry| entry.delegation_id == delegation) {
        say(format_args!("Karen, on {}, until {}", entry.privilege, time(entry.valid_to.as_ref())));
        listed.push(&entry.privilege);
    }
    listed.sort_unstable();
    let mut expected = [TAX_STATEMENT, TAX_ASSESSMENT];
    expected.sort_unstable();
    prove(listed == expected, "the list says what the checks say")
}

async fn revoke(callers: &Callers, parties: &Parties, delegation: &str) -> anyhow::Result<()> {
    let front_end = &callers.front_end;
    let request = revocation(parties, delegation);
    let answer = front_end.delegations().revoke_delegation(request).await.map_err(refused)?.into_inner();
    let ended = answer.delegation.context("a delegation")?;
    say(format_args!("revoked at {}", time(ended.end_time.as_ref())));
    let decision = check(&callers.authority, TAX_STATEMENT).await?;
    let denied = !decision.granted && decision.denial_reason() == DenialReason::Revoked;
    prove(denied, "the very next check after a revocation says no, and why")
}

async fn history(front_end: &Client, parties: &Parties, delegation: &str) -> anyhow::Result<()> {
    let request = v1::ListDelegationEventsRequest {
        actor: actor(&parties.karen),
        delegation_id: delegation.to_owned(),
        page_size: 500,
        page_token: String::new(),
    };
    let answer = front_end.delegations().list_delegation_events(request).await.map_err(refused)?.into_inner();
    for event in &answer.events {
        let kind = event.kind().as_str_name().trim_start_matches("DELEGATION_EVENT_KIND_");
        let who = if event.actor_id == parties.karen { people::KAREN } else { "somebody else" };
        say(format_args!("{} {kind} by {who}", time(event.event_time.as_ref())));
    }
    let kinds: Vec<_> = answer.events.iter().map(v1::DelegationEvent::kind).collect();
    let expected = [v1::DelegationEventKind::Created, v1::DelegationEventKind::Revoked];
    prove(kinds == expected, "every change is an event, in order, with who did it")
}
