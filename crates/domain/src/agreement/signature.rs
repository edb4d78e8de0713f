//! The signature on an agreement: what it must be to count.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};

use super::Text;
use crate::{assurance::LevelOfAssurance, identifier::Identifier, party::PartyId, privilege::Privilege};

/// How old a signature may be: a day, so that who previews in the evening can sign in the morning.
pub const MAX_AGE: TimeDelta = TimeDelta::hours(24);
/// How far a signing service's clock may be ahead of ours.
pub const MAX_SKEW: TimeDelta = TimeDelta::minutes(5);
/// Most identifiers that a signing service names a signer by.
pub const MAX_IDENTIFIERS: usize = 4;
/// Longest evidence, in bytes: a signed document (PAdES, XAdES) of the text with its certificates.
pub const MAX_EVIDENCE_BYTES: usize = 256 * 1024;
/// The lowest level of assurance that anything is signed at.
pub const MIN_ASSURANCE: LevelOfAssurance = LevelOfAssurance::Substantial;

/// A signature as the signing service made it.
#[derive(Clone, PartialEq, Eq)]
pub struct Signature {
    /// The digest of the text that was signed: see [`Text::digest`].
    pub digest: [u8; 32],
    /// When it was signed.
    pub signed_at: DateTime<Utc>,
    /// How sure the signing service is of the signer.
    pub assurance: LevelOfAssurance,
    /// The signer as the signing service names them: 1 to [`MAX_IDENTIFIERS`], all different.
    pub signer: Vec<Identifier>,
    /// What the signing service returned: 1 to [`MAX_EVIDENCE_BYTES`] bytes.
    pub evidence: Vec<u8>,
}

/// A refused instant of signing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Longer than [`MAX_AGE`] ago.
    #[error("it was signed more than 24 hours ago")]
    TooOld,
    /// After now, by more than [`MAX_SKEW`].
    #[error("it was signed in the future")]
    InFuture,
}

impl TimeError {
    /// The stable, machine-readable name of the refusal.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::TooOld => "SIGNATURE_TIME_TOO_OLD",
            Self::InFuture => "SIGNATURE_TIME_IN_FUTURE",
        }
    }
}

/// Why a signature does not count for what is being agreed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// An identifier of the signer does not name the logged-in user.
    #[error("an identifier of the signer does not name the actor")]
    SignerIsNotActor {
        /// Which of them, from 0.
        place: usize,
    },
    /// A privilege demands a higher level of assurance.
    #[error("the signature is not sure enough for a privilege")]
    AssuranceTooLow,
    /// Another text was signed.
    #[error("what was signed is not what is being agreed")]
    TextMismatch,
    /// It counted for a delegation before. For the store to find out, which keeps all of them.
    #[error("the signature was used before")]
    Used,
}

/// Refuses an instant at which nobody can have signed what is sent now.
///
/// # Errors
/// [`TimeError`].
pub fn check_time(signed_at: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), TimeError> {
    let age = now.signed_duration_since(signed_at);
    if age > MAX_AGE {
        return Err(TimeError::TooOld);
    }
    if age < -MAX_SKEW { Err(TimeError::InFuture) } else { Ok(()) }
}

/// The level of assurance that login and signature must have for the privileges.
#[must_use]
pub fn minimum_assurance<'a>(privileges: impl IntoIterator<Item = &'a Privilege>) -> LevelOfAssurance {
    privileges.into_iter().map(|privilege| privilege.assurance).fold(MIN_ASSURANCE, Ord::max)
}

impl Signature {
    /// Whether the logged-in user signed this text, surely enough. `named`: which party each identifier of the signer
    /// names, in order.
    ///
    /// # Errors
    /// [`Refusal`], tried in that order.
    pub fn check(
        &self,
        text: &Text,
        minimum: LevelOfAssurance,
        named: &[Option<PartyId>],
        actor: PartyId,
    ) -> Result<(), Refusal> {
        for place in 0..self.signer.len() {
            if named.get(place).copied().flatten() != Some(actor) {
                return Err(Refusal::SignerIsNotActor { place });
            }
        }
        if self.assurance < minimum {
            return Err(Refusal::AssuranceTooLow);
        }
        if self.digest == text.digest() { Ok(()) } else { Err(Refusal::TextMismatch) }
    }
}

impl fmt::Debug for Signature {
    /// The evidence names its signer.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signature")
            .field("signed_at", &self.signed_at)
            .field("assurance", &self.assurance)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::identifier::IdentifierKind;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000, 0).unwrap()
    }

    fn text() -> Text {
        Text { da: "Hej\n".to_owned(), en: "Hi\n".to_owned() }
    }

    fn signature() -> Signature {
        Signature {
            digest: text().digest(),
            signed_at: now(),
            assurance: LevelOfAssurance::Substantial,
            signer: vec![Identifier::from_canonical(IdentifierKind::Cpr, "0501792275").unwrap()],
            evidence: b"evidence of 0501792275".to_vec(),
        }
    }

    fn party(id: u128) -> PartyId {
        PartyId(Uuid::from_u128(id))
    }

    #[test]
    fn a_signature_is_at_most_a_day_old_and_hardly_in_the_future() {
        let microsecond = TimeDelta::microseconds(1);
        assert_eq!(check_time(now() - MAX_AGE, now()), Ok(()));
        assert_eq!(check_time(now() - MAX_AGE - microsecond, now()), Err(TimeError::TooOld));
        assert_eq!(check_time(now() + MAX_SKEW, now()), Ok(()));
        assert_eq!(check_time(now() + MAX_SKEW + microsecond, now()), Err(TimeError::InFuture));
        assert_eq!(check_time(DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC), Err(TimeError::TooOld));
        assert_eq!(check_time(DateTime::<Utc>::MAX_UTC, DateTime::<Utc>::MIN_UTC), Err(TimeError::InFuture));
    }

    #[test]
    fn it_counts_when_the_actor_signed_this_text_surely_enough() {
        let check =
            |signature: &Signature, minimum, named: &[_]| signature.check(&text(), minimum, named, party(1));
        let (substantial, high) = (LevelOfAssurance::Substantial, LevelOfAssurance::High);
        let good = signature();
        assert_eq!(check(&good, substantial, &[Some(party(1))]), Ok(()));
        let other = Err(Refusal::SignerIsNotActor { place: 0 });
        for named in [&[Some(party(2))][..], &[None], &[]] {
            assert_eq!(check(&good, substantial, named), other);
        }
        assert_eq!(check(&good, high, &[Some(party(1))]), Err(Refusal::AssuranceTooLow));
        let higher = Signature { assurance: high, ..signature() };
        assert_eq!(check(&higher, high, &[Some(party(1))]), Ok(()));
        let of_other_text = Signature { digest: [7; 32], ..signature() };
        assert_eq!(check(&of_other_text, substantial, &[Some(party(1))]), Err(Refusal::TextMismatch));
    }

    #[test]
    fn every_identifier_must_name_the_actor() {
        let twice = Signature { signer: [signature().signer, signature().signer].concat(), ..signature() };
        let named = [Some(party(1)), Some(party(2))];
        assert_eq!(
            twice.check(&text(), LevelOfAssurance::Substantial, &named, party(1)),
            Err(Refusal::SignerIsNotActor { place: 1 })
        );
    }

    #[test]
    fn nothing_of_the_signer_is_in_what_is_printed_for_debugging() {
        let printed = format!("{:?}", signature());
        assert!(!printed.contains("0501792275") && !printed.contains("evidence"), "{printed}");
    }
}
