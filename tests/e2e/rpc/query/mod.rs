//! What authorities ask.

mod batch_check_delegations;
mod check_chain;
mod check_delegation;
mod designated;
mod lists;
