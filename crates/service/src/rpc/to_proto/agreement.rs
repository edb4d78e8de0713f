//! Agreements and signatures.

use fuldmagt_domain::agreement::Text;
use fuldmagt_proto::v1;

/// The text of an agreement, with its digest.
pub fn agreement(text: &Text) -> v1::AgreementText {
    v1::AgreementText { text_da: text.da.clone(), text_en: text.en.clone(), digest: text.digest().to_vec() }
}
