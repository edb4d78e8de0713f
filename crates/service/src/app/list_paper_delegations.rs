//! `ListPaperDelegations`: the paper cases that wait.

use fuldmagt_domain::paper::{self, Case};
use fuldmagt_store::{delegation::PaperListQuestion, revision::Revision};
use uuid::Uuid;

use super::{App, Call, Error, Result, paging::PageRequest};

/// One page.
#[derive(Clone, Debug)]
pub struct Page {
    /// The cases, oldest first.
    pub cases: Vec<Case>,
    /// Token of the next page, empty on the last.
    pub next_page_token: String,
    /// The state that the page is from.
    pub revision: Revision,
}

impl App {
    /// One page of the paper cases that wait. One round trip to the database.
    ///
    /// # Errors
    /// [`Error::PartyNotFound`] and [`Error::Paper`] when the actor is no caseworker; [`Error::Invalid`] for a foreign
    /// page token.
    pub async fn list_paper_delegations(&self, call: &Call, request: &PageRequest) -> Result<Page> {
        let query: Vec<u8> = call.actor.iter().flat_map(|actor| *actor.0.as_bytes()).collect();
        let page = self.page(call, request, &query)?;
        let question = PaperListQuestion {
            page_size: request.size,
            after: page.after.as_deref().and_then(|key| Uuid::from_slice(key).ok()),
        };
        let listed = self.store.list_paper(question, call.usage()).await?;
        if !listed.known {
            return Err(Error::PartyNotFound);
        }
        if !listed.allowed {
            return Err(paper::Refusal::NotCaseworker.into());
        }
        let next_page_token = match listed.cases.last().filter(|_| listed.has_more) {
            None => String::new(),
            Some(last) => {
                self.next_token(call, &page, listed.revision, last.delegation.id.0.as_bytes().to_vec())?
            }
        };
        Ok(Page { cases: listed.cases, next_page_token, revision: listed.revision })
    }
}
