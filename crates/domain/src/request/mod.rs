//! Requests: a representative asks, the delegator answers, or nobody does in time.

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    assurance::LevelOfAssurance,
    delegation::{
        Content, Delegation, DelegationId, EndReason, EventKind, Links, NoticeKind, Packages, Reason, Rules,
        State, Status, Step,
    },
    ending::{self},
    giving::{self, Gift},
    identifier::PartyKind,
    package::{Given, PackageId},
    party::{Party, PartyId, Standing},
    period::{self, Period},
    privilege::{Privilege, PrivilegeUri},
};

/// What a representative asks for, with everything that the rules need to know about it.
#[derive(Debug)]
pub struct Wish<'a> {
    /// The logged-in user.
    pub actor: &'a Party,
    /// How sure the login is of the user.
    pub assurance: LevelOfAssurance,
    /// Who asks.
    pub representative: &'a Party,
    /// Who is asked. Of them no more than their kind, which is no secret to who can name them.
    pub delegator: PartyId,
    /// Whether that is a person, an organisation or an employee.
    pub delegator_kind: PartyKind,
    /// What is asked for, as found in the catalogue, sorted by URI, with the privileges of pinned packages.
    pub privileges: Vec<Privilege>,
    /// Packages that are asked for, pinned ones too, sorted by id.
    pub packages: Vec<Given>,
    /// From when until when; from now on when `starts_on_acceptance`.
    pub period: Period,
    /// Whether the period begins when it is accepted.
    pub starts_on_acceptance: bool,
}

/// Why a request may not be made, or not be answered so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The logged-in user may not act for the representative who asks.
    #[error("the actor may not act for the representative")]
    NotForRepresentative,
    /// A rule of giving would refuse it in any case.
    #[error("it could not be given: {0}")]
    Giving(#[from] giving::Refusal),
    /// The privilege cannot be asked for.
    #[error("the privilege cannot be asked for")]
    NotOnRequest(PrivilegeUri),
    /// It was answered, withdrawn or lapsed before, or never was a request.
    #[error("the request cannot be answered any more")]
    NotPending(Status),
    /// A privilege that was not asked for.
    #[error("the acceptance is wider than the request")]
    WiderPrivilege(PrivilegeUri),
    /// A package that was not asked for.
    #[error("the acceptance is wider than the request")]
    WiderPackage(PackageId),
    /// A period that reaches beyond the one asked for.
    #[error("the acceptance is wider than the request")]
    WiderPeriod,
}

/// Asks for a delegation. How many requests are allowed is for the database to decide, which sees them all.
///
/// Whoever knows somebody's number can ask them for something, and must learn nothing about them by it: neither age nor
/// standing of the delegator is looked at here. A request that could not be given is found out when it is accepted.
///
/// # Errors
/// [`Refusal`].
pub fn ask(wish: Wish<'_>, rules: Rules, id: DelegationId, now: DateTime<Utc>) -> Result<Step, Refusal> {
    check_parties(&wish)?;
    let alone = wish.privileges.iter().map(|privilege| (privilege, now));
    let followed: Vec<_> = wish.packages.iter().filter(|given| given.is_followed()).collect();
    let held = followed.iter().flat_map(|given| given.offer.held_within(wish.period, now));
    for (privilege, from) in alone.chain(held) {
        giving::check_offer(privilege, wish.delegator_kind, wish.representative.kind, wish.period, from)?;
        if !privilege.request_allowed {
            return Err(Refusal::NotOnRequest(privilege.uri.clone()));
        }
    }
    let packages: Vec<_> = followed.iter().map(|given| given.offer.id.clone()).collect();
    wish.period.check_length(rules.max_period_days).map_err(giving::Refusal::Period)?;
    let lapses_at = now + TimeDelta::days(rules.request_lapse_days.into());
    let privileges: Vec<_> = wish.privileges.into_iter().map(|privilege| privilege.uri).collect();
    let (delegator, representative) = (wish.delegator, wish.representative.id);
    let delegation = Delegation {
        id,
        delegator,
        representative,
        privileges: privileges.clone(),
        taken_out: Vec::new(),
        packages: Packages::following(packages.clone()),
        period: wish.period,
        starts_on_acceptance: wish.starts_on_acceptance,
        lapses_at: Some(lapses_at),
        state: State::Requested { lapses_at },
        suspended: false,
        links: Links::default(),
        created_at: now,
        version: 1,
    };
    Ok(Step {
        acting_for: Some(representative),
        asks: privileges,
        asks_to_follow: packages,
        tells: vec![(delegator, NoticeKind::Requested)],
        ..Step::new(delegation, EventKind::Requested, now)
    })
}

fn check_parties(wish: &Wish<'_>) -> Result<(), Refusal> {
    if !wish.actor.may_act_for(wish.representative.id) {
        return Err(Refusal::NotForRepresentative);
    }
    if wish.assurance < LevelOfAssurance::Substantial {
        return Err(giving::Refusal::AssuranceTooLow.into());
    }
    if wish.delegator == wish.representative.id {
        return Err(giving::Refusal::ToOneself.into());
    }
    if wish.delegator_kind == PartyKind::Employee {
        return Err(giving::Refusal::DelegatorIsEmployee.into());
    }
    if [wish.actor, wish.representative].iter().any(|party| party.standing != Standing::Good) {
        return Err(giving::Refusal::NotInGoodStanding.into());
    }
    Ok(())
}

/// The period of an acceptance, as the delegator says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Term {
    /// As it was asked for.
    AsAsked,
    /// From the start that was asked for, until then.
    Until(DateTime<Utc>),
    /// From then until then.
    Within(Period),
}

/// What of a request is accepted: privileges and packages, sorted, and the period. A start that is past is now.
///
/// `only` empty: all that was asked for. Whether its packages are followed or pinned is not asked here.
///
/// # Errors
/// [`Refusal::NotPending`], [`Refusal::WiderPrivilege`], [`Refusal::WiderPackage`], [`Refusal::WiderPeriod`], [`period::Error::InPast`] when the
/// period that was asked for is over, and [`period::Error::Reversed`] when it is to end before it begins.
pub fn narrowed(
    request: &Delegation,
    only: &Content,
    term: Term,
    now: DateTime<Utc>,
) -> Result<(Content, Period), Refusal> {
    require_pending(request, now)?;
    if let Some(wider) = only.privileges.iter().find(|uri| !request.privileges.contains(uri)) {
        return Err(Refusal::WiderPrivilege(wider.clone()));
    }
    if let Some(wider) = only.packages.iter().find(|package| !request.packages.followed.contains(package)) {
        return Err(Refusal::WiderPackage(wider.clone()));
    }
    let content = if only.is_empty() { request.content() } else { only.clone() };
    let asked = request.period;
    if asked.to() <= now {
        return Err(giving::Refusal::Period(period::Error::InPast).into());
    }
    let from = if request.starts_on_acceptance { now } else { asked.from().max(now) };
    let period = match term {
        Term::AsAsked => Period::new(from, asked.to()),
        Term::Until(to) => Period::new(from, to),
        Term::Within(period) => Ok(period),
    }
    .map_err(giving::Refusal::Period)?;
    let earliest = if request.starts_on_acceptance { request.created_at } else { asked.from() };
    if period.from() < earliest || period.to() > asked.to() {
        return Err(Refusal::WiderPeriod);
    }
    Ok((content, period))
}

/// Accepts a request, as far as `gift` says: the terms that [`narrowed`] found, with all that the rules of giving need.
/// The first step is the delegation's; the others are those of what it replaces.
///
/// # Errors
/// [`Refusal`].
pub fn accept(
    request: Delegation,
    gift: Gift<'_>,
    rules: Rules,
    now: DateTime<Utc>,
) -> Result<Vec<Step>, Refusal> {
    require_pending(&request, now)?;
    gift.check(rules, now)?;
    let (id, delegator, representative) = (request.id, request.delegator, request.representative);
    let (content, follows) = (gift.content(), gift.follows(rules, now));
    let replaced = giving::replaced(gift.existing, &content, gift.period, gift.replace, now)?;
    let mut step = Step::next(request, State::Active, EventKind::Accepted, now);
    step.delegation.privileges.clone_from(&content.privileges);
    step.delegation.packages = Packages::following(content.packages.clone());
    step.delegation.period = gift.period;
    step.delegation.starts_on_acceptance = false;
    step.delegation.links.supersedes = giving::ids(&replaced);
    step.acting_for = Some(delegator);
    step.grants.clone_from(&content.privileges);
    step.follows = follows;
    step.tells = vec![(representative, NoticeKind::Accepted)];
    step.untells = vec![NoticeKind::Requested];
    let mut steps = vec![step];
    steps.extend(ending::supersede_all(replaced, &content, id, Some(delegator), now));
    Ok(steps)
}

/// Declines a request. `None`: it is declined already.
///
/// # Errors
/// [`Refusal::NotPending`].
pub fn decline(
    request: Delegation,
    reason: Option<EndReason>,
    now: DateTime<Utc>,
) -> Result<Option<Step>, Refusal> {
    if matches!(request.state, State::Declined { .. }) {
        return Ok(None);
    }
    require_pending(&request, now)?;
    let (delegator, representative) = (request.delegator, request.representative);
    let at = now.max(request.created_at);
    Ok(Some(Step {
        acting_for: Some(delegator),
        reason: reason.map(Reason::End),
        tells: vec![(representative, NoticeKind::Declined)],
        untells: vec![NoticeKind::Requested],
        ..Step::next(request, State::Declined { at }, EventKind::Declined, at)
    }))
}

/// Takes a request back. `None`: it is withdrawn already.
///
/// # Errors
/// [`Refusal::NotPending`].
pub fn withdraw(request: Delegation, now: DateTime<Utc>) -> Result<Option<Step>, Refusal> {
    if matches!(request.state, State::Withdrawn { .. }) {
        return Ok(None);
    }
    require_pending(&request, now)?;
    let (representative, at) = (request.representative, now.max(request.created_at));
    Ok(Some(Step {
        acting_for: Some(representative),
        untells: vec![NoticeKind::Requested],
        ..Step::next(request, State::Withdrawn { at }, EventKind::Withdrawn, at)
    }))
}

/// Writes down that a request has lapsed; `None` when it has not, or that is written. Changes no answer.
#[must_use]
pub fn lapse(request: Delegation, now: DateTime<Utc>) -> Option<Step> {
    let State::Requested { lapses_at } = request.state else { return None };
    if now < lapses_at {
        return None;
    }
    let representative = request.representative;
    Some(Step {
        tells: vec![(representative, NoticeKind::Lapsed)],
        untells: vec![NoticeKind::Requested],
        ..Step::next(request, State::Lapsed { at: lapses_at }, EventKind::Lapsed, lapses_at)
    })
}

fn require_pending(request: &Delegation, now: DateTime<Utc>) -> Result<(), Refusal> {
    let status = request.status(now);
    if status == Status::Requested { Ok(()) } else { Err(Refusal::NotPending(status)) }
}

#[cfg(test)]
mod tests;
