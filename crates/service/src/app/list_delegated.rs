//! `ListRepresentatives` and `ListDelegators`: who acts for whom, on the asking authority's privileges.

use chrono::{DateTime, Utc};
use fuldmagt_domain::{identifier::Identifier, privilege::PrivilegeUri};
use fuldmagt_store::{
    query::{DelegatedPrivilege, Direction, EntryKey, ListQuestion},
    revision::Revision,
};
use uuid::Uuid;

use super::{App, Call, Error, Result, paging::PageRequest};

/// What is listed.
#[derive(Clone, Debug)]
pub struct Question {
    /// Which side the subject is on.
    pub direction: Direction,
    /// Whom it is about.
    pub subject: Identifier,
    /// Only these privileges, sorted; empty for all of the authority's.
    pub privileges: Vec<PrivilegeUri>,
}

/// One page.
#[derive(Clone, Debug)]
pub struct Page {
    /// The entries.
    pub entries: Vec<DelegatedPrivilege>,
    /// Token of the next page, empty on the last.
    pub next_page_token: String,
    /// The instant of the list.
    pub at: DateTime<Utc>,
    /// The state that the page is from.
    pub revision: Revision,
}

impl App {
    /// One page of the grants that are in force. One round trip to the database.
    ///
    /// # Errors
    /// [`Error::PrivilegeNotFound`] when a privilege asked for is not the authority's; [`Error::Invalid`] for a
    /// foreign page token.
    pub async fn list_delegated(
        &self,
        call: &Call,
        question: &Question,
        request: &PageRequest,
    ) -> Result<Page> {
        let page = self.page(call, request, &question.bytes())?;
        let listed = self
            .store
            .list(
                &ListQuestion {
                    direction: question.direction,
                    subject: &question.subject,
                    privileges: &question.privileges,
                    authority: &call.caller.client.cvr,
                    at: page.at,
                    page_size: request.size,
                    after: page.after.as_deref().and_then(read_key),
                },
                call.usage(),
            )
            .await?;
        if !listed.privileges_known {
            return Err(Error::privilege_not_found("privileges"));
        }
        let next_page_token = match listed.next_after {
            None => String::new(),
            Some(after) => self.next_token(call, &page, listed.revision, key(after))?,
        };
        Ok(Page { entries: listed.entries, next_page_token, at: page.at, revision: listed.revision })
    }
}

impl Question {
    /// What must be the same for each page.
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = format!("{}\0{}", self.subject.kind().as_str(), self.subject.expose()).into_bytes();
        for privilege in &self.privileges {
            bytes.push(0);
            bytes.extend_from_slice(privilege.as_str().as_bytes());
        }
        bytes
    }
}

fn key(after: EntryKey) -> Vec<u8> {
    let privilege = after.privilege.to_be_bytes();
    [after.delegation.as_bytes().as_slice(), &privilege, after.party.as_bytes().as_slice()].concat()
}

fn read_key(key: &[u8]) -> Option<EntryKey> {
    let (delegation, rest) = key.split_at_checked(16)?;
    let (privilege, party) = rest.split_at_checked(4)?;
    Some(EntryKey {
        delegation: Uuid::from_slice(delegation).ok()?,
        privilege: i32::from_be_bytes(privilege.try_into().ok()?),
        party: Uuid::from_slice(party).ok()?,
    })
}
