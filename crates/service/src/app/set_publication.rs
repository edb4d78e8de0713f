//! `PublishPrivilege` and `HidePrivilege`: a privilege is made available, or taken out of use, now or later.

use chrono::{DateTime, Utc};
use fuldmagt_domain::privilege::{ExistingGrants, PrivilegeUri, Publication, PublicationError};
use fuldmagt_store::{
    catalogue::{self, Affected, CataloguePrivilege, Narrowing},
    usage::About,
};

use super::{
    App, Call, Error, Result,
    command::{Answer, Mode, Order},
    impact::{self, ChangedPrivilege, PrivilegeImpact},
    put_system::require_owner,
};

/// What is to happen to the privilege. `on`: when, where that is later than now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Make it available.
    Publish {
        /// When.
        on: Option<DateTime<Utc>>,
    },
    /// Take it out of use.
    Hide {
        /// When.
        on: Option<DateTime<Utc>>,
        /// What becomes of delegations that were given before.
        existing: ExistingGrants,
    },
}

/// What comes of a change.
struct Decided {
    /// As it was.
    before: Publication,
    /// The privilege as it is to be.
    entry: CataloguePrivilege,
    /// From when the change counts.
    counts_from: DateTime<Utc>,
    /// What is to be written; `None` when it is so already.
    event: Option<catalogue::Change>,
}

impl App {
    /// Publishes or hides a privilege; what is so already stays as it is. Four round trips to the database.
    ///
    /// # Errors
    /// [`Error::PrivilegeNotFound`] when it is unknown or another authority's, [`Error::PrivilegeIsDraft`] when a
    /// draft is to be hidden, [`Error::PrivilegeIsHidden`] when what lives on is to be stopped later, and those of
    /// every command.
    pub async fn set_publication(
        &self,
        order: Order,
        (uri, change): (PrivilegeUri, Change),
        mode: Mode,
        encode: fn(&ChangedPrivilege) -> Vec<u8>,
    ) -> Result<Answer> {
        if mode == Mode::ValidateOnly {
            let decided = self.decide_publication(&order.call, &uri, change).await?;
            let affected = self.store.affected(&decided.narrowing(order.call.at)).await?;
            let response = encode(&decided.changed(Some(&affected), order.call.at));
            return Ok(Answer { response, revision: affected.revision });
        }
        let app = self.clone();
        self.run(order, About::default(), move |order| {
            let (app, uri) = (app.clone(), uri.clone());
            async move {
                let decided = app.decide_publication(&order.call, &uri, change).await?;
                let affected = app.affected_in_time(&decided.narrowing(order.call.at)).await?;
                let event = decided.event;
                let changed = decided.changed(affected.as_ref(), order.call.at);
                let (response, command) = (encode(&changed), order.command());
                let revision = match event {
                    Some(event) => {
                        app.store.put_privilege(&changed.entry, event, &response, &command).await?
                    }
                    None => app.store.remember(&command, About::default(), "unchanged", &response).await?,
                };
                Ok(Answer { response, revision })
            }
        })
        .await
    }

    async fn decide_publication(&self, call: &Call, uri: &PrivilegeUri, change: Change) -> Result<Decided> {
        let not_found = || Error::privilege_not_found("privilege");
        let mut entry = self.store.privilege(uri).await?.ok_or_else(not_found)?;
        require_owner(call, &entry.privilege.authority, not_found())?;
        let before = entry.privilege.publication;
        let (after, on, event) = match change {
            Change::Publish { on } => (before.publish(on, call.at), on, catalogue::Change::Published),
            Change::Hide { on, existing } => {
                let after = before.hide(on, existing, call.at).map_err(refused)?;
                (after, on, catalogue::Change::Hidden)
            }
        };
        let is_changed = after != before;
        if is_changed {
            entry.privilege.publication = after;
            entry.version += 1;
        }
        let counts_from = on.unwrap_or(call.at);
        Ok(Decided { before, entry, counts_from, event: is_changed.then_some(event) })
    }
}

impl Decided {
    const fn narrowing(&self, at: DateTime<Utc>) -> Narrowing<'_> {
        impact::of_publication(&self.entry.privilege, at, self.counts_from)
    }

    fn changed(self, affected: Option<&Affected>, at: DateTime<Utc>) -> ChangedPrivilege {
        let publications = (self.before, self.entry.privilege.publication);
        let impact =
            affected.map(|found| PrivilegeImpact::by_publication(publications, self.counts_from, found));
        ChangedPrivilege { entry: self.entry, impact, at }
    }
}

fn refused(error: PublicationError) -> Error {
    match error {
        PublicationError::Draft => Error::PrivilegeIsDraft,
        PublicationError::Hidden => Error::PrivilegeIsHidden,
        PublicationError::InPast | PublicationError::TooFarAhead => {
            Error::Broken("an instant that was read is refused")
        }
    }
}
