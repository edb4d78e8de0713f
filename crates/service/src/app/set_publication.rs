//! `PublishPrivilege` and `HidePrivilege`: a privilege is made available, or taken out of use, now.

use fuldmagt_domain::privilege::{PrivilegeUri, Publication};
use fuldmagt_store::{
    catalogue::{self, CataloguePrivilege},
    usage::About,
};

use super::{
    App, Error, Result,
    command::{Answer, Order},
    put_system::require_owner,
};

/// What is to happen to the privilege.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Make it available.
    Publish,
    /// Take it out of use.
    Hide,
}

impl App {
    /// Publishes or hides a privilege; what is so already stays as it is. Three round trips to the database.
    ///
    /// # Errors
    /// [`Error::PrivilegeNotFound`] when it is unknown or another authority's, [`Error::PrivilegeIsDraft`] when a
    /// draft is to be hidden, and those of every command.
    pub async fn set_publication(
        &self,
        order: Order,
        uri: PrivilegeUri,
        change: Change,
        encode: fn(&CataloguePrivilege) -> Vec<u8>,
    ) -> Result<Answer> {
        let app = self.clone();
        self.run(order, About::default(), move |order| {
            let (app, uri) = (app.clone(), uri.clone());
            async move { app.set_publication_once(&order, &uri, change, encode).await }
        })
        .await
    }

    async fn set_publication_once(
        &self,
        order: &Order,
        uri: &PrivilegeUri,
        change: Change,
        encode: fn(&CataloguePrivilege) -> Vec<u8>,
    ) -> Result<Answer> {
        let mut entry = self.store.privilege(uri).await?.ok_or(Error::privilege_not_found("privilege"))?;
        require_owner(&order.call, &entry.privilege.authority, Error::privilege_not_found("privilege"))?;
        let before = entry.privilege.publication;
        let (after, event) = match change {
            Change::Publish => (before.publish(order.call.at), catalogue::Change::Published),
            Change::Hide if before == Publication::Draft => return Err(Error::PrivilegeIsDraft),
            Change::Hide => (before.hide(order.call.at), catalogue::Change::Hidden),
        };
        if after == before {
            let response = encode(&entry);
            let revision =
                self.store.remember(&order.command(), About::default(), "unchanged", &response).await?;
            return Ok(Answer { response, revision });
        }
        entry.privilege.publication = after;
        entry.version += 1;
        let response = encode(&entry);
        let revision = self.store.put_privilege(&entry, event, &response, &order.command()).await?;
        Ok(Answer { response, revision })
    }
}
