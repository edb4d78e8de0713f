//! Sub-delegation: a representative gives a part of what they hold on to somebody else.
//!
//! The new delegation is in the first delegator's name, so that it is found where every other is; it remembers the
//! representatives above it, lies within its parent, and ends with it.

use chrono::{DateTime, Utc};

use crate::{
    assurance::LevelOfAssurance,
    delegation::{Delegation, DelegationId, EventKind, Links, NoticeKind, Rules, State, Status, Step},
    ending::Tree,
    giving,
    party::{Party, Standing},
    period::Period,
    privilege::{Privilege, PrivilegeUri},
};

/// What a representative wants to give on, with everything that the rules need to know about it.
#[derive(Debug)]
pub struct Part<'a> {
    /// The logged-in user.
    pub actor: &'a Party,
    /// How sure the login is of the user.
    pub assurance: LevelOfAssurance,
    /// The delegation that it is a part of.
    pub parent: Delegation,
    /// In whose name: the parent's delegator.
    pub delegator: &'a Party,
    /// Who gives it on: the parent's representative.
    pub giver: &'a Party,
    /// Who is to act.
    pub representative: &'a Party,
    /// Which of the parent's privileges, as found in the catalogue, sorted by URI.
    pub privileges: Vec<Privilege>,
    /// From when until when.
    pub period: Period,
    /// What lives between the delegator and the new representative already.
    pub existing: Vec<Tree>,
}

/// Why a part may not be given on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The parent is not in force.
    #[error("the delegation is not in force")]
    ParentNotInForce,
    /// The new representative is the delegator, or somebody above.
    #[error("the representative is above already")]
    RepresentativeIsAbove,
    /// The parent does not have the privilege.
    #[error("the delegation does not have the privilege")]
    NotDelegated(PrivilegeUri),
    /// The privilege may not be given on, or not as deep.
    #[error("the privilege may not be given on as deep")]
    TooDeep(PrivilegeUri),
    /// The period reaches beyond the parent's.
    #[error("the period reaches beyond that of the delegation it is a part of")]
    PeriodBeyondParent,
    /// A rule of giving is against it.
    #[error("it may not be given: {0}")]
    Giving(#[from] giving::Refusal),
}

/// Gives a part on: the parent's step, which remembers it, and the new delegation's.
///
/// # Errors
/// [`Refusal`].
pub fn give_on(
    part: Part<'_>,
    rules: Rules,
    id: DelegationId,
    now: DateTime<Utc>,
) -> Result<Vec<Step>, Refusal> {
    check_parties(&part, now)?;
    let parent = &part.parent;
    if !(parent.period.from() <= part.period.from() && part.period.to() <= parent.period.to()) {
        return Err(Refusal::PeriodBeyondParent);
    }
    let depth = parent.links.chain.len() + 1;
    for privilege in &part.privileges {
        if !parent.privileges.contains(&privilege.uri) {
            return Err(Refusal::NotDelegated(privilege.uri.clone()));
        }
        if depth > usize::from(privilege.max_sub_delegation_depth) {
            return Err(Refusal::TooDeep(privilege.uri.clone()));
        }
        giving::check_offer(privilege, part.delegator.kind, part.representative.kind, part.period, now)?;
    }
    part.period.check_length(rules.max_period_days).map_err(giving::Refusal::Period)?;
    let privileges: Vec<_> = part.privileges.iter().map(|privilege| privilege.uri.clone()).collect();
    giving::replaced(part.existing, &privileges, part.period, false, now)?;
    Ok(steps(part.parent, part.representative, privileges, part.period, id, now))
}

fn check_parties(part: &Part<'_>, now: DateTime<Utc>) -> Result<(), Refusal> {
    if part.assurance < LevelOfAssurance::Substantial {
        return Err(giving::Refusal::AssuranceTooLow.into());
    }
    if part.parent.status(now) != Status::Active {
        return Err(Refusal::ParentNotInForce);
    }
    let parent = &part.parent;
    let above = [parent.delegator, parent.representative];
    if above.contains(&part.representative.id) || parent.links.chain.contains(&part.representative.id) {
        return Err(Refusal::RepresentativeIsAbove);
    }
    if [part.actor, part.delegator, part.giver, part.representative]
        .iter()
        .any(|party| party.standing != Standing::Good)
    {
        return Err(giving::Refusal::NotInGoodStanding.into());
    }
    Ok(())
}

fn steps(
    parent: Delegation,
    representative: &Party,
    privileges: Vec<PrivilegeUri>,
    period: Period,
    id: DelegationId,
    now: DateTime<Utc>,
) -> Vec<Step> {
    let (delegator, giver) = (parent.delegator, parent.representative);
    let mut chain = parent.links.chain.clone();
    chain.push(giver);
    let links = Links { parent: Some(parent.id), chain, ..Links::default() };
    let delegation = Delegation {
        id,
        delegator,
        representative: representative.id,
        privileges: privileges.clone(),
        taken_out: Vec::new(),
        period,
        starts_on_acceptance: false,
        lapses_at: None,
        state: State::Active,
        suspended: false,
        links,
        created_at: now,
        version: 1,
    };
    let state = parent.state;
    let remembered = Step {
        acting_for: Some(giver),
        related: Some(id.0),
        tells: vec![(delegator, NoticeKind::SubDelegated)],
        ..Step::next(parent, state, EventKind::SubDelegated, now)
    };
    let given = Step {
        acting_for: Some(giver),
        grants: privileges,
        tells: vec![(representative.id, NoticeKind::Given)],
        ..Step::new(delegation, EventKind::Created, now)
    };
    vec![given, remembered]
}
