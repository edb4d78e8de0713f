//! One package, with what a change of it is decided by.

use chrono::{DateTime, Utc};
use fuldmagt_domain::{identifier::CvrNumber, package::PackageId, privilege::PrivilegeUri};

use super::{
    Package, PackageVersion,
    entry::{PackageRow, VersionRow, uris},
};
use crate::{Error, Result, SHARD, Store, catalogue::TextsRow, revision::Revision};

/// A package, if there is one, and its versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The package.
    pub package: Option<Package>,
    /// The version with the highest number.
    pub latest: Option<PackageVersion>,
    /// What the package would hold at the instant that a new version would count from, without that version.
    pub base: Vec<PrivilegeUri>,
    /// How many of these may not be given then.
    pub base_unavailable: i64,
    /// Delegations in force that follow the package.
    pub followed_by: i64,
    /// The state that this is from.
    pub revision: Revision,
}

/// A privilege that a version is to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its short stand-in for the URI.
    pub number: i32,
    /// Whose it is.
    pub authority: CvrNumber,
    /// Whether it may be given from the instant on that the version counts from.
    pub may_be_given: bool,
    /// Whether all who follow the package and do not have it by the package may have given it.
    pub fits_followers: bool,
}

impl Store {
    /// A package as it is at the instant `at`, and what a version that counts from `then` on would replace. One round
    /// trip.
    ///
    /// # Errors
    /// [`Error::Unavailable`], [`Error::Unreadable`].
    pub async fn find_package(
        &self,
        id: &PackageId,
        at: DateTime<Utc>,
        then: DateTime<Utc>,
    ) -> Result<Found> {
        let row = sqlx::query_file!("src/package/find.sql", SHARD, id.as_str(), at, then)
            .fetch_one(&self.pool)
            .await?;
        let columns = || {
            Some(PackageRow {
                package_id: row.package_id?,
                authority_cvr: row.authority_cvr?,
                texts: TextsRow {
                    title_da: row.title_da?,
                    title_en: row.title_en?,
                    description_da: row.description_da?,
                    description_en: row.description_en?,
                },
                ages: (row.min_age_years, row.max_age_years),
                hidden: (row.hidden_at, row.hidden_version),
                current: VersionRow {
                    number: row.current_number,
                    published_at: row.current_published_at,
                    uris: row.current_uris,
                },
                upcoming: VersionRow {
                    number: row.upcoming_number,
                    published_at: row.upcoming_published_at,
                    uris: row.upcoming_uris,
                },
                version: row.version?,
            })
        };
        let latest = VersionRow {
            number: row.latest_number,
            published_at: row.latest_published_at,
            uris: row.latest_uris,
        };
        Ok(Found {
            package: columns().map(Package::try_from).transpose()?,
            latest: latest.version()?,
            base: uris(row.base_uris)?,
            base_unavailable: row.base_unavailable,
            followed_by: row.followed_by,
            revision: Revision { epoch: row.epoch, shard: SHARD, number: row.revision },
        })
    }

    /// The privileges of these names, in their order, as the package would hold them from `then` on; `None` for one that
    /// is not there. One round trip.
    ///
    /// # Errors
    /// [`Error::Unavailable`], [`Error::Unreadable`].
    pub async fn package_members(
        &self,
        package: &PackageId,
        privileges: &[PrivilegeUri],
        then: DateTime<Utc>,
    ) -> Result<Vec<Option<Member>>> {
        let uris: Vec<String> = privileges.iter().map(|uri| uri.as_str().to_owned()).collect();
        let rows = sqlx::query_file!("src/package/members.sql", SHARD, &uris, then, package.as_str())
            .fetch_all(&self.pool)
            .await?;
        rows.into_iter()
            .map(|row| {
                let (Some(number), Some(authority)) = (row.privilege_id, row.authority_cvr) else {
                    return Ok(None);
                };
                let authority = CvrNumber::parse(&authority).map_err(|_| Error::Unreadable("authority"))?;
                let (may_be_given, fits_followers) = (row.may_be_given, row.fits_followers);
                Ok(Some(Member { number, authority, may_be_given, fits_followers }))
            })
            .collect()
    }
}
