//! `GetCprImport`: how far an import has come.

use fuldmagt_store::{
    cpr::{EffectCounts, Import},
    revision::Revision,
};
use uuid::Uuid;

use super::{App, Call, Error, Result};

impl App {
    /// The calling client's import of that id. One round trip. Not logged: it tells counts, and of nobody.
    ///
    /// # Errors
    /// [`Error::ImportNotFound`], and those of the store.
    pub async fn get_cpr_import(
        &self,
        call: &Call,
        import_id: Uuid,
    ) -> Result<(Import, EffectCounts, Revision)> {
        let facts = self.store.cpr_import(&call.caller.client.id, import_id).await?;
        Ok((facts.import.ok_or(Error::ImportNotFound)?, facts.effects, facts.revision))
    }
}
