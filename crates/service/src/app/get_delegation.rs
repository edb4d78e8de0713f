//! `GetDelegation`: one delegation, for one of its parties.

use fuldmagt_domain::delegation::DelegationId;
use fuldmagt_store::{delegation::Shown, revision::Revision};

use super::{App, Call, Error, Result};

impl App {
    /// The delegation, with names and message. One round trip to the database.
    ///
    /// # Errors
    /// [`Error::DelegationNotFound`] when there is none or it is not the actor's.
    pub async fn get_delegation(&self, call: &Call, id: DelegationId) -> Result<(Shown, Revision)> {
        let visible = self.store.delegation_for(id, call.usage()).await?;
        let shown = visible.shown.ok_or(Error::DelegationNotFound)?;
        Ok((shown, visible.revision))
    }
}
