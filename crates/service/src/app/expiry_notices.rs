//! What the service does by itself: parties hear in time that a delegation is about to end.

use fuldmagt_store::notice::{EXPIRY_BATCH, Expiry};

use super::{App, Result};

impl App {
    /// Has both parties told of the delegations that end within so many days, one batch of them. One round trip.
    ///
    /// # Errors
    /// Those of the store: then the next call does what this one did not.
    pub async fn tell_of_expiry(&self, days: u32) -> Result<Expiry> {
        let now = self.clock.now();
        let ids: Vec<_> = (0..2 * EXPIRY_BATCH).map(|_| self.ids.row_id(now)).collect();
        Ok(self.store.tell_of_expiry(now, days, &ids).await?)
    }
}
