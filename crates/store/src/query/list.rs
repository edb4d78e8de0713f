//! Who may act for a delegator, and whom a representative may act for: pages of grants that are in force.

use chrono::{DateTime, Utc};
use fuldmagt_domain::{
    decision::{Asked, Circumstances, Decision, Grant, decide},
    delegation::DelegationId,
    identifier::{CvrNumber, Identifier},
    period::Period,
    privilege::PrivilegeUri,
};
use uuid::Uuid;

use crate::{
    Error, Result, SHARD, Store,
    revision::Revision,
    rows::{self, PublicationRow},
    usage::Usage,
    vault,
};

/// Which side is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The subject is the delegator; the entries tell representatives.
    Representatives,
    /// The subject is the representative; the entries tell delegators.
    Delegators,
}

/// One page's question.
#[derive(Clone, Debug)]
pub struct ListQuestion<'a> {
    /// Which side.
    pub direction: Direction,
    /// Whom it is about.
    pub subject: &'a Identifier,
    /// Only these; empty for all of the authority's.
    pub privileges: &'a [PrivilegeUri],
    /// The asking authority.
    pub authority: &'a CvrNumber,
    /// The instant that the list is for.
    pub at: DateTime<Utc>,
    /// Most entries.
    pub page_size: u16,
    /// The last entry of the page before: delegation and privilege number.
    pub after: Option<(Uuid, i32)>,
}

/// One grant that is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DelegatedPrivilege {
    /// The delegation.
    pub delegation: DelegationId,
    /// The other party.
    pub party: Identifier,
    /// What is delegated.
    pub privilege: PrivilegeUri,
    /// From when until when.
    pub period: Period,
}

/// One page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The entries, by delegation and privilege.
    pub entries: Vec<DelegatedPrivilege>,
    /// Where the next page begins; `None` when this was the last.
    pub next_after: Option<(Uuid, i32)>,
    /// False when a privilege that was asked for is not the authority's. Then there are no entries.
    pub privileges_known: bool,
    /// The state that the page is from.
    pub revision: Revision,
}

struct Row {
    epoch: Uuid,
    revision: i64,
    privileges_known: bool,
    delegation_id: Option<Uuid>,
    privilege_id: Option<i32>,
    uri: Option<String>,
    published_at: Option<DateTime<Utc>>,
    hidden_at: Option<DateTime<Utc>>,
    hide_planned: Option<bool>,
    grants_kept: Option<bool>,
    republished_at: Option<DateTime<Utc>>,
    valid_from: Option<DateTime<Utc>>,
    valid_to: Option<DateTime<Utc>>,
    party_id: Option<Uuid>,
    identifier_kind: Option<String>,
    identifier_ciphertext: Option<Vec<u8>>,
    wrapping_key_id: Option<String>,
    wrapped_key: Option<Vec<u8>>,
    has_more: bool,
}

impl Store {
    /// One page of the grants that are in force at the question's instant, logged. One round trip.
    ///
    /// # Errors
    /// [`Error::Unavailable`]; [`Error::Unreadable`] when a stored value or the statement's choice is not sound.
    pub async fn list(&self, question: &ListQuestion<'_>, usage: Usage<'_>) -> Result<Listed> {
        let rows = match question.direction {
            Direction::Representatives => self.representatives(question, usage).await?,
            Direction::Delegators => self.delegators(question, usage).await?,
        };
        let first = rows.first().ok_or(Error::Unreadable("feed head"))?;
        let revision = Revision { epoch: first.epoch, shard: SHARD, number: first.revision };
        let (privileges_known, has_more) = (first.privileges_known, first.has_more);
        let next_after =
            rows.last().filter(|_| has_more).and_then(|row| Some((row.delegation_id?, row.privilege_id?)));
        let mut entries = Vec::with_capacity(rows.len());
        for row in rows.iter().filter(|row| row.delegation_id.is_some()) {
            entries.push(self.entry(row, question.at)?);
        }
        Ok(Listed { entries, next_after, privileges_known, revision })
    }

    async fn representatives(&self, question: &ListQuestion<'_>, usage: Usage<'_>) -> Result<Vec<Row>> {
        let (kind, index) = self.finder(question.subject);
        let rows = sqlx::query_file_as!(
            Row,
            "src/query/list_representatives.sql",
            SHARD,
            kind,
            index,
            question.authority.expose(),
            question.at,
            &uris(question),
            question.after.map(|after| after.0),
            question.after.map(|after| after.1),
            i32::from(question.page_size),
            usage.entry_id,
            usage.at,
            usage.client,
            usage.rpc,
            usage.purpose,
            usage.trace_id,
        );
        Ok(rows.fetch_all(&self.pool).await?)
    }

    async fn delegators(&self, question: &ListQuestion<'_>, usage: Usage<'_>) -> Result<Vec<Row>> {
        let (kind, index) = self.finder(question.subject);
        let rows = sqlx::query_file_as!(
            Row,
            "src/query/list_delegators.sql",
            SHARD,
            kind,
            index,
            question.authority.expose(),
            question.at,
            &uris(question),
            question.after.map(|after| after.0),
            question.after.map(|after| after.1),
            i32::from(question.page_size),
            usage.entry_id,
            usage.at,
            usage.client,
            usage.rpc,
            usage.purpose,
            usage.trace_id,
        );
        Ok(rows.fetch_all(&self.pool).await?)
    }

    fn entry(&self, row: &Row, at: DateTime<Utc>) -> Result<DelegatedPrivilege> {
        let (Some(delegation), Some(uri), Some(from), Some(to), Some(party)) =
            (row.delegation_id, row.uri.as_deref(), row.valid_from, row.valid_to, row.party_id)
        else {
            return Err(Error::Unreadable("grant"));
        };
        let delegation = DelegationId(delegation);
        let period = rows::period(from, to)?;
        // The statement has chosen what is in force and of good standing; the evaluator that decides checks has the
        // last word, so that a list never says what a check would deny.
        let circumstances = Circumstances {
            delegator: fuldmagt_domain::party::Standing::Good,
            representative: fuldmagt_domain::party::Standing::Good,
            publication: PublicationRow {
                published_at: row.published_at,
                hidden_at: row.hidden_at,
                hide_planned: row.hide_planned.unwrap_or(false),
                grants_kept: row.grants_kept.unwrap_or(false),
                republished_at: row.republished_at,
            }
            .try_into()?,
        };
        let grant = Grant { delegation, period, ended: None };
        if !matches!(decide(&[grant], circumstances, Asked::Now(at)), Decision::Granted { .. }) {
            return Err(Error::Unreadable("the statement and the domain decide differently"));
        }
        Ok(DelegatedPrivilege {
            delegation,
            party: self.other_party(row, party)?,
            privilege: rows::privilege_uri(uri)?,
            period,
        })
    }

    fn other_party(&self, row: &Row, party: Uuid) -> Result<Identifier> {
        let (Some(kind), Some(ciphertext), Some(key_id), Some(wrapped)) = (
            row.identifier_kind.as_deref(),
            row.identifier_ciphertext.as_deref(),
            row.wrapping_key_id.as_deref(),
            row.wrapped_key.as_deref(),
        ) else {
            return Err(Error::Unreadable("a party without identifier"));
        };
        let key = self.data_key(party, key_id, wrapped)?;
        vault::open_identifier(&key, party, kind, ciphertext)
    }
}

fn uris(question: &ListQuestion<'_>) -> Vec<String> {
    question.privileges.iter().map(|privilege| privilege.as_str().to_owned()).collect()
}
