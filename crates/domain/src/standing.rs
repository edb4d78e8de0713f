//! What becomes of a party's delegations when its standing changes: by death, by the end of an employment, by what a
//! register or a caseworker says.
//!
//! The standing decides every check from the moment it changes. What is done to the delegations only writes down, in each
//! one's history, what is true already; for a party with very many of them it may come later, and changes no answer.

use chrono::{DateTime, Utc};

use crate::{
    delegation::{Delegation, EventKind, NoticeKind, Reason, State, Status, Step, Termination},
    ending::{self, Tree},
    identifier::PartyKind,
    party::{Party, PartyId, Standing},
};

/// What happens to a party.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// The person has died (CPR status 90).
    Died,
    /// The employment has ended.
    EmploymentEnded,
    /// A suspended party will not come back.
    PartyEnded,
    /// It may not give and hold delegations until somebody has looked at it (CPR status 30, 50, 70).
    Suspended,
    /// It may again.
    Reinstated,
}

impl Turn {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Died, Self::EmploymentEnded, Self::PartyEnded, Self::Suspended, Self::Reinstated];

    /// The stable name, as stored, and as the party's event tells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Died => "died",
            Self::EmploymentEnded => "employment_ended",
            Self::PartyEnded => "party_ended",
            Self::Suspended => "suspended",
            Self::Reinstated => "reinstated",
        }
    }

    /// The turn of that name, if it is one.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|turn| turn.as_str() == name)
    }

    /// The party's standing after it.
    #[must_use]
    pub const fn standing(self) -> Standing {
        match self {
            Self::Died | Self::EmploymentEnded | Self::PartyEnded => Standing::Ended,
            Self::Suspended => Standing::Suspended,
            Self::Reinstated => Standing::Good,
        }
    }

    /// Why the party's delegations end, if they do.
    #[must_use]
    pub const fn termination(self) -> Option<Termination> {
        match self {
            Self::Died => Some(Termination::Death),
            Self::EmploymentEnded => Some(Termination::EmploymentEnded),
            Self::PartyEnded => Some(Termination::PartyEnded),
            Self::Suspended | Self::Reinstated => None,
        }
    }
}

/// Why a party's standing does not change so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It has that standing already, or has ended, after which nothing happens to it any more.
    #[error("the party has that standing already, or has ended")]
    Nothing,
    /// Only who is suspended is reinstated, or found not to come back.
    #[error("the party is not suspended")]
    NotSuspended,
    /// Only an employee has an employment, and only a person dies.
    #[error("that does not happen to a party of this kind")]
    Kind,
}

/// The party after the turn, one version on.
///
/// # Errors
/// [`Refusal`].
pub fn turn(party: &Party, turn: Turn) -> Result<Party, Refusal> {
    match turn {
        Turn::EmploymentEnded if party.kind != PartyKind::Employee => return Err(Refusal::Kind),
        Turn::Died if party.kind != PartyKind::Person => return Err(Refusal::Kind),
        Turn::Died | Turn::EmploymentEnded | Turn::Suspended | Turn::PartyEnded | Turn::Reinstated => {}
    }
    let may = match (turn, party.standing) {
        (Turn::Reinstated | Turn::PartyEnded, Standing::Suspended)
        | (Turn::Suspended, Standing::Good)
        | (Turn::Died | Turn::EmploymentEnded, Standing::Good | Standing::Suspended) => Ok(()),
        (Turn::Reinstated | Turn::PartyEnded, Standing::Good | Standing::Ended) => Err(Refusal::NotSuspended),
        (Turn::Suspended, Standing::Suspended | Standing::Ended)
        | (Turn::Died | Turn::EmploymentEnded, Standing::Ended) => Err(Refusal::Nothing),
    };
    may.map(|()| Party { standing: turn.standing(), version: party.version + 1, ..party.clone() })
}

/// What the turn of one of its parties does to a delegation, and to what was given on from it; nothing to what has ended,
/// expired or lapsed.
///
/// What was asked for or is on paper ends with a party as well. It stays as it is while a party is suspended: nobody can
/// answer it.
#[must_use]
pub fn follow(tree: Tree, turn: Turn, party: PartyId, at: DateTime<Utc>) -> Vec<Step> {
    let status = tree.top.status(at);
    let is_given = matches!(status, Status::Scheduled | Status::Active | Status::Suspended);
    let is_pending = matches!(status, Status::Requested | Status::PaperStarted | Status::PaperRegistered);
    match turn.termination() {
        Some(why) if is_given => ending::terminate(tree, why, at, Some(party)).unwrap_or_default(),
        Some(why) if is_pending => {
            let told =
                [tree.top.delegator, tree.top.representative].into_iter().filter(|told| *told != party);
            let tells = told.map(|party| (party, ending::notice_of(why))).collect();
            vec![Step { tells, ..never_given(tree.top, why, at) }]
        }
        Some(_) => Vec::new(),
        None if is_given => rested(tree, turn, party, at),
        None => Vec::new(),
    }
}

/// A request or a paper case that can no longer be given.
pub(crate) fn never_given(delegation: Delegation, why: Termination, at: DateTime<Utc>) -> Step {
    let at = at.max(delegation.created_at);
    Step {
        reason: Some(Reason::Termination(why)),
        untells: vec![NoticeKind::Requested],
        ..Step::next(delegation, State::Terminated { at, why }, EventKind::Terminated, at)
    }
}

/// The employee may no longer use a delegation of the organisation.
#[must_use]
pub fn undesignate(delegation: Delegation, employee: PartyId, at: DateTime<Utc>) -> Step {
    let state = delegation.state;
    Step { related: Some(employee.0), ..Step::next(delegation, state, EventKind::DesignationRemoved, at) }
}

/// Each delegation remembers that one of its parties, or a representative above, is suspended or no longer is. Who is above
/// hears of the delegation that they are a party of.
fn rested(tree: Tree, turn: Turn, party: PartyId, at: DateTime<Utc>) -> Vec<Step> {
    let (delegator, representative) = (tree.top.delegator, tree.top.representative);
    let others = [delegator, representative].into_iter().filter(|other| *other != party).collect();
    let mut steps = vec![rest(tree.top, turn, others, at)];
    for below in tree.below {
        if below.lives() && at < below.period.to() {
            let representative = below.representative;
            steps.push(rest(below, turn, vec![representative], at));
        }
    }
    steps
}

fn rest(mut delegation: Delegation, turn: Turn, told: Vec<PartyId>, at: DateTime<Utc>) -> Step {
    let state = delegation.state;
    delegation.suspended = turn.standing() != Standing::Good;
    let kind = if delegation.suspended { EventKind::Suspended } else { EventKind::Resumed };
    Step {
        tells: told.into_iter().map(|party| (party, NoticeKind::Suspension)).collect(),
        ..Step::next(delegation, state, kind, at)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::delegation::{
        DelegationId, Links,
        testing::{delegation, instant, party, uri},
    };

    fn somebody(kind: PartyKind, standing: Standing) -> Party {
        let organisation = (kind == PartyKind::Employee).then(|| party(9));
        Party { id: party(2), kind, organisation, standing, created_at: instant(0), version: 4 }
    }

    fn tree() -> Tree {
        let child = Delegation {
            id: DelegationId(Uuid::from_u128(10)),
            representative: party(4),
            privileges: vec![uri("urn:dk:a")],
            links: Links {
                parent: Some(DelegationId(Uuid::from_u128(1))),
                chain: vec![party(3)],
                ..Links::default()
            },
            ..delegation(0, 100)
        };
        Tree { top: delegation(0, 100), below: vec![child] }
    }

    fn alone(change: impl FnOnce(&mut Delegation)) -> Tree {
        let mut top = delegation(0, 100);
        change(&mut top);
        Tree { top, below: Vec::new() }
    }

    #[test]
    fn the_names_of_turns_read_back() {
        for turn in Turn::ALL {
            assert_eq!(Turn::parse(turn.as_str()), Some(turn));
        }
        assert_eq!(Turn::parse("good"), None);
    }

    #[test]
    fn each_turn_has_the_standings_that_it_can_come_from() {
        use Standing::{Ended, Good, Suspended};
        let cases = [
            (Turn::Died, PartyKind::Person, [Ok(Ended), Ok(Ended), Err(Refusal::Nothing)]),
            (Turn::EmploymentEnded, PartyKind::Employee, [Ok(Ended), Ok(Ended), Err(Refusal::Nothing)]),
            (
                Turn::Suspended,
                PartyKind::Person,
                [Ok(Suspended), Err(Refusal::Nothing), Err(Refusal::Nothing)],
            ),
            (
                Turn::Reinstated,
                PartyKind::Person,
                [Err(Refusal::NotSuspended), Ok(Good), Err(Refusal::NotSuspended)],
            ),
            (
                Turn::PartyEnded,
                PartyKind::Person,
                [Err(Refusal::NotSuspended), Ok(Ended), Err(Refusal::NotSuspended)],
            ),
        ];
        for (what, kind, wanted) in cases {
            for (standing, wanted) in [Good, Suspended, Ended].into_iter().zip(wanted) {
                let after = turn(&somebody(kind, standing), what);
                assert_eq!(after.as_ref().map(|party| party.standing).map_err(|refusal| *refusal), wanted);
                assert!(after.is_err() || after.is_ok_and(|party| party.version == 5));
            }
        }
    }

    #[test]
    fn only_employees_have_employments_and_only_persons_die() {
        for kind in [PartyKind::Person, PartyKind::Organisation] {
            assert_eq!(turn(&somebody(kind, Standing::Good), Turn::EmploymentEnded), Err(Refusal::Kind));
        }
        for kind in [PartyKind::Employee, PartyKind::Organisation] {
            assert_eq!(turn(&somebody(kind, Standing::Good), Turn::Died), Err(Refusal::Kind));
        }
    }

    #[test]
    fn a_death_ends_what_lives_with_all_below() {
        let steps = follow(tree(), Turn::Died, party(2), instant(10));
        let why = |step: &Step| step.delegation.state.termination();
        assert_eq!(
            steps.iter().map(why).collect::<Vec<_>>(),
            [Some(Termination::Death), Some(Termination::ParentEnded)]
        );
        assert_eq!(steps[0].tells, [(party(3), NoticeKind::EndedByDeath)]);
    }

    #[test]
    fn what_waits_for_an_answer_ends_as_well_and_takes_nothing() {
        for state in
            [State::Requested { lapses_at: instant(50) }, State::PaperStarted, State::PaperRegistered]
        {
            let steps = follow(alone(|d| d.state = state), Turn::Died, party(3), instant(10));
            let [step] = steps.as_slice() else { panic!("one step") };
            let (at, why) = (instant(10), Termination::Death);
            assert_eq!(step.delegation.state, State::Terminated { at, why });
            assert_eq!(step.tells, [(party(2), NoticeKind::EndedByDeath)]);
            assert_eq!(step.untells, [NoticeKind::Requested]);
            assert_eq!((step.takes.len(), step.delegation.privileges.len()), (0, 2));
        }
    }

    #[test]
    fn nothing_happens_to_what_is_over() {
        let over = [
            alone(|d| d.state = State::Requested { lapses_at: instant(10) }),
            alone(|d| d.state = State::Declined { at: instant(5) }),
            alone(|d| d.state = State::Revoked { at: instant(5) }),
            Tree { top: delegation(0, 10), below: Vec::new() },
        ];
        for tree in over {
            for turn in Turn::ALL {
                assert_eq!(follow(tree.clone(), turn, party(2), instant(10)), []);
            }
        }
    }

    #[test]
    fn a_suspension_is_remembered_by_every_delegation_and_told_to_the_others() {
        let steps = follow(tree(), Turn::Suspended, party(2), instant(10));
        let told: Vec<_> = steps.iter().map(|step| step.tells.clone()).collect();
        assert_eq!(
            told,
            [vec![(party(3), NoticeKind::Suspension)], vec![(party(4), NoticeKind::Suspension)]]
        );
        for step in &steps {
            assert_eq!((step.kind, step.delegation.state), (EventKind::Suspended, State::Active));
            assert_eq!(
                (step.delegation.status(instant(10)), step.delegation.version),
                (Status::Suspended, 2)
            );
        }
        let held = follow(tree(), Turn::Suspended, party(3), instant(10));
        assert_eq!(held[0].tells, [(party(2), NoticeKind::Suspension)]);
        // The delegator has heard of it by the delegation above.
        assert_eq!(held[1].tells, [(party(4), NoticeKind::Suspension)]);
        let back = follow(tree(), Turn::Reinstated, party(2), instant(20));
        assert!(back.iter().all(|step| step.kind == EventKind::Resumed && !step.delegation.suspended));
        let request = alone(|d| d.state = State::Requested { lapses_at: instant(50) });
        assert_eq!(follow(request, Turn::Suspended, party(2), instant(10)), []);
    }

    #[test]
    fn a_designation_is_removed_by_an_event_of_the_delegation() {
        let step = undesignate(delegation(0, 100), party(7), instant(10));
        assert_eq!((step.kind, step.related), (EventKind::DesignationRemoved, Some(party(7).0)));
        assert_eq!((step.delegation.state, step.delegation.version), (State::Active, 2));
    }
}
