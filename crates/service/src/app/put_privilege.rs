//! `PutPrivilege`: a privilege is registered as a draft, or changed.

use std::num::NonZeroU32;

use fuldmagt_domain::{
    identifier::PartyKind,
    privilege::{Privilege, PrivilegeUri, Publication, SystemId},
    text::{Description, Title},
};
use fuldmagt_store::{
    catalogue::{self, CataloguePrivilege},
    usage::About,
};

use super::{
    App, Error, Result,
    command::{Answer, Order},
    put_system::{next_version, require_owner},
};

/// A privilege as it is to be.
#[derive(Clone, Debug)]
pub struct PutPrivilege {
    /// Its name.
    pub uri: PrivilegeUri,
    /// The system it belongs to.
    pub system: SystemId,
    /// Title in Danish.
    pub title_da: Title,
    /// Title in English.
    pub title_en: Title,
    /// What the representative may do, in Danish.
    pub description_da: Description,
    /// What the representative may do, in English.
    pub description_en: Description,
    /// Longest period in days.
    pub max_period_days: Option<NonZeroU32>,
    /// Who may give it.
    pub delegator_kinds: Vec<PartyKind>,
    /// Who may hold it.
    pub representative_kinds: Vec<PartyKind>,
    /// The version as the caller read it.
    pub expected_version: Option<i64>,
}

impl App {
    /// Registers or changes a privilege; whether it is published stays as it is. At most four round trips.
    ///
    /// # Errors
    /// [`Error::SystemNotFound`] when the system is unknown or another authority's, [`Error::OwnerMismatch`] when the
    /// privilege belongs to another system, [`Error::EtagMismatch`], and those of every command.
    pub async fn put_privilege(
        &self,
        order: Order,
        put: PutPrivilege,
        encode: fn(&CataloguePrivilege) -> Vec<u8>,
    ) -> Result<Answer> {
        let app = self.clone();
        self.run(order, About::default(), move |order| {
            let (app, put) = (app.clone(), put.clone());
            async move { app.put_privilege_once(&order, put, encode).await }
        })
        .await
    }

    async fn put_privilege_once(
        &self,
        order: &Order,
        put: PutPrivilege,
        encode: fn(&CataloguePrivilege) -> Vec<u8>,
    ) -> Result<Answer> {
        let system = self.store.system(&put.system).await?.ok_or(Error::SystemNotFound)?;
        require_owner(&order.call, &system.authority, Error::SystemNotFound)?;
        let known = self.store.privilege(&put.uri).await?;
        if let Some(known) = &known {
            require_owner(
                &order.call,
                &known.privilege.authority,
                Error::privilege_not_found("privilege.privilege"),
            )?;
            if known.privilege.system != put.system {
                return Err(Error::OwnerMismatch);
            }
        }
        let publication = known.as_ref().map_or(Publication::Draft, |known| known.privilege.publication);
        let version = next_version(known.map(|known| known.version), put.expected_version)?;
        let entry = put.entry(system.authority, publication, version);
        let response = encode(&entry);
        let revision =
            self.store.put_privilege(&entry, catalogue::Change::Put, &response, &order.command()).await?;
        Ok(Answer { response, revision })
    }
}

impl PutPrivilege {
    fn entry(
        self,
        authority: fuldmagt_domain::identifier::CvrNumber,
        publication: Publication,
        version: i64,
    ) -> CataloguePrivilege {
        CataloguePrivilege {
            privilege: Privilege {
                uri: self.uri,
                system: self.system,
                authority,
                max_period_days: self.max_period_days,
                delegator_kinds: self.delegator_kinds,
                representative_kinds: self.representative_kinds,
                assurance: fuldmagt_domain::assurance::LevelOfAssurance::Substantial,
                max_sub_delegation_depth: 0,
                paper_allowed: false,
                request_allowed: true,
                publication,
            },
            title_da: self.title_da,
            title_en: self.title_en,
            description_da: self.description_da,
            description_en: self.description_en,
            version,
        }
    }
}
