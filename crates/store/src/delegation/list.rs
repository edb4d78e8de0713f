//! The delegations that a party has given or holds.

use chrono::{DateTime, Utc};
use fuldmagt_domain::party::PartyId;
use uuid::Uuid;

use super::{get::Shown, row::DelegationRow};
use crate::{Error, Result, SHARD, Store, revision::Revision, usage::Usage};

/// Which side of the delegations the party is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The party has given them.
    Given,
    /// The party holds them.
    Held,
}

/// One page's question.
#[derive(Clone, Copy, Debug)]
pub struct ListQuestion {
    /// The party whose delegations are listed.
    pub party: PartyId,
    /// The party's side.
    pub side: Side,
    /// Most delegations.
    pub page_size: u16,
    /// The last delegation of the page before.
    pub after: Option<Uuid>,
}

/// One page.
#[derive(Clone, Debug)]
pub struct Listed {
    /// False when the actor may not act for the party, or one of them is not known. Then there are no delegations.
    pub allowed: bool,
    /// The delegations, newest first, without messages.
    pub delegations: Vec<Shown>,
    /// Whether there are more.
    pub has_more: bool,
    /// The state that the page is from.
    pub revision: Revision,
}

struct Row {
    epoch: Uuid,
    revision: i64,
    allowed: bool,
    has_more: bool,
    delegation_id: Option<Uuid>,
    delegator_id: Option<Uuid>,
    representative_id: Option<Uuid>,
    privileges: Option<Vec<String>>,
    valid_from: Option<DateTime<Utc>>,
    valid_to: Option<DateTime<Utc>>,
    status: Option<String>,
    ended_at: Option<DateTime<Utc>>,
    created_at: Option<DateTime<Utc>>,
    version: Option<i64>,
    delegator_name: Option<Vec<u8>>,
    delegator_key_id: Option<String>,
    delegator_key: Option<Vec<u8>>,
    representative_name: Option<Vec<u8>>,
    representative_key_id: Option<String>,
    representative_key: Option<Vec<u8>>,
}

impl Store {
    /// One page of a party's delegations, for the usage entry's actor; logged. One round trip.
    ///
    /// # Errors
    /// [`Error::Unavailable`], [`Error::Unreadable`].
    pub async fn list_delegations(&self, question: ListQuestion, usage: Usage<'_>) -> Result<Listed> {
        let rows = match question.side {
            Side::Given => self.given(question, usage).await?,
            Side::Held => self.held(question, usage).await?,
        };
        let first = rows.first().ok_or(Error::Unreadable("feed head"))?;
        let revision = Revision { epoch: first.epoch, shard: SHARD, number: first.revision };
        let (allowed, has_more) = (first.allowed, first.has_more);
        let mut delegations = Vec::with_capacity(rows.len());
        for row in rows.into_iter().filter(|row| row.delegation_id.is_some()) {
            delegations.push(self.listed(row)?);
        }
        Ok(Listed { allowed, delegations, has_more, revision })
    }

    async fn given(&self, question: ListQuestion, usage: Usage<'_>) -> Result<Vec<Row>> {
        let rows = sqlx::query_file_as!(
            Row,
            "src/delegation/list_given.sql",
            SHARD,
            question.party.0,
            usage.actor.map(|actor| actor.0),
            question.after,
            i32::from(question.page_size),
            usage.entry_id,
            usage.at,
            usage.client,
            usage.rpc,
            usage.trace_id,
        );
        Ok(rows.fetch_all(&self.pool).await?)
    }

    async fn held(&self, question: ListQuestion, usage: Usage<'_>) -> Result<Vec<Row>> {
        let rows = sqlx::query_file_as!(
            Row,
            "src/delegation/list_held.sql",
            SHARD,
            question.party.0,
            usage.actor.map(|actor| actor.0),
            question.after,
            i32::from(question.page_size),
            usage.entry_id,
            usage.at,
            usage.client,
            usage.rpc,
            usage.trace_id,
        );
        Ok(rows.fetch_all(&self.pool).await?)
    }

    fn listed(&self, row: Row) -> Result<Shown> {
        const DAMAGED: Error = Error::Unreadable("delegation");
        let (delegator, representative) = row.delegator_id.zip(row.representative_id).ok_or(DAMAGED)?;
        let delegator_name = self.name(
            delegator,
            row.delegator_name.as_deref(),
            row.delegator_key_id.as_deref(),
            row.delegator_key.as_deref(),
        )?;
        let representative_name = self.name(
            representative,
            row.representative_name.as_deref(),
            row.representative_key_id.as_deref(),
            row.representative_key.as_deref(),
        )?;
        let delegation = row.delegation().ok_or(DAMAGED)?.try_into()?;
        Ok(Shown { delegation, delegator_name, representative_name, message: None })
    }
}

impl Row {
    fn delegation(self) -> Option<DelegationRow> {
        Some(DelegationRow {
            delegation_id: self.delegation_id?,
            delegator_id: self.delegator_id?,
            representative_id: self.representative_id?,
            privileges: self.privileges?,
            valid_from: self.valid_from?,
            valid_to: self.valid_to?,
            status: self.status?,
            ended_at: self.ended_at,
            created_at: self.created_at?,
            version: self.version?,
        })
    }
}
