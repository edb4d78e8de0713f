//! Paper: for a delegator without MitID. A form is posted, signed by hand and returned; one caseworker registers it,
//! and a second one approves.

use chrono::{DateTime, Days, NaiveDate, Utc};

use crate::{
    assurance::LevelOfAssurance,
    delegation::{
        Content, Delegation, DelegationId, EventKind, Links, NoticeKind, Packages, PaperRejectReason, Reason,
        Rules, State, Step,
    },
    ending,
    giving::{self, Gift},
    identifier::PartyKind,
    party::{Party, PartyId, Standing},
    period::{self, Period, danish_date},
    privilege::PrivilegeUri,
};

/// How old a signature may be when the form is registered, in days. A form that took half a year says little about what
/// the delegator wants now.
pub const MAX_SIGNATURE_AGE_DAYS: u64 = 180;

/// A paper delegation with what happened to its paper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// The delegation.
    pub delegation: Delegation,
    /// Who handled the paper, and when.
    pub record: Record,
}

/// Who handled the paper of a case, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Who started the case.
    pub started_by: PartyId,
    /// When.
    pub started_at: DateTime<Utc>,
    /// The signed form, once it is registered.
    pub form: Option<SignedForm>,
    /// Who approved or rejected, and when.
    pub decided: Option<(PartyId, DateTime<Utc>)>,
}

/// A signed form as it was registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedForm {
    /// SHA-256 of the scan.
    pub scan_digest: [u8; 32],
    /// The day on which the delegator signed, in Danish civil time.
    pub signed_on: NaiveDate,
    /// The caseworker who registered it.
    pub registered_by: PartyId,
    /// When.
    pub registered_at: DateTime<Utc>,
}

/// Who starts a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Starter {
    /// A caseworker.
    Caseworker,
    /// The representative, or an employee of it.
    Representative,
}

/// A form as it came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Returned {
    /// SHA-256 of the scan.
    pub scan_digest: [u8; 32],
    /// What was ticked, sorted.
    pub ticked: Vec<PrivilegeUri>,
    /// The day on which the delegator signed, in Danish civil time.
    pub signed_on: NaiveDate,
}

/// A logged-in user who handles paper.
#[derive(Clone, Copy, Debug)]
pub struct Clerk<'a> {
    /// Who.
    pub party: &'a Party,
    /// How sure the login is of the user.
    pub assurance: LevelOfAssurance,
}

/// Why something is not done to a paper case.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The logged-in user is no employee in good standing.
    #[error("the actor is not a caseworker")]
    NotCaseworker,
    /// The logged-in user may not act for the representative that the case is started for.
    #[error("the actor may not act for the representative")]
    NotForRepresentative,
    /// Organisations sign digitally.
    #[error("only a person gives on paper")]
    DelegatorIsNotPerson,
    /// A rule of giving is against it.
    #[error("it could not be given: {0}")]
    Giving(#[from] giving::Refusal),
    /// The period on the form is over, or longer than is allowed by now.
    #[error("the period on the form cannot be given: {0}")]
    Period(period::Error),
    /// What lives already begins earlier than what is on the form.
    #[error("the delegation on the form begins later than what it replaces")]
    ReplacementStartsLater,
    /// The privilege cannot be given on paper.
    #[error("the privilege cannot be given on paper")]
    NotOnPaper(PrivilegeUri),
    /// A form is registered already.
    #[error("a form is registered already")]
    Registered,
    /// No form is registered yet.
    #[error("no form is registered yet")]
    NotRegistered,
    /// The case was approved or rejected.
    #[error("the case is decided")]
    Decided,
    /// A privilege that the form does not offer.
    #[error("a privilege was ticked that is not on the form")]
    NotOnForm(PrivilegeUri),
    /// Signed on a day to come.
    #[error("the form is signed on a day to come")]
    SignedInFuture,
    /// Signed more than [`MAX_SIGNATURE_AGE_DAYS`] ago.
    #[error("the form was signed more than {MAX_SIGNATURE_AGE_DAYS} days ago")]
    SignedTooLongAgo,
    /// Signed before there was a form.
    #[error("the form was signed before the case was started")]
    SignedBeforeStart,
    /// The caseworker started the case or registered the form, or has something from it.
    #[error("the caseworker is not a second one")]
    NotSecond,
}

/// Starts a case. How many may wait at a time is for the database to decide, which sees them all. The delegator is told
/// also when it is the representative who starts; who starts is not told.
///
/// Whoever knows somebody's number can have a form posted to them, and must learn nothing about them by it: started by the
/// representative, neither age nor standing of the delegator is looked at before the form is approved.
///
/// # Errors
/// [`Refusal`].
pub fn start(
    gift: Gift<'_>,
    starter: Starter,
    starts_on_approval: bool,
    rules: Rules,
    (id, now): (DelegationId, DateTime<Utc>),
) -> Result<(Step, Record), Refusal> {
    let clerk = Clerk { party: gift.actor, assurance: gift.assurance };
    let (delegator, representative) = (gift.delegator.id, gift.representative.id);
    match starter {
        Starter::Caseworker => clerk.require()?,
        Starter::Representative if gift.actor.may_act_for(representative) => clerk.require_login()?,
        Starter::Representative => return Err(Refusal::NotForRepresentative),
    }
    let gift = by_hand(gift);
    match starter {
        Starter::Caseworker => check(&gift, rules, now)?,
        Starter::Representative => check_wish(&gift, rules, now)?,
    }
    let privileges = gift.uris();
    let delegation = Delegation {
        id,
        delegator,
        representative,
        privileges: privileges.clone(),
        taken_out: Vec::new(),
        packages: Packages::default(),
        period: gift.period,
        starts_on_acceptance: starts_on_approval,
        lapses_at: None,
        state: State::PaperStarted,
        suspended: false,
        links: Links::default(),
        created_at: now,
        version: 1,
    };
    let mut tells = vec![(delegator, NoticeKind::Paper)];
    if starter == Starter::Caseworker {
        tells.push((representative, NoticeKind::Paper));
    }
    let step = Step {
        acting_for: (starter == Starter::Representative).then_some(representative),
        asks: privileges,
        tells,
        ..Step::new(delegation, EventKind::PaperStarted, now)
    };
    let record = Record { started_by: gift.actor.id, started_at: now, form: None, decided: None };
    Ok((step, record))
}

/// Registers the form that came back. What was not ticked is no longer asked for.
///
/// # Errors
/// [`Refusal`].
pub fn register(
    case: Case,
    clerk: Clerk<'_>,
    returned: Returned,
    now: DateTime<Utc>,
) -> Result<(Step, Record), Refusal> {
    clerk.require()?;
    require_waiting(&case)?;
    if case.delegation.state != State::PaperStarted {
        return Err(Refusal::Registered);
    }
    let on_form = &case.delegation.privileges;
    if let Some(foreign) = returned.ticked.iter().find(|uri| !on_form.contains(uri)) {
        return Err(Refusal::NotOnForm(foreign.clone()));
    }
    check_signature_day(returned.signed_on, case.record.started_at, now)?;
    let mut step = Step::next(case.delegation, State::PaperRegistered, EventKind::PaperRegistered, now);
    step.delegation.privileges = returned.ticked;
    let form = SignedForm {
        scan_digest: returned.scan_digest,
        signed_on: returned.signed_on,
        registered_by: clerk.party.id,
        registered_at: step.at,
    };
    Ok((step, Record { form: Some(form), ..case.record }))
}

/// The period that an approval gives: the one on the form, from now on where it has begun.
///
/// # Errors
/// [`Refusal::Period`] when it is over.
pub fn period_on_approval(delegation: &Delegation, now: DateTime<Utc>) -> Result<Period, Refusal> {
    let asked = delegation.period;
    let from = if delegation.starts_on_acceptance { now } else { asked.from().max(now) };
    Period::new(from, asked.to()).map_err(|error| {
        Refusal::Period(if error == period::Error::Reversed { period::Error::InPast } else { error })
    })
}

/// Approves a case: what was ticked is given. `gift` is by the approving caseworker, of what was ticked, for the period
/// that [`period_on_approval`] found. The first step is the delegation's; the others are those of what it replaces.
///
/// # Errors
/// [`Refusal`].
pub fn approve(
    case: Case,
    gift: Gift<'_>,
    rules: Rules,
    now: DateTime<Utc>,
) -> Result<(Vec<Step>, Record), Refusal> {
    Clerk { party: gift.actor, assurance: gift.assurance }.require()?;
    require_waiting(&case)?;
    let form = case.record.form.ok_or(Refusal::NotRegistered)?;
    let handled = [case.record.started_by, form.registered_by].contains(&gift.actor.id);
    if handled || gift.actor.may_act_for(case.delegation.representative) {
        return Err(Refusal::NotSecond);
    }
    let gift = by_hand(gift);
    check(&gift, rules, now).map_err(of_the_form)?;
    let (id, actor) = (case.delegation.id, gift.actor.id);
    let (delegator, representative) = (case.delegation.delegator, case.delegation.representative);
    // A form offers privileges one by one, and no packages.
    let content = Content::privileges(gift.uris());
    let replaced = giving::replaced(gift.existing, &content, gift.period, gift.replace, now)
        .map_err(|refusal| of_the_form(refusal.into()))?;
    let mut step = Step::next(case.delegation, State::Active, EventKind::PaperApproved, now);
    step.delegation.privileges.clone_from(&content.privileges);
    step.delegation.period = gift.period;
    step.delegation.starts_on_acceptance = false;
    step.delegation.links.supersedes = giving::ids(&replaced);
    step.grants.clone_from(&content.privileges);
    step.tells = vec![(delegator, NoticeKind::Paper), (representative, NoticeKind::Paper)];
    step.untells = vec![NoticeKind::Paper];
    let record = Record { decided: Some((actor, step.at)), ..case.record };
    let mut steps = vec![step];
    steps.extend(replaced.into_iter().flat_map(|tree| ending::supersede(tree, &content, id, now)));
    Ok((steps, record))
}

/// Rejects a case that waits, whether or not the form is registered.
///
/// # Errors
/// [`Refusal`].
pub fn reject(
    case: Case,
    clerk: Clerk<'_>,
    reason: PaperRejectReason,
    now: DateTime<Utc>,
) -> Result<(Step, Record), Refusal> {
    clerk.require()?;
    require_waiting(&case)?;
    let at = now.max(case.delegation.created_at);
    let (delegator, representative) = (case.delegation.delegator, case.delegation.representative);
    let step = Step {
        reason: Some(Reason::PaperReject(reason)),
        tells: vec![(delegator, NoticeKind::Paper), (representative, NoticeKind::Paper)],
        untells: vec![NoticeKind::Paper],
        ..Step::next(case.delegation, State::PaperRejected { at }, EventKind::PaperRejected, at)
    };
    Ok((step, Record { decided: Some((clerk.party.id, at)), ..case.record }))
}

impl Clerk<'_> {
    /// A caseworker is an employee, in good standing, with a login that one could give with.
    ///
    /// # Errors
    /// [`Refusal::NotCaseworker`], [`giving::Refusal::AssuranceTooLow`].
    pub fn require(self) -> Result<(), Refusal> {
        if self.party.kind != PartyKind::Employee || self.party.standing != Standing::Good {
            return Err(Refusal::NotCaseworker);
        }
        self.require_login()
    }

    fn require_login(self) -> Result<(), Refusal> {
        if self.assurance < LevelOfAssurance::Substantial {
            return Err(giving::Refusal::AssuranceTooLow.into());
        }
        Ok(())
    }
}

/// The level of assurance that a privilege demands of a digital signature says nothing about one by hand: that the
/// privilege may be given on paper does. The caseworker's own login has been looked at.
fn by_hand(gift: Gift<'_>) -> Gift<'_> {
    Gift { assurance: LevelOfAssurance::High, ..gift }
}

fn require_waiting(case: &Case) -> Result<(), Refusal> {
    if matches!(case.delegation.state, State::PaperStarted | State::PaperRegistered) {
        Ok(())
    } else {
        Err(Refusal::Decided)
    }
}

/// Those of the rules below that do not tell anything about the delegator.
fn check_wish(gift: &Gift<'_>, rules: Rules, now: DateTime<Utc>) -> Result<(), Refusal> {
    let (delegator, representative) = (gift.delegator, gift.representative);
    if delegator.kind != PartyKind::Person {
        return Err(Refusal::DelegatorIsNotPerson);
    }
    if delegator.id == representative.id {
        return Err(giving::Refusal::ToOneself.into());
    }
    if [gift.actor, representative].iter().any(|party| party.standing != Standing::Good) {
        return Err(giving::Refusal::NotInGoodStanding.into());
    }
    for privilege in &gift.privileges {
        giving::check_offer(privilege, delegator.kind, representative.kind, gift.period, now)?;
    }
    gift.period.check_length(rules.max_period_days).map_err(giving::Refusal::Period)?;
    check_paper(gift)
}

/// The rules of giving that do not ask who is logged in, and those of paper.
fn check(gift: &Gift<'_>, rules: Rules, now: DateTime<Utc>) -> Result<(), Refusal> {
    if gift.delegator.kind != PartyKind::Person {
        return Err(Refusal::DelegatorIsNotPerson);
    }
    gift.check_terms(rules, now)?;
    check_paper(gift)
}

fn check_paper(gift: &Gift<'_>) -> Result<(), Refusal> {
    match gift.privileges.iter().find(|privilege| !privilege.paper_allowed) {
        Some(privilege) => Err(Refusal::NotOnPaper(privilege.uri.clone())),
        None => Ok(()),
    }
}

/// What was said when the case was started cannot be said otherwise when it is approved.
fn of_the_form(refusal: Refusal) -> Refusal {
    if let Refusal::Giving(giving::Refusal::Period(error)) = refusal {
        return Refusal::Period(error);
    }
    if matches!(refusal, Refusal::Giving(giving::Refusal::ReplacementStartsLater(_))) {
        return Refusal::ReplacementStartsLater;
    }
    refusal
}

fn check_signature_day(
    signed_on: NaiveDate,
    started_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), Refusal> {
    let today = danish_date(now);
    if signed_on > today {
        return Err(Refusal::SignedInFuture);
    }
    if today.checked_sub_days(Days::new(MAX_SIGNATURE_AGE_DAYS)).is_some_and(|oldest| signed_on < oldest) {
        return Err(Refusal::SignedTooLongAgo);
    }
    if signed_on < danish_date(started_at) {
        return Err(Refusal::SignedBeforeStart);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
