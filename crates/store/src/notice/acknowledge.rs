//! Notices that have been delivered.

use uuid::Uuid;

use crate::{Result, SHARD, Store, command::Command, revision::Revision};

/// Where some notices stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listed {
    /// How many of them there are.
    pub known: i64,
    /// How many of them are not acknowledged.
    pub open: i64,
}

/// Notices to be acknowledged.
#[derive(Clone, Copy, Debug)]
pub struct Acknowledge<'a> {
    /// Which, none twice; all are known.
    pub notices: &'a [Uuid],
    /// How many of them were not acknowledged when that was read.
    pub open: i64,
    /// The encoded answer, kept for repeated requests.
    pub response: &'a [u8],
}

impl Store {
    /// Where the notices stand. One round trip.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn listed_notices(&self, notices: &[Uuid]) -> Result<Listed> {
        let row = sqlx::query!(
            r#"select count(distinct n.notice_id) as "known!",
                      count(distinct n.notice_id) filter (where n.acknowledged_at is null) as "open!"
               from notice_item n where n.shard = $1 and n.notice_id = any ($2::uuid[])"#,
            SHARD,
            notices,
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(Listed { known: row.known, open: row.open })
    }

    /// Acknowledges notices; an entry of the usage log for each receiver. One round trip.
    ///
    /// # Errors
    /// [`crate::Error::Contention`] when somebody else acknowledged one of them meanwhile; [`crate::Error::Conflict`]
    /// with [`crate::Conflict::RequestId`]; [`crate::Error::Unavailable`]. Then nothing is acknowledged.
    pub async fn acknowledge(&self, acknowledge: Acknowledge<'_>, command: &Command<'_>) -> Result<Revision> {
        let usage = &command.usage;
        let row = sqlx::query_file!(
            "src/notice/acknowledge.sql",
            SHARD,
            usage.at,
            acknowledge.notices,
            acknowledge.open,
            usage.client,
            command.request_id,
            usage.rpc,
            command.payload_digest.as_slice(),
            acknowledge.response,
            usage.entry_id,
            usage.trace_id,
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(Revision { epoch: row.epoch, shard: SHARD, number: row.revision })
    }
}
