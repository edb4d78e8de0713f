//! What every command carries, and the first answer that a repeated one gets again.

use chrono::{DateTime, Utc};
use fuldmagt_domain::party::PartyId;
use uuid::Uuid;

use crate::{Error, Result, SHARD, Store, delegation::HeldPackage, revision::Revision, usage::Usage};

/// One command: who sends it, its request id and what it asks.
#[derive(Clone, Copy, Debug)]
pub struct Command<'a> {
    /// Who, when, what.
    pub usage: Usage<'a>,
    /// The caller's idempotency key.
    pub request_id: Uuid,
    /// [`crate::crypt::IndexKey::payload_digest`] of the request.
    pub payload_digest: [u8; 32],
    /// How it reached the service: the event's channel.
    pub channel: &'static str,
}

/// The first answer to a request id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstAnswer {
    /// Whether the repeated request is the same as the first.
    pub same_payload: bool,
    /// The encoded answer, without its revision.
    pub response: Vec<u8>,
    /// The revision that it was given at.
    pub revision: Revision,
}

impl Store {
    /// The answer that the client's request id got before, if any. One round trip.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn first_answer(&self, command: &Command<'_>) -> Result<Option<FirstAnswer>> {
        let row = sqlx::query!(
            "select i.rpc, i.payload_digest, i.response, i.revision, h.epoch
             from idempotency i join feed_head h using (shard)
             where i.shard = $1 and i.client_id = $2 and i.request_id = $3",
            SHARD,
            command.usage.client,
            command.request_id,
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|row| FirstAnswer {
            same_payload: row.rpc == command.usage.rpc && row.payload_digest == command.payload_digest,
            response: row.response,
            revision: Revision { epoch: row.epoch, shard: SHARD, number: row.revision },
        }))
    }

    /// Remembers the answer to a command that changed nothing, with its usage entry. One round trip.
    ///
    /// # Errors
    /// [`crate::Error::Conflict`] with [`crate::Conflict::RequestId`] when the request id was used meanwhile.
    pub async fn remember(
        &self,
        command: &Command<'_>,
        about: crate::usage::About,
        outcome: &str,
        response: &[u8],
    ) -> Result<Revision> {
        self.remember_while(command, about, outcome, response, &[]).await
    }

    /// The same, of an answer that depends on packages being as they were read. One round trip.
    ///
    /// # Errors
    /// As [`Store::remember`], and [`crate::Error::Contention`] when one of the packages has another version by now.
    pub async fn remember_while(
        &self,
        command: &Command<'_>,
        about: crate::usage::About,
        outcome: &str,
        response: &[u8],
        packages: &[HeldPackage],
    ) -> Result<Revision> {
        let usage = &command.usage;
        let ids: Vec<_> = packages.iter().map(|held| held.package.as_str().to_owned()).collect();
        let versions: Vec<_> = packages.iter().map(|held| held.version).collect();
        let row = sqlx::query!(
            r#"with logged as (
                 insert into usage_log (shard, entry_id, occurred_at, client_id, rpc, actor_id, trace_id,
                                        delegator_id, representative_id, delegation_id, outcome)
                 values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
               )
               insert into idempotency (shard, client_id, request_id, rpc, payload_digest, response, revision, occurred_at)
               select $1, $4, $12, $5, $13, $14, h.revision, $3 from feed_head h
               where h.shard = $1 and hold_packages($1, $15::text[], $16::bigint[])
               returning revision, (select epoch from feed_head where shard = $1) as "epoch!""#,
            SHARD,
            usage.entry_id,
            usage.at,
            usage.client,
            usage.rpc,
            usage.actor.map(|party| party.0),
            usage.trace_id,
            about.delegator.map(|party| party.0),
            about.representative.map(|party| party.0),
            about.delegation,
            outcome,
            command.request_id,
            command.payload_digest.as_slice(),
            response,
            &ids,
            &versions,
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(Revision { epoch: row.epoch, shard: SHARD, number: row.revision })
    }

    /// Remembers the answer that nothing lived between two parties at an instant to be ended, with its usage entry. One round trip.
    ///
    /// # Errors
    /// As [`Store::remember`], and [`crate::Error::Contention`] when something lives by now.
    pub async fn remember_nothing_between(
        &self,
        command: &Command<'_>,
        (delegator, representative, at): (PartyId, PartyId, DateTime<Utc>),
        outcome: &str,
        response: &[u8],
    ) -> Result<Revision> {
        let usage = &command.usage;
        let row = sqlx::query!(
            r#"with head as (
                 select h.revision, h.epoch from feed_head h
                 where h.shard = $1 and not exists (
                     select from delegation d
                     where d.shard = $1 and d.delegator_id = $8 and d.representative_id = $9 and d.status = 'active'
                       and d.valid_to > $14)
               ),
               logged as (
                 insert into usage_log (shard, entry_id, occurred_at, client_id, rpc, actor_id, trace_id,
                                        delegator_id, representative_id, outcome)
                 select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10 from head
               )
               insert into idempotency (shard, client_id, request_id, rpc, payload_digest, response, revision, occurred_at)
               select $1, $4, $11, $5, $12, $13, head.revision, $3 from head
               returning revision, (select epoch from head) as "epoch!""#,
            SHARD,
            usage.entry_id,
            usage.at,
            usage.client,
            usage.rpc,
            usage.actor.map(|party| party.0),
            usage.trace_id,
            delegator.0,
            representative.0,
            outcome,
            command.request_id,
            command.payload_digest.as_slice(),
            response,
            at,
        )
        .fetch_optional(&self.pool)
        .await?;
        let row = row.ok_or(Error::Contention(sqlx::Error::RowNotFound))?;
        Ok(Revision { epoch: row.epoch, shard: SHARD, number: row.revision })
    }
}
