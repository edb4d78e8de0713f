//! The story: who does what, in which order, and what each chapter shares.

use std::path::Path;

use anyhow::Context as _;
use chrono::{Days, NaiveDate, SubsecRound as _};
use fuldmagt_domain::period::danish_date;
use fuldmagt_proto::v1::{self, period::End};

use super::{
    company, gift, paper, people, register, request,
    step::{Steps, prove, refused, tell as say},
};
use crate::{
    cli::{
        catalogue::{Catalogue, Loaded, Refusal, load},
        client::{Client, Connection, actor, request_id},
    },
    clock::{Clock as _, SystemClock},
};

/// Why the tax authority asks.
pub(super) const PURPOSE: &str = "case";
/// Where the demo counts its runs: each has a day of its own in the register, and somebody of its own who dies.
const RUNS_FILE: &str = "runs";

/// The callers of the story, each with a certificate of its own.
pub(super) struct Callers {
    pub(super) operator: Client,
    pub(super) front_end: Client,
    pub(super) authority: Client,
    pub(super) office: Client,
    pub(super) register: Client,
}

/// Whom the story is about, by their party ids.
pub(super) struct Parties {
    pub(super) karen: String,
    pub(super) anders: String,
}

/// Tells the story to a running service.
///
/// # Errors
/// When an answer is not what it must be.
pub(super) async fn tell(folder: &Path, connect: &impl Fn(&str) -> Connection) -> anyhow::Result<()> {
    let mut steps = Steps::default();
    steps.begin("The service starts, with a Postgres of its own");
    let run = count_run(folder)?;
    let callers = Callers {
        operator: connect("operator").connect().await?,
        front_end: connect("borger-dk").connect().await?,
        authority: connect("skat").connect().await?,
        office: connect("caseworker").connect().await?,
        register: connect("cpr-feed").connect().await?,
    };
    say(format_args!("its data is in {}", folder.display()));
    prove(
        true,
        "five clients with certificates of their own are connected: operator, front end, authority, municipality, \
         CPR register",
    )?;
    steps.begin("The operator loads the demo catalogue");
    catalogue(&callers.operator).await?;
    steps.begin("The front end registers two people with their identifiers");
    let parties = register_people(&callers.front_end).await?;
    end_left_over(&callers.front_end, &parties).await?;
    gift::tell(&mut steps, &callers, &parties).await?;
    steps.begin("Anders asks for a delegation, and Karen accepts less than he asked for");
    request::tell(&callers, &parties).await?;
    steps.begin("Karen gives a company a delegation, and the company says who may use it");
    company::tell(&callers, &parties).await?;
    steps.begin("Somebody without MitID gives a delegation on paper, and it takes two caseworkers");
    let ove = people::ove(run)?;
    let delegation = paper::tell(&callers, &parties, &ove).await?;
    steps.begin("The CPR register tells of a death, and the delegation ends");
    register::tell(&callers, run, &ove, &delegation).await
}

/// How many runs there were before this one.
fn count_run(folder: &Path) -> anyhow::Result<u32> {
    let file = folder.join(RUNS_FILE);
    let before = match std::fs::read_to_string(&file) {
        Ok(text) => text.trim().parse().context("the number of runs cannot be read")?,
        Err(_) => 0,
    };
    std::fs::write(&file, format!("{}\n", before + 1)).context("the number of runs cannot be kept")?;
    Ok(before)
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

async fn register_people(front_end: &Client) -> anyhow::Result<Parties> {
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

/// An earlier run that was cut off may have left delegations.
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

/// The last of so many days from today, in Denmark.
///
/// # Errors
/// When there is no such day.
pub(super) fn last_day(days: u64) -> anyhow::Result<NaiveDate> {
    today().checked_add_days(Days::new(days)).context("a date")
}

/// Today in Denmark.
pub(super) fn today() -> NaiveDate {
    danish_date(SystemClock.now().trunc_subsecs(6))
}

/// From now on for so many days.
///
/// # Errors
/// When there is no such day.
pub(super) fn until(days: u64) -> anyhow::Result<Option<v1::Period>> {
    Ok(Some(v1::Period { start: None, end: Some(End::ToDate(last_day(days)?.to_string())) }))
}

/// Karen takes it back.
pub(super) fn revocation(parties: &Parties, delegation: &str) -> v1::RevokeDelegationRequest {
    v1::RevokeDelegationRequest {
        request_id: request_id(),
        actor: actor(&parties.karen),
        delegation_id: delegation.to_owned(),
        reason: v1::EndReason::NoLongerNeeded.into(),
        ..v1::RevokeDelegationRequest::default()
    }
}

/// May Anders do that for Karen?
///
/// # Errors
/// When the question is refused.
pub(super) async fn check(authority: &Client, privilege: &str) -> anyhow::Result<v1::Decision> {
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
