//! Registering a package, changing and hiding it.

use super::{Package, entry::column};
use crate::{Conflict, Error, Result, SHARD, Store, command::Command, revision::Revision, rows::age_columns};

/// What was done to a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Registered, or changed.
    Put,
    /// Taken out of use.
    Hidden,
}

impl Change {
    /// The stable name, as stored in the event.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Put => "put",
            Self::Hidden => "hidden",
        }
    }
}

impl Store {
    /// Writes a package as it is after the change, but for its versions, with its event, change and idempotency key:
    /// version 1 is registered, a later one replaces the version before. `response` is the encoded answer, kept for
    /// repeated requests. One round trip.
    ///
    /// # Errors
    /// [`Error::Conflict`] with [`Conflict::CatalogueName`] when a package of that id was registered meanwhile,
    /// [`Conflict::Version`] when the version before is not the stored one or belongs to another authority, or
    /// [`Conflict::RequestId`]; [`Error::Contention`], [`Error::Unavailable`].
    pub async fn put_package(
        &self,
        package: &Package,
        change: Change,
        response: &[u8],
        command: &Command<'_>,
    ) -> Result<Revision> {
        if package.version == 1 {
            self.insert_package(package, change, response, command).await
        } else {
            self.update_package(package, change, response, command).await
        }
    }

    async fn insert_package(
        &self,
        package: &Package,
        change: Change,
        response: &[u8],
        command: &Command<'_>,
    ) -> Result<Revision> {
        let ages = age_columns(package.delegator_ages)?;
        let row = sqlx::query_file!(
            "src/package/insert.sql",
            SHARD,
            package.id.as_str(),
            package.authority.expose(),
            package.texts.title_da.as_str(),
            package.texts.title_en.as_str(),
            package.texts.description_da.as_str(),
            package.texts.description_en.as_str(),
            ages.0,
            ages.1,
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

    async fn update_package(
        &self,
        package: &Package,
        change: Change,
        response: &[u8],
        command: &Command<'_>,
    ) -> Result<Revision> {
        let ages = age_columns(package.delegator_ages)?;
        let hidden_version = package.hidden.map(|(_, version)| column(version)).transpose()?;
        let row = sqlx::query_file!(
            "src/package/update.sql",
            SHARD,
            package.id.as_str(),
            package.authority.expose(),
            package.texts.title_da.as_str(),
            package.texts.title_en.as_str(),
            package.texts.description_da.as_str(),
            package.texts.description_en.as_str(),
            ages.0,
            ages.1,
            change.as_str(),
            command.usage.at,
            command.usage.client,
            command.usage.actor.map(|actor| actor.0),
            command.channel,
            command.request_id,
            command.usage.rpc,
            command.payload_digest.as_slice(),
            response,
            package.version,
            package.hidden.map(|(at, _)| at),
            hidden_version,
        )
        .fetch_optional(&self.pool)
        .await?
        .ok_or(Error::Conflict(Conflict::Version))?;
        Ok(Revision { epoch: row.epoch, shard: SHARD, number: row.revision })
    }
}
