//! `ListSystems`, `ListPrivileges` and `ListPackages`: an authority sees its own, an operator all, a front end all
//! systems and what may be given.

use fuldmagt_domain::{
    identifier::CvrNumber,
    package::PackageId,
    privilege::{PrivilegeUri, SystemId},
};
use fuldmagt_store::{
    catalogue::{CataloguePrivilege, PrivilegeFilter, System},
    package::Package,
    revision::Revision,
};

use super::{App, Call, Result, paging::PageRequest};
use crate::clients::Role;

/// One page of systems or privileges.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The entries, in order.
    pub items: Vec<T>,
    /// Token of the next page, empty on the last.
    pub next_page_token: String,
    /// The state that the page is from.
    pub revision: Revision,
}

impl App {
    /// One page of the systems that the caller may see. One round trip to the database.
    ///
    /// # Errors
    /// [`super::Error::Invalid`] for a foreign page token.
    pub async fn list_systems(&self, call: &Call, request: &PageRequest) -> Result<Page<System>> {
        let page = self.page(call, request, &[])?;
        let after = page.after.as_deref().and_then(text).and_then(|id| SystemId::parse(id).ok());
        let found = self.store.list_systems(owner(call), after.as_ref(), request.size).await?;
        let last = found.items.last().filter(|_| found.has_more).map(|system| system.id.as_str());
        let next_page_token = match last {
            None => String::new(),
            Some(last) => self.next_token(call, &page, found.revision, last.as_bytes().to_vec())?,
        };
        Ok(Page { items: found.items, next_page_token, revision: found.revision })
    }

    /// One page of the privileges that the caller may see, of one system or all. One round trip to the database.
    ///
    /// # Errors
    /// [`super::Error::Invalid`] for a foreign page token.
    pub async fn list_privileges(
        &self,
        call: &Call,
        system: Option<SystemId>,
        request: &PageRequest,
    ) -> Result<Page<CataloguePrivilege>> {
        let query = system.as_ref().map_or(&b""[..], |system| system.as_str().as_bytes());
        let page = self.page(call, request, query)?;
        let after = page.after.as_deref().and_then(text).and_then(|uri| PrivilegeUri::parse(uri).ok());
        let filter = PrivilegeFilter {
            owner: owner(call).cloned(),
            published_only: published_only(call),
            system,
            at: call.at,
        };
        let found = self.store.list_privileges(&filter, after.as_ref(), request.size).await?;
        let last = found.items.last().filter(|_| found.has_more).map(|entry| entry.privilege.uri.as_str());
        let next_page_token = match last {
            None => String::new(),
            Some(last) => self.next_token(call, &page, found.revision, last.as_bytes().to_vec())?,
        };
        Ok(Page { items: found.items, next_page_token, revision: found.revision })
    }

    /// One page of the packages that the caller may see, as they are at the call. One round trip to the database.
    ///
    /// # Errors
    /// [`super::Error::Invalid`] for a foreign page token.
    pub async fn list_packages(&self, call: &Call, request: &PageRequest) -> Result<Page<Package>> {
        let page = self.page(call, request, &[])?;
        let after = page.after.as_deref().and_then(text).and_then(|id| PackageId::parse(id).ok());
        let filter = (published_only(call), call.at);
        let found = self.store.list_packages(owner(call), filter, after.as_ref(), request.size).await?;
        let last = found.items.last().filter(|_| found.has_more).map(|package| package.id.as_str());
        let next_page_token = match last {
            None => String::new(),
            Some(last) => self.next_token(call, &page, found.revision, last.as_bytes().to_vec())?,
        };
        Ok(Page { items: found.items, next_page_token, revision: found.revision })
    }
}

/// Whether the caller sees only what may be given: a front end that is no operator.
fn published_only(call: &Call) -> bool {
    owner(call).is_none() && !call.caller.client.roles.contains(Role::Operator)
}

/// Whose entries the caller is limited to: an authority that is neither operator nor front end sees only its own.
fn owner(call: &Call) -> Option<&CvrNumber> {
    let roles = call.caller.client.roles;
    let sees_all = roles.contains(Role::Operator) || roles.contains(Role::FrontEnd);
    (!sees_all).then_some(&call.caller.client.cvr)
}

fn text(key: &[u8]) -> Option<&str> {
    std::str::from_utf8(key).ok()
}
