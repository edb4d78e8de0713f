//! What authorities ask: one evaluator for check and batch, and the lists in both directions.

mod check;
mod line;
mod list;

pub use check::{Answer, Checked, Question};
pub use line::Link;
pub use list::{DelegatedPrivilege, Direction, EntryKey, ListQuestion, Listed};

use fuldmagt_domain::identifier::Identifier;

use crate::Store;

impl Store {
    /// How an identifier is found: its kind and blind index.
    pub(crate) fn finder(&self, identifier: &Identifier) -> (String, Vec<u8>) {
        let kind = identifier.kind().as_str();
        (kind.to_owned(), self.keys.index_key().blind_index(kind, identifier.expose()).to_vec())
    }
}
