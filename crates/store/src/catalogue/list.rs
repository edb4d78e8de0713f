//! Pages of the catalogue.

use chrono::{DateTime, Utc};
use fuldmagt_domain::{
    identifier::CvrNumber,
    privilege::{PrivilegeUri, SystemId},
};
use uuid::Uuid;

use super::{
    CataloguePrivilege, System,
    entry::{CatalogueRow, SystemRow},
};
use crate::{Error, Result, SHARD, Store, revision::Revision};

/// One page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The entries, in bytewise order of their ids or URIs.
    pub items: Vec<T>,
    /// Whether there are entries after the last of these.
    pub has_more: bool,
    /// The state that the page is from.
    pub revision: Revision,
}

/// Which privileges to list.
#[derive(Clone, Debug)]
pub struct PrivilegeFilter {
    /// Only this authority's.
    pub owner: Option<CvrNumber>,
    /// Only this system's.
    pub system: Option<SystemId>,
    /// Only those that may be given at the instant.
    pub published_only: bool,
    /// The instant that the list is for.
    pub at: DateTime<Utc>,
}

impl Store {
    /// The systems after a given one, an authority's or all: at most `page_size`. One round trip.
    ///
    /// # Errors
    /// [`Error::Unavailable`], [`Error::Unreadable`].
    pub async fn list_systems(
        &self,
        owner: Option<&CvrNumber>,
        after: Option<&SystemId>,
        page_size: u16,
    ) -> Result<Page<System>> {
        let rows = sqlx::query_file_as!(
            ListedSystem,
            "src/catalogue/list_systems.sql",
            SHARD,
            owner.map(CvrNumber::expose),
            after.map_or("", SystemId::as_str),
            one_more(page_size),
        )
        .fetch_all(&self.pool)
        .await?;
        let rows = rows.into_iter().map(|row| ((row.epoch, row.revision), row.columns()));
        page(rows, page_size)
    }

    /// The privileges after a given one that pass the filter: at most `page_size`. One round trip.
    ///
    /// # Errors
    /// [`Error::Unavailable`], [`Error::Unreadable`].
    pub async fn list_privileges(
        &self,
        filter: &PrivilegeFilter,
        after: Option<&PrivilegeUri>,
        page_size: u16,
    ) -> Result<Page<CataloguePrivilege>> {
        let rows = sqlx::query_file_as!(
            ListedPrivilege,
            "src/catalogue/list_privileges.sql",
            SHARD,
            filter.owner.as_ref().map(CvrNumber::expose),
            filter.system.as_ref().map(SystemId::as_str),
            filter.published_only,
            filter.at,
            after.map_or("", PrivilegeUri::as_str),
            one_more(page_size),
        )
        .fetch_all(&self.pool)
        .await?;
        let rows = rows.into_iter().map(|row| ((row.epoch, row.revision), row.columns()));
        page(rows, page_size)
    }
}

/// One more than the page holds, to know whether there is another.
pub(crate) fn one_more(page_size: u16) -> i64 {
    i64::from(page_size) + 1
}

/// Each row tells the feed head and an entry; an empty list is one row without entry.
pub(crate) fn page<R, T: TryFrom<R, Error = Error>>(
    rows: impl Iterator<Item = ((Uuid, i64), Option<R>)>,
    page_size: u16,
) -> Result<Page<T>> {
    let mut rows = rows.peekable();
    let &((epoch, number), _) = rows.peek().ok_or(Error::Unreadable("feed head"))?;
    let mut entries = rows.filter_map(|(_, entry)| entry);
    let items = entries.by_ref().take(usize::from(page_size)).map(T::try_from).collect::<Result<_>>()?;
    Ok(Page { items, has_more: entries.next().is_some(), revision: Revision { epoch, shard: SHARD, number } })
}

struct ListedSystem {
    epoch: Uuid,
    revision: i64,
    system_id: Option<String>,
    authority_cvr: Option<String>,
    title_da: Option<String>,
    title_en: Option<String>,
    version: Option<i64>,
}

impl ListedSystem {
    fn columns(self) -> Option<SystemRow> {
        Some(SystemRow {
            system_id: self.system_id?,
            authority_cvr: self.authority_cvr?,
            title_da: self.title_da?,
            title_en: self.title_en?,
            version: self.version?,
        })
    }
}

struct ListedPrivilege {
    epoch: Uuid,
    revision: i64,
    uri: Option<String>,
    system_id: Option<String>,
    authority_cvr: Option<String>,
    title_da: Option<String>,
    title_en: Option<String>,
    description_da: Option<String>,
    description_en: Option<String>,
    max_period_days: Option<i32>,
    delegator_kinds: Option<Vec<String>>,
    representative_kinds: Option<Vec<String>>,
    access_kind: Option<String>,
    assurance: Option<String>,
    min_age_years: Option<i16>,
    max_age_years: Option<i16>,
    max_sub_delegation_depth: Option<i16>,
    paper_allowed: Option<bool>,
    request_allowed: Option<bool>,
    published_at: Option<DateTime<Utc>>,
    hidden_at: Option<DateTime<Utc>>,
    hide_planned: Option<bool>,
    grants_kept: Option<bool>,
    republished_at: Option<DateTime<Utc>>,
    text_version: Option<i32>,
    text_valid_from: Option<DateTime<Utc>>,
    version: Option<i64>,
}

impl ListedPrivilege {
    fn columns(self) -> Option<CatalogueRow> {
        Some(CatalogueRow {
            uri: self.uri?,
            system_id: self.system_id?,
            authority_cvr: self.authority_cvr?,
            title_da: self.title_da?,
            title_en: self.title_en?,
            description_da: self.description_da?,
            description_en: self.description_en?,
            max_period_days: self.max_period_days,
            delegator_kinds: self.delegator_kinds?,
            representative_kinds: self.representative_kinds?,
            access_kind: self.access_kind?,
            assurance: self.assurance?,
            min_age_years: self.min_age_years,
            max_age_years: self.max_age_years,
            max_sub_delegation_depth: self.max_sub_delegation_depth?,
            paper_allowed: self.paper_allowed?,
            request_allowed: self.request_allowed?,
            published_at: self.published_at,
            hidden_at: self.hidden_at,
            hide_planned: self.hide_planned?,
            grants_kept: self.grants_kept?,
            republished_at: self.republished_at,
            text_version: self.text_version?,
            text_valid_from: self.text_valid_from?,
            version: self.version?,
        })
    }
}
