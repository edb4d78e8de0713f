//! Linking one more identifier to a party: what the rules need to know, and the statement that writes it.

use chrono::{DateTime, Utc};
use fuldmagt_domain::{
    identifier::{CvrNumber, Identifier, IdentifierKind},
    party::{Party, PartyId},
};
use uuid::Uuid;

use super::identifier_kinds;
use crate::{
    Conflict, Error, Result, SHARD, Store, command::Command, crypt::DataKey, revision::Revision,
    rows::PartyRow, vault,
};

/// The party that is to learn an identifier, and whose it is now.
#[derive(Debug)]
pub struct LinkingFacts {
    /// The party; `None`: not known.
    pub party: Option<Party>,
    /// The party that it turned out to be, after a merge.
    pub merged_into: Option<PartyId>,
    /// The kinds of all identifiers that it has, each once, sorted.
    pub identifier_kinds: Vec<IdentifierKind>,
    /// For an employee: the CVR number of the organisation.
    pub organisation_cvr: Option<CvrNumber>,
    /// The party that the identifier names now.
    pub identifier_names: Option<PartyId>,
    key: Option<DataKey>,
}

/// A link that the rules allow, to be written.
#[derive(Debug)]
pub struct Linking<'a> {
    /// The party after the link: the version before is the one that must be stored now.
    pub party: &'a Party,
    /// The identifier that it learns.
    pub identifier: &'a Identifier,
    /// What it was decided from.
    pub facts: &'a LinkingFacts,
    /// The encoded answer, kept for repeated requests.
    pub response: &'a [u8],
}

impl Store {
    /// What the rules need to know to decide on a link. One round trip.
    ///
    /// # Errors
    /// [`Error::Unavailable`], [`Error::Unreadable`].
    pub async fn linking_facts(&self, party: PartyId, identifier: &Identifier) -> Result<LinkingFacts> {
        let (kind, index) = self.finder(identifier);
        let row = sqlx::query_file_as!(Row, "src/party/linking_facts.sql", SHARD, party.0, kind, index)
            .fetch_one(&self.pool)
            .await?;
        Ok(LinkingFacts {
            identifier_kinds: identifier_kinds(&row.identifier_kinds)?,
            organisation_cvr: self.organisation_cvr(&row)?,
            identifier_names: row.identifier_names.map(PartyId),
            merged_into: row.merged_into.map(PartyId),
            key: match (row.party_id, row.wrapping_key_id.as_deref(), row.wrapped_key.as_deref()) {
                (Some(party), Some(key_id), Some(wrapped)) => Some(self.data_key(party, key_id, wrapped)?),
                _ => None,
            },
            party: row.party()?,
        })
    }

    fn organisation_cvr(&self, row: &Row) -> Result<Option<CvrNumber>> {
        let Some(organisation) = row.organisation_id else {
            return Ok(None);
        };
        let (Some(key_id), Some(wrapped), Some(ciphertext)) = (
            row.organisation_wrapping_key_id.as_deref(),
            row.organisation_wrapped_key.as_deref(),
            row.organisation_ciphertext.as_deref(),
        ) else {
            return Err(Error::Unreadable("an organisation without CVR number"));
        };
        let key = self.data_key(organisation, key_id, wrapped)?;
        let identifier =
            vault::open_identifier(&key, organisation, IdentifierKind::Cvr.as_str(), ciphertext)?;
        if let Identifier::Cvr(cvr) = identifier {
            Ok(Some(cvr))
        } else {
            Err(Error::Unreadable("CVR number"))
        }
    }

    /// Writes a link with its event, change, usage entry and idempotency key. One round trip.
    ///
    /// # Errors
    /// [`Error::Conflict`] with [`Conflict::Version`] when the party was changed since it was read,
    /// [`Conflict::Identifier`] when the identifier names a party meanwhile, [`Conflict::IdentifierKind`] for a second
    /// CPR or CVR number, or [`Conflict::RequestId`]; [`Error::Contention`], [`Error::Unavailable`].
    pub async fn link_identifier(&self, linking: Linking<'_>, command: &Command<'_>) -> Result<Revision> {
        let Linking { party, identifier, facts, response } = linking;
        let key = facts.key.as_ref().ok_or(Error::Unreadable("a party without a data key"))?;
        let (kind, index) = self.finder(identifier);
        let row = sqlx::query_file!(
            "src/party/link.sql",
            SHARD,
            party.id.0,
            party.version,
            kind,
            index,
            vault::seal_identifier(key, party.id, identifier)?,
            command.usage.at,
            command.usage.client,
            command.usage.actor.map(|actor| actor.0),
            command.channel,
            command.request_id,
            command.usage.rpc,
            command.payload_digest.as_slice(),
            response,
            command.usage.entry_id,
            command.usage.trace_id,
        )
        .fetch_optional(&self.pool)
        .await?
        .ok_or(Error::Conflict(Conflict::Version))?;
        Ok(Revision { epoch: row.epoch, shard: SHARD, number: row.revision })
    }
}

struct Row {
    party_id: Option<Uuid>,
    kind: Option<String>,
    organisation_id: Option<Uuid>,
    standing: Option<String>,
    created_at: Option<DateTime<Utc>>,
    version: Option<i64>,
    merged_into: Option<Uuid>,
    identifier_kinds: Vec<String>,
    wrapping_key_id: Option<String>,
    wrapped_key: Option<Vec<u8>>,
    organisation_ciphertext: Option<Vec<u8>>,
    organisation_wrapping_key_id: Option<String>,
    organisation_wrapped_key: Option<Vec<u8>>,
    identifier_names: Option<Uuid>,
}

impl Row {
    fn party(self) -> Result<Option<Party>> {
        let row = || {
            Some(PartyRow {
                party_id: self.party_id?,
                kind: self.kind?,
                organisation_id: self.organisation_id,
                standing: self.standing?,
                created_at: self.created_at?,
                version: self.version?,
            })
        };
        row().map(Party::try_from).transpose()
    }
}
