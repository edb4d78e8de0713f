//! Registering a privilege, changing, publishing and hiding it.

use fuldmagt_domain::{
    identifier::PartyKind,
    privilege::{Privilege, PrivilegeUri},
};

use super::{CataloguePrivilege, entry::CatalogueRow};
use crate::{
    Conflict, Error, Result, SHARD, Store,
    command::Command,
    revision::Revision,
    rows::{PublicationRow, age_columns},
};

/// What was done to a privilege.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Registered as a draft, or changed.
    Put,
    /// Made available.
    Published,
    /// Taken out of use.
    Hidden,
}

impl Change {
    /// The stable name, as stored in the event.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Put => "put",
            Self::Published => "published",
            Self::Hidden => "hidden",
        }
    }
}

impl Store {
    /// The privilege of that URI, if there is one. One round trip.
    ///
    /// # Errors
    /// [`Error::Unavailable`], [`Error::Unreadable`].
    pub async fn privilege(&self, uri: &PrivilegeUri) -> Result<Option<CataloguePrivilege>> {
        let row = sqlx::query_as!(
            CatalogueRow,
            "select uri, system_id, authority_cvr, title_da, title_en, description_da, description_en,
                    max_period_days, delegator_kinds, representative_kinds, access_kind, assurance, min_age_years,
                    max_age_years, max_sub_delegation_depth, paper_allowed, request_allowed, published_at, hidden_at,
                    hide_planned, grants_kept, republished_at, text_version, text_valid_from, version
             from privilege where shard = $1 and uri = $2",
            SHARD,
            uri.as_str(),
        )
        .fetch_optional(&self.pool)
        .await?;
        row.map(CataloguePrivilege::try_from).transpose()
    }

    /// Writes a privilege as it is after the change, with its event, change and idempotency key: version 1 is
    /// registered, a later one replaces the version before. `response` is the encoded answer, kept for repeated
    /// requests. One round trip.
    ///
    /// # Errors
    /// [`Error::Conflict`] with [`Conflict::CatalogueName`] when a privilege of that URI was registered meanwhile,
    /// [`Conflict::Version`] when the version before is not the stored one or belongs to another system, or
    /// [`Conflict::RequestId`]; [`Error::Contention`], [`Error::Unavailable`].
    pub async fn put_privilege(
        &self,
        privilege: &CataloguePrivilege,
        change: Change,
        response: &[u8],
        command: &Command<'_>,
    ) -> Result<Revision> {
        let columns = Columns::of(&privilege.privilege)?;
        if privilege.version == 1 {
            self.insert_privilege((privilege, columns), change, response, command).await
        } else {
            self.update_privilege((privilege, columns), change, response, command).await
        }
    }

    async fn insert_privilege(
        &self,
        (entry, columns): (&CataloguePrivilege, Columns),
        change: Change,
        response: &[u8],
        command: &Command<'_>,
    ) -> Result<Revision> {
        let row = sqlx::query_file!(
            "src/catalogue/insert_privilege.sql",
            SHARD,
            entry.privilege.uri.as_str(),
            entry.privilege.system.as_str(),
            entry.privilege.authority.expose(),
            entry.texts.title_da.as_str(),
            entry.texts.title_en.as_str(),
            entry.texts.description_da.as_str(),
            entry.texts.description_en.as_str(),
            columns.max_period_days,
            &columns.delegator_kinds,
            &columns.representative_kinds,
            entry.privilege.access.as_str(),
            entry.privilege.assurance.as_str(),
            columns.ages.0,
            columns.ages.1,
            i16::from(entry.privilege.max_sub_delegation_depth),
            entry.privilege.paper_allowed,
            entry.privilege.request_allowed,
            columns.publication.published_at,
            columns.publication.hidden_at,
            columns.publication.hide_planned,
            columns.publication.grants_kept,
            columns.publication.republished_at,
            entry.text_version,
            entry.text_valid_from,
            change.as_str(),
            command.usage.at,
            command.usage.client,
            command.usage.actor.map(|actor| actor.0),
            command.channel,
            command.request_id,
            command.usage.rpc,
            command.payload_digest.as_slice(),
            response,
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(Revision { epoch: row.epoch, shard: SHARD, number: row.revision })
    }

    async fn update_privilege(
        &self,
        (entry, columns): (&CataloguePrivilege, Columns),
        change: Change,
        response: &[u8],
        command: &Command<'_>,
    ) -> Result<Revision> {
        let row = sqlx::query_file!(
            "src/catalogue/update_privilege.sql",
            SHARD,
            entry.privilege.uri.as_str(),
            entry.privilege.system.as_str(),
            entry.privilege.authority.expose(),
            entry.texts.title_da.as_str(),
            entry.texts.title_en.as_str(),
            entry.texts.description_da.as_str(),
            entry.texts.description_en.as_str(),
            columns.max_period_days,
            &columns.delegator_kinds,
            &columns.representative_kinds,
            entry.privilege.access.as_str(),
            entry.privilege.assurance.as_str(),
            columns.ages.0,
            columns.ages.1,
            i16::from(entry.privilege.max_sub_delegation_depth),
            entry.privilege.paper_allowed,
            entry.privilege.request_allowed,
            columns.publication.published_at,
            columns.publication.hidden_at,
            columns.publication.hide_planned,
            columns.publication.grants_kept,
            columns.publication.republished_at,
            entry.text_version,
            entry.text_valid_from,
            change.as_str(),
            command.usage.at,
            command.usage.client,
            command.usage.actor.map(|actor| actor.0),
            command.channel,
            command.request_id,
            command.usage.rpc,
            command.payload_digest.as_slice(),
            response,
            entry.version,
        )
        .fetch_optional(&self.pool)
        .await?
        .ok_or(Error::Conflict(Conflict::Version))?;
        Ok(Revision { epoch: row.epoch, shard: SHARD, number: row.revision })
    }
}

/// What of a privilege is stored in another form.
struct Columns {
    max_period_days: Option<i32>,
    delegator_kinds: Vec<String>,
    representative_kinds: Vec<String>,
    ages: (Option<i16>, Option<i16>),
    publication: PublicationRow,
}

impl Columns {
    fn of(privilege: &Privilege) -> Result<Self> {
        let max_period_days = privilege.max_period_days.map(|days| i32::try_from(days.get())).transpose();
        Ok(Self {
            max_period_days: max_period_days.map_err(|_| Error::Unreadable("longest period"))?,
            delegator_kinds: names(&privilege.delegator_kinds),
            representative_kinds: names(&privilege.representative_kinds),
            ages: age_columns(privilege.delegator_ages)?,
            publication: privilege.publication.into(),
        })
    }
}

pub(super) fn names(kinds: &[PartyKind]) -> Vec<String> {
    kinds.iter().map(|kind| kind.as_str().to_owned()).collect()
}
