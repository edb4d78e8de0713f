//! May the representative act for the delegator on the privilege, now: one statement for one question or a thousand.
//!
//! The statement finds, for each question, the one grant that decides (in force, else next, else last), gives a verdict
//! of its own for the usage log, and logs it. The domain decides from the facts. The two are written apart on purpose:
//! where they differ, the call fails and nobody gets a yes.

use chrono::{DateTime, Utc};
use fuldmagt_domain::{
    decision::{Asked, Circumstances, Decision, Ended, Grant, How, decide},
    delegation::DelegationId,
    identifier::{CvrNumber, Identifier},
    privilege::PrivilegeUri,
};
use uuid::Uuid;

use crate::{
    Error, Result, SHARD, Store,
    revision::Revision,
    rows::{self, PublicationRow},
    usage::Usage,
};

/// One question.
#[derive(Clone, Debug)]
pub struct Question {
    /// The delegator.
    pub delegator: Identifier,
    /// The representative.
    pub representative: Identifier,
    /// The privilege.
    pub privilege: PrivilegeUri,
}

/// The answers to the questions of one call, all from one state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// One per question, in order. `None`: the asking authority has no such privilege.
    pub decisions: Vec<Option<Decision>>,
    /// The state that they are from.
    pub revision: Revision,
}

/// What the statement found for one question.
struct Row {
    epoch: Uuid,
    revision: i64,
    privilege_id: Option<i32>,
    published_at: Option<DateTime<Utc>>,
    hidden_at: Option<DateTime<Utc>>,
    hide_planned: Option<bool>,
    grants_kept: Option<bool>,
    republished_at: Option<DateTime<Utc>>,
    delegator_standing: Option<String>,
    representative_standing: Option<String>,
    delegation_id: Option<Uuid>,
    valid_from: Option<DateTime<Utc>>,
    valid_to: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    ended_as: Option<String>,
    granted: bool,
}

impl Store {
    /// Answers an authority's questions for the instant of the usage entry, and logs them. One round trip.
    ///
    /// # Errors
    /// [`Error::Unavailable`], and [`Error::Unreadable`] when the verdict of the statement is not the domain's.
    pub async fn check(
        &self,
        questions: &[Question],
        authority: &CvrNumber,
        usage: Usage<'_>,
    ) -> Result<Checked> {
        let (delegator_kinds, delegator_indexes): (Vec<_>, Vec<_>) =
            questions.iter().map(|question| self.finder(&question.delegator)).unzip();
        let (representative_kinds, representative_indexes): (Vec<_>, Vec<_>) =
            questions.iter().map(|question| self.finder(&question.representative)).unzip();
        let privileges: Vec<String> =
            questions.iter().map(|question| question.privilege.as_str().to_owned()).collect();
        let rows = sqlx::query_file_as!(
            Row,
            "src/query/check.sql",
            SHARD,
            &delegator_kinds,
            &delegator_indexes,
            &representative_kinds,
            &representative_indexes,
            &privileges,
            authority.expose(),
            usage.at,
            usage.entry_id,
            usage.client,
            usage.rpc,
            usage.purpose,
            usage.trace_id,
        )
        .fetch_all(&self.pool)
        .await?;
        let first =
            rows.first().filter(|_| rows.len() == questions.len()).ok_or(Error::Unreadable("feed head"))?;
        let revision = Revision { epoch: first.epoch, shard: SHARD, number: first.revision };
        let decisions = rows.into_iter().map(|row| row.decision(usage.at)).collect::<Result<_>>()?;
        Ok(Checked { decisions, revision })
    }
}

impl Row {
    fn decision(self, at: DateTime<Utc>) -> Result<Option<Decision>> {
        if self.privilege_id.is_none() {
            return Ok(None);
        }
        let granted = self.granted;
        let decision = match (&self.delegator_standing, &self.representative_standing) {
            (Some(delegator), Some(representative)) => {
                let circumstances = Circumstances {
                    delegator: rows::standing(delegator)?,
                    representative: rows::standing(representative)?,
                    publication: self.publication().try_into()?,
                };
                decide(self.grant()?.as_slice(), circumstances, Asked::Now(at))
            }
            _ => Decision::NOTHING,
        };
        if matches!(decision, Decision::Granted { .. }) != granted {
            return Err(Error::Unreadable("the statement and the domain decide differently"));
        }
        Ok(Some(decision))
    }

    fn publication(&self) -> PublicationRow {
        PublicationRow {
            published_at: self.published_at,
            hidden_at: self.hidden_at,
            hide_planned: self.hide_planned.unwrap_or(false),
            grants_kept: self.grants_kept.unwrap_or(false),
            republished_at: self.republished_at,
        }
    }

    fn grant(&self) -> Result<Option<Grant>> {
        let (Some(id), Some(from), Some(to)) = (self.delegation_id, self.valid_from, self.valid_to) else {
            return Ok(None);
        };
        let ended = match (self.ended_at, self.ended_as.as_deref().map(How::parse)) {
            (None, None) => None,
            (Some(at), Some(Some(how))) => Some(Ended { at, how }),
            _ => return Err(Error::Unreadable("end of a grant")),
        };
        Ok(Some(Grant { delegation: DelegationId(id), period: rows::period(from, to)?, ended }))
    }
}
