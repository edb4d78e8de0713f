//! Designation: an organisation says which of its employees may use a delegation that it holds.

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    assurance::LevelOfAssurance,
    delegation::{Delegation, EventKind, State, Step},
    identifier::PartyKind,
    party::{Party, PartyId, Standing},
};

/// An employee's latest designation for one delegation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latest {
    /// From when.
    pub from: DateTime<Utc>,
    /// When it was removed.
    pub removed: Option<DateTime<Utc>>,
    /// Whether it is for the place that is asked for now: the same production unit, or none.
    pub same_place: bool,
}

/// Whom an organisation wants to designate, with everything that the rules need to know about it.
#[derive(Debug)]
pub struct Wanted<'a> {
    /// The logged-in user, who may act for the organisation.
    pub actor: &'a Party,
    /// How sure the login is of the user.
    pub assurance: LevelOfAssurance,
    /// The highest level of assurance that any of the delegation's privileges demands when it is given.
    pub demanded: LevelOfAssurance,
    /// The delegation.
    pub delegation: Delegation,
    /// Who holds it.
    pub representative: &'a Party,
    /// The employee of it.
    pub employee: &'a Party,
    /// The employee's latest designation for the delegation.
    pub latest: Option<Latest>,
}

/// Why an employee is not designated, or a designation not removed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A person holds it, or an employee, and uses it.
    #[error("only what an organisation holds is used by its employees")]
    NotHeldByOrganisation,
    /// It is a request, or on paper, or was never more.
    #[error("the delegation is not given")]
    NotGiven,
    /// It has ended, or its period is over.
    #[error("the delegation has ended")]
    Over,
    /// The user's login is not sure enough for what the delegation is of.
    #[error("the level of assurance is too low")]
    AssuranceTooLow,
    /// The user, the organisation or the employee cannot give or hold delegations at present.
    #[error("a party is not in good standing")]
    NotInGoodStanding,
    /// The employee is designated so already: nothing is to be done.
    #[error("the employee is designated already")]
    Designated,
    /// The employee is designated for another production unit, or for none.
    #[error("the employee is designated for another production unit, or for none: remove that first")]
    DesignatedElsewhere,
    /// The employee was never designated for it.
    #[error("the employee is not designated")]
    NotDesignated,
    /// The designation was removed, or the delegation has ended: nothing is to be done.
    #[error("the designation is removed already")]
    Removed,
}

/// Designates an employee for a delegation that is in force or to come. The step's instant is when it begins.
///
/// # Errors
/// [`Refusal`].
pub fn designate(wanted: Wanted<'_>, now: DateTime<Utc>) -> Result<Step, Refusal> {
    let Wanted { actor, assurance, demanded, delegation, representative, employee, latest } = wanted;
    if representative.kind != PartyKind::Organisation {
        return Err(Refusal::NotHeldByOrganisation);
    }
    match delegation.state {
        State::Active if now < delegation.period.to() => {}
        State::Requested { .. }
        | State::Declined { .. }
        | State::Withdrawn { .. }
        | State::Lapsed { .. }
        | State::PaperStarted
        | State::PaperRegistered
        | State::PaperRejected { .. } => return Err(Refusal::NotGiven),
        State::Active
        | State::Revoked { .. }
        | State::Renounced { .. }
        | State::Superseded { .. }
        | State::Terminated { .. } => return Err(Refusal::Over),
    }
    // Who may use it is decided as surely as it was given.
    if assurance < demanded.max(LevelOfAssurance::Substantial) {
        return Err(Refusal::AssuranceTooLow);
    }
    if [actor, representative, employee].iter().any(|party| party.standing != Standing::Good) {
        return Err(Refusal::NotInGoodStanding);
    }
    if let Some(stands) = latest.filter(|latest| latest.removed.is_none()) {
        return Err(if stands.same_place { Refusal::Designated } else { Refusal::DesignatedElsewhere });
    }
    // One designation begins after another, whatever two machines' clocks say.
    let at = latest.map_or(now, |latest| now.max(latest.from + TimeDelta::microseconds(1)));
    let (state, organisation) = (delegation.state, representative.id);
    Ok(Step {
        acting_for: Some(organisation),
        related: Some(employee.id.0),
        ..Step::next(delegation, state, EventKind::EmployeeDesignated, at)
    })
}

/// Removes an employee's designation. Any level of assurance and any standing will do: taking a power back must never be
/// harder than giving it.
///
/// # Errors
/// [`Refusal::NotDesignated`], [`Refusal::Removed`].
pub fn remove(
    delegation: Delegation,
    employee: PartyId,
    latest: Option<Latest>,
    now: DateTime<Utc>,
) -> Result<Step, Refusal> {
    let latest = latest.ok_or(Refusal::NotDesignated)?;
    if latest.removed.is_some() || !delegation.lives_at(now) {
        return Err(Refusal::Removed);
    }
    let acting_for = Some(delegation.representative);
    Ok(Step { acting_for, ..ended(delegation, employee, now.max(latest.from)) })
}

/// The employee may no longer use the delegation, on whoever's word.
#[must_use]
pub fn ended(delegation: Delegation, employee: PartyId, at: DateTime<Utc>) -> Step {
    let state = delegation.state;
    Step { related: Some(employee.0), ..Step::next(delegation, state, EventKind::DesignationRemoved, at) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delegation::testing::{delegation, instant, party};

    fn someone(id: u128, kind: PartyKind) -> Party {
        let organisation = (kind == PartyKind::Employee).then(|| party(3));
        Party {
            id: party(id),
            kind,
            organisation,
            standing: Standing::Good,
            created_at: instant(0),
            version: 1,
        }
    }

    /// The logged-in user 8, organisation 3, and employee 7.
    fn parties() -> [Party; 3] {
        let kinds = [(8, PartyKind::Employee), (3, PartyKind::Organisation), (7, PartyKind::Employee)];
        kinds.map(|(id, kind)| someone(id, kind))
    }

    fn designated_by(
        parties: &[Party; 3],
        spoil: impl FnOnce(&mut Wanted<'_>),
        now: i64,
    ) -> Result<Step, Refusal> {
        let [actor, representative, employee] = parties;
        let mut wanted = Wanted {
            actor,
            assurance: LevelOfAssurance::Substantial,
            demanded: LevelOfAssurance::Substantial,
            delegation: delegation(10, 100),
            representative,
            employee,
            latest: None,
        };
        spoil(&mut wanted);
        designate(wanted, instant(now))
    }

    /// The organisation holds a delegation from 10 to 100.
    fn designated(spoil: impl FnOnce(&mut Wanted<'_>), now: i64) -> Result<Step, Refusal> {
        designated_by(&parties(), spoil, now)
    }

    fn latest(removed: Option<i64>) -> Latest {
        Latest { from: instant(20), removed: removed.map(instant), same_place: true }
    }

    #[test]
    fn an_employee_is_designated_by_an_event_of_the_delegation() {
        for now in [0, 10, 99] {
            let step = designated(|_| {}, now).unwrap();
            assert_eq!((step.kind, step.at), (EventKind::EmployeeDesignated, instant(now)));
            assert_eq!((step.acting_for, step.related), (Some(party(3)), Some(party(7).0)));
            assert_eq!((step.delegation.state, step.delegation.version), (State::Active, 2));
            assert_eq!((step.grants, step.takes, step.tells), (vec![], vec![], vec![]));
        }
    }

    #[test]
    fn only_what_an_organisation_holds_and_nobody_ended_is_used_by_employees() {
        let mut with_person = parties();
        with_person[1].kind = PartyKind::Person;
        assert_eq!(designated_by(&with_person, |_| {}, 20), Err(Refusal::NotHeldByOrganisation));
        assert_eq!(designated(|_| {}, 100), Err(Refusal::Over));
        let at = instant(15);
        for (state, refusal) in [
            (State::Requested { lapses_at: instant(50) }, Refusal::NotGiven),
            (State::Declined { at }, Refusal::NotGiven),
            (State::PaperStarted, Refusal::NotGiven),
            (State::Revoked { at }, Refusal::Over),
            (State::Superseded { at }, Refusal::Over),
        ] {
            assert_eq!(designated(|w| w.delegation.state = state, 20), Err(refusal));
        }
    }

    #[test]
    fn who_designates_is_as_sure_as_who_gives() {
        assert_eq!(designated(|w| w.assurance = LevelOfAssurance::Low, 20), Err(Refusal::AssuranceTooLow));
        let high = |w: &mut Wanted<'_>| w.demanded = LevelOfAssurance::High;
        assert_eq!(designated(high, 20), Err(Refusal::AssuranceTooLow));
        let both =
            |w: &mut Wanted<'_>| (w.demanded, w.assurance) = (LevelOfAssurance::High, LevelOfAssurance::High);
        assert!(designated(both, 20).is_ok());
    }

    #[test]
    fn nobody_designates_or_is_designated_who_is_not_in_good_standing() {
        for standing in [Standing::Suspended, Standing::Ended] {
            for place in 0..3 {
                let mut parties = parties();
                parties[place].standing = standing;
                assert_eq!(designated_by(&parties, |_| {}, 20), Err(Refusal::NotInGoodStanding));
            }
        }
    }

    #[test]
    fn nobody_is_designated_twice_and_the_next_begins_after_the_last() {
        assert_eq!(designated(|w| w.latest = Some(latest(None)), 30), Err(Refusal::Designated));
        let elsewhere = Latest { same_place: false, ..latest(None) };
        assert_eq!(designated(|w| w.latest = Some(elsewhere), 30), Err(Refusal::DesignatedElsewhere));
        let again = |now| designated(|w| w.latest = Some(latest(Some(25))), now).unwrap().at;
        assert_eq!(again(30), instant(30));
        assert_eq!(again(20), instant(20) + TimeDelta::microseconds(1));
    }

    #[test]
    fn a_designation_is_removed_once() {
        let of = |latest, now| remove(delegation(10, 100), party(7), latest, instant(now));
        let step = of(Some(latest(None)), 30).unwrap();
        assert_eq!(
            (step.kind, step.at, step.acting_for),
            (EventKind::DesignationRemoved, instant(30), Some(party(3)))
        );
        assert_eq!((step.related, step.delegation.version), (Some(party(7).0), 2));
        assert_eq!(of(Some(latest(None)), 15).unwrap().at, instant(20));
        assert_eq!(of(None, 30), Err(Refusal::NotDesignated));
        assert_eq!(of(Some(latest(Some(25))), 30), Err(Refusal::Removed));
        assert_eq!(of(Some(latest(None)), 100), Err(Refusal::Removed));
    }

    #[test]
    fn a_designation_ends_by_an_event_of_the_delegation() {
        let step = ended(delegation(0, 100), party(7), instant(10));
        assert_eq!((step.kind, step.related), (EventKind::DesignationRemoved, Some(party(7).0)));
        assert_eq!((step.delegation.state, step.delegation.version), (State::Active, 2));
    }
}
