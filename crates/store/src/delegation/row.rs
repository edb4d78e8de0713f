//! A delegation as the SQL function `delegation_row` tells it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use fuldmagt_domain::{
    delegation::{Delegation, DelegationId, Links, State, StateParts},
    ending::Tree,
    party::PartyId,
    privilege::PrivilegeUri,
};
use serde::Deserialize;
use uuid::Uuid;

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
    requested: Vec<RequestedRow>,
    supersedes: Vec<Uuid>,
    superseded_by: Option<Uuid>,
}

#[derive(Clone, Debug, Deserialize)]
struct GrantRow {
    uri: String,
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
        let (privileges, taken_out) = row.privileges()?;
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
    pub(super) fn latest(&self) -> DateTime<Utc> {
        let ended = self.grants.iter().filter_map(|grant| grant.ended_at).chain(self.ended_at);
        ended.fold(self.created_at, DateTime::max)
    }

    /// What is, was at the end, or is asked to be delegated; and what was taken out before.
    fn privileges(&self) -> Result<(Vec<PrivilegeUri>, Vec<PrivilegeUri>)> {
        if self.grants.is_empty() {
            // Where a form was ticked, what was ticked is what is asked for.
            let asked = self.requested.iter().filter(|asked| asked.ticked != Some(false));
            let asked = asked.map(|asked| rows::privilege_uri(&asked.uri)).collect::<Result<_>>()?;
            return Ok((asked, Vec::new()));
        }
        let taken = |grant: &&GrantRow| {
            grant.ended_at.is_some_and(|ended| self.ended_at.is_none_or(|whole| ended < whole))
        };
        let (out, left): (Vec<_>, Vec<_>) = self.grants.iter().partition(taken);
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
