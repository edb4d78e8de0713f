//! Registering a party, or an employee together with the organisation.

use chrono::{DateTime, Utc};
use fuldmagt_domain::{identifier::Identifier, party::Party, text::Name};
use uuid::Uuid;

use crate::{
    Result, SHARD, Store,
    command::Command,
    crypt::{DataKey, Purpose},
    revision::Revision,
    vault,
};

/// A party to be registered.
#[derive(Debug)]
pub struct NewParty {
    /// The party, version 1.
    pub party: Party,
    /// What names it.
    pub identifiers: Vec<Identifier>,
    /// What it is called.
    pub name: Option<Name>,
}

/// Parties to be registered together.
#[derive(Debug)]
pub struct Registration<'a> {
    /// At least one; an employee's unknown organisation stands before it. The feed tells them in this order.
    pub parties: Vec<NewParty>,
    /// The encoded answer, kept for repeated requests.
    pub response: &'a [u8],
}

impl Store {
    /// Writes new parties with their keys, identifiers, events, changes, usage entries and idempotency key. One round
    /// trip.
    ///
    /// # Errors
    /// [`crate::Error::Conflict`] with [`crate::Conflict::Identifier`] when an identifier names a party meanwhile (then
    /// nothing is registered, and finding the parties again tells which), [`crate::Conflict::IdentifierKind`] or
    /// [`crate::Conflict::RequestId`]; [`crate::Error::Contention`], [`crate::Error::Unavailable`].
    pub async fn register_parties(
        &self,
        registration: Registration<'_>,
        command: &Command<'_>,
    ) -> Result<Revision> {
        let (parties, identifiers) = self.columns(&registration.parties)?;
        let row = sqlx::query_file!(
            "src/party/register.sql",
            SHARD,
            &parties.ids,
            &parties.kinds,
            &parties.organisations as &[Option<Uuid>],
            &parties.standings,
            &parties.names as &[Option<Vec<u8>>],
            &parties.created_at,
            &parties.wrapping_key_ids,
            &parties.wrapped_keys,
            &identifiers.parties,
            &identifiers.kinds,
            &identifiers.indexes,
            &identifiers.ciphertexts,
            command.usage.at,
            command.usage.client,
            command.usage.actor.map(|actor| actor.0),
            command.channel,
            command.request_id,
            command.usage.rpc,
            command.payload_digest.as_slice(),
            registration.response,
            command.usage.entry_id,
            command.usage.trace_id,
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(Revision { epoch: row.epoch, shard: SHARD, number: row.revision })
    }

    fn columns(&self, new_parties: &[NewParty]) -> Result<(PartyColumns, IdentifierColumns)> {
        let mut parties = PartyColumns::default();
        let mut identifiers = IdentifierColumns::default();
        for NewParty { party, identifiers: named_by, name } in new_parties {
            let (key, wrapped) = self.new_data_key(party.id)?;
            parties.ids.push(party.id.0);
            parties.kinds.push(party.kind.as_str().to_owned());
            parties.organisations.push(party.organisation.map(|organisation| organisation.0));
            parties.standings.push(party.standing.as_str().to_owned());
            parties.names.push(sealed_name(&key, party, name.as_ref())?);
            parties.created_at.push(party.created_at);
            parties.wrapping_key_ids.push(wrapped.key_id);
            parties.wrapped_keys.push(wrapped.bytes);
            for identifier in named_by {
                let (kind, index) = self.finder(identifier);
                identifiers.parties.push(party.id.0);
                identifiers.kinds.push(kind);
                identifiers.indexes.push(index);
                identifiers.ciphertexts.push(vault::seal_identifier(&key, party.id, identifier)?);
            }
        }
        Ok((parties, identifiers))
    }
}

fn sealed_name(key: &DataKey, party: &Party, name: Option<&Name>) -> Result<Option<Vec<u8>>> {
    name.map(|name| vault::seal(key, Purpose::Name, party.id.0, name.expose())).transpose()
}

/// The parties' rows, column by column.
#[derive(Default)]
struct PartyColumns {
    ids: Vec<Uuid>,
    kinds: Vec<String>,
    organisations: Vec<Option<Uuid>>,
    standings: Vec<String>,
    names: Vec<Option<Vec<u8>>>,
    created_at: Vec<DateTime<Utc>>,
    wrapping_key_ids: Vec<String>,
    wrapped_keys: Vec<Vec<u8>>,
}

/// The identifiers' rows, column by column.
#[derive(Default)]
struct IdentifierColumns {
    parties: Vec<Uuid>,
    kinds: Vec<String>,
    indexes: Vec<Vec<u8>>,
    ciphertexts: Vec<Vec<u8>>,
}
