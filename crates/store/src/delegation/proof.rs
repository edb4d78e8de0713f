//! Signature proofs: what was signed, by whom and how. Each has a data key of its own, so that it outlives the
//! delegation, and the parties' keys.

use chrono::{DateTime, Utc};
use fuldmagt_domain::{
    assurance::LevelOfAssurance, delegation::DelegationId, identifier::Identifier, party::PartyId,
};
use uuid::Uuid;

use super::SealedMessage;
use crate::{
    Error, Result, Store,
    crypt::{DataKey, Purpose},
    delegation::PartyFacts,
    keyring::WrappedKey,
    vault,
};
use fuldmagt_domain::text::Message;

/// A signature on an agreement.
#[derive(Clone)]
pub struct Proof<'a> {
    /// The proof's id.
    pub id: Uuid,
    /// What was signed for.
    pub delegation: DelegationId,
    /// The version that the delegation has after it.
    pub version: i64,
    /// Who signed.
    pub signer: PartyId,
    /// When.
    pub signed_at: DateTime<Utc>,
    /// How sure the signing service is of the signer.
    pub assurance: LevelOfAssurance,
    /// SHA-256 of the text.
    pub digest: [u8; 32],
    /// What was signed, in Danish.
    pub text_da: &'a str,
    /// The same in English.
    pub text_en: &'a str,
    /// The signer as the signing service names them.
    pub identifiers: &'a [Identifier],
    /// What the signing service returned.
    pub evidence: &'a [u8],
}

/// A proof, sealed under a data key of its own.
#[derive(Clone, Debug)]
pub struct SealedProof {
    pub(super) id: Uuid,
    pub(super) delegation: DelegationId,
    pub(super) version: i64,
    pub(super) signer: PartyId,
    pub(super) signed_at: DateTime<Utc>,
    pub(super) assurance: LevelOfAssurance,
    pub(super) digest: [u8; 32],
    pub(super) index: [u8; 32],
    pub(super) key: WrappedKey,
    pub(super) agreement: Vec<u8>,
    pub(super) signer_sealed: Vec<u8>,
    pub(super) evidence: Vec<u8>,
}

/// Between the two texts of an agreement: no text holds it.
pub(super) const SEPARATOR: char = '\0';

impl Store {
    /// Seals a proof under a new data key.
    ///
    /// # Errors
    /// [`Error::Unreadable`].
    pub fn seal_proof(&self, proof: &Proof<'_>) -> Result<SealedProof> {
        let key = DataKey::generate().map_err(|_| Error::Unreadable("no randomness for a data key"))?;
        let wrapped = self
            .keys
            .wrap(&key, proof.id.as_bytes())
            .map_err(|_| Error::Unreadable("a data key cannot be wrapped"))?;
        let agreement = zeroize::Zeroizing::new(format!("{}{SEPARATOR}{}", proof.text_da, proof.text_en));
        let named =
            |identifier: &Identifier| format!("{}:{}", identifier.kind().as_str(), identifier.expose());
        let signer: Vec<String> = proof.identifiers.iter().map(named).collect();
        let signer = zeroize::Zeroizing::new(signer.join("\n"));
        let seal = |purpose, plain: &[u8]| {
            key.seal(purpose, proof.id, plain).map_err(|_| Error::Unreadable("a proof cannot be sealed"))
        };
        Ok(SealedProof {
            id: proof.id,
            delegation: proof.delegation,
            version: proof.version,
            signer: proof.signer,
            signed_at: proof.signed_at,
            assurance: proof.assurance,
            digest: proof.digest,
            index: self.keys.index_key().signature(
                proof.signer.0.as_bytes(),
                &proof.digest,
                proof.signed_at.timestamp_micros(),
                proof.evidence,
            ),
            agreement: seal(Purpose::Agreement, agreement.as_bytes())?,
            signer_sealed: seal(Purpose::Signer, signer.as_bytes())?,
            evidence: seal(Purpose::Evidence, proof.evidence)?,
            key: wrapped,
        })
    }

    /// Seals a message under its writer's data key.
    ///
    /// # Errors
    /// [`Error::Unreadable`].
    pub fn seal_message(
        &self,
        delegation: DelegationId,
        writer: &PartyFacts,
        message: &Message,
    ) -> Result<SealedMessage> {
        let bytes = vault::seal(writer.key()?, Purpose::Message, delegation.0, message.expose())?;
        Ok(SealedMessage { writer: writer.party.id, bytes })
    }
}
