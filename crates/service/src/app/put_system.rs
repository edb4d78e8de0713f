//! `PutSystem`: an authority's IT system is registered, or its titles change.

use fuldmagt_domain::{identifier::CvrNumber, privilege::SystemId, text::Title};
use fuldmagt_store::{catalogue::System, usage::About};

use super::{
    App, Call, Error, Result,
    command::{Answer, Order},
};
use crate::clients::Role;

/// A system as it is to be.
#[derive(Clone, Debug)]
pub struct PutSystem {
    /// Its id.
    pub id: SystemId,
    /// Its owner.
    pub authority: CvrNumber,
    /// Title in Danish.
    pub title_da: Title,
    /// Title in English.
    pub title_en: Title,
    /// The version as the caller read it.
    pub expected_version: Option<i64>,
}

impl App {
    /// Registers or changes a system. Three round trips to the database.
    ///
    /// # Errors
    /// [`Error::SystemNotFound`] when it is another authority's, [`Error::OwnerMismatch`], [`Error::EtagMismatch`],
    /// and those of every command.
    pub async fn put_system(
        &self,
        order: Order,
        put: PutSystem,
        encode: fn(&System) -> Vec<u8>,
    ) -> Result<Answer> {
        let app = self.clone();
        self.run(order, About::default(), move |order| {
            let (app, put) = (app.clone(), put.clone());
            async move { app.put_system_once(&order, put, encode).await }
        })
        .await
    }

    async fn put_system_once(
        &self,
        order: &Order,
        put: PutSystem,
        encode: fn(&System) -> Vec<u8>,
    ) -> Result<Answer> {
        let known = self.store.system(&put.id).await?;
        if let Some(known) = &known {
            require_owner(&order.call, &known.authority, Error::SystemNotFound)?;
            if known.authority != put.authority {
                return Err(Error::OwnerMismatch);
            }
        }
        require_owner(&order.call, &put.authority, Error::OwnerMismatch)?;
        let version = next_version(known.map(|known| known.version), put.expected_version)?;
        let system = System {
            id: put.id,
            authority: put.authority,
            title_da: put.title_da,
            title_en: put.title_en,
            version,
        };
        let response = encode(&system);
        let revision = self.store.put_system(&system, &response, &order.command()).await?;
        Ok(Answer { response, revision })
    }
}

/// An authority changes its own catalogue, an operator any.
pub(super) fn require_owner(call: &Call, owner: &CvrNumber, otherwise: Error) -> Result<()> {
    let client = &call.caller.client;
    if client.roles.contains(Role::Operator) || client.cvr == *owner { Ok(()) } else { Err(otherwise) }
}

/// The version after a put, from the one stored and the one that the caller says it read.
pub(super) fn next_version(known: Option<i64>, expected: Option<i64>) -> Result<i64> {
    if expected.is_some() && expected != known {
        return Err(Error::EtagMismatch);
    }
    Ok(known.unwrap_or(0) + 1)
}
