//! Where a list goes on: what the service must remember between two pages, kept by the client and unreadable
//! to it.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::crypt::{self, TokenKey};
use crate::revision::Revision;

/// What the next page must agree with, and where it begins.
///
/// Sealed under the token key, so that the key within (it may name parties that the client has not been
/// shown) is unreadable and a forged token is refused. Bound to one client and one query: it does not open
/// for another.
#[derive(Clone, PartialEq, Eq)]
pub struct PageToken {
    /// Digest of everything in the request that decides what is listed, page size and token apart.
    pub query_digest: [u8; 32],
    /// The registered client whose list it is.
    pub client_id: String,
    /// The revision that the first page was answered at.
    pub revision: Revision,
    /// The instant that periods are compared with, in microseconds since 1970-01-01T00:00:00Z.
    pub evaluated_at_us: i64,
    /// The sort key of the last row shown, at most [`MAX_LAST_KEY_BYTES`].
    pub last_key: Vec<u8>,
}

/// The longest sort key, in bytes: a privilege URI (500) and two identifiers, with room to spare.
pub const MAX_LAST_KEY_BYTES: usize = 600;

/// The longest token, in characters of base64url.
pub const MAX_TOKEN_CHARS: usize =
    (crypt::OVERHEAD_BYTES + REVISION_BYTES + INSTANT_BYTES + MAX_LAST_KEY_BYTES).div_ceil(3) * 4;

const REVISION_BYTES: usize = 27;
const INSTANT_BYTES: usize = 8;

/// Why a token could not be made or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not a token of this service for this client and query. Why is not said: it would only help a forger.
    #[error("not a page token for this query")]
    Invalid,
    /// A mistake of ours: the sort key is longer than [`MAX_LAST_KEY_BYTES`].
    #[error("the sort key is longer than {MAX_LAST_KEY_BYTES} bytes")]
    LastKeyTooLong,
    /// The token could not be encrypted.
    #[error("the page token could not be sealed")]
    Seal(#[source] crypt::Error),
}

impl PageToken {
    /// The token for the client: at most [`MAX_TOKEN_CHARS`] of base64url (RFC 4648, section 5), another one
    /// each time.
    ///
    /// # Errors
    ///
    /// [`Error::LastKeyTooLong`], [`Error::Seal`].
    pub fn seal(&self, key: &TokenKey) -> Result<String, Error> {
        if self.last_key.len() > MAX_LAST_KEY_BYTES {
            return Err(Error::LastKeyTooLong);
        }
        let mut plain = Vec::with_capacity(REVISION_BYTES + INSTANT_BYTES + self.last_key.len());
        plain.extend_from_slice(&self.revision.to_bytes());
        plain.extend_from_slice(&self.evaluated_at_us.to_be_bytes());
        plain.extend_from_slice(&self.last_key);
        let bound_to = bound_to(&self.query_digest, &self.client_id);
        let sealed = crypt::seal(key.secret(), &bound_to, &plain).map_err(Error::Seal)?;
        Ok(URL_SAFE_NO_PAD.encode(sealed))
    }

    /// What was sealed, if it was for this query and this client.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`], whatever the cause.
    pub fn open(
        key: &TokenKey,
        token: &str,
        expected_query_digest: &[u8; 32],
        expected_client: &str,
    ) -> Result<Self, Error> {
        // First the length, so that nothing long is decoded.
        if token.len() > MAX_TOKEN_CHARS {
            return Err(Error::Invalid);
        }
        let sealed = URL_SAFE_NO_PAD.decode(token).map_err(|_| Error::Invalid)?;
        let bound_to = bound_to(expected_query_digest, expected_client);
        let plain = crypt::open(key.secret(), &bound_to, &sealed).map_err(|_| Error::Invalid)?;
        let (revision, rest) = plain.split_first_chunk::<REVISION_BYTES>().ok_or(Error::Invalid)?;
        let (evaluated_at_us, last_key) = rest.split_first_chunk::<INSTANT_BYTES>().ok_or(Error::Invalid)?;
        if last_key.len() > MAX_LAST_KEY_BYTES {
            return Err(Error::Invalid);
        }
        Ok(Self {
            query_digest: *expected_query_digest,
            client_id: expected_client.to_owned(),
            revision: Revision::from_bytes(revision).map_err(|_| Error::Invalid)?,
            evaluated_at_us: i64::from_be_bytes(*evaluated_at_us),
            last_key: last_key.to_vec(),
        })
    }
}

impl fmt::Debug for PageToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PageToken")
            .field("client_id", &self.client_id)
            .field("revision", &self.revision)
            .field("evaluated_at_us", &self.evaluated_at_us)
            .finish_non_exhaustive()
    }
}

/// Query and client are not in the token: it is authenticated with them, and opens with the same ones only.
fn bound_to(query_digest: &[u8; 32], client_id: &str) -> Vec<u8> {
    crypt::associated_data(b"fuldmagt page token", &[query_digest, client_id.as_bytes()])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn key(byte: u8) -> TokenKey {
        TokenKey::from_bytes(&[byte; 32]).unwrap()
    }

    fn page() -> PageToken {
        PageToken {
            query_digest: [9; 32],
            client_id: "tax-authority".to_owned(),
            revision: Revision { epoch: Uuid::from_u128(5), shard: 0, number: 42 },
            evaluated_at_us: 1_780_000_000_000_000,
            last_key: b"0198-last-key".to_vec(),
        }
    }

    fn open(token: &str) -> Result<PageToken, Error> {
        PageToken::open(&key(1), token, &[9; 32], "tax-authority")
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens_for_the_same_query_and_client(
            query_digest in any::<[u8; 32]>(), client_id in "[a-z-]{1,64}", number in 0..=i64::MAX,
            evaluated_at_us in any::<i64>(),
            last_key in prop::collection::vec(any::<u8>(), 0..=MAX_LAST_KEY_BYTES),
        ) {
            let revision = Revision { number, ..page().revision };
            let page = PageToken { query_digest, client_id, revision, evaluated_at_us, last_key };
            let token = page.seal(&key(1)).unwrap();
            prop_assert!(token.len() <= MAX_TOKEN_CHARS);
            prop_assert_eq!(PageToken::open(&key(1), &token, &query_digest, &page.client_id), Ok(page.clone()));
        }

        #[test]
        fn a_text_that_was_never_sealed_is_invalid(token in "[A-Za-z0-9_-]{0,200}|.{0,50}") {
            prop_assert_eq!(open(&token), Err(Error::Invalid));
        }
    }

    #[test]
    fn a_token_is_invalid_for_another_client_query_or_key() {
        let token = page().seal(&key(1)).unwrap();
        assert_eq!(open(&token), Ok(page()));
        assert_eq!(PageToken::open(&key(2), &token, &[9; 32], "tax-authority"), Err(Error::Invalid));
        assert_eq!(PageToken::open(&key(1), &token, &[8; 32], "tax-authority"), Err(Error::Invalid));
        assert_eq!(PageToken::open(&key(1), &token, &[9; 32], "tax-authorit"), Err(Error::Invalid));
        assert_eq!(PageToken::open(&key(1), &token, &[9; 32], ""), Err(Error::Invalid));
    }

    #[test]
    fn a_token_with_any_character_changed_is_invalid() {
        // One length for each number of spare bits that base64 may end with.
        for length in 10..13 {
            let token = PageToken { last_key: vec![3; length], ..page() }.seal(&key(1)).unwrap();
            for at in 0..token.len() {
                for other in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+".chars() {
                    let changed = format!("{}{other}{}", &token[..at], &token[at + 1..]);
                    assert!(changed == token || open(&changed) == Err(Error::Invalid), "character {at}");
                }
            }
        }
    }

    #[test]
    fn a_token_cut_short_or_drawn_out_is_invalid() {
        let token = page().seal(&key(1)).unwrap();
        for length in 0..token.len() {
            assert_eq!(open(&token[..length]), Err(Error::Invalid));
        }
        for end in ["A", "AA", "=", "\n", " "] {
            assert_eq!(open(&format!("{token}{end}")), Err(Error::Invalid));
        }
        assert_eq!(open(&"A".repeat(1 << 20)), Err(Error::Invalid));
    }

    #[test]
    fn a_sort_key_over_the_bound_is_not_sealed() {
        let longest = PageToken { last_key: vec![1; MAX_LAST_KEY_BYTES], ..page() };
        assert_eq!(open(&longest.seal(&key(1)).unwrap()), Ok(longest));
        let longer = PageToken { last_key: vec![1; MAX_LAST_KEY_BYTES + 1], ..page() };
        assert_eq!(longer.seal(&key(1)), Err(Error::LastKeyTooLong));
    }

    #[test]
    fn a_token_shows_nothing_of_what_is_in_it_and_never_looks_the_same() {
        let tokens = [(); 2].map(|()| page().seal(&key(1)).unwrap());
        assert_ne!(tokens[0], tokens[1]);
        let bytes = URL_SAFE_NO_PAD.decode(&tokens[0]).unwrap();
        assert!(!bytes.windows(8).any(|window| page().last_key.starts_with(window)));
    }

    #[test]
    fn what_is_sealed_for_a_row_is_no_page_token() {
        let data_key = crypt::DataKey::from_bytes(&[1; 32]).unwrap();
        let sealed = data_key.seal(crypt::Purpose::Name, Uuid::from_u128(1), &[1; 50]).unwrap();
        assert_eq!(open(&URL_SAFE_NO_PAD.encode(sealed)), Err(Error::Invalid));
    }

    #[test]
    fn debug_output_shows_neither_sort_key_nor_query() {
        let shown = format!("{:?}", page());
        assert!(shown.contains("tax-authority"));
        assert!(!shown.contains("last_key") && !shown.contains("query_digest"));
    }
}
