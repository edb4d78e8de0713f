//! The keyring as a JSON file that only its owner may read.

use std::fmt;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{Error, KeyProvider, WrappedKey, disk};
use crate::crypt::{self, DataKey, IndexKey, KEY_BYTES, Secret, TokenKey};

/// The longest keyring file, in bytes: [`MAX_WRAPPING_KEYS`] need a tenth of it.
pub const MAX_FILE_BYTES: usize = 64 * 1024;

/// How many wrapping keys a keyring may hold: one a month for five years, after which the oldest has long
/// been replaced everywhere.
pub const MAX_WRAPPING_KEYS: usize = 60;

const VERSION: u32 = 1;

/// A [`KeyProvider`] with all keys in memory, read from a file.
///
/// To rotate: add a wrapping key, make it primary, start with the new file. What the older keys wrapped still
/// unwraps while they are in the list. The index key is not rotated.
pub struct KeyringFile {
    primary: WrappingKey,
    older: Vec<WrappingKey>,
    index_key: IndexKey,
    token_key: TokenKey,
}

struct WrappingKey {
    id: String,
    secret: Secret,
}

/// The file. Keys are borrowed from its bytes, so that parsing leaves no copies behind.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document<'a> {
    version: u32,
    /// The id of the wrapping key for new data keys.
    primary: &'a str,
    #[serde(borrow)]
    wrapping_keys: Vec<DocumentKey<'a>>,
    index_key: &'a str,
    token_key: &'a str,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DocumentKey<'a> {
    id: &'a str,
    key: &'a str,
}

impl KeyringFile {
    /// Reads a keyring. Blocks on the disk.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if it is not there or cannot be read, [`Error::Exposed`] if others than its owner may
    /// use it, and whatever is wrong with what it holds.
    pub fn load(path: &Path) -> Result<Self, Error> {
        Self::parse(&disk::read(path)?)
    }

    /// Writes a keyring of new random keys, readable by its owner only, and reads it. It is on the disk,
    /// whole, when this returns; if it fails, there is none. Blocks on the disk.
    ///
    /// # Errors
    ///
    /// [`Error::Exists`] if there is a file already, [`Error::Io`] if it cannot be written, [`Error::Crypt`]
    /// without randomness.
    pub fn generate(path: &Path) -> Result<Self, Error> {
        disk::write_new(path, &random_document()?)?;
        Self::load(path)
    }

    /// Reads the keyring, or makes it if there is none. Of several processes that do so at once, one makes it
    /// and all read it.
    ///
    /// # Errors
    ///
    /// Those of [`load`](Self::load) and [`generate`](Self::generate), but not that it is missing or exists.
    pub fn load_or_generate(path: &Path) -> Result<Self, Error> {
        match Self::load(path) {
            Err(Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                match Self::generate(path) {
                    Err(Error::Exists { .. }) => Self::load(path),
                    made => made,
                }
            }
            loaded => loaded,
        }
    }

    fn parse(json: &[u8]) -> Result<Self, Error> {
        // The parser's own words may quote what it found, which may be a key.
        let document: Document<'_> = serde_json::from_slice(json)
            .map_err(|error| Error::Malformed { line: error.line(), column: error.column() })?;
        if document.version != VERSION {
            return Err(Error::Version { version: document.version });
        }
        let count = document.wrapping_keys.len();
        if !(1..=MAX_WRAPPING_KEYS).contains(&count) {
            return Err(Error::KeyCount { count });
        }
        let index_key = decode(document.index_key, "the index key")?;
        let token_key = decode(document.token_key, "the token key")?;
        if index_key.expose() == token_key.expose() {
            return Err(Error::Repeated { which: "the index key".to_owned() });
        }
        let mut keys = wrapping_keys(&document.wrapping_keys, [&index_key, &token_key])?;
        let primary = keys.iter().position(|key| key.id == document.primary).ok_or(Error::NoPrimary)?;
        Ok(Self {
            primary: keys.swap_remove(primary),
            older: keys,
            index_key: IndexKey::from_bytes(index_key.expose())?,
            token_key: TokenKey::from_bytes(token_key.expose())?,
        })
    }

    fn find(&self, key_id: &str) -> Option<&WrappingKey> {
        std::iter::once(&self.primary).chain(&self.older).find(|key| key.id == key_id)
    }
}

impl KeyProvider for KeyringFile {
    fn wrap(&self, key: &DataKey, context: &[u8]) -> Result<WrappedKey, Error> {
        let WrappingKey { id, secret } = &self.primary;
        let bytes = crypt::seal(secret, &bound_to(id, context), key.expose_bytes())?;
        Ok(WrappedKey { key_id: id.clone(), bytes })
    }

    fn unwrap_key(&self, wrapped: &WrappedKey, context: &[u8]) -> Result<DataKey, Error> {
        let unknown = || Error::UnknownKey { key_id: wrapped.key_id.clone() };
        let WrappingKey { id, secret } = self.find(&wrapped.key_id).ok_or_else(unknown)?;
        let bytes = crypt::open(secret, &bound_to(id, context), &wrapped.bytes)?;
        Ok(DataKey::from_bytes(&bytes)?)
    }

    fn index_key(&self) -> &IndexKey {
        &self.index_key
    }

    fn token_key(&self) -> &TokenKey {
        &self.token_key
    }

    fn holds(&self, key_id: &str) -> bool {
        self.find(key_id).is_some()
    }
}

impl fmt::Debug for KeyringFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyringFile")
            .field("primary", &self.primary.id)
            .field("older", &self.older.iter().map(|key| &key.id).collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

fn wrapping_keys(listed: &[DocumentKey<'_>], others: [&Secret; 2]) -> Result<Vec<WrappingKey>, Error> {
    let mut keys: Vec<WrappingKey> = Vec::with_capacity(listed.len());
    for (position, entry) in (1..).zip(listed) {
        if !is_key_id(entry.id) {
            return Err(Error::KeyId { position });
        }
        let which = format!("wrapping key number {position}");
        let secret = decode(entry.key, &which)?;
        let repeats_other = others.iter().any(|other| other.expose() == secret.expose());
        let repeats_earlier =
            |key: &WrappingKey| key.id == entry.id || key.secret.expose() == secret.expose();
        if repeats_other || keys.iter().any(repeats_earlier) {
            return Err(Error::Repeated { which });
        }
        keys.push(WrappingKey { id: entry.id.to_owned(), secret });
    }
    Ok(keys)
}

fn is_key_id(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

fn decode(base64: &str, which: &str) -> Result<Secret, Error> {
    let not_a_key = || Error::NotAKey { which: which.to_owned() };
    // The decoder wants room for what the text could hold at most; the length is checked afterwards.
    let mut bytes = Zeroizing::new([0; KEY_BYTES + 4]);
    let length = STANDARD.decode_slice(base64, bytes.as_mut_slice()).map_err(|_| not_a_key())?;
    Secret::from_bytes(bytes.get(..length).unwrap_or_default()).map_err(|_| not_a_key())
}

fn encode(secret: &Secret) -> Zeroizing<String> {
    Zeroizing::new(STANDARD.encode(secret.expose()))
}

fn random_document() -> Result<Zeroizing<Vec<u8>>, Error> {
    // A random id, so that keys of different keyrings are not taken for one another.
    let id = format!("key-{:016x}", u64::from_be_bytes(crypt::random()?));
    let keys = [encode(&Secret::random()?), encode(&Secret::random()?), encode(&Secret::random()?)];
    let [wrapping_key, index_key, token_key] = &keys;
    let document = Document {
        version: VERSION,
        primary: &id,
        wrapping_keys: vec![DocumentKey { id: &id, key: wrapping_key }],
        index_key,
        token_key,
    };
    // Room for all of it, so that no copy is left behind by growing.
    let mut json = Zeroizing::new(Vec::with_capacity(1024));
    serde_json::to_writer_pretty(&mut *json, &document)
        .map_err(|_| Error::Malformed { line: 0, column: 0 })?;
    json.push(b'\n');
    Ok(json)
}

fn bound_to(key_id: &str, context: &[u8]) -> Vec<u8> {
    crypt::associated_data(b"fuldmagt data key", &[key_id.as_bytes(), context])
}

#[cfg(test)]
mod tests;
