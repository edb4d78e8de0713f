//! Where in the change feed a state of the world is.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

/// A place in the change feed of one shard: everything up to and including change number `number`.
///
/// Not ordered, because two revisions of different epochs or shards cannot be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Revision {
    /// Which life of the feed; another one after a restore or a lossy failover.
    pub epoch: Uuid,
    /// Which shard's feed; not negative.
    pub shard: i16,
    /// How many commits that feed has had; not negative, zero before the first.
    pub number: i64,
}

/// Not a revision token that this service has made. Carries no more, as the text is a stranger's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a revision token")]
pub struct Error;

const FORMAT: u8 = 1;
/// Format, epoch, shard, number: a multiple of three, so that base64 has no bits to spare.
const TOKEN_BYTES: usize = 1 + 16 + 2 + 8;
/// Length of every token, in characters.
const TOKEN_CHARS: usize = TOKEN_BYTES / 3 * 4;

impl Revision {
    /// The token that clients see: 36 characters of base64url (RFC 4648, section 5). Opaque to them, but
    /// neither secret nor sealed: to forge one is to ask for freshness that may never come, and nothing else.
    pub fn to_token(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.to_bytes())
    }

    /// The revision of a token.
    ///
    /// # Errors
    ///
    /// [`Error`] unless it is exactly what [`to_token`](Self::to_token) gives for a revision that can exist.
    pub fn parse(token: &str) -> Result<Self, Error> {
        // First the length, so that nothing long is decoded.
        if token.len() != TOKEN_CHARS {
            return Err(Error);
        }
        let mut bytes = [0; TOKEN_BYTES];
        match URL_SAFE_NO_PAD.decode_slice(token, &mut bytes) {
            Ok(TOKEN_BYTES) => Self::from_bytes(&bytes),
            Ok(_) | Err(_) => Err(Error),
        }
    }

    pub(crate) fn to_bytes(self) -> [u8; TOKEN_BYTES] {
        let mut bytes = [FORMAT; TOKEN_BYTES];
        let fields = self
            .epoch
            .into_bytes()
            .into_iter()
            .chain(self.shard.to_be_bytes())
            .chain(self.number.to_be_bytes());
        for (place, byte) in bytes.iter_mut().skip(1).zip(fields) {
            *place = byte;
        }
        bytes
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let Some((&FORMAT, rest)) = bytes.split_first() else { return Err(Error) };
        let (epoch, rest) = rest.split_first_chunk::<16>().ok_or(Error)?;
        let (shard, number) = rest.split_first_chunk::<2>().ok_or(Error)?;
        let number: [u8; 8] = number.try_into().map_err(|_| Error)?;
        let revision = Self {
            epoch: Uuid::from_bytes(*epoch),
            shard: i16::from_be_bytes(*shard),
            number: i64::from_be_bytes(number),
        };
        if revision.shard < 0 || revision.number < 0 { Err(Error) } else { Ok(revision) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const REVISION: Revision =
        Revision { epoch: Uuid::from_u128(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef), shard: 0, number: 258 };

    proptest! {
        #[test]
        fn a_token_gives_back_its_revision(
            epoch in any::<u128>(), shard in 0..=i16::MAX, number in 0..=i64::MAX,
        ) {
            let revision = Revision { epoch: Uuid::from_u128(epoch), shard, number };
            let token = revision.to_token();
            prop_assert_eq!(token.len(), 36);
            prop_assert_eq!(Revision::parse(&token), Ok(revision));
        }

        #[test]
        fn whatever_parses_is_the_token_of_what_it_parses_to(
            token in "[A-Za-z0-9_-]{36}|AQ[A-Za-z0-9_-]{34}",
        ) {
            if let Ok(revision) = Revision::parse(&token) {
                prop_assert_eq!(revision.to_token(), token);
            }
        }

        #[test]
        fn no_text_makes_it_panic(token in any::<String>()) {
            prop_assert_eq!(Revision::parse(&token), Err(Error));
        }
    }

    #[test]
    fn tokens_that_clients_hold_keep_their_meaning() {
        assert_eq!(REVISION.to_token(), "AQEjRWeJq83vASNFZ4mrze8AAAAAAAAAAAEC");
        assert_eq!(Revision::parse("AQEjRWeJq83vASNFZ4mrze8AAAAAAAAAAAEC"), Ok(REVISION));
    }

    #[test]
    fn other_alphabets_paddings_lengths_and_formats_are_refused() {
        let token = REVISION.to_token();
        let refused = [
            String::new(),
            token[..35].to_owned(),
            format!("{token}A"),
            format!("{token}===="),
            format!(" {}", &token[1..]),
            format!("{}=", &token[..35]),
            format!("{}+", &token[..35]),
            format!("{}\n", &token[..35]),
            format!("Ag{}", &token[2..]),
            format!("AA{}", &token[2..]),
        ];
        for text in refused {
            assert_eq!(Revision::parse(&text), Err(Error), "{text:?}");
        }
    }

    #[test]
    fn revisions_that_cannot_exist_are_refused() {
        assert_eq!(Revision::parse(&Revision { number: -1, ..REVISION }.to_token()), Err(Error));
        assert_eq!(Revision::parse(&Revision { shard: -1, ..REVISION }.to_token()), Err(Error));
    }
}
