//! `ListNotices`: what parties should hear of, for the front end that tells them.

use fuldmagt_store::notice::{Notices, NoticesQuestion};

use super::{App, Call, Result};

impl App {
    /// The notices that are due and not acknowledged, oldest first, no more than so many. One round trip to the
    /// database.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn list_notices(&self, call: &Call, most: u16) -> Result<Notices> {
        let ids = (0..most).map(|_| self.ids.row_id(call.at)).collect();
        Ok(self.store.notices(NoticesQuestion { ids }, call.usage()).await?)
    }
}
