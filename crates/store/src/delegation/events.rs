//! The history of one delegation.

use chrono::{DateTime, Utc};
use fuldmagt_domain::{
    delegation::{DelegationId, EventKind, Reason},
    party::PartyId,
};
use uuid::Uuid;

use crate::{Error, Result, SHARD, Store, revision::Revision, usage::Usage};

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What.
    pub kind: EventKind,
    /// When.
    pub at: DateTime<Utc>,
    /// The logged-in user.
    pub actor: Option<PartyId>,
    /// The party that the user acted for.
    pub acting_for: Option<PartyId>,
    /// How it reached the service.
    pub channel: String,
    /// Why.
    pub reason: Option<Reason>,
    /// What else was part of it: the other delegation, or the employee.
    pub related: Option<Uuid>,
    /// The delegation's version after it.
    pub version: i64,
}

/// One page's question.
#[derive(Clone, Copy, Debug)]
pub struct EventsQuestion {
    /// The delegation.
    pub delegation: DelegationId,
    /// Most events.
    pub page_size: u16,
    /// The last version of the page before; 0 for the first page.
    pub after: i64,
}

/// One page.
#[derive(Clone, Debug)]
pub struct Events {
    /// False when the delegation does not exist or is not the actor's. Then there are no events.
    pub visible: bool,
    /// The events, oldest first.
    pub events: Vec<Event>,
    /// Whether there are more.
    pub has_more: bool,
    /// The state that the page is from.
    pub revision: Revision,
}

struct Row {
    epoch: Uuid,
    revision: i64,
    visible: bool,
    has_more: bool,
    kind: Option<String>,
    occurred_at: Option<DateTime<Utc>>,
    actor_id: Option<Uuid>,
    acting_for_id: Option<Uuid>,
    channel: Option<String>,
    reason: Option<String>,
    related_id: Option<Uuid>,
    version: Option<i64>,
}

impl Store {
    /// One page of a delegation's events, for the usage entry's actor; logged. One round trip.
    ///
    /// # Errors
    /// [`Error::Unavailable`], [`Error::Unreadable`].
    pub async fn delegation_events(&self, question: EventsQuestion, usage: Usage<'_>) -> Result<Events> {
        let rows = sqlx::query_file_as!(
            Row,
            "src/delegation/events.sql",
            SHARD,
            question.delegation.0,
            usage.actor.map(|actor| actor.0),
            question.after,
            i32::from(question.page_size),
            usage.entry_id,
            usage.at,
            usage.client,
            usage.rpc,
            usage.trace_id,
        )
        .fetch_all(&self.pool)
        .await?;
        let first = rows.first().ok_or(Error::Unreadable("feed head"))?;
        let revision = Revision { epoch: first.epoch, shard: SHARD, number: first.revision };
        let (visible, has_more) = (first.visible, first.has_more);
        let events =
            rows.into_iter().filter(|row| row.version.is_some()).map(Row::event).collect::<Result<_>>()?;
        Ok(Events { visible, events, has_more, revision })
    }
}

impl Row {
    fn event(self) -> Result<Event> {
        const DAMAGED: Error = Error::Unreadable("event");
        let kind = self.kind.as_deref().and_then(EventKind::parse).ok_or(DAMAGED)?;
        let reason = match self.reason.as_deref() {
            None => None,
            Some(name) => Some(Reason::parse(name).ok_or(DAMAGED)?),
        };
        Ok(Event {
            kind,
            at: self.occurred_at.ok_or(DAMAGED)?,
            actor: self.actor_id.map(PartyId),
            acting_for: self.acting_for_id.map(PartyId),
            channel: self.channel.ok_or(DAMAGED)?,
            reason,
            related: self.related_id,
            version: self.version.ok_or(DAMAGED)?,
        })
    }
}
