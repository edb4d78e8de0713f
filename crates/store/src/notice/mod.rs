//! Notices: what parties should hear of. A command writes items; here they are gathered into notices, told and
//! acknowledged.

mod acknowledge;
mod expiry;
mod list;

pub use acknowledge::{Acknowledge, Listed};
pub use expiry::{EXPIRY_BATCH, Expiry};
pub use list::{Item, MAX_ITEMS_OF_A_NOTICE, MAX_ITEMS_OF_AN_ANSWER, Notice, Notices, NoticesQuestion};
