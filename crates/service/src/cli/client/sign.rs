//! Signing as the command line does it: it has no signing service, and says so in what it hands over as evidence.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use fuldmagt_proto::v1::{self, preview_delegation_request::Agreement};
use rcgen::{KeyPair, PublicKeyData as _, SigningKey as _};
use serde_json::json;
use tonic::Status;

use super::Client;
use crate::{
    clock::{Clock as _, SystemClock},
    rpc::to_proto::timestamp,
};

/// What evidence that was made here says about itself.
const MADE_BY: &str = "the development client of fuldmagt, which is no signing service: nobody's identity was checked, and \
                       the key was made for this one signature";

/// An agreement, and the signature on it.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Signed {
    /// What was signed.
    pub(in crate::cli) agreement: v1::AgreementText,
    /// As a front end hands it over.
    pub(in crate::cli) proof: v1::SignatureProof,
}

impl Client {
    /// Has the service write what is to be signed, and signs it for the actor, whom the identifier names.
    pub(in crate::cli) async fn sign(
        &self,
        actor: Option<v1::Actor>,
        signer: v1::Identifier,
        agreement: Agreement,
    ) -> Result<Signed, Status> {
        let request = v1::PreviewDelegationRequest { actor, agreement: Some(agreement) };
        let preview = self.delegations().preview_delegation(request).await?.into_inner();
        let agreement = preview.agreement.unwrap_or_default();
        let proof = v1::SignatureProof {
            digest: agreement.digest.clone(),
            sign_time: Some(timestamp(SystemClock.now())),
            level_of_assurance: preview.minimum_level_of_assurance,
            signer: vec![signer],
            evidence: evidence(&agreement.digest)
                .map_err(|error| Status::internal(format!("the development client cannot sign: {error}")))?,
        };
        Ok(Signed { agreement, proof })
    }
}

/// The digest, signed by a key that is made for it, and who did that.
fn evidence(digest: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
    let key = KeyPair::generate()?;
    let evidence = json!({
        "made_by": MADE_BY,
        "algorithm": "ECDSA P-256 with SHA-256, in DER",
        "signed_bytes": STANDARD.encode(digest),
        "signature": STANDARD.encode(key.sign(digest)?),
        "public_key": STANDARD.encode(key.subject_public_key_info()),
    });
    Ok(evidence.to_string().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_that_was_made_here_says_so() {
        let evidence: serde_json::Value = serde_json::from_slice(&evidence(&[7; 32]).unwrap()).unwrap();
        assert!(evidence["made_by"].as_str().unwrap().contains("no signing service"));
        assert_eq!(evidence["signed_bytes"], STANDARD.encode([7; 32]));
        assert_ne!(evidence["signature"], "");
    }
}
