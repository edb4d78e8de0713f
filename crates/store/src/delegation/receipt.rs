//! What was signed for a delegation, for its parties.

use chrono::{DateTime, Utc};
use fuldmagt_domain::{
    agreement::Text, assurance::LevelOfAssurance, delegation::DelegationId, party::PartyId,
};
use uuid::Uuid;

use super::proof::SEPARATOR;
use crate::{Error, Result, SHARD, Store, crypt::Purpose, revision::Revision, usage::Usage, vault};

/// What was agreed, in the wording of that day, and the signature on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The text that was signed. Its digest is the one that was signed.
    pub text: Text,
    /// When it was signed.
    pub signed_at: DateTime<Utc>,
    /// How sure the signing service was of the signer.
    pub assurance: LevelOfAssurance,
    /// Who signed; after a merge, the party that they are now.
    pub signer: PartyId,
    /// What the signing service returned, when the signer asks.
    pub evidence: Option<Evidence>,
}

/// What a signing service returned: it names its signer.
#[derive(Clone, PartialEq, Eq)]
pub struct Evidence(pub Vec<u8>);

impl std::fmt::Debug for Evidence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Evidence(redacted)")
    }
}

/// What an actor may see.
#[derive(Clone, Debug)]
pub struct VisibleReceipt {
    /// False when the delegation does not exist or is not the actor's. Then there is no receipt.
    pub visible: bool,
    /// The receipt, if anything was signed.
    pub receipt: Option<Receipt>,
    /// The state that this is from.
    pub revision: Revision,
}

struct Row {
    epoch: Uuid,
    revision: i64,
    visible: bool,
    proof_id: Option<Uuid>,
    signed_at: Option<DateTime<Utc>>,
    level_of_assurance: Option<String>,
    digest: Option<Vec<u8>>,
    key_id: Option<String>,
    key: Option<Vec<u8>>,
    agreement: Option<Vec<u8>>,
    evidence: Option<Vec<u8>>,
    signer_id: Option<Uuid>,
}

impl Store {
    /// The receipt of a delegation that the usage entry's actor is a party of, or an employee of one; logged. One round
    /// trip.
    ///
    /// # Errors
    /// [`Error::Unavailable`]; [`Error::Unreadable`], also when the text is not what was signed.
    pub async fn receipt_for(&self, id: DelegationId, usage: Usage<'_>) -> Result<VisibleReceipt> {
        let row = sqlx::query_file_as!(
            Row,
            "src/delegation/receipt.sql",
            SHARD,
            id.0,
            usage.actor.map(|actor| actor.0),
            usage.entry_id,
            usage.at,
            usage.client,
            usage.rpc,
            usage.trace_id,
        )
        .fetch_one(&self.pool)
        .await?;
        let revision = Revision { epoch: row.epoch, shard: SHARD, number: row.revision };
        Ok(VisibleReceipt { visible: row.visible, receipt: self.receipt(row)?, revision })
    }

    fn receipt(&self, row: Row) -> Result<Option<Receipt>> {
        const DAMAGED: Error = Error::Unreadable("signature proof");
        let Some(proof) = row.proof_id else { return Ok(None) };
        let (key_id, key) = row.key_id.zip(row.key).ok_or(DAMAGED)?;
        let key = self.data_key(proof, &key_id, &key)?;
        let both = vault::open(&key, Purpose::Agreement, proof, &row.agreement.ok_or(DAMAGED)?)?;
        let (da, en) = both.split_once(SEPARATOR).ok_or(DAMAGED)?;
        let text = Text { da: da.to_owned(), en: en.to_owned() };
        if row.digest.as_deref() != Some(text.digest().as_slice()) {
            return Err(DAMAGED);
        }
        let evidence = row.evidence.map(|sealed| key.open(Purpose::Evidence, proof, &sealed)).transpose();
        Ok(Some(Receipt {
            text,
            signed_at: row.signed_at.ok_or(DAMAGED)?,
            assurance: row
                .level_of_assurance
                .and_then(|level| LevelOfAssurance::parse(&level).ok())
                .ok_or(DAMAGED)?,
            signer: row.signer_id.map(PartyId).ok_or(DAMAGED)?,
            evidence: evidence.map_err(|_| DAMAGED)?.map(|evidence| Evidence(evidence.to_vec())),
        }))
    }
}
