//! Delegations: everything that is written about them in one statement, and what their parties read.

mod apply;
mod changes;
mod columns;
pub(crate) mod designation;
mod events;
mod facts;
mod get;
mod lapsed;
mod list;
mod list_paper;
mod packages;
mod paper;
mod proof;
mod receipt;
pub(crate) mod row;

pub(crate) use facts::bytes;

pub use changes::{
    Changes, Designated, Held, HeldPackage, LetterKind, LetterRequest, PaperCase, SealedMessage,
};
pub use designation::{Designation, DesignationFacts, Designations, DesignationsQuestion, Employee};
pub use events::{Event, Events, EventsQuestion};
pub use facts::{Ask, Between, Facts, PartyFacts};
pub use get::{Shown, Visible};
pub use lapsed::Lapsed;
pub use list::{ListQuestion, Listed, Side};
pub use list_paper::{PaperListQuestion, PaperListed};
pub use packages::{PackageFacts, Wanted};
pub use proof::{Proof, SealedProof};
pub use receipt::{Evidence, Receipt, VisibleReceipt};
