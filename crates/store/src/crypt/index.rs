//! Keyed digests: finding an identifier without storing it, and recognising a repeated request.

use std::fmt;

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::ZeroizeOnDrop;

use super::{Error, KEY_BYTES, Secret};

/// The key of the blind indexes and payload digests.
///
/// Separate from the wrapping keys, because it cannot be rotated without renewing every index. A sub key for
/// each use is derived with HKDF-SHA-256 (RFC 5869), so that no digest of one use is ever one of another; the
/// digests are HMAC-SHA-256 (RFC 2104). Wiped from memory when dropped.
pub struct IndexKey {
    blind_index: Hmac<Sha256>,
    payload: Hmac<Sha256>,
    check: Hmac<Sha256>,
}

impl IndexKey {
    /// The key made of these bytes.
    ///
    /// # Errors
    ///
    /// [`Error::KeyLength`] unless there are exactly [`KEY_BYTES`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let secret = Secret::from_bytes(bytes)?;
        let root = Hkdf::<Sha256>::new(Some(b"fuldmagt index key"), secret.expose());
        Ok(Self {
            blind_index: sub_key(&root, b"blind index 1")?,
            payload: sub_key(&root, b"payload digest 1")?,
            check: sub_key(&root, b"check 1")?,
        })
    }

    /// What an identifier is found by: the same for the same kind and canonical form, and meaningless without
    /// the key. A plain hash would not do, as there are few enough CPR numbers to try them all.
    pub fn blind_index(&self, kind: &str, canonical: &str) -> [u8; 32] {
        digest(&self.blind_index, &[kind.as_bytes(), canonical.as_bytes()])
    }

    /// What a request is recognised by when it is sent again: the same for the same RPC and encoded payload.
    /// Keyed, because a payload may hold a CPR number.
    pub fn payload_digest(&self, rpc: &str, payload: &[u8]) -> [u8; 32] {
        digest(&self.payload, &[rpc.as_bytes(), payload])
    }

    /// What a signature is recognised by when it is sent again: the same for the same signer, digest of the text, instant in
    /// microseconds and evidence. Keyed, because evidence may hold a CPR number.
    pub fn signature(&self, signer: &[u8], digest_of_text: &[u8], at: i64, evidence: &[u8]) -> [u8; 32] {
        digest(&self.payload, &[b"signature", signer, digest_of_text, &at.to_be_bytes(), evidence])
    }

    /// What tells this key from another without revealing it; kept in the database and compared at start.
    pub fn check(&self) -> [u8; 32] {
        digest(&self.check, &[])
    }
}

impl ZeroizeOnDrop for IndexKey {}

impl fmt::Debug for IndexKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IndexKey(redacted)")
    }
}

fn sub_key(root: &Hkdf<Sha256>, info: &[u8]) -> Result<Hmac<Sha256>, Error> {
    let mut key = zeroize::Zeroizing::new([0; KEY_BYTES]);
    root.expand(info, key.as_mut_slice()).map_err(|_| Error::Derivation)?;
    Hmac::new_from_slice(key.as_slice()).map_err(|_| Error::Derivation)
}

/// Each part is preceded by its length, so that moving a byte from one part to the next gives another digest.
fn digest(key: &Hmac<Sha256>, parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = key.clone();
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(byte: u8) -> IndexKey {
        IndexKey::from_bytes(&[byte; KEY_BYTES]).unwrap()
    }

    fn hex(bytes: [u8; 32]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Computed by another implementation of RFC 5869 and RFC 2104: were one of these to change, every party
    /// would be registered a second time, and every repeated request carried out again.
    #[test]
    fn digests_never_change() {
        assert_eq!(
            hex(key(7).blind_index("cpr", "0101010000")),
            "845f7969e2a34570d308afa104274f9a7130bff50db2a4854aafc9c8d97ea062"
        );
        assert_eq!(
            hex(key(7).payload_digest("Give", b"payload")),
            "d13318f3961c8308b5528e82db57d324798a63e7d8ba76233c9c6ccc8f5ac35a"
        );
        assert_eq!(hex(key(7).check()), "dfc36471a8167ac00804ae6c73ad42d1c4b08f49469a9a565c6d1d5c892348a3");
    }

    #[test]
    fn the_inner_states_are_wiped_when_dropped() {
        fn wiped<T: ZeroizeOnDrop>() {}
        // What an `Hmac` is made of; without the `zeroize` features of `hmac` and `sha2` this does not
        // compile.
        wiped::<Sha256>();
    }

    proptest! {
        #[test]
        fn a_blind_index_is_of_one_kind_and_one_identifier(
            kind in "[a-z_]{1,12}", canonical in "[0-9a-f-]{1,36}", other in "[0-9a-f-]{1,36}",
        ) {
            let index = key(7).blind_index(&kind, &canonical);
            prop_assert_eq!(index, key(7).blind_index(&kind, &canonical));
            prop_assert_eq!(index == key(7).blind_index(&kind, &other), canonical == other);
            prop_assert_ne!(index, key(7).blind_index(&format!("{kind}x"), &canonical));
            prop_assert_ne!(index, key(8).blind_index(&kind, &canonical));
        }

        #[test]
        fn a_byte_moved_from_one_part_to_the_next_gives_another_digest(
            text in "[a-z]{2,40}", at in 1..40_usize,
        ) {
            let at = at.min(text.len() - 1);
            let (head, tail) = text.split_at(at);
            prop_assert_ne!(key(7).blind_index(head, tail), key(7).blind_index(&text, ""));
            let digest = key(7).payload_digest(head, tail.as_bytes());
            prop_assert_ne!(digest, key(7).payload_digest("", text.as_bytes()));
        }
    }

    #[test]
    fn a_digest_of_one_use_is_none_of_another() {
        assert_ne!(key(7).blind_index("a", "b"), key(7).payload_digest("a", b"b"));
    }

    #[test]
    fn the_check_is_of_one_key() {
        assert_eq!(key(7).check(), key(7).check());
        assert_ne!(key(7).check(), key(8).check());
    }
}
