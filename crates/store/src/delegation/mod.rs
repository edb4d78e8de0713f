//! Delegations: everything that is written about them in one statement, and what their parties read.

mod apply;
mod events;
mod facts;
mod get;
mod list;
mod proof;
mod row;

pub use apply::{
    Changes, Designated, Held, LetterKind, LetterRequest, PaperCase, PartyChange, SealedMessage, SignedForm,
};
pub use events::{Event, Events, EventsQuestion};
pub(crate) use facts::bytes;
pub use facts::{Ask, Between, Facts, PartyFacts};
pub use get::{Shown, Visible};
pub use list::{ListQuestion, Listed, Side};
pub use proof::{Proof, SealedProof};
