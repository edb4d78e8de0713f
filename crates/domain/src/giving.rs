//! Giving a delegation: every rule that decides whether it may be given, in one place.

use chrono::{DateTime, NaiveDate, Utc};

use crate::{
    assurance::LevelOfAssurance,
    delegation::{
        Content, Delegation, DelegationId, EventKind, Links, NoticeKind, Packages, Rules, State, Step,
    },
    ending::{self, Tree},
    identifier::{CprNumber, PartyKind},
    package::{Following, Given, PackageId},
    party::{Party, Standing},
    period::{self, Period, danish_date},
    privilege::{AgeRange, Privilege, PrivilegeUri},
};

/// What a delegator wants to give, with everything that the rules need to know about it.
#[derive(Debug)]
pub struct Gift<'a> {
    /// The logged-in user.
    pub actor: &'a Party,
    /// How sure the login is of the user.
    pub assurance: LevelOfAssurance,
    /// The delegator.
    pub delegator: &'a Party,
    /// The delegator's CPR number, for the age; `None` when none is linked.
    pub delegator_cpr: Option<&'a CprNumber>,
    /// The representative.
    pub representative: &'a Party,
    /// What is to be delegated, as found in the catalogue, sorted by URI: one per privilege asked for, and those of
    /// pinned packages ([`crate::package::with_pinned`]).
    pub privileges: Vec<Privilege>,
    /// Packages that are to be delegated, pinned ones too, sorted by id.
    pub packages: Vec<Given>,
    /// From when until when.
    pub period: Period,
    /// What lives between the two parties already.
    pub existing: Vec<Tree>,
    /// Whether what overlaps is replaced.
    pub replace: bool,
}

/// Why a delegation may not be given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The logged-in user may not act for the delegator.
    #[error("the actor may not act for the delegator")]
    NotForDelegator,
    /// The login is less than NSIS substantial, or less than a privilege demands.
    #[error("the login is not sure enough")]
    AssuranceTooLow,
    /// Nobody gives a delegation to themselves.
    #[error("delegator and representative are the same party")]
    ToOneself,
    /// An employee holds delegations, and gives none.
    #[error("an employee cannot be a delegator")]
    DelegatorIsEmployee,
    /// A party is dead, closed or suspended. Which of the two parties is not told.
    #[error("a party is not in good standing")]
    NotInGoodStanding,
    /// The delegator is younger than the rules allow.
    #[error("the delegator is under age")]
    UnderAge,
    /// The delegator's age cannot be told, because no CPR number is linked.
    #[error("the delegator's age is not known")]
    AgeUnknown,
    /// The privilege is not published at present.
    #[error("the privilege is not published")]
    NotPublished(PrivilegeUri),
    /// The privilege cannot be given by this kind of party.
    #[error("the privilege is not for this kind of delegator")]
    DelegatorKind(PrivilegeUri),
    /// The privilege is not for delegators of this age.
    #[error("the privilege is not for delegators of this age")]
    DelegatorAge(PrivilegeUri),
    /// The package is not for delegators of this age.
    #[error("the package is not for delegators of this age")]
    PackageAge(PackageId),
    /// The privilege cannot be held by this kind of party.
    #[error("the privilege is not for this kind of representative")]
    RepresentativeKind(PrivilegeUri),
    /// The period is longer than the service or the privilege allows.
    #[error("the period is too long")]
    Period(#[from] period::Error),
    /// The representative has one of the privileges from the delegator in an overlapping period, or follows one of the
    /// packages.
    #[error("the delegation overlaps another")]
    Overlaps(DelegationId),
    /// The replacement begins later than what it would replace, so that nothing would be in force in between.
    #[error("the replacement begins later than what it replaces")]
    ReplacementStartsLater(DelegationId),
}

/// Gives a delegation, or says why not. The rules are tried in the order of the refusals above. The first step is the new
/// delegation's; the others are those of what it replaces.
///
/// # Errors
/// [`Refusal`].
pub fn give(
    gift: Gift<'_>,
    rules: Rules,
    id: DelegationId,
    now: DateTime<Utc>,
) -> Result<Vec<Step>, Refusal> {
    gift.check(rules, now)?;
    let (delegator, representative) = (gift.delegator.id, gift.representative.id);
    let (content, follows) = (gift.content(), gift.follows(rules, now));
    let replaced = replaced(gift.existing, &content, gift.period, gift.replace, now)?;
    let delegation = Delegation {
        id,
        delegator,
        representative,
        privileges: content.privileges.clone(),
        taken_out: Vec::new(),
        packages: Packages::following(content.packages.clone()),
        period: gift.period,
        starts_on_acceptance: false,
        lapses_at: None,
        state: State::Active,
        suspended: false,
        links: Links { supersedes: ids(&replaced), ..Links::default() },
        created_at: now,
        version: 1,
    };
    let mut steps = vec![Step {
        acting_for: Some(delegator),
        grants: content.privileges.clone(),
        follows,
        tells: vec![(representative, NoticeKind::Given)],
        ..Step::new(delegation, EventKind::Created, now)
    }];
    steps.extend(ending::supersede_all(replaced, &content, id, Some(delegator), now));
    Ok(steps)
}

impl Gift<'_> {
    /// Tries every rule but that of overlap.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn check(&self, rules: Rules, now: DateTime<Utc>) -> Result<(), Refusal> {
        if !self.actor.may_act_for(self.delegator.id) {
            return Err(Refusal::NotForDelegator);
        }
        if self.assurance < LevelOfAssurance::Substantial {
            return Err(Refusal::AssuranceTooLow);
        }
        self.check_terms(rules, now)
    }

    /// Tries every rule but those of overlap and of the delegator's login: for what the delegator signs by hand.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn check_terms(&self, rules: Rules, now: DateTime<Utc>) -> Result<(), Refusal> {
        check_parties(self, rules, now)?;
        for privilege in &self.privileges {
            check_privilege(privilege, self, (now, now))?;
        }
        for given in &self.packages {
            check_package(given, self, now)?;
        }
        Ok(self.period.check_length(rules.max_period_days)?)
    }

    /// The privileges' names, sorted.
    #[must_use]
    pub fn uris(&self) -> Vec<PrivilegeUri> {
        self.privileges.iter().map(|privilege| privilege.uri.clone()).collect()
    }

    /// What the delegation is to be about.
    #[must_use]
    pub fn content(&self) -> Content {
        let followed = self.packages.iter().filter(|given| given.is_followed());
        Content { privileges: self.uris(), packages: followed.map(|given| given.offer.id.clone()).collect() }
    }

    /// What is followed, with what the delegator is known to fulfil.
    #[must_use]
    pub fn follows(&self, rules: Rules, now: DateTime<Utc>) -> Vec<Following> {
        let followed = self.packages.iter().filter(|given| given.is_followed());
        let ages = AgeRange::from(rules.min_delegator_age_years);
        followed
            .map(|given| given.following(ages, self.period, now))
            .map(|following| match self.delegator.kind {
                PartyKind::Person => following,
                // It has no age.
                PartyKind::Organisation | PartyKind::Employee => {
                    Following { ages: AgeRange::ANY, ..following }
                }
            })
            .collect()
    }
}

/// Those of the delegations that nobody ended which a new one of this content and this period replaces. A privilege
/// beside a package that holds it stands in nobody's way.
///
/// # Errors
/// [`Refusal::Overlaps`] when nothing is to be replaced, or what overlaps has run out by now, which happens to a start
/// before now; [`Refusal::ReplacementStartsLater`].
pub fn replaced(
    existing: Vec<Tree>,
    content: &Content,
    period: Period,
    replace: bool,
    now: DateTime<Utc>,
) -> Result<Vec<Tree>, Refusal> {
    let mut replaced = Vec::new();
    for tree in existing {
        let old = &tree.top;
        let shares = !old.content().shared(content).is_empty();
        if !(old.lives() && shares && old.period.overlaps(&period)) {
            continue;
        }
        if !replace || !old.lives_at(now) {
            return Err(Refusal::Overlaps(old.id));
        }
        if period.from() > now && period.from() > old.period.from() {
            return Err(Refusal::ReplacementStartsLater(old.id));
        }
        replaced.push(tree);
    }
    Ok(replaced)
}

/// Their ids.
pub(crate) fn ids(trees: &[Tree]) -> Vec<DelegationId> {
    trees.iter().map(|tree| tree.top.id).collect()
}

fn check_parties(gift: &Gift<'_>, rules: Rules, now: DateTime<Utc>) -> Result<(), Refusal> {
    if gift.delegator.id == gift.representative.id {
        return Err(Refusal::ToOneself);
    }
    if gift.delegator.kind == PartyKind::Employee {
        return Err(Refusal::DelegatorIsEmployee);
    }
    if [gift.actor, gift.delegator, gift.representative].iter().any(|party| party.standing != Standing::Good)
    {
        return Err(Refusal::NotInGoodStanding);
    }
    if gift.delegator.kind == PartyKind::Person {
        let cpr = gift.delegator_cpr.ok_or(Refusal::AgeUnknown)?;
        check_age(cpr, rules, danish_date(now))?;
    }
    Ok(())
}

fn check_age(cpr: &CprNumber, rules: Rules, today: NaiveDate) -> Result<(), Refusal> {
    if cpr.age_on(today) < rules.min_delegator_age_years { Err(Refusal::UnderAge) } else { Ok(()) }
}

/// A package that is followed must hold nothing, now or as announced within the period, that may not be given.
fn check_package(given: &Given, gift: &Gift<'_>, now: DateTime<Utc>) -> Result<(), Refusal> {
    let offer = &given.offer;
    let is_of_age = |cpr: &CprNumber| offer.delegator_ages.admits(cpr, danish_date(now));
    if gift.delegator.kind == PartyKind::Person && !gift.delegator_cpr.is_some_and(is_of_age) {
        return Err(Refusal::PackageAge(offer.id.clone()));
    }
    if !given.is_followed() {
        return Ok(());
    }
    offer
        .held_within(gift.period, now)
        .try_for_each(|(privilege, from)| check_privilege(privilege, gift, (now, from)))
}

/// `from`: when it is to be there.
fn check_privilege(
    privilege: &Privilege,
    gift: &Gift<'_>,
    (now, from): (DateTime<Utc>, DateTime<Utc>),
) -> Result<(), Refusal> {
    let is_of_age = |cpr: &CprNumber| privilege.delegator_ages.admits(cpr, danish_date(now));
    if gift.delegator.kind == PartyKind::Person && !gift.delegator_cpr.is_some_and(is_of_age) {
        return Err(Refusal::DelegatorAge(privilege.uri.clone()));
    }
    if gift.assurance < privilege.assurance {
        return Err(Refusal::AssuranceTooLow);
    }
    check_offer(privilege, gift.delegator.kind, gift.representative.kind, gift.period, from)
}

/// Whether the privilege is there to be given between parties of those kinds for the period.
///
/// # Errors
/// [`Refusal::NotPublished`], [`Refusal::DelegatorKind`], [`Refusal::RepresentativeKind`], [`Refusal::Period`].
pub fn check_offer(
    privilege: &Privilege,
    delegator: PartyKind,
    representative: PartyKind,
    period: Period,
    now: DateTime<Utc>,
) -> Result<(), Refusal> {
    if !privilege.publication.covers(now) {
        return Err(Refusal::NotPublished(privilege.uri.clone()));
    }
    if !privilege.delegator_kinds.contains(&delegator) {
        return Err(Refusal::DelegatorKind(privilege.uri.clone()));
    }
    if !privilege.representative_kinds.contains(&representative) {
        return Err(Refusal::RepresentativeKind(privilege.uri.clone()));
    }
    if let Some(days) = privilege.max_period_days {
        period.check_length(days.get())?;
    }
    Ok(())
}

#[cfg(test)]
#[path = "giving_tests.rs"]
mod tests;
