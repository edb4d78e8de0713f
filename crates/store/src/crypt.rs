//! What protects personal data at rest: encryption under a key per party, and keyed digests to find it by.
//!
//! Everything encrypted here is AES-256-GCM-SIV (RFC 8452) in one format: a format byte, a random nonce (12
//! bytes), the cipher text, the tag (16 bytes). That mode was chosen because a nonce that happens to repeat
//! (a restored machine image, a broken random source) reveals at most that two plain texts are the same,
//! instead of the key stream.

mod index;
mod sealed;

use std::fmt;

use uuid::Uuid;
use zeroize::Zeroizing;

pub use index::IndexKey;
pub(crate) use sealed::{Batch, Secret, associated_data, open, random, seal};
pub use sealed::{KEY_BYTES, MAX_PLAIN_BYTES, OVERHEAD_BYTES};

/// Why something could not be encrypted, decrypted or derived. Says nothing about keys or contents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A key is not [`KEY_BYTES`] long.
    #[error("a key has {length} bytes instead of 32")]
    KeyLength {
        /// What it has, in bytes.
        length: usize,
    },
    /// What was to be encrypted is longer than [`MAX_PLAIN_BYTES`].
    #[error("the plain text is longer than {MAX_PLAIN_BYTES} bytes")]
    TooLong,
    /// Not encrypted under this key, for this purpose and this owner; or cut short, or changed since.
    #[error("the cipher text does not open")]
    Refused,
    /// The operating system gave no randomness. Nothing was encrypted.
    #[error("the operating system gave no randomness")]
    Randomness(#[source] getrandom::Error),
    /// A sub key could not be derived. Cannot happen with the lengths that are used here.
    #[error("a sub key could not be derived")]
    Derivation,
}

/// What a cipher text is. Part of what it is bound to, so that a name cannot be put where a message belongs.
///
/// The numbers are stored inside every cipher text's tag: they never change and are never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Purpose {
    /// An identifier (CPR number, CVR number ...); the owner is the party.
    ///
    /// A party may have several. Which kind one is must be part of the plain text, as nothing else keeps two
    /// identifiers of one party from trading places.
    Identifier = 1,
    /// A party's name; the owner is the party.
    Name = 2,
    /// The message of a delegation; the owner is the delegation, the key that of the party who wrote it.
    Message = 3,
    /// The text of a signed agreement; owner and key are the proof's.
    Agreement = 4,
    /// The signer of an agreement; owner and key are the proof's.
    Signer = 5,
    /// What a signing service returned; owner and key are the proof's.
    Evidence = 6,
    /// The number that a person has in the place of another, as the CPR register tells it; the owner is the record, the
    /// key that of the register's copy.
    CprNumber = 20,
    /// Name and address in the CPR register; owner and key likewise.
    CprPerson = 21,
}

/// The key of one party, under which everything personal about it is encrypted.
///
/// Destroying every wrapped copy of it erases that party's data everywhere, backups included. Wiped from
/// memory when dropped.
pub struct DataKey(Secret);

impl DataKey {
    /// A new random key.
    ///
    /// # Errors
    ///
    /// [`Error::Randomness`].
    pub fn generate() -> Result<Self, Error> {
        Secret::random().map(Self)
    }

    /// The key made of these bytes, for a [`KeyProvider`](crate::keyring::KeyProvider) that has unwrapped
    /// one.
    ///
    /// # Errors
    ///
    /// [`Error::KeyLength`] unless there are exactly [`KEY_BYTES`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        Secret::from_bytes(bytes).map(Self)
    }

    /// The key itself, for a [`KeyProvider`](crate::keyring::KeyProvider) to wrap, and for nothing else.
    pub fn expose_bytes(&self) -> &[u8; KEY_BYTES] {
        self.0.expose()
    }

    /// Encrypts `plain`, at most [`MAX_PLAIN_BYTES`], for one purpose and owner. The cipher text is
    /// [`OVERHEAD_BYTES`] longer, and a different one each time.
    ///
    /// # Errors
    ///
    /// [`Error::TooLong`], [`Error::Randomness`].
    pub fn seal(&self, purpose: Purpose, owner: Uuid, plain: &[u8]) -> Result<Vec<u8>, Error> {
        seal(&self.0, &bound_to(purpose, owner), plain)
    }

    /// Seals very many texts, faster than one by one.
    pub(crate) fn batch(&self) -> SealingBatch {
        SealingBatch(Batch::new(&self.0))
    }

    /// The plain text of what [`seal`](Self::seal) made, for the same purpose and owner. Wiped when dropped.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`], whatever the cause.
    pub fn open(&self, purpose: Purpose, owner: Uuid, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        open(&self.0, &bound_to(purpose, owner), sealed)
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey(redacted)")
    }
}

/// Seals very many texts under one data key.
pub(crate) struct SealingBatch(Batch);

impl SealingBatch {
    /// Appends what [`DataKey::seal`] would give for the parts as one text.
    pub(crate) fn append(
        &mut self,
        purpose: Purpose,
        owner: Uuid,
        out: &mut Vec<u8>,
        parts: &[&[u8]],
    ) -> Result<(), Error> {
        self.0.append(&bound_to(purpose, owner), out, parts)
    }
}

/// The key that page tokens are sealed with, see [`PageToken`](crate::page_token::PageToken).
///
/// Every process of one installation has the same one, so that each can go on with a page of another. Wiped
/// from memory when dropped.
pub struct TokenKey(Secret);

impl TokenKey {
    /// The key made of these bytes.
    ///
    /// # Errors
    ///
    /// [`Error::KeyLength`] unless there are exactly [`KEY_BYTES`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        Secret::from_bytes(bytes).map(Self)
    }

    pub(crate) fn secret(&self) -> &Secret {
        &self.0
    }
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenKey(redacted)")
    }
}

/// A cipher text moved to another row has another owner, and does not open there.
fn bound_to(purpose: Purpose, owner: Uuid) -> Vec<u8> {
    associated_data(b"fuldmagt data", &[&[purpose as u8], owner.as_bytes()])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const OWNER: Uuid = Uuid::from_u128(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef);
    const PURPOSES: [Purpose; 5] =
        [Purpose::Identifier, Purpose::Name, Purpose::Message, Purpose::CprNumber, Purpose::CprPerson];

    fn key(byte: u8) -> DataKey {
        DataKey::from_bytes(&[byte; KEY_BYTES]).unwrap()
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens_for_the_same_purpose_and_owner(
            plain in prop::collection::vec(any::<u8>(), 0..300),
            owner in any::<u128>(),
            purpose in 0..5_usize,
        ) {
            let (owner, purpose) = (Uuid::from_u128(owner), PURPOSES[purpose]);
            let key = DataKey::generate().unwrap();
            let sealed = key.seal(purpose, owner, &plain).unwrap();
            prop_assert_eq!(sealed.len(), plain.len() + OVERHEAD_BYTES);
            prop_assert_eq!(key.open(purpose, owner, &sealed), Ok(Zeroizing::new(plain)));
        }

        #[test]
        fn bytes_that_were_never_sealed_do_not_open(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(key(7).open(Purpose::Name, OWNER, &bytes), Err(Error::Refused));
        }
    }

    #[test]
    fn a_cipher_text_with_any_bit_changed_does_not_open() {
        let sealed = key(7).seal(Purpose::Name, OWNER, b"Ida").unwrap();
        for at in 0..sealed.len() {
            for bit in 0..8 {
                let mut changed = sealed.clone();
                changed[at] ^= 1 << bit;
                assert_eq!(
                    key(7).open(Purpose::Name, OWNER, &changed),
                    Err(Error::Refused),
                    "byte {at} bit {bit}"
                );
            }
        }
    }

    #[test]
    fn a_cipher_text_cut_short_or_drawn_out_does_not_open() {
        let mut sealed = key(7).seal(Purpose::Name, OWNER, b"Ida").unwrap();
        for length in 0..sealed.len() {
            assert_eq!(key(7).open(Purpose::Name, OWNER, &sealed[..length]), Err(Error::Refused));
        }
        sealed.push(0);
        assert_eq!(key(7).open(Purpose::Name, OWNER, &sealed), Err(Error::Refused));
    }

    #[test]
    fn a_cipher_text_does_not_open_for_another_owner_purpose_or_key() {
        let sealed = key(7).seal(Purpose::Name, OWNER, b"Ida").unwrap();
        assert_eq!(key(7).open(Purpose::Name, Uuid::from_u128(1), &sealed), Err(Error::Refused));
        assert_eq!(key(7).open(Purpose::Identifier, OWNER, &sealed), Err(Error::Refused));
        assert_eq!(key(7).open(Purpose::Message, OWNER, &sealed), Err(Error::Refused));
        assert_eq!(key(8).open(Purpose::Name, OWNER, &sealed), Err(Error::Refused));
    }

    #[test]
    fn the_same_plain_text_is_another_cipher_text_each_time() {
        let twice = [(); 2].map(|()| key(7).seal(Purpose::Name, OWNER, b"Ida").unwrap());
        assert_ne!(twice[0], twice[1]);
    }

    #[test]
    fn more_than_the_bound_is_not_encrypted_and_not_decrypted() {
        let bound = vec![1; MAX_PLAIN_BYTES];
        let sealed = key(7).seal(Purpose::Message, OWNER, &bound).unwrap();
        assert_eq!(key(7).open(Purpose::Message, OWNER, &sealed).unwrap().len(), MAX_PLAIN_BYTES);
        assert_eq!(key(7).seal(Purpose::Message, OWNER, &[bound, vec![1]].concat()), Err(Error::TooLong));
        assert_eq!(key(7).open(Purpose::Message, OWNER, &[sealed, vec![1]].concat()), Err(Error::Refused));
    }

    /// Made by another implementation of RFC 8452 (OpenSSL's): what is in the database must stay readable.
    #[test]
    fn a_cipher_text_of_the_first_format_opens() {
        let sealed = [
            0x01, 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x95, 0x88, 0x2a,
            0x27, 0x1f, 0x6d, 0xf3, 0xce, 0x6a, 0xda, 0xa9, 0xe2, 0x18, 0x8f, 0x17, 0x0a, 0xc1, 0x71, 0x33,
            0x9d, 0xc8, 0x13, 0xec, 0x52, 0xcc, 0x2a, 0x94, 0xec, 0x5b, 0x4c,
        ];
        let plain = key(7).open(Purpose::Identifier, OWNER, &sealed).unwrap();
        assert_eq!(plain.as_slice(), b"cpr:0101010000");
    }

    #[test]
    fn keys_of_another_length_are_refused() {
        for length in [0, 16, 31, 33, 64] {
            let bytes = vec![1; length];
            assert_eq!(DataKey::from_bytes(&bytes).err(), Some(Error::KeyLength { length }));
            assert_eq!(TokenKey::from_bytes(&bytes).err(), Some(Error::KeyLength { length }));
            assert_eq!(IndexKey::from_bytes(&bytes).err(), Some(Error::KeyLength { length }));
        }
    }

    #[test]
    fn debug_output_shows_no_key() {
        let bytes = [0xab; KEY_BYTES];
        assert_eq!(format!("{:?}", DataKey::from_bytes(&bytes).unwrap()), "DataKey(redacted)");
        assert_eq!(format!("{:?}", TokenKey::from_bytes(&bytes).unwrap()), "TokenKey(redacted)");
        assert_eq!(format!("{:?}", IndexKey::from_bytes(&bytes).unwrap()), "IndexKey(redacted)");
    }
}
