//! Signatures, as a front end gets them: what is to be signed is previewed, and a signing service signs it.

use fuldmagt_proto::v1::{self, LevelOfAssurance, preview_delegation_request::Agreement};
use fuldmagt_service::rpc::to_proto;
use tonic::{Response, Status};

use super::{World, identifier};
use crate::fixtures::note_secret;

impl World {
    /// What the actor would sign.
    ///
    /// # Errors
    /// What the service answers.
    pub async fn preview(
        &self,
        actor: Option<v1::Actor>,
        agreement: Agreement,
    ) -> Result<v1::PreviewDelegationResponse, Status> {
        let request = v1::PreviewDelegationRequest { actor, agreement: Some(agreement) };
        self.front_end.delegations().preview_delegation(request).await.map(Response::into_inner)
    }

    /// From now on signing services name the party so.
    pub fn signs_as(&self, party_id: &str, identifiers: &[v1::Identifier]) {
        let mut signers = self.signers.lock().expect("no panic");
        signers.insert(party_id.to_owned(), identifiers.to_vec());
    }

    /// The actor's signature on the text, of NSIS substantial.
    pub fn signature(&self, actor: Option<&v1::Actor>, digest: &[u8]) -> v1::SignatureProof {
        let signers = self.signers.lock().expect("no panic");
        let known = actor.and_then(|actor| signers.get(&actor.party_id).cloned());
        let nobody =
            identifier(v1::identifier::Value::Uuid("3f2504e0-4f89-41d3-9a0c-0305e82c3301".to_owned()));
        let evidence = format!("Underskriftsbevis nummer {}", self.request_id());
        note_secret(&evidence);
        v1::SignatureProof {
            digest: digest.to_vec(),
            sign_time: Some(to_proto::timestamp(self.now())),
            level_of_assurance: LevelOfAssurance::Substantial.into(),
            signer: known.unwrap_or_else(|| nobody.into_iter().collect()),
            evidence: evidence.into_bytes(),
        }
    }

    /// The actor's signature on what is previewed. Where that is refused, on something else: the command must refuse it
    /// as well, and for the same reason.
    pub async fn sign(&self, actor: Option<&v1::Actor>, agreement: Agreement) -> v1::SignatureProof {
        let digest = match self.preview(actor.cloned(), agreement).await {
            Ok(preview) => preview.agreement.expect("an agreement").digest,
            Err(_) => vec![0; 32],
        };
        self.signature(actor, &digest)
    }

    /// The gift, signed by its actor.
    pub async fn signed(&self, request: v1::CreateDelegationRequest) -> v1::CreateDelegationRequest {
        let agreement = Agreement::Create(terms(&request));
        let signature = self.sign(request.actor.as_ref(), agreement).await;
        v1::CreateDelegationRequest { signature: Some(signature), ..request }
    }

    /// What the party reads of what was signed.
    ///
    /// # Errors
    /// What the service answers.
    pub async fn receipt(
        &self,
        actor: Option<v1::Actor>,
        delegation_id: &str,
    ) -> Result<v1::GetReceiptResponse, Status> {
        let request = v1::GetReceiptRequest { actor, delegation_id: delegation_id.to_owned() };
        self.front_end.delegations().get_receipt(request).await.map(Response::into_inner)
    }
}

/// What a gift gives, for its preview.
pub fn terms(request: &v1::CreateDelegationRequest) -> v1::CreateTerms {
    let request = request.clone();
    v1::CreateTerms {
        delegator_id: request.delegator_id,
        representative_id: request.representative_id,
        privileges: request.privileges,
        packages: request.packages,
        period: request.period,
        replace_existing: request.replace_existing,
    }
}
