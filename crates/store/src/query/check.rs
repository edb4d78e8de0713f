//! May the representative act for the delegator on the privilege, now: one statement for one question or a thousand.
//!
//! The statement finds, for each question, the one grant that decides (in force, else next, else last; the
//! representative's own or the employer's; of a privilege or of a package), gives a verdict of its own for the usage log,
//! and logs it. The domain decides from the facts. The two are written apart on purpose:
//! where they differ, the call fails and nobody gets a yes.

use chrono::{DateTime, Utc};
use fuldmagt_domain::{
    decision::{Asked, Circumstances, Decision, Designation, Ended, Grant, Holder, How, decide},
    delegation::DelegationId,
    identifier::{CvrNumber, Identifier, PNumber, PartyKind},
    privilege::PrivilegeUri,
};
use sqlx::types::Json;
use uuid::Uuid;

use super::line::{Link, LinkRow};
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
    /// The production unit that the representative, an employee, acts at.
    pub p_number: Option<PNumber>,
}

/// The answers to the questions of one call, all from one state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// One per question, in order. `None`: the asking authority has no such privilege.
    pub answers: Vec<Option<Answer>>,
    /// The state that they are from.
    pub revision: Revision,
}

/// The answer to one question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Yes or no.
    pub decision: Decision,
    /// When a sub-delegation was granted: the delegations from the delegator's own to that one. Else empty.
    pub line: Vec<Link>,
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
    representative_id: Option<Uuid>,
    representative_kind: Option<String>,
    employer_standing: Option<String>,
    holder_id: Option<Uuid>,
    delegation_id: Option<Uuid>,
    valid_from: Option<DateTime<Utc>>,
    valid_to: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    ended_as: Option<String>,
    designated_at: Option<DateTime<Utc>>,
    unit_index: Option<Vec<u8>>,
    above: Option<Vec<String>>,
    granted: bool,
    line: Option<Json<Vec<LinkRow>>>,
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
        let units: Vec<Option<Vec<u8>>> = questions
            .iter()
            .map(|question| {
                question.p_number.clone().map(|number| self.finder(&Identifier::PNumber(number)).1)
            })
            .collect();
        let rows = sqlx::query_file_as!(
            Row,
            "src/query/check.sql",
            SHARD,
            &delegator_kinds,
            &delegator_indexes,
            &representative_kinds,
            &representative_indexes,
            &privileges,
            &units as &[Option<Vec<u8>>],
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
        let answers = rows.into_iter().zip(units).map(|(row, unit)| self.answer(row, unit, usage.at));
        Ok(Checked { answers: answers.collect::<Result<_>>()?, revision })
    }

    fn answer(&self, row: Row, unit: Option<Vec<u8>>, at: DateTime<Utc>) -> Result<Option<Answer>> {
        if row.privilege_id.is_none() {
            return Ok(None);
        }
        let decision = row.decision(unit.as_deref(), at)?;
        let links = row.line.map(|line| line.0).unwrap_or_default();
        let line = links.into_iter().map(|link| self.link(link)).collect::<Result<_>>()?;
        Ok(Some(Answer { decision, line }))
    }
}

impl Row {
    /// `unit`: the blind index of the production unit that was asked about.
    fn decision(&self, unit: Option<&[u8]>, at: DateTime<Utc>) -> Result<Decision> {
        let decision = match (&self.delegator_standing, &self.representative_standing) {
            (Some(delegator), Some(representative)) => {
                let circumstances = Circumstances {
                    delegator: rows::standing(delegator)?,
                    representative: rows::standing(representative)?,
                    employer: self.employer_standing.as_deref().map(rows::standing).transpose()?,
                    publication: self.publication().try_into()?,
                };
                decide(self.grant(unit)?.as_slice(), circumstances, Asked::Now(at))
            }
            _ => Decision::NOTHING,
        };
        if matches!(decision, Decision::Granted { .. }) != self.granted {
            return Err(Error::Unreadable("the statement and the domain decide differently"));
        }
        Ok(decision)
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

    fn grant(&self, unit: Option<&[u8]>) -> Result<Option<Grant>> {
        let (Some(id), Some(from), Some(to)) = (self.delegation_id, self.valid_from, self.valid_to) else {
            return Ok(None);
        };
        let ended = match (self.ended_at, self.ended_as.as_deref().map(How::parse)) {
            (None, None) => None,
            (Some(at), Some(Some(how))) => Some(Ended { at, how }),
            _ => return Err(Error::Unreadable("end of a grant")),
        };
        Ok(Some(Grant {
            delegation: DelegationId(id),
            period: rows::period(from, to)?,
            ended,
            holder: self.holder(unit)?,
            above: rows::worst_standing(self.above.as_deref().unwrap_or_default())?,
        }))
    }

    fn holder(&self, unit: Option<&[u8]>) -> Result<Holder> {
        let kind = self.representative_kind.as_deref().ok_or(Error::Unreadable("kind of party"))?;
        if self.holder_id != self.representative_id {
            let place = rows::place(self.unit_index.as_deref(), unit);
            let designation = self.designated_at.map(|from| Designation { from, removed: None, place });
            return Ok(Holder::Employer(designation));
        }
        Ok(match rows::party_kind(kind)? {
            PartyKind::Organisation => Holder::Organisation,
            PartyKind::Person | PartyKind::Employee => Holder::Own,
        })
    }
}
