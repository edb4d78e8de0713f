//! Signatures, as a front end gets them: what is to be signed is previewed, and a signing service signs it.

use fuldmagt_domain::agreement::signature::MAX_IDENTIFIERS;
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
        signers.insert(party_id.to_owned(), identifiers.iter().take(MAX_IDENTIFIERS).cloned().collect());
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

    /// The request, signed by its actor.
    pub async fn signed<R: Signable>(&self, mut request: R) -> R {
        let signature = self.sign(request.actor(), request.agreement()).await;
        *request.signature() = Some(signature);
        request
    }

    /// The request as it is, if it is signed, and otherwise signed by its actor.
    pub(super) async fn once_signed<R: Signable>(&self, mut request: R) -> R {
        if request.signature().is_some() { request } else { self.signed(request).await }
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

/// A request that is signed.
pub trait Signable {
    /// Who signs it.
    fn actor(&self) -> Option<&v1::Actor>;
    /// What it agrees, for its preview.
    fn agreement(&self) -> Agreement;
    /// Where the signature is.
    fn signature(&mut self) -> &mut Option<v1::SignatureProof>;
}

macro_rules! signable {
    ($request:ident, $agreement:ident, $terms:ident { $($field:ident),* }) => {
        impl Signable for v1::$request {
            fn actor(&self) -> Option<&v1::Actor> {
                self.actor.as_ref()
            }

            fn agreement(&self) -> Agreement {
                Agreement::$agreement(v1::$terms { $($field: self.$field.clone()),* })
            }

            fn signature(&mut self) -> &mut Option<v1::SignatureProof> {
                &mut self.signature
            }
        }
    };
}

signable!(
    CreateDelegationRequest,
    Create,
    CreateTerms { delegator_id, representative_id, privileges, packages, period, replace_existing }
);
signable!(
    AcceptDelegationRequest,
    Accept,
    AcceptTerms { delegation_id, privileges, period, replace_existing, packages }
);
signable!(RenewDelegationRequest, Renew, RenewTerms { delegation_id, period });
signable!(
    SubDelegateRequest,
    SubDelegate,
    SubDelegateTerms { parent_id, representative_id, privileges, period }
);
