//! The one format of everything that is encrypted, and the secret it is encrypted under.
//!
//! `format (1) || nonce (12) || cipher text || tag (16)`, AES-256-GCM-SIV (RFC 8452). The format byte is also
//! authenticated, as is the caller's associated data.

use std::fmt;

use aes_gcm_siv::aead::{Aead, Payload};
use aes_gcm_siv::{Aes256GcmSiv, KeyInit, Nonce};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::Error;

/// Length of every key of this service, in bytes.
pub const KEY_BYTES: usize = 32;

/// The longest plain text that is encrypted, in bytes. The longest there is, the text of an agreement
/// ([`fuldmagt_domain::agreement::MAX_TEXT_BYTES`]), is shorter; a longer one is a mistake.
pub const MAX_PLAIN_BYTES: usize = 4 * 1024 * 1024;

/// By how much a cipher text is longer than its plain text, in bytes.
pub const OVERHEAD_BYTES: usize = 1 + NONCE_BYTES + TAG_BYTES;

const FORMAT: u8 = 1;
const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;

/// Thirty-two secret bytes, wiped when dropped. On the heap, so that moving the owner leaves no copy behind.
pub(crate) struct Secret(Box<[u8; KEY_BYTES]>);

impl Secret {
    pub(crate) fn random() -> Result<Self, Error> {
        let mut secret = Self(Box::new([0; KEY_BYTES]));
        fill(secret.0.as_mut_slice())?;
        Ok(secret)
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let mut secret = Self(Box::new([0; KEY_BYTES]));
        if bytes.len() != KEY_BYTES {
            return Err(Error::KeyLength { length: bytes.len() });
        }
        secret.0.copy_from_slice(bytes);
        Ok(secret)
    }

    pub(crate) fn expose(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.as_mut_slice().zeroize();
    }
}

impl ZeroizeOnDrop for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(redacted)")
    }
}

/// Random bytes for what is not secret.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    fill(&mut bytes)?;
    Ok(bytes)
}

/// The operating system's randomness.
///
/// The one thing that is taken from a global rather than from the context: keys and nonces that a caller can
/// choose are keys and nonces that a mistake can repeat, and no test needs to know them.
fn fill(bytes: &mut [u8]) -> Result<(), Error> {
    getrandom::fill(bytes).map_err(Error::Randomness)
}

/// `domain` and `parts`, each preceded by its length, so that no two lists of parts give the same bytes.
pub(crate) fn associated_data(domain: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = vec![FORMAT];
    push_prefixed(&mut bytes, domain);
    for part in parts {
        push_prefixed(&mut bytes, part);
    }
    bytes
}

/// Appends the length of `part` (8 bytes, big-endian) and `part`.
pub(crate) fn push_prefixed(bytes: &mut Vec<u8>, part: &[u8]) {
    bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
    bytes.extend_from_slice(part);
}

/// Encrypts `plain` under `key`, bound to `associated`, with a random nonce.
pub(crate) fn seal(key: &Secret, associated: &[u8], plain: &[u8]) -> Result<Vec<u8>, Error> {
    if plain.len() > MAX_PLAIN_BYTES {
        return Err(Error::TooLong);
    }
    let nonce = random::<NONCE_BYTES>()?;
    let payload = Payload { msg: plain, aad: associated };
    let encrypted = cipher(key).encrypt(&Nonce::from(nonce), payload).map_err(|_| Error::TooLong)?;
    let mut sealed = Vec::with_capacity(plain.len() + OVERHEAD_BYTES);
    sealed.push(FORMAT);
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(&encrypted);
    Ok(sealed)
}

/// Decrypts what [`seal`] made under the same key and associated data.
pub(crate) fn open(key: &Secret, associated: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
    if sealed.len() > MAX_PLAIN_BYTES + OVERHEAD_BYTES {
        return Err(Error::Refused);
    }
    let Some((&FORMAT, rest)) = sealed.split_first() else { return Err(Error::Refused) };
    let Some((nonce, encrypted)) = rest.split_first_chunk::<NONCE_BYTES>() else {
        return Err(Error::Refused);
    };
    let payload = Payload { msg: encrypted, aad: associated };
    let plain = cipher(key).decrypt(&Nonce::from(*nonce), payload).map_err(|_| Error::Refused)?;
    Ok(Zeroizing::new(plain))
}

fn cipher(key: &Secret) -> Aes256GcmSiv {
    Aes256GcmSiv::new(key.expose().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_that_read_alike_are_told_apart() {
        let apart = [
            associated_data(b"a", &[b"bc"]),
            associated_data(b"ab", &[b"c"]),
            associated_data(b"a", &[b"b", b"c"]),
            associated_data(b"a", &[b"bc", b""]),
        ];
        for (at, one) in apart.iter().enumerate() {
            assert!(!apart[at + 1..].contains(one));
        }
    }

    #[test]
    fn random_keys_differ() {
        assert_ne!(Secret::random().unwrap().expose(), Secret::random().unwrap().expose());
    }

    #[test]
    fn debug_output_shows_no_secret() {
        assert_eq!(format!("{:?}", Secret::from_bytes(&[0xab; KEY_BYTES]).unwrap()), "Secret(redacted)");
    }
}
