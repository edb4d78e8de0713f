//! Columns that many statements read, as domain types. A value that the schema's checks exclude is [`Error::Unreadable`].

use std::num::NonZeroU32;

use chrono::{DateTime, Utc};
use fuldmagt_domain::{
    identifier::{CvrNumber, PartyKind},
    party::{Party, PartyId, Standing},
    period::Period,
    privilege::{Privilege, PrivilegeUri, Publication, SystemId},
};
use uuid::Uuid;

use crate::{Error, Result};

/// The columns of a party.
pub(crate) struct PartyRow {
    pub(crate) party_id: Uuid,
    pub(crate) kind: String,
    pub(crate) organisation_id: Option<Uuid>,
    pub(crate) standing: String,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) version: i64,
}

impl TryFrom<PartyRow> for Party {
    type Error = Error;

    fn try_from(row: PartyRow) -> Result<Self> {
        Ok(Self {
            id: PartyId(row.party_id),
            kind: party_kind(&row.kind)?,
            organisation: row.organisation_id.map(PartyId),
            standing: standing(&row.standing)?,
            created_at: row.created_at,
            version: row.version,
        })
    }
}

/// The columns of a privilege that the rules need.
pub(crate) struct PrivilegeRow {
    pub(crate) uri: String,
    pub(crate) system_id: String,
    pub(crate) authority_cvr: String,
    pub(crate) max_period_days: Option<i32>,
    pub(crate) delegator_kinds: Vec<String>,
    pub(crate) representative_kinds: Vec<String>,
    pub(crate) published_at: Option<DateTime<Utc>>,
    pub(crate) hidden_at: Option<DateTime<Utc>>,
}

impl TryFrom<PrivilegeRow> for Privilege {
    type Error = Error;

    fn try_from(row: PrivilegeRow) -> Result<Self> {
        let kinds = |names: &[String]| names.iter().map(|name| party_kind(name)).collect::<Result<Vec<_>>>();
        Ok(Self {
            uri: privilege_uri(&row.uri)?,
            system: SystemId::parse(&row.system_id).map_err(|_| Error::Unreadable("system id"))?,
            authority: CvrNumber::parse(&row.authority_cvr).map_err(|_| Error::Unreadable("authority"))?,
            max_period_days: row
                .max_period_days
                .and_then(|days| u32::try_from(days).ok())
                .and_then(NonZeroU32::new),
            delegator_kinds: kinds(&row.delegator_kinds)?,
            representative_kinds: kinds(&row.representative_kinds)?,
            assurance: fuldmagt_domain::assurance::LevelOfAssurance::Substantial,
            max_sub_delegation_depth: 0,
            paper_allowed: false,
            request_allowed: true,
            publication: publication(row.published_at, row.hidden_at)?,
        })
    }
}

pub(crate) fn party_kind(name: &str) -> Result<PartyKind> {
    PartyKind::parse(name).map_err(|_| Error::Unreadable("kind of party"))
}

pub(crate) fn standing(name: &str) -> Result<Standing> {
    Standing::parse(name).ok_or(Error::Unreadable("standing"))
}

pub(crate) fn privilege_uri(text: &str) -> Result<PrivilegeUri> {
    PrivilegeUri::parse(text).map_err(|_| Error::Unreadable("privilege URI"))
}

pub(crate) fn period(from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Period> {
    Period::new(from, to).map_err(|_| Error::Unreadable("period"))
}

pub(crate) fn publication(
    published: Option<DateTime<Utc>>,
    hidden: Option<DateTime<Utc>>,
) -> Result<Publication> {
    match (published, hidden) {
        (None, None) => Ok(Publication::Draft),
        (Some(from), None) => Ok(Publication::Published { from }),
        (Some(from), Some(to)) => Ok(Publication::Hidden { from, to }),
        (None, Some(_)) => Err(Error::Unreadable("publication")),
    }
}
