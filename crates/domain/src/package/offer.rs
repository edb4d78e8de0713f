//! A package as it can be given: pinned, so that what it holds now is delegated, or followed, so that the delegation
//! grants what the package holds at each instant.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::PackageId;
use crate::{
    agreement::signature::minimum_assurance,
    assurance::LevelOfAssurance,
    delegation::{MAX_PRIVILEGES, PrivilegesError},
    period::Period,
    privilege::{AgeRange, Privilege},
};

/// Most packages in one delegation: with a hundred privileges each there is no more to be given.
pub const MAX_PACKAGES: usize = 20;

/// A package that may be given, with what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The package.
    pub id: PackageId,
    /// The ages of persons that may give it.
    pub delegator_ages: AgeRange,
    /// What it holds now, sorted by URI.
    pub members: Vec<Privilege>,
    /// What it is announced to hold later, and from when. One may come that has been there before.
    pub announced: Vec<(Privilege, DateTime<Utc>)>,
}

impl Offer {
    /// What it holds now, and is announced to hold before the period is over, each with the instant from which it must be
    /// there to be given.
    pub fn held_within(
        &self,
        period: Period,
        now: DateTime<Utc>,
    ) -> impl Iterator<Item = (&Privilege, DateTime<Utc>)> {
        let announced = self.announced.iter().filter(move |(_, from)| *from < period.to());
        self.members
            .iter()
            .map(move |privilege| (privilege, now))
            .chain(announced.map(|(privilege, from)| (privilege, *from)))
    }
}

/// How a package is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// As it is now.
    Pinned,
    /// As it is at each instant.
    Followed,
}

/// A package that somebody gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// What it holds.
    pub offer: Offer,
    /// How it is given.
    pub mode: Mode,
}

/// That a delegation follows a package, and what the delegator is known to fulfil: everything that was demanded of them
/// when they gave it. What the package takes up later must demand no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Following {
    /// The package.
    pub package: PackageId,
    /// Ages among which the delegator's was, if that is a person.
    pub ages: AgeRange,
    /// What login and signature were sure enough for, at least.
    pub assurance: LevelOfAssurance,
}

impl Given {
    /// Whether it is followed.
    #[must_use]
    pub fn is_followed(&self) -> bool {
        self.mode == Mode::Followed
    }

    /// What it is followed with for the period: what is announced for later was not demanded of anybody. `service_ages`:
    /// those that the service demands of every person.
    #[must_use]
    pub fn following(&self, service_ages: AgeRange, period: Period, now: DateTime<Utc>) -> Following {
        let all = || self.offer.held_within(period, now).map(|(privilege, _)| privilege);
        let ages = all().map(|privilege| privilege.delegator_ages);
        Following {
            package: self.offer.id.clone(),
            ages: ages.fold(service_ages.and(self.offer.delegator_ages), AgeRange::and),
            assurance: minimum_assurance(all()),
        }
    }
}

/// The privileges that are given one by one and those of pinned packages, each once, sorted by URI.
///
/// # Errors
/// [`PrivilegesError::Count`] when there are none, and no package is followed, or too many.
pub fn with_pinned(
    privileges: Vec<Privilege>,
    packages: &[Given],
) -> Result<Vec<Privilege>, PrivilegesError> {
    let pinned = packages.iter().filter(|given| !given.is_followed());
    let pinned = pinned.flat_map(|given| given.offer.members.iter().cloned());
    let all: BTreeMap<_, _> =
        privileges.into_iter().chain(pinned).map(|privilege| (privilege.uri.clone(), privilege)).collect();
    let is_empty = all.is_empty() && !packages.iter().any(Given::is_followed);
    if is_empty || all.len() > MAX_PRIVILEGES {
        return Err(PrivilegesError::Count);
    }
    Ok(all.into_values().collect())
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::testing::{now, package, privilege, uri};

    fn given(members: &[&str], mode: Mode) -> Given {
        Given { offer: package("all", members), mode }
    }

    #[test]
    fn a_pinned_package_gives_each_of_its_privileges_once() {
        let alone = vec![privilege("urn:dk:b", 0), privilege("urn:dk:z", 0)];
        let all = with_pinned(alone, &[given(&["urn:dk:a", "urn:dk:b"], Mode::Pinned)]).unwrap();
        let uris: Vec<_> = all.iter().map(|privilege| privilege.uri.clone()).collect();
        assert_eq!(uris, [uri("urn:dk:a"), uri("urn:dk:b"), uri("urn:dk:z")]);
    }

    #[test]
    fn a_followed_package_is_enough_and_nothing_is_not() {
        assert_eq!(with_pinned(Vec::new(), &[given(&["urn:dk:a"], Mode::Followed)]), Ok(Vec::new()));
        assert_eq!(with_pinned(Vec::new(), &[]), Err(PrivilegesError::Count));
        let many: Vec<_> = (0..101).map(|number| privilege(&format!("urn:dk:{number}"), 0)).collect();
        assert_eq!(with_pinned(many, &[]), Err(PrivilegesError::Count));
    }

    #[test]
    fn who_follows_fulfils_all_that_was_demanded() {
        let ages = |min, max| AgeRange::new(min, max).unwrap();
        let mut given = given(&["urn:dk:a", "urn:dk:b"], Mode::Followed);
        let within = |days: i64| Period::new(now(), now() + TimeDelta::days(days)).unwrap();
        let following = given.following(AgeRange::ANY, within(9), now());
        assert_eq!((following.ages, following.assurance), (AgeRange::ANY, LevelOfAssurance::Substantial));
        given.offer.delegator_ages = ages(Some(16), Some(60));
        given.offer.members[0].delegator_ages = ages(Some(18), None);
        let later = Privilege { assurance: LevelOfAssurance::High, ..privilege("urn:dk:c", 0) };
        let later = Privilege { delegator_ages: ages(None, Some(50)), ..later };
        given.offer.announced = vec![(later, now() + TimeDelta::days(5))];
        let following = |days| {
            let following = given.following(ages(Some(15), None), within(days), now());
            (following.ages, following.assurance)
        };
        assert_eq!(following(6), (ages(Some(18), Some(50)), LevelOfAssurance::High));
        // When that comes it is over: nobody looked whether the delegator fulfils it.
        assert_eq!(following(5), (ages(Some(18), Some(60)), LevelOfAssurance::Substantial));
    }
}
