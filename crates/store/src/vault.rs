//! Personal data as the rows keep it: sealed under the party's data key.

use fuldmagt_domain::{
    identifier::{Identifier, IdentifierKind},
    party::PartyId,
};
use uuid::Uuid;

use crate::{
    Error, Result, Store,
    crypt::{DataKey, Purpose},
    keyring::WrappedKey,
};

impl Store {
    /// A new data key for a party, and the same wrapped for its row.
    pub(crate) fn new_data_key(&self, party: PartyId) -> Result<(DataKey, WrappedKey)> {
        let key = DataKey::generate().map_err(|_| Error::Unreadable("no randomness for a data key"))?;
        let wrapped = self
            .keys
            .wrap(&key, party.0.as_bytes())
            .map_err(|_| Error::Unreadable("a data key cannot be wrapped"))?;
        Ok((key, wrapped))
    }

    /// The data key of a party.
    pub(crate) fn data_key(&self, party: Uuid, key_id: &str, wrapped: &[u8]) -> Result<DataKey> {
        let wrapped = WrappedKey { key_id: key_id.to_owned(), bytes: wrapped.to_vec() };
        self.keys
            .unwrap_key(&wrapped, party.as_bytes())
            .map_err(|_| Error::Unreadable("a data key cannot be unwrapped"))
    }
}

/// The kind goes inside, because nothing else keeps two identifiers of one party from trading places.
pub(crate) fn seal_identifier(key: &DataKey, party: PartyId, identifier: &Identifier) -> Result<Vec<u8>> {
    let plain = format!("{}:{}", identifier.kind().as_str(), identifier.expose());
    seal(key, Purpose::Identifier, party.0, &plain)
}

pub(crate) fn open_identifier(
    key: &DataKey,
    party: Uuid,
    kind: &str,
    ciphertext: &[u8],
) -> Result<Identifier> {
    const DAMAGED: Error = Error::Unreadable("identifier");
    let plain = open(key, Purpose::Identifier, party, ciphertext)?;
    let canonical = plain.strip_prefix(kind).and_then(|rest| rest.strip_prefix(':')).ok_or(DAMAGED)?;
    let kind = IdentifierKind::parse(kind).map_err(|_| DAMAGED)?;
    Identifier::from_canonical(kind, canonical).map_err(|_| DAMAGED)
}

pub(crate) fn seal(key: &DataKey, purpose: Purpose, owner: Uuid, plain: &str) -> Result<Vec<u8>> {
    key.seal(purpose, owner, plain.as_bytes())
        .map_err(|_| Error::Unreadable("personal data cannot be sealed"))
}

/// The plain text, wiped from memory when dropped.
pub(crate) fn open(
    key: &DataKey,
    purpose: Purpose,
    owner: Uuid,
    ciphertext: &[u8],
) -> Result<zeroize::Zeroizing<String>> {
    const DAMAGED: Error = Error::Unreadable("sealed personal data");
    let plain = key.open(purpose, owner, ciphertext).map_err(|_| DAMAGED)?;
    std::str::from_utf8(&plain).map(|text| zeroize::Zeroizing::new(text.to_owned())).map_err(|_| DAMAGED)
}
