//! The paper cases that wait.

use fuldmagt_domain::paper::Case;
use sqlx::types::Json;
use uuid::Uuid;

use super::{paper::PaperRow, row::DelegationRow};
use crate::{Error, Result, SHARD, Store, revision::Revision, usage::Usage};

/// One page's question.
#[derive(Clone, Copy, Debug)]
pub struct PaperListQuestion {
    /// Most cases.
    pub page_size: u16,
    /// The delegation of the last case of the page before.
    pub after: Option<Uuid>,
}

/// One page.
#[derive(Clone, Debug)]
pub struct PaperListed {
    /// Whether the actor is a known party.
    pub known: bool,
    /// Whether the actor is an employee in good standing. If not there are no cases.
    pub allowed: bool,
    /// The cases, oldest first.
    pub cases: Vec<Case>,
    /// Whether there are more.
    pub has_more: bool,
    /// The state that the page is from.
    pub revision: Revision,
}

struct Row {
    epoch: Uuid,
    revision: i64,
    known: bool,
    allowed: bool,
    has_more: bool,
    delegation: Option<Json<DelegationRow>>,
    paper: Option<Json<PaperRow>>,
}

impl Store {
    /// One page of the paper cases that wait, for the usage entry's actor; logged. One round trip.
    ///
    /// # Errors
    /// [`Error::Unavailable`], [`Error::Unreadable`].
    pub async fn list_paper(&self, question: PaperListQuestion, usage: Usage<'_>) -> Result<PaperListed> {
        let rows = sqlx::query_file_as!(
            Row,
            "src/delegation/list_paper.sql",
            SHARD,
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
        let (known, allowed, has_more) = (first.known, first.allowed, first.has_more);
        let mut cases = Vec::with_capacity(rows.len());
        for row in rows {
            let Some(Json(delegation)) = row.delegation else { continue };
            let Json(paper) = row.paper.ok_or(Error::Unreadable("a paper delegation without its case"))?;
            cases.push(Case { delegation: delegation.try_into()?, record: paper.record()?.1 });
        }
        Ok(PaperListed { known, allowed, cases, has_more, revision })
    }
}
