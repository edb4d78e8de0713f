//! Giving, ending and reading delegations.

mod accept_delegation;
mod create_delegation;
mod create_delegation_rules;
mod decline_delegation;
mod get_delegation;
mod lapsed_requests;
mod list_delegation_events;
mod list_delegations;
mod races;
mod renounce_delegation;
mod request_delegation;
mod request_limits;
mod revoke_delegation;
mod withdraw_request;
