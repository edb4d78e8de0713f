//! Page tokens: bound to the question, the caller and the instant of the first page.

use chrono::{DateTime, Utc};
use fuldmagt_store::{page_token::PageToken, revision::Revision};

use super::{App, Call, Error, Result, error::Violation};

/// Which page of a list is asked for.
#[derive(Clone, Debug)]
pub struct PageRequest {
    /// Most entries, 1 to 500.
    pub size: u16,
    /// The token of the page before; empty for the first.
    pub token: String,
}

/// Where a page begins.
#[derive(Clone, Debug)]
pub struct Page {
    /// The instant of the first page.
    pub at: DateTime<Utc>,
    /// The key of the last entry of the page before.
    pub after: Option<Vec<u8>>,
    query_digest: [u8; 32],
}

impl App {
    /// Opens the page that is asked for. `query`: everything of the question that must be the same for each page.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a token that is not of this question and this caller.
    pub(super) fn page(&self, call: &Call, request: &PageRequest, query: &[u8]) -> Result<Page> {
        let query_digest = self.store.keys().index_key().payload_digest(call.caller.rpc, query);
        if request.token.is_empty() {
            return Ok(Page { at: call.at, after: None, query_digest });
        }
        let invalid = || {
            Error::Invalid(vec![Violation::new(
                "page_token",
                "PAGE_TOKEN_INVALID",
                "not a token of this list",
            )])
        };
        let token = PageToken::open(
            self.store.keys().token_key(),
            &request.token,
            &query_digest,
            &call.caller.client.id,
        )
        .map_err(|_| invalid())?;
        let at = DateTime::from_timestamp_micros(token.evaluated_at_us).ok_or_else(invalid)?;
        Ok(Page { at, after: Some(token.last_key), query_digest })
    }

    /// The token of the page after this one.
    ///
    /// # Errors
    /// [`Error::Store`] when it cannot be sealed.
    pub(super) fn next_token(
        &self,
        call: &Call,
        page: &Page,
        revision: Revision,
        last_key: Vec<u8>,
    ) -> Result<String> {
        let token = PageToken {
            query_digest: page.query_digest,
            client_id: call.caller.client.id.clone(),
            revision,
            evaluated_at_us: page.at.timestamp_micros(),
            last_key,
        };
        token
            .seal(self.store.keys().token_key())
            .map_err(|_| Error::Store(fuldmagt_store::Error::Unreadable("a page token cannot be sealed")))
    }
}
