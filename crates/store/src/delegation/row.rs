//! A delegation as the SQL function `delegation_row` tells it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use fuldmagt_domain::{
    delegation::{Delegation, DelegationId, Links, Packages, State, StateParts},
    ending::Tree,
    party::PartyId,
    privilege::PrivilegeUri,
};
use serde::Deserialize;
use uuid::Uuid;

use super::packages::package_id;
use crate::{Error, Result, rows};

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct DelegationRow {
    delegation_id: Uuid,
    delegator_id: Uuid,
    representative_id: Uuid,
    status: String,
    valid_from: DateTime<Utc>,
    valid_to: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    version: i64,
    starts_on_acceptance: bool,
    lapses_at: Option<DateTime<Utc>>,
    termination: Option<String>,
    parent_id: Option<Uuid>,
    chain: Vec<Uuid>,
    suspended: bool,
    grants: Vec<GrantRow>,
    packages: Vec<FollowedRow>,
    requested: Vec<RequestedRow>,
    requested_packages: Vec<String>,
    supersedes: Vec<Uuid>,
    superseded_by: Option<Uuid>,
}

#[derive(Clone, Debug, Deserialize)]
struct GrantRow {
    uri: String,
    ended_at: Option<DateTime<Utc>>,
    kept: bool,
}

#[derive(Clone, Debug, Deserialize)]
struct FollowedRow {
    package_id: String,
    ended_at: Option<DateTime<Utc>>,
}

#[derive(Clone, Debug, Deserialize)]
struct RequestedRow {
    uri: String,
    ticked: Option<bool>,
}

impl TryFrom<DelegationRow> for Delegation {
    type Error = Error;

    fn try_from(row: DelegationRow) -> Result<Self> {
        let ((privileges, taken_out), packages) = (row.privileges()?, row.packages()?);
        let state = State::from_parts(StateParts {
            name: &row.status,
            ended_at: row.ended_at,
            lapses_at: row.lapses_at,
            termination: row.termination.as_deref(),
        });
        Ok(Self {
            id: DelegationId(row.delegation_id),
            delegator: PartyId(row.delegator_id),
            representative: PartyId(row.representative_id),
            privileges,
            taken_out,
            packages,
            period: rows::period(row.valid_from, row.valid_to)?,
            starts_on_acceptance: row.starts_on_acceptance,
            lapses_at: row.lapses_at,
            state: state.ok_or(Error::Unreadable("state of a delegation"))?,
            suspended: row.suspended,
            links: Links {
                parent: row.parent_id.map(DelegationId),
                chain: row.chain.into_iter().map(PartyId).collect(),
                supersedes: row.supersedes.into_iter().map(DelegationId).collect(),
                superseded_by: row.superseded_by.map(DelegationId),
            },
            created_at: row.created_at,
            version: row.version,
        })
    }
}

impl DelegationRow {
    /// The last instant at which anything of it was given or ended.
    pub(crate) fn latest(&self) -> DateTime<Utc> {
        let left = self.packages.iter().filter_map(|followed| followed.ended_at);
        let ended = self.grants.iter().filter_map(|grant| grant.ended_at).chain(left).chain(self.ended_at);
        ended.fold(self.created_at, DateTime::max)
    }

    fn was_given(&self) -> bool {
        !(self.grants.is_empty() && self.packages.is_empty())
    }

    /// Whether what ended then had ended before all of it did.
    fn is_taken_out(&self, ended_at: Option<DateTime<Utc>>) -> bool {
        ended_at.is_some_and(|ended| self.ended_at.is_none_or(|whole| ended < whole))
    }

    /// What it follows, followed at the end, or asks to follow; and what it followed before.
    fn packages(&self) -> Result<Packages> {
        if !self.was_given() {
            let asked = self.requested_packages.iter().map(|id| package_id(id)).collect::<Result<_>>()?;
            return Ok(Packages::following(asked));
        }
        let (out, left): (Vec<_>, Vec<_>) =
            self.packages.iter().partition(|followed| self.is_taken_out(followed.ended_at));
        let ids = |rows: Vec<&FollowedRow>| {
            rows.into_iter().map(|row| package_id(&row.package_id)).collect::<Result<Vec<_>>>()
        };
        let kept = self.grants.iter().filter(|grant| grant.kept && !self.is_taken_out(grant.ended_at));
        let kept = kept.map(|grant| rows::privilege_uri(&grant.uri)).collect::<Result<_>>()?;
        Ok(Packages { followed: ids(left)?, taken_out: ids(out)?, kept })
    }

    /// What is, was at the end, or is asked to be delegated; and what was taken out before.
    fn privileges(&self) -> Result<(Vec<PrivilegeUri>, Vec<PrivilegeUri>)> {
        if !self.was_given() {
            // Where a form was ticked, what was ticked is what is asked for.
            let asked = self.requested.iter().filter(|asked| asked.ticked != Some(false));
            let asked = asked.map(|asked| rows::privilege_uri(&asked.uri)).collect::<Result<_>>()?;
            return Ok((asked, Vec::new()));
        }
        let (out, left): (Vec<_>, Vec<_>) =
            self.grants.iter().partition(|grant| self.is_taken_out(grant.ended_at));
        let uris = |grants: Vec<&GrantRow>| {
            grants.into_iter().map(|grant| rows::privilege_uri(&grant.uri)).collect::<Result<Vec<_>>>()
        };
        // The database orders by bytes, as the domain does.
        Ok((uris(left)?, uris(out)?))
    }
}

/// A delegation; of what was given on, the one at the top.
#[derive(Debug, Deserialize)]
pub(crate) struct TreeRow {
    top_id: Option<Uuid>,
    pub(crate) delegation: DelegationRow,
}

/// Puts the delegations that were given on beneath those that they were given on from.
pub(crate) fn trees(rows: Vec<TreeRow>) -> Result<BTreeMap<DelegationId, Tree>> {
    let mut trees = BTreeMap::new();
    let mut below = Vec::new();
    let mut placed = BTreeSet::new();
    for row in rows {
        let delegation: Delegation = row.delegation.try_into()?;
        match row.top_id {
            None => drop(trees.insert(delegation.id, Tree { top: delegation, below: Vec::new() })),
            Some(top) => below.push((DelegationId(top), delegation)),
        }
    }
    for (top, delegation) in below {
        if placed.insert((top, delegation.id))
            && let Some(tree) = trees.get_mut(&top)
        {
            tree.below.push(delegation);
        }
    }
    Ok(trees)
}
