//! The one format of everything that is encrypted, and the secret it is encrypted under.
//!
//! `format (1) || nonce (12) || cipher text || tag (16)`, AES-256-GCM-SIV (RFC 8452). The format byte is also
//! authenticated, as is the caller's associated data.

use std::fmt;

use aes_gcm_siv::aead::{Aead as _, AeadInOut as _, Payload};
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
/// Some kilobytes of randomness at a time: asking the operating system for each nonce takes as long as the encryption.
const BATCH_NONCES: usize = 256;

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
    let length = parts.iter().map(|part| 8 + part.len()).sum::<usize>();
    let mut bytes = Vec::with_capacity(1 + 8 + domain.len() + length);
    bytes.push(FORMAT);
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
    let mut sealed = Vec::new();
    append_sealed(&cipher(key), random()?, associated, &mut sealed, &[plain])?;
    Ok(sealed)
}

/// Appends the parts as one cipher text.
fn append_sealed(
    cipher: &Aes256GcmSiv,
    nonce: [u8; NONCE_BYTES],
    associated: &[u8],
    out: &mut Vec<u8>,
    parts: &[&[u8]],
) -> Result<(), Error> {
    let length = parts.iter().map(|part| part.len()).sum::<usize>();
    if length > MAX_PLAIN_BYTES {
        return Err(Error::TooLong);
    }
    // Room for all of it: growing would leave a copy of the plain text behind.
    out.reserve(length + OVERHEAD_BYTES);
    out.push(FORMAT);
    out.extend_from_slice(&nonce);
    let start = out.len();
    for part in parts {
        out.extend_from_slice(part);
    }
    let plain = out.get_mut(start..).unwrap_or_default();
    let tag = cipher
        .encrypt_inout_detached(&Nonce::from(nonce), associated, plain.into())
        .map_err(|_| Error::TooLong)?;
    out.extend_from_slice(&tag);
    Ok(())
}

/// Encrypts very many texts under one key: takes randomness for many nonces at a time, expands the key once, and writes
/// where the cipher texts are wanted.
pub(crate) struct Batch {
    cipher: Aes256GcmSiv,
    randomness: Box<[u8; NONCE_BYTES * BATCH_NONCES]>,
    used: usize,
}

impl Batch {
    pub(crate) fn new(key: &Secret) -> Self {
        Self {
            cipher: cipher(key),
            randomness: Box::new([0; NONCE_BYTES * BATCH_NONCES]),
            used: BATCH_NONCES,
        }
    }

    /// Appends what [`seal`] would give for the parts as one text.
    pub(crate) fn append(
        &mut self,
        associated: &[u8],
        out: &mut Vec<u8>,
        parts: &[&[u8]],
    ) -> Result<(), Error> {
        let nonce = self.nonce()?;
        append_sealed(&self.cipher, nonce, associated, out, parts)
    }

    /// Each is given out once, and none before it is filled.
    fn nonce(&mut self) -> Result<[u8; NONCE_BYTES], Error> {
        if self.used >= BATCH_NONCES {
            fill(self.randomness.as_mut_slice())?;
            self.used = 0;
        }
        let (nonces, _) = self.randomness.as_chunks::<NONCE_BYTES>();
        let nonce = nonces.get(self.used).copied().ok_or(Error::Derivation)?;
        self.used += 1;
        Ok(nonce)
    }
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
    fn a_batch_seals_as_one_by_one_and_never_twice_with_the_same_nonce() {
        let key = Secret::from_bytes(&[7; KEY_BYTES]).unwrap();
        let mut batch = Batch::new(&key);
        let (mut nonces, mut out) = (std::collections::HashSet::new(), b"before".to_vec());
        for number in 0..3 * BATCH_NONCES {
            let plain = number.to_string();
            let start = out.len();
            batch.append(b"associated", &mut out, &[plain.as_bytes(), b" and ", b"more"]).unwrap();
            let sealed = &out[start..];
            let whole = format!("{plain} and more");
            assert_eq!(sealed.len(), whole.len() + OVERHEAD_BYTES);
            assert!(nonces.insert(sealed[1..=NONCE_BYTES].to_vec()), "a nonce twice");
            assert_eq!(open(&key, b"associated", sealed).unwrap().as_slice(), whole.as_bytes());
            assert_eq!(open(&key, b"other", sealed), Err(Error::Refused));
        }
        assert!(out.starts_with(b"before"));
        let half = vec![0; MAX_PLAIN_BYTES / 2 + 1];
        assert_eq!(batch.append(b"", &mut out, &[&half, &half]), Err(Error::TooLong));
    }

    /// Another implementation's answer (RFC 8452, appendix C.2, the first of AES-256 with a plain text).
    #[test]
    fn what_is_sealed_is_aes_256_gcm_siv() {
        let mut key = [0; KEY_BYTES];
        key[0] = 1;
        let mut nonce = [0; NONCE_BYTES];
        nonce[0] = 3;
        let cipher = cipher(&Secret::from_bytes(&key).unwrap());
        let mut sealed = Vec::new();
        append_sealed(&cipher, nonce, b"", &mut sealed, &[&[1, 0, 0, 0], &[0, 0, 0, 0]]).unwrap();
        let hex: String = sealed[1 + NONCE_BYTES..].iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "c2ef328e5c71c83b843122130f7364b761e0b97427e3df28");
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
