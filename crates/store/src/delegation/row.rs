//! The columns of a delegation.

use chrono::{DateTime, Utc};
use fuldmagt_domain::{
    delegation::{Delegation, DelegationId, State},
    party::PartyId,
};
use uuid::Uuid;

use crate::{Error, Result, rows};

pub(super) struct DelegationRow {
    pub(super) delegation_id: Uuid,
    pub(super) delegator_id: Uuid,
    pub(super) representative_id: Uuid,
    pub(super) privileges: Vec<String>,
    pub(super) valid_from: DateTime<Utc>,
    pub(super) valid_to: DateTime<Utc>,
    pub(super) status: String,
    pub(super) ended_at: Option<DateTime<Utc>>,
    pub(super) created_at: DateTime<Utc>,
    pub(super) version: i64,
}

impl TryFrom<DelegationRow> for Delegation {
    type Error = Error;

    fn try_from(row: DelegationRow) -> Result<Self> {
        Ok(Self {
            id: DelegationId(row.delegation_id),
            delegator: PartyId(row.delegator_id),
            representative: PartyId(row.representative_id),
            privileges: row.privileges.iter().map(|uri| rows::privilege_uri(uri)).collect::<Result<_>>()?,
            period: rows::period(row.valid_from, row.valid_to)?,
            state: State::from_parts(&row.status, row.ended_at)
                .ok_or(Error::Unreadable("state of a delegation"))?,
            created_at: row.created_at,
            version: row.version,
        })
    }
}
