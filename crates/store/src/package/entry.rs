//! Packages as the catalogue tells them, and their columns.

use chrono::{DateTime, Utc};
use fuldmagt_domain::{
    identifier::CvrNumber,
    package::{PackageId, State, Versions},
    privilege::{AgeRange, PrivilegeUri},
};

use crate::{
    Error, Result,
    catalogue::{Texts, TextsRow},
    rows,
};

/// A package as it is at an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// Its id.
    pub id: PackageId,
    /// The authority that owns it. Never changes.
    pub authority: CvrNumber,
    /// What people read of it.
    pub texts: Texts,
    /// The ages of persons that may give it.
    pub delegator_ages: AgeRange,
    /// When it was last hidden, and with which version.
    pub hidden: Option<(DateTime<Utc>, u32)>,
    /// The version that counts.
    pub current: Option<PackageVersion>,
    /// The next one to be the current one.
    pub upcoming: Option<PackageVersion>,
    /// Counts its events, from 1.
    pub version: i64,
}

impl Package {
    /// Whether it may be given.
    #[must_use]
    pub fn state(&self) -> State {
        let number = |version: &Option<PackageVersion>| version.as_ref().map(|version| version.number);
        let (current, upcoming) = (number(&self.current), number(&self.upcoming));
        Versions { current, upcoming, hidden: self.hidden.map(|(_, version)| version) }.state()
    }
}

/// What a package holds, from an instant on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageVersion {
    /// Counts the versions, from 1.
    pub number: u32,
    /// From when.
    pub published_at: DateTime<Utc>,
    /// What, in bytewise order.
    pub privileges: Vec<PrivilegeUri>,
}

/// The columns of a package.
pub(super) struct PackageRow {
    pub(super) package_id: String,
    pub(super) authority_cvr: String,
    pub(super) texts: TextsRow,
    pub(super) ages: (Option<i16>, Option<i16>),
    pub(super) hidden: (Option<DateTime<Utc>>, Option<i32>),
    pub(super) current: VersionRow,
    pub(super) upcoming: VersionRow,
    pub(super) version: i64,
}

/// The columns of a version, or none of them.
pub(super) struct VersionRow {
    pub(super) number: Option<i32>,
    pub(super) published_at: Option<DateTime<Utc>>,
    pub(super) uris: Option<Vec<String>>,
}

impl TryFrom<PackageRow> for Package {
    type Error = Error;

    fn try_from(row: PackageRow) -> Result<Self> {
        let hidden = match row.hidden {
            (Some(at), Some(version)) => Some((at, number(version)?)),
            _ => None,
        };
        Ok(Self {
            id: PackageId::parse(&row.package_id).map_err(|_| Error::Unreadable("package id"))?,
            authority: CvrNumber::parse(&row.authority_cvr).map_err(|_| Error::Unreadable("authority"))?,
            texts: row.texts.try_into()?,
            delegator_ages: rows::ages(row.ages.0, row.ages.1)?,
            hidden,
            current: row.current.version()?,
            upcoming: row.upcoming.version()?,
            version: row.version,
        })
    }
}

impl VersionRow {
    pub(super) fn version(self) -> Result<Option<PackageVersion>> {
        let (Some(at), Some(published_at)) = (self.number, self.published_at) else { return Ok(None) };
        Ok(Some(PackageVersion { number: number(at)?, published_at, privileges: uris(self.uris)? }))
    }
}

pub(super) fn uris(texts: Option<Vec<String>>) -> Result<Vec<PrivilegeUri>> {
    texts.unwrap_or_default().iter().map(|text| rows::privilege_uri(text)).collect()
}

fn number(column: i32) -> Result<u32> {
    u32::try_from(column).map_err(|_| Error::Unreadable("number of a version"))
}

/// A number of a version as it is stored.
pub(super) fn column(number: u32) -> Result<i32> {
    i32::try_from(number).map_err(|_| Error::Unreadable("number of a version"))
}
