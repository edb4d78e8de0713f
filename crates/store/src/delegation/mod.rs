//! Delegations: given, ended, and read by their parties.

mod create;
mod end;
mod events;
mod get;
mod list;
mod row;

pub use create::{Giving, GivingFacts, PrivilegeFacts};
pub use end::Ending;
pub use events::{Event, EventKind, Events, EventsQuestion};
pub use get::{EndingFacts, Shown, Visible};
pub use list::{ListQuestion, Listed, Side};
