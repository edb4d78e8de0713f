//! What authorities ask.

mod batch_check_delegations;
mod check_delegation;
mod lists;
