//! `AcknowledgeNotices`: notices have been delivered.

use fuldmagt_store::{notice::Acknowledge, usage::About};
use uuid::Uuid;

use super::{
    App, Error, Result,
    command::{Answer, Order},
};

impl App {
    /// Acknowledges notices, all or none of them; what is acknowledged already stays so. `encode` gets how many were
    /// not. Three round trips to the database.
    ///
    /// # Errors
    /// [`Error::NoticeNotFound`] when there is not one of them, and those of every command.
    pub async fn acknowledge_notices(
        &self,
        order: Order,
        notices: Vec<Uuid>,
        encode: fn(i32) -> Vec<u8>,
    ) -> Result<Answer> {
        let app = self.clone();
        self.run(order, About::default(), move |order| {
            let (app, notices) = (app.clone(), notices.clone());
            async move { app.acknowledge(&order, &notices, encode).await }
        })
        .await
    }

    async fn acknowledge(
        &self,
        order: &Order,
        notices: &[Uuid],
        encode: fn(i32) -> Vec<u8>,
    ) -> Result<Answer> {
        let listed = self.store.listed_notices(notices).await?;
        if usize::try_from(listed.known) != Ok(notices.len()) {
            return Err(Error::NoticeNotFound);
        }
        let count = i32::try_from(listed.open).map_err(|_| Error::Broken("more notices than were named"))?;
        let response = encode(count);
        let acknowledge = Acknowledge { notices, open: listed.open, response: &response };
        let revision = self.store.acknowledge(acknowledge, &order.command()).await?;
        Ok(Answer { response, revision })
    }
}
