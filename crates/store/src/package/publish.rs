//! Publishing a version of a package.

use chrono::{DateTime, Utc};
use fuldmagt_domain::package::PackageId;

use super::entry::column;
use crate::{Conflict, Error, Result, SHARD, Store, command::Command, revision::Revision};

/// A version to be published.
#[derive(Clone, Copy, Debug)]
pub struct NewVersion<'a> {
    /// The package.
    pub package: &'a PackageId,
    /// One more than the highest so far.
    pub number: u32,
    /// From when it counts: now, or later.
    pub published_at: DateTime<Utc>,
    /// The numbers of its privileges, each once.
    pub privileges: &'a [i32],
    /// The package's version afterwards.
    pub package_version: i64,
}

impl Store {
    /// Publishes a version and decides from when until when the package holds what, with event, change and idempotency
    /// key. `response` is the encoded answer, kept for repeated requests. One round trip.
    ///
    /// # Errors
    /// [`Error::Conflict`] with [`Conflict::Version`] when the package was changed meanwhile, or
    /// [`Conflict::RequestId`]; [`Error::Contention`], [`Error::Unavailable`].
    pub async fn publish_package_version(
        &self,
        version: NewVersion<'_>,
        response: &[u8],
        command: &Command<'_>,
    ) -> Result<Revision> {
        let row = sqlx::query_file!(
            "src/package/publish.sql",
            SHARD,
            version.package.as_str(),
            column(version.number)?,
            version.published_at,
            version.privileges,
            version.package_version,
            command.usage.at,
            command.usage.client,
            command.usage.actor.map(|actor| actor.0),
            command.channel,
            command.request_id,
            command.usage.rpc,
            command.payload_digest.as_slice(),
            response,
        )
        .fetch_optional(&self.pool)
        .await?
        .ok_or(Error::Conflict(Conflict::Version))?;
        Ok(Revision { epoch: row.epoch, shard: SHARD, number: row.revision })
    }
}
