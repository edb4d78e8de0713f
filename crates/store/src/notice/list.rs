//! The notices that are due and not acknowledged.

use chrono::{DateTime, Utc};
use fuldmagt_domain::{
    delegation::{DelegationId, NoticeKind},
    party::PartyId,
};
use uuid::Uuid;

use crate::{Error, Result, SHARD, Store, revision::Revision, usage::Usage};

/// Most items of one notice, so that a single one fits into an answer: what an organisation with thousands of
/// delegations should hear of at once is told in several.
pub const MAX_ITEMS_OF_A_NOTICE: i64 = 500;
/// With this many items an answer takes no further notice: some 400 kB, a tenth of what clients accept by default.
pub const MAX_ITEMS_OF_AN_ANSWER: i64 = 5_000;

/// Which notices are asked for.
#[derive(Clone, Debug)]
pub struct NoticesQuestion {
    /// Ids for new notices; no more notices are returned than there are ids.
    pub ids: Vec<Uuid>,
}

/// What one party should hear of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Its id.
    pub id: Uuid,
    /// The party.
    pub receiver: PartyId,
    /// What happened, oldest first, at least one.
    pub items: Vec<Item>,
}

/// One thing that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item {
    /// What.
    pub kind: NoticeKind,
    /// To which delegation.
    pub delegation: DelegationId,
    /// When.
    pub at: DateTime<Utc>,
}

/// The notices that are due and not acknowledged.
#[derive(Clone, Debug)]
pub struct Notices {
    /// Oldest first.
    pub notices: Vec<Notice>,
    /// The state that they are from.
    pub revision: Revision,
}

struct Row {
    epoch: Uuid,
    revision: i64,
    notice_id: Option<Uuid>,
    receiver_id: Option<Uuid>,
    kind: Option<String>,
    delegation_id: Option<Uuid>,
    occurred_at: Option<DateTime<Utc>>,
}

impl Store {
    /// The notices that are due and not acknowledged, to be told; an entry of the usage log for each receiver. One
    /// round trip.
    ///
    /// # Errors
    /// [`Error::Unavailable`], [`Error::Unreadable`].
    pub async fn notices(&self, question: NoticesQuestion, usage: Usage<'_>) -> Result<Notices> {
        let mut ids = question.ids;
        // The order of ids is the order of notices.
        ids.sort();
        let most = i64::try_from(ids.len()).unwrap_or(i64::MAX);
        let rows = sqlx::query_file_as!(
            Row,
            "src/notice/list.sql",
            SHARD,
            usage.at,
            most,
            &ids,
            MAX_ITEMS_OF_A_NOTICE,
            MAX_ITEMS_OF_AN_ANSWER,
            usage.entry_id,
            usage.client,
            usage.rpc,
            usage.trace_id,
        )
        .fetch_all(&self.pool)
        .await?;
        let first = rows.first().ok_or(Error::Unreadable("feed head"))?;
        let revision = Revision { epoch: first.epoch, shard: SHARD, number: first.revision };
        let mut notices: Vec<Notice> = Vec::new();
        for row in rows {
            let (Some(id), Some(receiver)) = (row.notice_id, row.receiver_id) else { continue };
            let item = row.item()?;
            match notices.last_mut() {
                Some(notice) if notice.id == id => notice.items.push(item),
                _ => notices.push(Notice { id, receiver: PartyId(receiver), items: vec![item] }),
            }
        }
        Ok(Notices { notices, revision })
    }
}

impl Row {
    fn item(&self) -> Result<Item> {
        const DAMAGED: Error = Error::Unreadable("notice");
        Ok(Item {
            kind: self.kind.as_deref().and_then(NoticeKind::parse).ok_or(DAMAGED)?,
            delegation: DelegationId(self.delegation_id.ok_or(DAMAGED)?),
            at: self.occurred_at.ok_or(DAMAGED)?,
        })
    }
}
