//! Columns that many statements read, as domain types. A value that the schema's checks exclude is [`Error::Unreadable`].

use std::num::NonZeroU32;

use chrono::{DateTime, Utc};
use fuldmagt_domain::{
    assurance::LevelOfAssurance,
    decision::Place,
    identifier::{CvrNumber, PartyKind},
    party::{Party, PartyId, Standing},
    period::Period,
    privilege::{AccessKind, AgeRange, ExistingGrants, Privilege, PrivilegeUri, Publication, SystemId},
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
    pub(crate) access_kind: String,
    pub(crate) assurance: String,
    pub(crate) min_age_years: Option<i16>,
    pub(crate) max_age_years: Option<i16>,
    pub(crate) max_sub_delegation_depth: i16,
    pub(crate) paper_allowed: bool,
    pub(crate) request_allowed: bool,
    pub(crate) publication: PublicationRow,
}

/// The columns of a privilege that tell when it may be given and used.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PublicationRow {
    pub(crate) published_at: Option<DateTime<Utc>>,
    pub(crate) hidden_at: Option<DateTime<Utc>>,
    pub(crate) hide_planned: bool,
    pub(crate) grants_kept: bool,
    pub(crate) republished_at: Option<DateTime<Utc>>,
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
            access: AccessKind::parse(&row.access_kind).ok_or(Error::Unreadable("kind of access"))?,
            assurance: LevelOfAssurance::parse(&row.assurance)
                .map_err(|_| Error::Unreadable("level of assurance"))?,
            delegator_ages: ages(row.min_age_years, row.max_age_years)?,
            max_sub_delegation_depth: u8::try_from(row.max_sub_delegation_depth)
                .map_err(|_| Error::Unreadable("depth of sub-delegation"))?,
            paper_allowed: row.paper_allowed,
            request_allowed: row.request_allowed,
            publication: row.publication.try_into()?,
        })
    }
}

impl TryFrom<PublicationRow> for Publication {
    type Error = Error;

    fn try_from(row: PublicationRow) -> Result<Self> {
        let existing = if row.grants_kept { ExistingGrants::Keep } else { ExistingGrants::Stop };
        match (row.published_at, row.hidden_at) {
            (None, None) => Ok(Self::Draft),
            (Some(from), None) => Ok(Self::Published { from }),
            (Some(from), Some(to)) => Ok(Self::Hidden {
                from,
                to,
                is_planned: row.hide_planned,
                existing,
                again: row.republished_at,
            }),
            (None, Some(_)) => Err(Error::Unreadable("publication")),
        }
    }
}

impl From<Publication> for PublicationRow {
    fn from(publication: Publication) -> Self {
        let shown = |published_at, hidden_at| Self {
            published_at,
            hidden_at,
            hide_planned: false,
            grants_kept: false,
            republished_at: None,
        };
        match publication {
            Publication::Draft => shown(None, None),
            Publication::Published { from } => shown(Some(from), None),
            Publication::Hidden { from, to, is_planned, existing, again } => Self {
                hide_planned: is_planned,
                grants_kept: existing == ExistingGrants::Keep,
                republished_at: again,
                ..shown(Some(from), Some(to))
            },
        }
    }
}

pub(crate) fn ages(min: Option<i16>, max: Option<i16>) -> Result<AgeRange> {
    let years = |years: Option<i16>| years.map(u32::try_from).transpose().ok();
    let range = years(min).zip(years(max)).and_then(|(min, max)| AgeRange::new(min, max).ok());
    range.ok_or(Error::Unreadable("range of ages"))
}

/// The columns of a range of ages.
pub(crate) fn age_columns(ages: AgeRange) -> Result<(Option<i16>, Option<i16>)> {
    let column = |years: Option<u32>| years.map(i16::try_from).transpose();
    match (column(ages.min()), column(ages.max())) {
        (Ok(min), Ok(max)) => Ok((min, max)),
        _ => Err(Error::Unreadable("range of ages")),
    }
}

pub(crate) fn party_kind(name: &str) -> Result<PartyKind> {
    PartyKind::parse(name).map_err(|_| Error::Unreadable("kind of party"))
}

pub(crate) fn standing(name: &str) -> Result<Standing> {
    Standing::parse(name).ok_or(Error::Unreadable("standing"))
}

/// Good when all are, else one that is not.
pub(crate) fn worst_standing(names: &[String]) -> Result<Standing> {
    let standings: Vec<Standing> = names.iter().map(|name| standing(name)).collect::<Result<_>>()?;
    Ok(standings.into_iter().find(|standing| *standing != Standing::Good).unwrap_or(Standing::Good))
}

/// Where a designation may be used: for the production unit that it is limited to, and the one that is asked about, by
/// their blind indexes.
pub(crate) fn place(limit: Option<&[u8]>, asked: Option<&[u8]>) -> Place {
    match limit {
        None => Place::Anywhere,
        Some(limit) if asked == Some(limit) => Place::Here,
        Some(_) => Place::Elsewhere,
    }
}

pub(crate) fn privilege_uri(text: &str) -> Result<PrivilegeUri> {
    PrivilegeUri::parse(text).map_err(|_| Error::Unreadable("privilege URI"))
}

pub(crate) fn period(from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Period> {
    Period::new(from, to).map_err(|_| Error::Unreadable("period"))
}
