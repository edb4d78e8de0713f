//! `PutPrivilege`: a privilege is registered as a draft, or changed.

use std::num::NonZeroU32;

use chrono::{DateTime, Utc};
use fuldmagt_domain::{
    assurance::LevelOfAssurance,
    identifier::{CvrNumber, PartyKind},
    privilege::{AccessKind, AgeRange, Privilege, PrivilegeUri, Publication, SystemId},
};
use fuldmagt_store::{
    catalogue::{self, Affected, CataloguePrivilege, Narrowing, Texts},
    usage::About,
};

use super::{
    App, Call, Error, Result,
    command::{Answer, Mode, Order},
    impact::{self, ChangedPrivilege, PrivilegeImpact},
    put_system::{next_version, require_owner},
};

/// A privilege as it is to be.
#[derive(Clone, Debug)]
pub struct PutPrivilege {
    /// Its name.
    pub uri: PrivilegeUri,
    /// The system it belongs to.
    pub system: SystemId,
    /// What people read of it.
    pub texts: Texts,
    /// Longest period in days.
    pub max_period_days: Option<NonZeroU32>,
    /// Who may give it.
    pub delegator_kinds: Vec<PartyKind>,
    /// Who may hold it.
    pub representative_kinds: Vec<PartyKind>,
    /// Whether it lets its holder read only, or act.
    pub access: AccessKind,
    /// The level of assurance that giving it takes.
    pub assurance: LevelOfAssurance,
    /// The ages of persons that may give it.
    pub delegator_ages: AgeRange,
    /// How often it may be passed on.
    pub max_sub_delegation_depth: u8,
    /// Whether it may be given on paper.
    pub paper_allowed: bool,
    /// Whether a representative may ask for it.
    pub request_allowed: bool,
    /// The version as the caller read it.
    pub expected_version: Option<i64>,
}

/// What comes of it.
struct Decided {
    /// As it was, if it was there.
    before: Option<Privilege>,
    /// As it is to be.
    entry: CataloguePrivilege,
}

impl App {
    /// Registers or changes a privilege; whether it is published stays as it is. At most five round trips.
    ///
    /// # Errors
    /// [`Error::SystemNotFound`] when the system is unknown or another authority's, [`Error::OwnerMismatch`] when the
    /// privilege belongs to another system, [`Error::EtagMismatch`], and those of every command.
    pub async fn put_privilege(
        &self,
        order: Order,
        put: PutPrivilege,
        mode: Mode,
        encode: fn(&ChangedPrivilege) -> Vec<u8>,
    ) -> Result<Answer> {
        if mode == Mode::ValidateOnly {
            let decided = self.decide_put_privilege(&order.call, put).await?;
            let affected = self.store.affected(&decided.narrowing(order.call.at)).await?;
            let response = encode(&decided.changed(Some(&affected), order.call.at));
            return Ok(Answer { response, revision: affected.revision });
        }
        let app = self.clone();
        self.run(order, About::default(), move |order| {
            let (app, put) = (app.clone(), put.clone());
            async move {
                let decided = app.decide_put_privilege(&order.call, put).await?;
                let affected = app.affected_in_time(&decided.narrowing(order.call.at)).await?;
                let changed = decided.changed(affected.as_ref(), order.call.at);
                let (response, change) = (encode(&changed), catalogue::Change::Put);
                let revision =
                    app.store.put_privilege(&changed.entry, change, &response, &order.command()).await?;
                Ok(Answer { response, revision })
            }
        })
        .await
    }

    async fn decide_put_privilege(&self, call: &Call, put: PutPrivilege) -> Result<Decided> {
        let system = self.store.system(&put.system).await?.ok_or(Error::SystemNotFound)?;
        require_owner(call, &system.authority, Error::SystemNotFound)?;
        let known = self.store.privilege(&put.uri).await?;
        if let Some(known) = &known {
            let authority = &known.privilege.authority;
            require_owner(call, authority, Error::privilege_not_found("privilege.privilege"))?;
            if known.privilege.system != put.system {
                return Err(Error::OwnerMismatch);
            }
        }
        let version = next_version(known.as_ref().map(|known| known.version), put.expected_version)?;
        let entry = put.entry(known.as_ref(), system.authority, version, call.at);
        Ok(Decided { before: known.map(|known| known.privilege), entry })
    }
}

impl Decided {
    fn narrowing(&self, at: DateTime<Utc>) -> Narrowing<'_> {
        impact::of_rules(self.before.as_ref(), &self.entry.privilege, at)
    }

    fn changed(self, affected: Option<&Affected>, at: DateTime<Utc>) -> ChangedPrivilege {
        ChangedPrivilege { entry: self.entry, impact: affected.map(PrivilegeImpact::by_rules), at }
    }
}

impl PutPrivilege {
    fn entry(
        self,
        known: Option<&CataloguePrivilege>,
        authority: CvrNumber,
        version: i64,
        at: DateTime<Utc>,
    ) -> CataloguePrivilege {
        let (text_version, text_valid_from) = match known {
            None => (1, at),
            Some(known) if known.texts == self.texts => (known.text_version, known.text_valid_from),
            Some(known) => (known.text_version + 1, at),
        };
        CataloguePrivilege {
            privilege: Privilege {
                uri: self.uri,
                system: self.system,
                authority,
                max_period_days: self.max_period_days,
                delegator_kinds: self.delegator_kinds,
                representative_kinds: self.representative_kinds,
                access: self.access,
                assurance: self.assurance,
                delegator_ages: self.delegator_ages,
                max_sub_delegation_depth: self.max_sub_delegation_depth,
                paper_allowed: self.paper_allowed,
                request_allowed: self.request_allowed,
                publication: known.map_or(Publication::Draft, |known| known.privilege.publication),
            },
            texts: self.texts,
            text_version,
            text_valid_from,
            version,
        }
    }
}
