//! The story: who does what, in which order, and what each step proves.

use std::path::Path;

use anyhow::Context as _;
use chrono::{Days, SubsecRound as _};
use fuldmagt_domain::period::danish_date;
use fuldmagt_proto::v1::{self, DenialReason, period::End, preview_delegation_request::Agreement};

use super::{
    catalogue::{TAX_ASSESSMENT, TAX_DEBT, TAX_STATEMENT},
    people,
    step::{Steps, prove, refused, tell as say},
};
use crate::{
    cli::{
        catalogue::{Catalogue, Loaded, Refusal, load},
        client::{Client, Connection, actor, request_id, time},
    },
    clock::{Clock as _, SystemClock},
};

/// How long the delegation of the story is to last, in days.
const DAYS: u64 = 30;
/// Why the tax authority asks.
const PURPOSE: &str = "case";

/// The three callers of the story, each with a certificate of its own.
struct Callers {
    operator: Client,
    front_end: Client,
    authority: Client,
}

struct Parties {
    karen: String,
    anders: String,
}

/// Tells the story to a running service.
///
/// # Errors
/// When an answer is not what it must be.
pub(super) async fn tell(folder: &Path, connect: &impl Fn(&str) -> Connection) -> anyhow::Result<()> {
    let mut steps = Steps::default();
    steps.begin("The service starts, with a Postgres of its own");
    let callers = Callers {
        operator: connect("operator").connect().await?,
        front_end: connect("borger-dk").connect().await?,
        authority: connect("skat").connect().await?,
    };
    say(format_args!("its data is in {}", folder.display()));
    prove(
        true,
        "three clients with certificates of their own are connected: operator, front end, authority",
    )?;

    steps.begin("The operator loads the demo catalogue");
    catalogue(&callers.operator).await?;
    steps.begin("The front end registers two people with their identifiers");
    let parties = register(&callers.front_end).await?;
    steps.begin(format_args!("{} gives {} a delegation on two privileges", people::KAREN, people::ANDERS));
    let delegation = give(&callers.front_end, &parties).await?;
    steps.begin("The tax authority asks what Anders may do for Karen");
    ask(&callers.authority, &delegation).await?;
    steps.begin("The tax authority asks whom Anders may act for");
    list(&callers.authority, &delegation).await?;
    steps.begin("Karen revokes the delegation, and the tax authority asks again at once");
    revoke(&callers, &parties, &delegation).await?;
    steps.begin("Karen reads the history");
    history(&callers.front_end, &parties, &delegation).await
}

async fn catalogue(operator: &Client) -> anyhow::Result<()> {
    let demo = Catalogue::demo()?;
    let unexpected = |refusal: Refusal| refused(refusal.status).context(refusal.entry);
    let Loaded { systems, privileges, packages } = load(operator, &demo).await.map_err(unexpected)?;
    let unavailable = privileges.unavailable + packages.unavailable;
    let (systems, privileges, packages) = (systems.named, privileges.named, packages.named);
    prove(
        unavailable == 0,
        format_args!("{privileges} privileges of {systems} systems and {packages} packages are published"),
    )?;
    let again = load(operator, &demo).await.map_err(unexpected)?;
    prove(!again.is_changed(), "loading it again changes nothing")
}

async fn register(front_end: &Client) -> anyhow::Result<Parties> {
    let mut ids = Vec::new();
    for (name, identifiers) in [(people::KAREN, people::karen()), (people::ANDERS, people::anders())] {
        let count = identifiers.len();
        let answer = front_end.party(identifiers, name, true).await.map_err(refused)?;
        let party = answer.party.context("a party")?;
        let how = if answer.created { "registered" } else { "known from an earlier run" };
        say(format_args!("{name}, by {count} identifier(s): {how} as party {}", party.party_id));
        ids.push(party.party_id);
    }
    let [karen, anders] = <[String; 2]>::try_from(ids).map_err(|_| anyhow::anyhow!("two parties"))?;
    let link = v1::LinkIdentifierRequest {
        request_id: request_id(),
        party_id: karen.clone(),
        identifier: Some(people::karen_pid()),
        etag: String::new(),
    };
    front_end.parties().link_identifier(link).await.map_err(refused)?;
    let by_pid = front_end.party(vec![people::karen_pid()], "", false).await.map_err(refused)?;
    let same = by_pid.party.is_some_and(|party| party.party_id == karen);
    prove(
        same,
        "a person is one party under all identifiers: Karen's old PID, linked later, finds the same party",
    )?;
    Ok(Parties { karen, anders })
}

async fn give(front_end: &Client, parties: &Parties) -> anyhow::Result<String> {
    end_left_over(front_end, parties).await?;
    let today = danish_date(SystemClock.now().trunc_subsecs(6));
    let last = today.checked_add_days(Days::new(DAYS)).context("a date")?;
    let terms = v1::CreateTerms {
        delegator_id: parties.karen.clone(),
        representative_id: parties.anders.clone(),
        privileges: vec![TAX_STATEMENT.to_owned(), TAX_ASSESSMENT.to_owned()],
        period: Some(v1::Period { start: None, end: Some(End::ToDate(last.to_string())) }),
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

/// An earlier run that was cut off may have left its delegation.
async fn end_left_over(front_end: &Client, parties: &Parties) -> anyhow::Result<()> {
    let list = v1::ListDelegationsRequest {
        actor: actor(&parties.karen),
        party_id: parties.karen.clone(),
        side: v1::PartySide::Given.into(),
        page_size: 500,
        page_token: String::new(),
    };
    let given = front_end.delegations().list_delegations(list).await.map_err(refused)?.into_inner();
    for left in given.delegations.iter().filter(|each| each.status() == v1::DelegationStatus::Active) {
        say(format_args!(
            "an earlier run was cut off: its delegation {} is revoked first",
            left.delegation_id
        ));
        front_end
            .delegations()
            .revoke_delegation(revocation(parties, &left.delegation_id))
            .await
            .map_err(refused)?;
    }
    Ok(())
}

fn revocation(parties: &Parties, delegation: &str) -> v1::RevokeDelegationRequest {
    v1::RevokeDelegationRequest {
        request_id: request_id(),
        actor: actor(&parties.karen),
        delegation_id: delegation.to_owned(),
        reason: v1::EndReason::NoLongerNeeded.into(),
        ..v1::RevokeDelegationRequest::default()
    }
}

async fn check(authority: &Client, privilege: &str) -> anyhow::Result<v1::Decision> {
    let request = v1::CheckDelegationRequest {
        // Karen by her old PID, Anders by his CPR number: any identifier will do.
        delegator: Some(people::karen_pid()),
        representative: people::anders().pop(),
        privilege: privilege.to_owned(),
        purpose: PURPOSE.to_owned(),
        p_number: String::new(),
    };
    let answer = authority.query().check_delegation(request).await.map_err(refused)?.into_inner();
    let decision = answer.decision.context("a decision")?;
    let verdict = if decision.granted { "yes".to_owned() } else { format!("no, {}", reason(&decision)) };
    say(format_args!("{privilege}: {verdict}"));
    Ok(decision)
}

fn reason(decision: &v1::Decision) -> &'static str {
    decision.denial_reason().as_str_name().trim_start_matches("DENIAL_REASON_")
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
