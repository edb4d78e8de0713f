//! `ListDesignations`: the employees who may use a delegation, for one of its parties.

use chrono::{DateTime, Utc};
use fuldmagt_domain::{delegation::DelegationId, party::PartyId};
use fuldmagt_store::{
    delegation::{Designation, DesignationsQuestion},
    revision::Revision,
};
use uuid::Uuid;

use super::{App, Call, Error, Result, paging::PageRequest};

/// One page.
#[derive(Clone, Debug)]
pub struct Page {
    /// The designations that stand, oldest first.
    pub designations: Vec<Designation>,
    /// Token of the next page, empty on the last.
    pub next_page_token: String,
    /// The state that the page is from.
    pub revision: Revision,
}

impl App {
    /// One page of the designations that stand. One round trip to the database.
    ///
    /// # Errors
    /// [`Error::DelegationNotFound`] when there is none or it is not the actor's; [`Error::Invalid`] for a foreign
    /// page token.
    pub async fn list_designations(
        &self,
        call: &Call,
        id: DelegationId,
        request: &PageRequest,
    ) -> Result<Page> {
        let mut query = id.0.as_bytes().to_vec();
        query.extend(call.actor.iter().flat_map(|actor| *actor.0.as_bytes()));
        let page = self.page(call, request, &query)?;
        let after = page.after.as_deref().and_then(read_key);
        let question = DesignationsQuestion { delegation: id, at: page.at, page_size: request.size, after };
        let listed = self.store.designations(question, call.usage()).await?;
        if !listed.visible {
            return Err(Error::DelegationNotFound);
        }
        let next_page_token = match listed.designations.last().filter(|_| listed.has_more) {
            None => String::new(),
            Some(last) => self.next_token(call, &page, listed.revision, key(last))?,
        };
        Ok(Page { designations: listed.designations, next_page_token, revision: listed.revision })
    }
}

fn key(last: &Designation) -> Vec<u8> {
    [last.from.timestamp_micros().to_be_bytes().as_slice(), last.employee.0.as_bytes()].concat()
}

fn read_key(key: &[u8]) -> Option<(DateTime<Utc>, PartyId)> {
    let (from, employee) = key.split_at_checked(8)?;
    let from = DateTime::from_timestamp_micros(i64::from_be_bytes(from.try_into().ok()?))?;
    Some((from, PartyId(Uuid::from_slice(employee).ok()?)))
}
