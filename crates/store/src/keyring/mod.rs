//! The keys that are never in the database: from a file, or one day from a key management service.

mod disk;
mod file;

use std::fmt;
use std::io;
use std::path::PathBuf;

pub use file::{KeyringFile, MAX_FILE_BYTES, MAX_WRAPPING_KEYS};

use crate::crypt::{self, DataKey, IndexKey, TokenKey};

/// Who holds the keys. What is behind it may be slow: a caller keeps unwrapped data keys for a while.
pub trait KeyProvider: Send + Sync + fmt::Debug {
    /// Wraps a data key under the primary wrapping key. `context` says whose it is; it is not stored with it,
    /// and the same one must be given to unwrap it, so that a wrapped key moved to another party does not
    /// unwrap.
    ///
    /// # Errors
    ///
    /// [`Error::Crypt`]; with a remote provider also that it is out of reach.
    fn wrap(&self, key: &DataKey, context: &[u8]) -> Result<WrappedKey, Error>;

    /// The data key that [`wrap`](Self::wrap) wrapped for the same context.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownKey`] if the wrapping key is not held, [`Error::Crypt`] if it does not unwrap.
    fn unwrap_key(&self, wrapped: &WrappedKey, context: &[u8]) -> Result<DataKey, Error>;

    /// The key that identifiers are found by.
    fn index_key(&self) -> &IndexKey;

    /// The key that page tokens are sealed with.
    fn token_key(&self) -> &TokenKey;

    /// Whether what this wrapping key wrapped can be unwrapped: asked at start for every key id in the
    /// database.
    fn holds(&self, key_id: &str) -> bool;

    /// What tells the index key from another without revealing it. Kept in the database and compared at
    /// start, as another index key would find nobody and register everybody a second time.
    fn index_key_check(&self) -> [u8; 32] {
        self.index_key().check()
    }
}

/// A data key as the database keeps it: encrypted, with the name of the key that encrypts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrappedKey {
    /// Which wrapping key.
    pub key_id: String,
    /// The encrypted data key.
    pub bytes: Vec<u8>,
}

/// Why the keyring could not be read, made or used. Names files, places and key ids, never keys or contents.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file could not be read or written.
    #[error("keyring file {path}: {doing}")]
    Io {
        /// Which file or folder.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
    /// A keyring is never written over another: what the other's keys encrypt would be lost.
    #[error("keyring file {path} exists already")]
    Exists {
        /// Which file.
        path: PathBuf,
    },
    /// Others than the owner may read or write the file.
    #[error("keyring file {path} has mode {mode:04o}: others than its owner may use it; set it to 0600")]
    Exposed {
        /// Which file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Not a regular file, or longer than [`MAX_FILE_BYTES`].
    #[error("keyring file {path} is not a regular file of at most {MAX_FILE_BYTES} bytes")]
    NotAKeyring {
        /// Which file.
        path: PathBuf,
    },
    /// Not the JSON that is expected. What is there instead is not said, as it may be a key.
    #[error("the keyring is malformed at line {line}, column {column}")]
    Malformed {
        /// Counted from one; zero if there is no place to name.
        line: usize,
        /// Counted from one; zero if there is no place to name.
        column: usize,
    },
    /// Written by another version of this service.
    #[error("the keyring has version {version}, which is not known")]
    Version {
        /// What it has.
        version: u32,
    },
    /// A wrapping key's id is not 1 to 64 of `a-z`, `0-9` and `-`.
    #[error("the id of wrapping key number {position} is not 1 to 64 of a-z, 0-9 and -")]
    KeyId {
        /// Which of the list, counted from one.
        position: usize,
    },
    /// A key is not the padded base64 of 32 bytes.
    #[error("{which} is not 32 bytes in base64")]
    NotAKey {
        /// Which key, by its place in the file.
        which: String,
    },
    /// The same id or the same key occurs twice. Each use has a key of its own.
    #[error("{which} occurs twice")]
    Repeated {
        /// Which id or key, by its place in the file.
        which: String,
    },
    /// There is none, or there are more than [`MAX_WRAPPING_KEYS`].
    #[error("the keyring has {count} wrapping keys instead of 1 to {MAX_WRAPPING_KEYS}")]
    KeyCount {
        /// How many.
        count: usize,
    },
    /// The primary wrapping key is not in the list.
    #[error("the keyring does not hold its primary wrapping key")]
    NoPrimary,
    /// What is to be unwrapped was wrapped by a key that is not held.
    #[error("the keyring does not hold wrapping key {key_id}")]
    UnknownKey {
        /// Which one.
        key_id: String,
    },
    /// A key could not be wrapped, unwrapped or derived.
    #[error("a key could not be wrapped, unwrapped or derived")]
    Crypt(#[from] crypt::Error),
}
