//! `ListDelegations`: what the actor's party has given or holds.

use fuldmagt_domain::party::PartyId;
use fuldmagt_store::{
    delegation::{ListQuestion, Shown, Side},
    revision::Revision,
};
use uuid::Uuid;

use super::{App, Call, Error, Result, paging::PageRequest};

/// One page.
#[derive(Clone, Debug)]
pub struct Page {
    /// The delegations, newest first.
    pub delegations: Vec<Shown>,
    /// Token of the next page, empty on the last.
    pub next_page_token: String,
    /// The state that the page is from.
    pub revision: Revision,
}

impl App {
    /// One page of a party's delegations. One round trip to the database.
    ///
    /// # Errors
    /// [`Error::PartyNotFound`] when there is no such party or the actor may not act for it; [`Error::Invalid`] for a
    /// foreign page token.
    pub async fn list_delegations(
        &self,
        call: &Call,
        party: PartyId,
        side: Side,
        request: &PageRequest,
    ) -> Result<Page> {
        let side_byte = match side {
            Side::Given => b'g',
            Side::Held => b'h',
            Side::RequestsReceived => b'r',
            Side::RequestsMade => b'm',
        };
        let mut query = vec![side_byte];
        query.extend_from_slice(party.0.as_bytes());
        query.extend(call.actor.iter().flat_map(|actor| *actor.0.as_bytes()));
        let page = self.page(call, request, &query)?;
        let question = ListQuestion {
            party,
            side,
            page_size: request.size,
            after: page.after.as_deref().and_then(|key| Uuid::from_slice(key).ok()),
        };
        let listed = self.store.list_delegations(question, call.usage()).await?;
        if !listed.allowed {
            return Err(Error::PartyNotFound);
        }
        let last = listed.delegations.last().filter(|_| listed.has_more);
        let next_page_token = match last {
            None => String::new(),
            Some(last) => {
                self.next_token(call, &page, listed.revision, last.delegation.id.0.as_bytes().to_vec())?
            }
        };
        Ok(Page { delegations: listed.delegations, next_page_token, revision: listed.revision })
    }
}
