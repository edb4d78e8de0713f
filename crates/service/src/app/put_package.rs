//! `PutPackage`: a package is registered without content, or its texts and rules are changed.

use fuldmagt_domain::{identifier::CvrNumber, package::PackageId, privilege::AgeRange};
use fuldmagt_store::{
    catalogue::Texts,
    package::{self, Package},
    revision::Revision,
    usage::About,
};

use super::{
    App, Call, Error, Result,
    command::{Answer, Mode, Order},
    impact::{ChangedPackage, PackageImpact},
    put_system::{next_version, require_owner},
};

/// A package as it is to be.
#[derive(Clone, Debug)]
pub struct PutPackage {
    /// Its id.
    pub id: PackageId,
    /// Its owner.
    pub authority: CvrNumber,
    /// What people read of it.
    pub texts: Texts,
    /// The ages of persons that may give it.
    pub delegator_ages: AgeRange,
    /// The version as the caller read it.
    pub expected_version: Option<i64>,
}

impl App {
    /// Registers or changes a package; what it holds stays as it is. Three round trips to the database.
    ///
    /// # Errors
    /// [`Error::PackageNotFound`] when it is another authority's, [`Error::OwnerMismatch`], [`Error::EtagMismatch`],
    /// and those of every command.
    pub async fn put_package(
        &self,
        order: Order,
        put: PutPackage,
        mode: Mode,
        encode: fn(&ChangedPackage) -> Vec<u8>,
    ) -> Result<Answer> {
        if mode == Mode::ValidateOnly {
            let (changed, revision) = self.decide_put_package(&order.call, put).await?;
            return Ok(Answer { response: encode(&changed), revision });
        }
        let app = self.clone();
        self.run(order, About::default(), move |order| {
            let (app, put) = (app.clone(), put.clone());
            async move {
                let (changed, _) = app.decide_put_package(&order.call, put).await?;
                let response = encode(&changed);
                let change = package::Change::Put;
                let revision =
                    app.store.put_package(&changed.package, change, &response, &order.command()).await?;
                Ok(Answer { response, revision })
            }
        })
        .await
    }

    /// The package as it would be, and the state that this is decided by.
    async fn decide_put_package(&self, call: &Call, put: PutPackage) -> Result<(ChangedPackage, Revision)> {
        let found = self.store.find_package(&put.id, call.at, call.at).await?;
        let impact = PackageImpact::unchanged(&found);
        if let Some(known) = &found.package {
            require_owner(call, &known.authority, Error::PackageNotFound)?;
            if known.authority != put.authority {
                return Err(Error::OwnerMismatch);
            }
        }
        require_owner(call, &put.authority, Error::OwnerMismatch)?;
        let version = next_version(found.package.as_ref().map(|known| known.version), put.expected_version)?;
        let (hidden, current, upcoming) =
            found.package.map_or((None, None, None), |known| (known.hidden, known.current, known.upcoming));
        let package = Package {
            id: put.id,
            authority: put.authority,
            texts: put.texts,
            delegator_ages: put.delegator_ages,
            hidden,
            current,
            upcoming,
            version,
        };
        Ok((ChangedPackage { package, impact }, found.revision))
    }
}
