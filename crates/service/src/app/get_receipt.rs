//! `GetReceipt`: what was signed for a delegation, for one of its parties.

use fuldmagt_domain::delegation::DelegationId;
use fuldmagt_store::{delegation::Receipt, revision::Revision};

use super::{App, Call, Error, Result};

impl App {
    /// What was agreed, in the wording of that day. One round trip to the database.
    ///
    /// # Errors
    /// [`Error::DelegationNotFound`] when there is none or it is not the actor's; [`Error::ReceiptNotFound`] when nothing
    /// was signed.
    pub async fn get_receipt(&self, call: &Call, id: DelegationId) -> Result<(Receipt, Revision)> {
        let found = self.store.receipt_for(id, call.usage()).await?;
        if !found.visible {
            return Err(Error::DelegationNotFound);
        }
        Ok((found.receipt.ok_or(Error::ReceiptNotFound)?, found.revision))
    }
}
