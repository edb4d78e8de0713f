//! Registering a system, and changing its titles.

use fuldmagt_domain::privilege::SystemId;

use super::{System, entry::SystemRow};
use crate::{Conflict, Error, Result, SHARD, Store, command::Command, revision::Revision};

impl Store {
    /// The system of that id, if there is one. One round trip.
    ///
    /// # Errors
    /// [`Error::Unavailable`], [`Error::Unreadable`].
    pub async fn system(&self, id: &SystemId) -> Result<Option<System>> {
        let row = sqlx::query_as!(
            SystemRow,
            "select system_id, authority_cvr, title_da, title_en, version from system
             where shard = $1 and system_id = $2",
            SHARD,
            id.as_str(),
        )
        .fetch_optional(&self.pool)
        .await?;
        row.map(System::try_from).transpose()
    }

    /// Writes a system as it is after the change, with its event, change and idempotency key: version 1 is registered,
    /// a later one replaces the version before. `response` is the encoded answer, kept for repeated requests. One
    /// round trip.
    ///
    /// # Errors
    /// [`Error::Conflict`] with [`Conflict::CatalogueName`] when a system of that id was registered meanwhile,
    /// [`Conflict::Version`] when the version before is not the stored one or has another owner, or
    /// [`Conflict::RequestId`]; [`Error::Contention`], [`Error::Unavailable`].
    pub async fn put_system(
        &self,
        system: &System,
        response: &[u8],
        command: &Command<'_>,
    ) -> Result<Revision> {
        if system.version == 1 {
            self.insert_system(system, response, command).await
        } else {
            self.update_system(system, response, command).await
        }
    }

    async fn insert_system(
        &self,
        system: &System,
        response: &[u8],
        command: &Command<'_>,
    ) -> Result<Revision> {
        let row = sqlx::query_file!(
            "src/catalogue/insert_system.sql",
            SHARD,
            system.id.as_str(),
            system.authority.expose(),
            system.title_da.as_str(),
            system.title_en.as_str(),
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

    async fn update_system(
        &self,
        system: &System,
        response: &[u8],
        command: &Command<'_>,
    ) -> Result<Revision> {
        let row = sqlx::query_file!(
            "src/catalogue/update_system.sql",
            SHARD,
            system.id.as_str(),
            system.authority.expose(),
            system.title_da.as_str(),
            system.title_en.as_str(),
            command.usage.at,
            command.usage.client,
            command.usage.actor.map(|actor| actor.0),
            command.channel,
            command.request_id,
            command.usage.rpc,
            command.payload_digest.as_slice(),
            response,
            system.version,
        )
        .fetch_optional(&self.pool)
        .await?
        .ok_or(Error::Conflict(Conflict::Version))?;
        Ok(Revision { epoch: row.epoch, shard: SHARD, number: row.revision })
    }
}
