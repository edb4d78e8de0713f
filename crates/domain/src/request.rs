//! Requests: a representative asks, the delegator answers, or nobody does in time.

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    assurance::LevelOfAssurance,
    delegation::{
        Delegation, DelegationId, EndReason, EventKind, Links, NoticeKind, Reason, Rules, State, Status, Step,
    },
    ending::{self},
    giving::{self, Gift},
    identifier::PartyKind,
    party::{Party, Standing},
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
    /// Who is asked.
    pub delegator: &'a Party,
    /// What is asked for, as found in the catalogue, sorted by URI.
    pub privileges: Vec<Privilege>,
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
    /// A period that reaches beyond the one asked for.
    #[error("the acceptance is wider than the request")]
    WiderPeriod,
}

/// Asks for a delegation. How many requests are allowed is for the database to decide, which sees them all.
///
/// # Errors
/// [`Refusal`].
pub fn ask(wish: Wish<'_>, rules: Rules, id: DelegationId, now: DateTime<Utc>) -> Result<Step, Refusal> {
    check_parties(&wish)?;
    for privilege in &wish.privileges {
        giving::check_offer(privilege, wish.delegator.kind, wish.representative.kind, wish.period, now)?;
        if !privilege.request_allowed {
            return Err(Refusal::NotOnRequest(privilege.uri.clone()));
        }
    }
    wish.period.check_length(rules.max_period_days).map_err(giving::Refusal::Period)?;
    let lapses_at = now + TimeDelta::days(rules.request_lapse_days.into());
    let privileges: Vec<_> = wish.privileges.into_iter().map(|privilege| privilege.uri).collect();
    let (delegator, representative) = (wish.delegator.id, wish.representative.id);
    let delegation = Delegation {
        id,
        delegator,
        representative,
        privileges: privileges.clone(),
        taken_out: Vec::new(),
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
    if wish.delegator.id == wish.representative.id {
        return Err(giving::Refusal::ToOneself.into());
    }
    if wish.delegator.kind == PartyKind::Employee {
        return Err(giving::Refusal::DelegatorIsEmployee.into());
    }
    if [wish.actor, wish.delegator, wish.representative].iter().any(|party| party.standing != Standing::Good)
    {
        return Err(giving::Refusal::NotInGoodStanding.into());
    }
    Ok(())
}

/// What of a request is accepted: the privileges, sorted, and the period.
///
/// `privileges` empty: all that was asked for. `period` none: the one asked for, from now on where its start is past.
///
/// # Errors
/// [`Refusal::NotPending`], [`Refusal::WiderPrivilege`], [`Refusal::WiderPeriod`], and [`period::Error::InPast`] when the
/// period that was asked for is over.
pub fn narrowed(
    request: &Delegation,
    privileges: &[PrivilegeUri],
    period: Option<Period>,
    now: DateTime<Utc>,
) -> Result<(Vec<PrivilegeUri>, Period), Refusal> {
    require_pending(request, now)?;
    if let Some(wider) = privileges.iter().find(|uri| !request.privileges.contains(uri)) {
        return Err(Refusal::WiderPrivilege(wider.clone()));
    }
    let privileges = if privileges.is_empty() { request.privileges.clone() } else { privileges.to_vec() };
    let asked = request.period;
    let from = if request.starts_on_acceptance { now } else { asked.from().max(now) };
    let whole = Period::new(from, asked.to()).map_err(|error| {
        let error = if error == period::Error::Reversed { period::Error::InPast } else { error };
        giving::Refusal::Period(error)
    })?;
    let period = period.unwrap_or(whole);
    let earliest = if request.starts_on_acceptance { request.created_at } else { asked.from() };
    if period.from() < earliest.min(now) || period.to() > asked.to() {
        return Err(Refusal::WiderPeriod);
    }
    Ok((privileges, period))
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
    let privileges = gift.uris();
    let replaced = giving::replaced(gift.existing, &privileges, gift.period, gift.replace, now)?;
    let mut step = Step::next(request, State::Active, EventKind::Accepted, now);
    step.delegation.privileges.clone_from(&privileges);
    step.delegation.period = gift.period;
    step.delegation.links.supersedes = giving::ids(&replaced);
    step.acting_for = Some(delegator);
    step.grants.clone_from(&privileges);
    step.tells = vec![(representative, NoticeKind::Accepted)];
    step.untells = vec![NoticeKind::Requested];
    let mut steps = vec![step];
    steps.extend(ending::supersede_all(replaced, &privileges, id, Some(delegator), now));
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
mod tests {
    use super::*;
    use crate::delegation::testing::{delegation, instant, party, uri};

    /// Asked for at 0 for 10 to 100; lapses at 50.
    fn request() -> Delegation {
        let lapses_at = instant(50);
        Delegation {
            state: State::Requested { lapses_at },
            lapses_at: Some(lapses_at),
            ..delegation(10, 100)
        }
    }

    fn period(from: i64, to: i64) -> Period {
        Period::new(instant(from), instant(to)).unwrap()
    }

    #[test]
    fn an_acceptance_is_all_or_narrower_and_never_wider() {
        let all = vec![uri("urn:dk:a"), uri("urn:dk:b")];
        assert_eq!(narrowed(&request(), &[], None, instant(5)), Ok((all.clone(), period(10, 100))));
        // Its start has passed meanwhile.
        assert_eq!(narrowed(&request(), &[], None, instant(20)), Ok((all.clone(), period(20, 100))));
        let one = [uri("urn:dk:b")];
        assert_eq!(
            narrowed(&request(), &one, Some(period(20, 40)), instant(5)),
            Ok((one.to_vec(), period(20, 40)))
        );
        assert_eq!(narrowed(&request(), &[], Some(period(20, 101)), instant(5)), Err(Refusal::WiderPeriod));
        assert_eq!(narrowed(&request(), &[], Some(period(4, 50)), instant(5)), Err(Refusal::WiderPeriod));
        assert_eq!(
            narrowed(&request(), &[uri("urn:dk:c")], None, instant(5)),
            Err(Refusal::WiderPrivilege(uri("urn:dk:c")))
        );
        let open = Delegation { starts_on_acceptance: true, ..request() };
        assert_eq!(narrowed(&open, &[], None, instant(20)), Ok((all, period(20, 100))));
    }

    #[test]
    fn a_lapsed_request_cannot_be_answered_though_no_job_ran() {
        let refusal = Err(Refusal::NotPending(Status::Lapsed));
        assert_eq!(narrowed(&request(), &[], None, instant(50)).map(|_| ()), refusal);
        assert_eq!(decline(request(), None, instant(50)).map(|_| ()), refusal);
        assert_eq!(withdraw(request(), instant(50)).map(|_| ()), refusal);
        assert!(decline(request(), None, instant(49)).is_ok());
    }

    #[test]
    fn an_answer_is_final_and_the_same_again_changes_nothing() {
        let declined = decline(request(), None, instant(5)).unwrap().unwrap();
        assert_eq!(declined.tells, [(party(3), NoticeKind::Declined)]);
        assert_eq!(decline(declined.delegation.clone(), None, instant(6)), Ok(None));
        assert_eq!(withdraw(declined.delegation, instant(6)), Err(Refusal::NotPending(Status::Declined)));
        let withdrawn = withdraw(request(), instant(5)).unwrap().unwrap();
        assert_eq!(withdrawn.untells, [NoticeKind::Requested]);
        assert_eq!(withdraw(withdrawn.delegation.clone(), instant(6)), Ok(None));
        assert_eq!(
            decline(withdrawn.delegation, None, instant(6)),
            Err(Refusal::NotPending(Status::Withdrawn))
        );
    }

    #[test]
    fn what_has_lapsed_is_written_down_once_and_as_of_then() {
        assert_eq!(lapse(request(), instant(49)), None);
        let step = lapse(request(), instant(90)).unwrap();
        assert_eq!(step.delegation.state, State::Lapsed { at: instant(50) });
        assert_eq!(lapse(step.delegation, instant(91)), None);
    }
}
