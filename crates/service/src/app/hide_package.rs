//! `HidePackage`: a package is taken out of use, now.

use fuldmagt_domain::package::PackageId;
use fuldmagt_store::{package, revision::Revision, usage::About};

use super::{
    App, Call, Error, Result,
    command::{Answer, Mode, Order},
    impact::{ChangedPackage, PackageImpact},
    put_system::require_owner,
};

/// What comes of it.
struct Decided {
    changed: ChangedPackage,
    /// Not, when it is hidden already.
    is_changed: bool,
    /// The state that this is decided by.
    revision: Revision,
}

impl App {
    /// Hides a package with all versions so far; what is hidden already stays as it is. Three round trips to the
    /// database.
    ///
    /// # Errors
    /// [`Error::PackageNotFound`] when it is unknown or another authority's, [`Error::PackageIsDraft`], and those of
    /// every command.
    pub async fn hide_package(
        &self,
        order: Order,
        id: PackageId,
        mode: Mode,
        encode: fn(&ChangedPackage) -> Vec<u8>,
    ) -> Result<Answer> {
        if mode == Mode::ValidateOnly {
            let decided = self.decide_hiding(&order.call, &id).await?;
            return Ok(Answer { response: encode(&decided.changed), revision: decided.revision });
        }
        let app = self.clone();
        self.run(order, About::default(), move |order| {
            let (app, id) = (app.clone(), id.clone());
            async move {
                let Decided { changed, is_changed, .. } = app.decide_hiding(&order.call, &id).await?;
                let (response, command) = (encode(&changed), order.command());
                let change = package::Change::Hidden;
                let revision = if is_changed {
                    app.store.put_package(&changed.package, change, &response, &command).await?
                } else {
                    app.store.remember(&command, About::default(), "unchanged", &response).await?
                };
                Ok(Answer { response, revision })
            }
        })
        .await
    }

    async fn decide_hiding(&self, call: &Call, id: &PackageId) -> Result<Decided> {
        let found = self.store.find_package(id, call.at, call.at).await?;
        let impact = PackageImpact::unchanged(&found);
        let mut package = found.package.ok_or(Error::PackageNotFound)?;
        require_owner(call, &package.authority, Error::PackageNotFound)?;
        let latest = found.latest.ok_or(Error::PackageIsDraft)?;
        let is_changed = package.hidden.is_none_or(|(_, version)| version != latest.number);
        if is_changed {
            package.hidden = Some((call.at, latest.number));
            package.version += 1;
        }
        Ok(Decided { changed: ChangedPackage { package, impact }, is_changed, revision: found.revision })
    }
}
