//! Who may act for a delegator, and whom a representative may act for: pages of grants that are in force.

use chrono::{DateTime, Utc};
use fuldmagt_domain::{
    decision::{Asked, Circumstances, Decision, Designation, Grant, Holder, Place, decide},
    delegation::DelegationId,
    identifier::{CvrNumber, Identifier, PNumber},
    party::Standing,
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
    /// The last entry of the page before.
    pub after: Option<EntryKey>,
}

/// Where an entry is in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryKey {
    /// The delegation.
    pub delegation: Uuid,
    /// The privilege's number.
    pub privilege: i32,
    /// The other party.
    pub party: Uuid,
}

/// One grant that is in force, and somebody who may use it.
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
    /// The production unit that the representative, an employee, may use it at; `None`: anywhere.
    pub p_number: Option<PNumber>,
}

/// One page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The entries, by delegation, privilege and party.
    pub entries: Vec<DelegatedPrivilege>,
    /// Where the next page begins; `None` when this was the last.
    pub next_after: Option<EntryKey>,
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
    designated_at: Option<DateTime<Utc>>,
    above: Option<Vec<String>>,
    identifier_kind: Option<String>,
    identifier_ciphertext: Option<Vec<u8>>,
    wrapping_key_id: Option<String>,
    wrapped_key: Option<Vec<u8>>,
    unit_index: Option<Vec<u8>>,
    unit_party_id: Option<Uuid>,
    unit_ciphertext: Option<Vec<u8>>,
    unit_wrapping_key_id: Option<String>,
    unit_wrapped_key: Option<Vec<u8>>,
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
        let next_after = rows.last().filter(|_| has_more).and_then(Row::key);
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
            question.after.map(|after| after.delegation),
            question.after.map(|after| after.privilege),
            question.after.map(|after| after.party),
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
            question.after.map(|after| after.delegation),
            question.after.map(|after| after.privilege),
            question.after.map(|after| after.party),
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
            delegator: Standing::Good,
            representative: Standing::Good,
            employer: None,
            publication: PublicationRow {
                published_at: row.published_at,
                hidden_at: row.hidden_at,
                hide_planned: row.hide_planned.unwrap_or(false),
                grants_kept: row.grants_kept.unwrap_or(false),
                republished_at: row.republished_at,
            }
            .try_into()?,
        };
        let grant = Grant {
            holder: row.holder(),
            above: rows::worst_standing(row.above.as_deref().unwrap_or_default())?,
            ..Grant::own(delegation, period)
        };
        if !matches!(decide(&[grant], circumstances, Asked::Now(at)), Decision::Granted { .. }) {
            return Err(Error::Unreadable("the statement and the domain decide differently"));
        }
        Ok(DelegatedPrivilege {
            delegation,
            party: self.other_party(row, party)?,
            privilege: rows::privilege_uri(uri)?,
            period,
            p_number: self.unit(row)?,
        })
    }

    /// The production unit that a designation is limited to.
    fn unit(&self, row: &Row) -> Result<Option<PNumber>> {
        const UNREADABLE: Error = Error::Unreadable("production unit");
        if row.unit_index.is_none() {
            return Ok(None);
        }
        let (Some(party), Some(ciphertext), Some(key_id), Some(wrapped)) = (
            row.unit_party_id,
            row.unit_ciphertext.as_deref(),
            row.unit_wrapping_key_id.as_deref(),
            row.unit_wrapped_key.as_deref(),
        ) else {
            return Err(UNREADABLE);
        };
        let key = self.data_key(party, key_id, wrapped)?;
        let opened = vault::open_identifier(&key, party, "p_number", ciphertext)?;
        let Identifier::PNumber(number) = opened else { return Err(UNREADABLE) };
        Ok(Some(number))
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

impl Row {
    fn key(&self) -> Option<EntryKey> {
        Some(EntryKey {
            delegation: self.delegation_id?,
            privilege: self.privilege_id?,
            party: self.party_id?,
        })
    }

    fn holder(&self) -> Holder {
        // Whoever is limited to a production unit acts there: the entry says so.
        let place = if self.unit_index.is_some() { Place::Here } else { Place::Anywhere };
        let designation = self.designated_at.map(|from| Designation { from, removed: None, place });
        designation.map_or(Holder::Own, |designation| Holder::Employer(Some(designation)))
    }
}

fn uris(question: &ListQuestion<'_>) -> Vec<String> {
    question.privileges.iter().map(|privilege| privilege.as_str().to_owned()).collect()
}
