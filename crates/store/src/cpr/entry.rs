//! What the register says of one party.

use fuldmagt_domain::{
    cpr_record::RegisteredPerson, cpr_status::CprStatus, identifier::CprNumber, party::PartyId,
};
use uuid::Uuid;

use super::records::{open_number, open_person};
use crate::{Error, Result, SHARD, Store, usage::Usage};

/// A party's record in the register.
///
/// An address that came from the register, or belongs to a protected person, is never shown to the other party of a
/// delegation nor to an authority; a letter may use it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterEntry {
    /// Its status.
    pub status: CprStatus,
    /// The number that the person has now, where it is another.
    pub new_number: Option<CprNumber>,
    /// Protection, name and address.
    pub person: RegisteredPerson,
}

impl Store {
    /// What the copy of the register that is in use says of the party, logged. `None`: the party has no CPR number, its
    /// number is not in the register, or there is no copy in use. One round trip.
    ///
    /// # Errors
    /// [`Error::Unavailable`], [`Error::Unreadable`].
    pub async fn register_entry(&self, party: PartyId, usage: Usage<'_>) -> Result<Option<RegisterEntry>> {
        let row = sqlx::query_file_as!(
            Row,
            "src/cpr/entry.sql",
            SHARD,
            party.0,
            usage.entry_id,
            usage.at,
            usage.client,
            usage.rpc,
            usage.purpose,
            usage.actor.map(|actor| actor.0),
            usage.trace_id,
        )
        .fetch_one(&self.pool)
        .await?;
        self.opened_entry(row)
    }

    fn opened_entry(&self, row: Row) -> Result<Option<RegisterEntry>> {
        const DAMAGED: Error = Error::Unreadable("record of the CPR register");
        let Some(index) = row.blind_index else { return Ok(None) };
        let (import_id, key_id) = row.import_id.zip(row.wrapping_key_id).ok_or(DAMAGED)?;
        let key = self.cpr_key(import_id, &key_id, &row.wrapped_key.ok_or(DAMAGED)?)?;
        let status = row.status.and_then(CprStatus::from_code).ok_or(DAMAGED)?;
        let new_number = row.new_number_ciphertext.as_deref();
        let is_protected = row.is_protected.ok_or(DAMAGED)?;
        Ok(Some(RegisterEntry {
            status,
            new_number: new_number.map(|sealed| open_number(&key, &index, sealed)).transpose()?,
            person: open_person(&key, &index, is_protected, row.person_ciphertext.as_deref())?,
        }))
    }
}

/// The head, beside it the copy's key and the record, if there are any.
struct Row {
    import_id: Option<Uuid>,
    wrapping_key_id: Option<String>,
    wrapped_key: Option<Vec<u8>>,
    blind_index: Option<Vec<u8>>,
    status: Option<i16>,
    new_number_ciphertext: Option<Vec<u8>>,
    is_protected: Option<bool>,
    person_ciphertext: Option<Vec<u8>>,
}
