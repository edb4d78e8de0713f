//! What a change of the catalogue affects, as callers are told.

use chrono::{DateTime, Utc};
use fuldmagt_domain::{
    identifier::PartyKind,
    privilege::{Privilege, Publication},
};
use fuldmagt_store::{
    self as store,
    catalogue::{Affected, CataloguePrivilege, Narrowing},
    package::{Found, Package},
};

use super::{App, Result};

/// What a change of a privilege affects. A delegation is in force here when the grant is not ended and its period has
/// the instant of the call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PrivilegeImpact {
    /// Delegations in force that have the privilege.
    pub delegations_in_force: i64,
    /// Of these, those that the change stops before their end.
    pub delegations_stopping: i64,
    /// Of those in force, those that the change lets work, which they would not without it.
    pub delegations_resuming: i64,
    /// Of those in force, those that are given for longer than the longest period gets.
    pub delegations_beyond_period: i64,
    /// Of those in force, those between kinds of party of which one is allowed no more.
    pub delegations_outside_kinds: i64,
    /// Where the ages get fewer: of those in force, those given by persons, of whatever age.
    pub delegations_age_not_known: i64,
    /// Packages that hold the privilege, or will.
    pub packages: i64,
}

/// What a change of a package affects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PackageImpact {
    /// What it holds when the change counts.
    pub privileges: usize,
    /// Of these, what it would not hold then without the change.
    pub added: usize,
    /// What it would hold then without the change, and does not with it.
    pub removed: usize,
    /// Of what it holds, what may not be given then.
    pub unavailable: usize,
    /// Delegations in force that follow it.
    pub followed_by: i64,
}

/// A privilege as it is after a change, or would be.
#[derive(Clone, Debug)]
pub struct ChangedPrivilege {
    /// The privilege.
    pub entry: CataloguePrivilege,
    /// What the change affects; `None` when that could not be counted in time.
    pub impact: Option<PrivilegeImpact>,
    /// The instant of the call.
    pub at: DateTime<Utc>,
}

/// A package as it is after a change, or would be.
#[derive(Clone, Debug)]
pub struct ChangedPackage {
    /// The package.
    pub package: Package,
    /// What the change affects.
    pub impact: PackageImpact,
}

impl App {
    /// Counts, if that is done in time: a change is not kept from being made by a count of what it affects. A privilege
    /// that is misused must be hidden, however many have it.
    ///
    /// # Errors
    /// Those of the store, but that it took too long or is not available.
    pub(super) async fn affected_in_time(&self, narrowing: &Narrowing<'_>) -> Result<Option<Affected>> {
        match self.store.affected(narrowing).await {
            Ok(affected) => Ok(Some(affected)),
            Err(error @ store::Error::Unavailable(_)) => {
                let store::Diagnosis { kind, sqlstate, .. } = error.diagnosis();
                tracing::warn!(%error, kind, sqlstate = sqlstate.as_deref(), "what a change affects was not counted");
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// What is to be counted when a privilege's rules change; `before`: none, for a new one.
pub(super) fn of_rules<'a>(
    before: Option<&Privilege>,
    after: &'a Privilege,
    at: DateTime<Utc>,
) -> Narrowing<'a> {
    let is_shorter = match (before.and_then(|before| before.max_period_days), after.max_period_days) {
        (Some(before), Some(after)) => after < before,
        (None, Some(_)) => true,
        (_, None) => false,
    };
    let fewer = |before: Option<&[PartyKind]>, after: &'a [PartyKind]| {
        let lost = |before: &[PartyKind]| before.iter().any(|kind| !after.contains(kind));
        before.is_some_and(lost).then_some(after)
    };
    Narrowing {
        privilege: &after.uri,
        at,
        counts_from: at,
        max_period_days: after.max_period_days.filter(|_| is_shorter),
        delegator_kinds: fewer(before.map(|before| &before.delegator_kinds[..]), &after.delegator_kinds),
        representative_kinds: fewer(
            before.map(|before| &before.representative_kinds[..]),
            &after.representative_kinds,
        ),
        fewer_ages: before.is_some_and(|before| after.delegator_ages.excludes_some_of(before.delegator_ages)),
    }
}

/// What is to be counted when a privilege is published or hidden, from an instant on.
pub(super) const fn of_publication(
    privilege: &Privilege,
    at: DateTime<Utc>,
    counts_from: DateTime<Utc>,
) -> Narrowing<'_> {
    Narrowing {
        privilege: &privilege.uri,
        at,
        counts_from,
        max_period_days: None,
        delegator_kinds: None,
        representative_kinds: None,
        fewer_ages: false,
    }
}

impl PrivilegeImpact {
    /// Of a change of rules.
    pub(super) const fn by_rules(affected: &Affected) -> Self {
        Self {
            delegations_in_force: affected.in_force,
            delegations_stopping: 0,
            delegations_resuming: 0,
            delegations_beyond_period: affected.beyond_period,
            delegations_outside_kinds: affected.outside_kinds,
            delegations_age_not_known: affected.of_persons,
            packages: affected.packages,
        }
    }

    /// Of a change from one publication to another that counts from an instant on.
    pub(super) fn by_publication(
        (before, after): (Publication, Publication),
        counts_from: DateTime<Utc>,
        affected: &Affected,
    ) -> Self {
        let (was_usable, is_usable) = (before.usable(counts_from), after.usable(counts_from));
        let reaching_if = |is_so: bool| if is_so { affected.reaching } else { 0 };
        Self {
            delegations_stopping: reaching_if(was_usable && !is_usable),
            delegations_resuming: reaching_if(!was_usable && is_usable),
            ..Self::by_rules(affected)
        }
    }
}

impl PackageImpact {
    /// Of a change that leaves what the package holds as it is.
    pub(super) fn unchanged(found: &Found) -> Self {
        Self {
            privileges: found.base.len(),
            unavailable: usize::try_from(found.base_unavailable).unwrap_or_default(),
            followed_by: found.followed_by,
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use fuldmagt_domain::{
        assurance::LevelOfAssurance,
        identifier::CvrNumber,
        privilege::{AccessKind, AgeRange, ExistingGrants, PrivilegeUri, SystemId},
    };
    use fuldmagt_store::revision::Revision;
    use uuid::Uuid;

    use super::*;

    const PERSON: PartyKind = PartyKind::Person;
    const ORGANISATION: PartyKind = PartyKind::Organisation;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    fn privilege(days: Option<u32>, givers: &[PartyKind], ages: (Option<u32>, Option<u32>)) -> Privilege {
        Privilege {
            uri: PrivilegeUri::parse("urn:dk:a").unwrap(),
            system: SystemId::parse("a").unwrap(),
            authority: CvrNumber::parse("34051178").unwrap(),
            max_period_days: days.and_then(NonZeroU32::new),
            delegator_kinds: givers.to_vec(),
            representative_kinds: vec![PERSON, ORGANISATION],
            access: AccessKind::Read,
            assurance: LevelOfAssurance::Substantial,
            delegator_ages: AgeRange::new(ages.0, ages.1).unwrap(),
            max_sub_delegation_depth: 0,
            paper_allowed: false,
            request_allowed: true,
            publication: Publication::Draft,
        }
    }

    /// Whether the longest period, the kinds of delegators, those of representatives, and the ages are counted.
    fn counted(before: Option<&Privilege>, after: &Privilege) -> [bool; 4] {
        let narrowing = of_rules(before, after, at(0));
        [
            narrowing.max_period_days.is_some(),
            narrowing.delegator_kinds.is_some(),
            narrowing.representative_kinds.is_some(),
            narrowing.fewer_ages,
        ]
    }

    #[test]
    fn only_what_gets_narrower_is_counted() {
        let both = [PERSON, ORGANISATION];
        let wide = privilege(None, &both, (None, None));
        let narrow = privilege(Some(30), &[PERSON], (Some(18), None));
        assert_eq!(counted(Some(&wide), &narrow), [true, true, false, true]);
        assert_eq!(counted(Some(&narrow), &wide), [false; 4]);
        assert_eq!(counted(Some(&narrow), &narrow), [false; 4]);
        assert_eq!(counted(None, &narrow), [true, false, false, false], "nobody has a new one");
        let shorter = privilege(Some(29), &[ORGANISATION], (Some(18), Some(99)));
        assert_eq!(counted(Some(&narrow), &shorter), [true, true, false, true]);
        let fewer_holders = Privilege { representative_kinds: vec![PERSON], ..wide.clone() };
        assert_eq!(counted(Some(&wide), &fewer_holders), [false, false, true, false]);
    }

    #[test]
    fn what_worked_up_to_the_change_stops_and_what_did_not_resumes() {
        let revision = Revision { epoch: Uuid::nil(), shard: 0, number: 1 };
        let affected = Affected {
            in_force: 7,
            reaching: 5,
            beyond_period: 0,
            outside_kinds: 0,
            of_persons: 0,
            packages: 1,
            revision,
        };
        let published = Publication::Published { from: at(0) };
        let hide = |before: Publication, on: Option<i64>, existing| {
            before.hide(on.map(at), existing, at(10)).unwrap()
        };
        let (stop, keep) = (ExistingGrants::Stop, ExistingGrants::Keep);
        let kept = hide(published, None, keep);
        for (before, after, counts_from, stopping, resuming) in [
            (published, hide(published, None, stop), 10, 5, 0),
            (published, hide(published, Some(20), stop), 20, 5, 0),
            (published, kept, 10, 0, 0),
            (published, published, 10, 0, 0),
            (kept, hide(kept, None, stop), 10, 5, 0),
            (hide(published, None, stop), published, 10, 0, 5),
            (kept, published, 10, 0, 0),
            (hide(published, Some(20), stop), hide(published, Some(15), stop), 15, 5, 0),
            (hide(published, Some(20), stop), hide(published, Some(25), stop), 25, 0, 0),
        ] {
            let impact = PrivilegeImpact::by_publication((before, after), at(counts_from), &affected);
            assert_eq!(
                (impact.delegations_in_force, impact.delegations_stopping, impact.delegations_resuming),
                (7, stopping, resuming),
                "{before:?} {after:?}"
            );
        }
    }
}
