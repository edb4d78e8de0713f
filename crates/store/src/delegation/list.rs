//! The delegations that a party has given or holds.

use fuldmagt_domain::{delegation::Delegation, party::PartyId};
use sqlx::types::Json;
use uuid::Uuid;

use super::{
    get::{SealedName, Shown},
    row::DelegationRow,
};
use crate::{Error, Result, SHARD, Store, revision::Revision, usage::Usage};

/// Which side of the delegations the party is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The party has given them.
    Given,
    /// The party holds them.
    Held,
    /// Requests to the party, of any status.
    RequestsReceived,
    /// Requests of the party, of any status.
    RequestsMade,
}

impl Side {
    const fn is_requests(self) -> bool {
        matches!(self, Self::RequestsReceived | Self::RequestsMade)
    }
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
    delegation: Option<Json<DelegationRow>>,
    delegator: Option<Json<SealedName>>,
    representative: Option<Json<SealedName>>,
}

impl Store {
    /// One page of a party's delegations, for the usage entry's actor; logged. One round trip.
    ///
    /// # Errors
    /// [`Error::Unavailable`], [`Error::Unreadable`].
    pub async fn list_delegations(&self, question: ListQuestion, usage: Usage<'_>) -> Result<Listed> {
        let rows = match question.side {
            Side::Given | Side::RequestsReceived => self.given(question, usage).await?,
            Side::Held | Side::RequestsMade => self.held(question, usage).await?,
        };
        let first = rows.first().ok_or(Error::Unreadable("feed head"))?;
        let revision = Revision { epoch: first.epoch, shard: SHARD, number: first.revision };
        let (allowed, has_more) = (first.allowed, first.has_more);
        let mut delegations = Vec::with_capacity(rows.len());
        for row in rows {
            delegations.extend(self.listed(row)?);
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
            question.side.is_requests(),
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
            question.side.is_requests(),
        );
        Ok(rows.fetch_all(&self.pool).await?)
    }

    fn listed(&self, row: Row) -> Result<Option<Shown>> {
        let Some(Json(delegation)) = row.delegation else { return Ok(None) };
        let delegation: Delegation = delegation.try_into()?;
        Ok(Some(Shown {
            delegator_name: self.name(delegation.delegator, row.delegator)?,
            representative_name: self.name(delegation.representative, row.representative)?,
            delegation,
            message: None,
        }))
    }
}
