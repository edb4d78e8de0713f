//! Packages as a command about delegations needs to know them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use fuldmagt_domain::{
    package::{Offer, PackageId, State, Versions},
    privilege::{AgeRange, PrivilegeUri},
};
use serde::Deserialize;

use super::{Changes, Facts, columns::Pair};
use crate::{
    Error, Result,
    catalogue::{Texts, TextsRow},
    rows::{self, age_columns},
};

/// Which packages are asked for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// These; and those that the delegations which are asked for follow, did, or ask to follow.
    pub ids: &'a [PackageId],
    /// As they are at this instant, and as is announced for later.
    pub at: DateTime<Utc>,
}

/// A package at an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageFacts {
    /// Its id.
    pub id: PackageId,
    /// What people read of it.
    pub texts: Texts,
    /// The version that may be given; `None` when none may.
    pub offered: Option<u32>,
    /// Counts its events, from 1.
    pub version: i64,
    delegator_ages: AgeRange,
    /// What it holds or will, and from when.
    memberships: Vec<(PrivilegeUri, DateTime<Utc>)>,
    at: DateTime<Utc>,
}

impl PackageFacts {
    /// What it holds at the instant, sorted.
    pub fn members(&self) -> impl Iterator<Item = &PrivilegeUri> {
        self.memberships.iter().filter(|(_, from)| *from <= self.at).map(|(uri, _)| uri)
    }
}

impl Facts {
    /// A package that was asked for.
    #[must_use]
    pub fn package(&self, id: &PackageId) -> Option<&PackageFacts> {
        self.packages.get(id)
    }

    /// A package that was asked for and may be given, as the rules see it.
    #[must_use]
    pub fn offer(&self, id: &PackageId) -> Option<Offer> {
        let package = self.packages.get(id).filter(|package| package.offered.is_some())?;
        let privilege = |uri| self.privilege(uri).map(|entry| entry.privilege.clone());
        let announced = package.memberships.iter().filter(|(_, from)| package.at < *from);
        Some(Offer {
            id: package.id.clone(),
            delegator_ages: package.delegator_ages,
            members: package.members().map(privilege).collect::<Option<_>>()?,
            announced: announced.map(|(uri, from)| Some((privilege(uri)?, *from))).collect::<Option<_>>()?,
        })
    }

    /// What each of the packages that were asked for is announced to hold after the instant, and from when.
    #[must_use]
    pub fn announcements(&self) -> BTreeMap<PackageId, Vec<(PrivilegeUri, DateTime<Utc>)>> {
        let announced = |package: &PackageFacts| {
            let later = package.memberships.iter().filter(|(_, from)| package.at < *from);
            (package.id.clone(), later.cloned().collect())
        };
        self.packages.values().map(announced).collect()
    }

    /// What each of the packages that were asked for holds at the instant.
    #[must_use]
    pub fn holdings(&self) -> BTreeMap<PackageId, Vec<PrivilegeUri>> {
        let held = |package: &PackageFacts| (package.id.clone(), package.members().cloned().collect());
        self.packages.values().map(held).collect()
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct PackageFact {
    package_id: String,
    title_da: String,
    title_en: String,
    description_da: String,
    description_en: String,
    min_age_years: Option<i16>,
    max_age_years: Option<i16>,
    hidden_version: Option<u32>,
    version: i64,
    current: Option<u32>,
    memberships: Vec<MembershipFact>,
}

#[derive(Debug, Deserialize)]
struct MembershipFact {
    uri: String,
    from: DateTime<Utc>,
}

impl PackageFact {
    pub(super) fn read(self, at: DateTime<Utc>) -> Result<PackageFacts> {
        let versions = Versions { current: self.current, upcoming: None, hidden: self.hidden_version };
        let membership = |fact: MembershipFact| Ok((rows::privilege_uri(&fact.uri)?, fact.from));
        let texts = TextsRow {
            title_da: self.title_da,
            title_en: self.title_en,
            description_da: self.description_da,
            description_en: self.description_en,
        };
        Ok(PackageFacts {
            id: package_id(&self.package_id)?,
            texts: texts.try_into()?,
            offered: self.current.filter(|_| versions.state() == State::Published),
            version: self.version,
            delegator_ages: rows::ages(self.min_age_years, self.max_age_years)?,
            memberships: self.memberships.into_iter().map(membership).collect::<Result<_>>()?,
            at,
        })
    }
}

/// Packages that must be as they were read, and what becomes of those that delegations follow.
#[derive(Default)]
pub(super) struct PackageColumns {
    pub(super) held: Vec<String>,
    pub(super) held_versions: Vec<i64>,
    pub(super) followed: Pair,
    pub(super) min_ages: Vec<Option<i16>>,
    pub(super) max_ages: Vec<Option<i16>>,
    pub(super) assurances: Vec<String>,
    pub(super) left: Pair,
    pub(super) left_as: Vec<String>,
    pub(super) asked: Pair,
}

impl PackageColumns {
    pub(super) fn of(changes: &Changes<'_>) -> Result<Self> {
        let mut columns = Self::default();
        for held in &changes.packages {
            columns.held.push(held.package.as_str().to_owned());
            columns.held_versions.push(held.version);
        }
        for step in &changes.steps {
            let id = step.id().0;
            let push = |pair: &mut Pair, package: &PackageId| {
                pair.0.push(id);
                pair.1.push(package.as_str().to_owned());
            };
            for following in &step.follows {
                push(&mut columns.followed, &following.package);
                let (min, max) = age_columns(following.ages)?;
                columns.min_ages.push(min);
                columns.max_ages.push(max);
                columns.assurances.push(following.assurance.as_str().to_owned());
            }
            for package in &step.leaves {
                push(&mut columns.left, package);
                columns.left_as.push(step.kind.taken_as().to_owned());
            }
            step.asks_to_follow.iter().for_each(|package| push(&mut columns.asked, package));
        }
        Ok(columns)
    }
}

pub(super) fn package_id(text: &str) -> Result<PackageId> {
    PackageId::parse(text).map_err(|_| Error::Unreadable("package id"))
}
