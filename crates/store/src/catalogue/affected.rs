//! What a change of a privilege affects, counted.

use std::num::NonZeroU32;

use chrono::{DateTime, Utc};
use fuldmagt_domain::{identifier::PartyKind, privilege::PrivilegeUri};

use super::put_privilege::names;
use crate::{Error, Result, SHARD, Store, revision::Revision};

/// A change of a privilege, as far as it can affect what was given.
#[derive(Clone, Debug)]
pub struct Narrowing<'a> {
    /// The privilege.
    pub privilege: &'a PrivilegeUri,
    /// The instant of the call.
    pub at: DateTime<Utc>,
    /// From when the change counts.
    pub counts_from: DateTime<Utc>,
    /// The longest period in days, where it gets shorter.
    pub max_period_days: Option<NonZeroU32>,
    /// The kinds of party that may give it, where there get fewer.
    pub delegator_kinds: Option<&'a [PartyKind]>,
    /// The kinds of party that may hold it, where there get fewer.
    pub representative_kinds: Option<&'a [PartyKind]>,
    /// Whether some ages may give it no more.
    pub fewer_ages: bool,
}

/// Delegations and packages that have a privilege. A delegation is in force here when the grant is not ended and its
/// period has the instant of the call; standing and publication are not asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Affected {
    /// Delegations in force.
    pub in_force: i64,
    /// Of these, those whose period goes on beyond the instant that the change counts from.
    pub reaching: i64,
    /// Of those in force, those whose whole period is longer than the shortened longest one.
    pub beyond_period: i64,
    /// Of those in force, those between kinds of party of which one is allowed no more.
    pub outside_kinds: i64,
    /// Where the ages get fewer: of those in force, those given by persons. Their ages are sealed, and not looked at.
    pub of_persons: i64,
    /// Packages that hold the privilege, or will.
    pub packages: i64,
    /// The state that was counted.
    pub revision: Revision,
}

impl Store {
    /// Counts what a change affects; nothing, for a privilege that is not there yet. One round trip.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn affected(&self, change: &Narrowing<'_>) -> Result<Affected> {
        let days = change.max_period_days.map(|days| i32::try_from(days.get())).transpose();
        let delegator_kinds = change.delegator_kinds.map(names);
        let representative_kinds = change.representative_kinds.map(names);
        let row = sqlx::query_file!(
            "src/catalogue/affected.sql",
            SHARD,
            change.privilege.as_str(),
            change.at,
            change.counts_from,
            days.map_err(|_| Error::Unreadable("longest period"))?,
            delegator_kinds.as_deref(),
            representative_kinds.as_deref(),
            change.fewer_ages,
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(Affected {
            in_force: row.in_force,
            reaching: row.reaching,
            beyond_period: row.beyond_period,
            outside_kinds: row.outside_kinds,
            of_persons: row.of_persons,
            packages: row.packages,
            revision: Revision { epoch: row.epoch, shard: SHARD, number: row.revision },
        })
    }
}
