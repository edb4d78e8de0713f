//! `ListDelegationEvents`: the history of one delegation, for one of its parties.

use fuldmagt_domain::delegation::DelegationId;
use fuldmagt_store::{
    delegation::{Event, EventsQuestion},
    revision::Revision,
};

use super::{App, Call, Error, Result, paging::PageRequest};

/// One page.
#[derive(Clone, Debug)]
pub struct Page {
    /// The events, oldest first.
    pub events: Vec<Event>,
    /// Token of the next page, empty on the last.
    pub next_page_token: String,
    /// The state that the page is from.
    pub revision: Revision,
}

impl App {
    /// One page of a delegation's history. One round trip to the database.
    ///
    /// # Errors
    /// [`Error::DelegationNotFound`] when there is none or it is not the actor's; [`Error::Invalid`] for a foreign
    /// page token.
    pub async fn list_delegation_events(
        &self,
        call: &Call,
        id: DelegationId,
        request: &PageRequest,
    ) -> Result<Page> {
        let mut query = id.0.as_bytes().to_vec();
        query.extend(call.actor.iter().flat_map(|actor| *actor.0.as_bytes()));
        let page = self.page(call, request, &query)?;
        let after = page.after.as_deref().and_then(|key| key.try_into().ok()).map_or(0, i64::from_be_bytes);
        let question = EventsQuestion { delegation: id, page_size: request.size, after };
        let listed = self.store.delegation_events(question, call.usage()).await?;
        if !listed.visible {
            return Err(Error::DelegationNotFound);
        }
        let next_page_token = match listed.events.last().filter(|_| listed.has_more) {
            None => String::new(),
            Some(last) => {
                self.next_token(call, &page, listed.revision, last.version.to_be_bytes().to_vec())?
            }
        };
        Ok(Page { events: listed.events, next_page_token, revision: listed.revision })
    }
}
