//! Systems and privileges as the catalogue tells them, and their columns.

use chrono::{DateTime, Utc};
use fuldmagt_domain::{
    identifier::CvrNumber,
    privilege::{Privilege, SystemId},
    text::{Description, Title},
};

use crate::{
    Error, Result,
    rows::{PrivilegeRow, PublicationRow},
};

/// An authority's IT system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct System {
    /// Its id.
    pub id: SystemId,
    /// The authority that owns it. Never changes.
    pub authority: CvrNumber,
    /// Title in Danish.
    pub title_da: Title,
    /// Title in English.
    pub title_en: Title,
    /// Counts its events, from 1.
    pub version: i64,
}

/// What people read of a privilege or a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Texts {
    /// Title in Danish.
    pub title_da: Title,
    /// Title in English.
    pub title_en: Title,
    /// What the representative may do, in Danish.
    pub description_da: Description,
    /// What the representative may do, in English.
    pub description_en: Description,
}

/// A privilege with its texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CataloguePrivilege {
    /// What the rules know of it. Its system never changes.
    pub privilege: Privilege,
    /// What people read of it.
    pub texts: Texts,
    /// Counts its texts, from 1: one that was replaced is kept under its number.
    pub text_version: i32,
    /// Since when it has these texts.
    pub text_valid_from: DateTime<Utc>,
    /// Counts its events, from 1.
    pub version: i64,
}

/// The columns of a system.
pub(super) struct SystemRow {
    pub(super) system_id: String,
    pub(super) authority_cvr: String,
    pub(super) title_da: String,
    pub(super) title_en: String,
    pub(super) version: i64,
}

impl TryFrom<SystemRow> for System {
    type Error = Error;

    fn try_from(row: SystemRow) -> Result<Self> {
        Ok(Self {
            id: SystemId::parse(&row.system_id).map_err(|_| Error::Unreadable("system id"))?,
            authority: CvrNumber::parse(&row.authority_cvr).map_err(|_| Error::Unreadable("authority"))?,
            title_da: title(&row.title_da)?,
            title_en: title(&row.title_en)?,
            version: row.version,
        })
    }
}

/// The columns of texts.
pub(crate) struct TextsRow {
    pub(crate) title_da: String,
    pub(crate) title_en: String,
    pub(crate) description_da: String,
    pub(crate) description_en: String,
}

impl TryFrom<TextsRow> for Texts {
    type Error = Error;

    fn try_from(row: TextsRow) -> Result<Self> {
        Ok(Self {
            title_da: title(&row.title_da)?,
            title_en: title(&row.title_en)?,
            description_da: description(&row.description_da)?,
            description_en: description(&row.description_en)?,
        })
    }
}

/// The columns of a privilege with its texts.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct CatalogueRow {
    pub(super) uri: String,
    pub(super) system_id: String,
    pub(super) authority_cvr: String,
    pub(super) title_da: String,
    pub(super) title_en: String,
    pub(super) description_da: String,
    pub(super) description_en: String,
    pub(super) max_period_days: Option<i32>,
    pub(super) delegator_kinds: Vec<String>,
    pub(super) representative_kinds: Vec<String>,
    pub(super) access_kind: String,
    pub(super) assurance: String,
    pub(super) min_age_years: Option<i16>,
    pub(super) max_age_years: Option<i16>,
    pub(super) max_sub_delegation_depth: i16,
    pub(super) paper_allowed: bool,
    pub(super) request_allowed: bool,
    pub(super) published_at: Option<DateTime<Utc>>,
    pub(super) hidden_at: Option<DateTime<Utc>>,
    pub(super) hide_planned: bool,
    pub(super) grants_kept: bool,
    pub(super) republished_at: Option<DateTime<Utc>>,
    pub(super) text_version: i32,
    pub(super) text_valid_from: DateTime<Utc>,
    pub(super) version: i64,
}

impl TryFrom<CatalogueRow> for CataloguePrivilege {
    type Error = Error;

    fn try_from(row: CatalogueRow) -> Result<Self> {
        let publication = PublicationRow {
            published_at: row.published_at,
            hidden_at: row.hidden_at,
            hide_planned: row.hide_planned,
            grants_kept: row.grants_kept,
            republished_at: row.republished_at,
        };
        let privilege = PrivilegeRow {
            uri: row.uri,
            system_id: row.system_id,
            authority_cvr: row.authority_cvr,
            max_period_days: row.max_period_days,
            delegator_kinds: row.delegator_kinds,
            representative_kinds: row.representative_kinds,
            access_kind: row.access_kind,
            assurance: row.assurance,
            min_age_years: row.min_age_years,
            max_age_years: row.max_age_years,
            max_sub_delegation_depth: row.max_sub_delegation_depth,
            paper_allowed: row.paper_allowed,
            request_allowed: row.request_allowed,
            publication,
        };
        let texts = TextsRow {
            title_da: row.title_da,
            title_en: row.title_en,
            description_da: row.description_da,
            description_en: row.description_en,
        };
        Ok(Self {
            privilege: privilege.try_into()?,
            texts: texts.try_into()?,
            text_version: row.text_version,
            text_valid_from: row.text_valid_from,
            version: row.version,
        })
    }
}

fn title(text: &str) -> Result<Title> {
    Title::parse(text).map_err(|_| Error::Unreadable("title"))
}

fn description(text: &str) -> Result<Description> {
    Description::parse(text).map_err(|_| Error::Unreadable("description"))
}
