//! Giving, asking for, changing, ending and reading delegations.

mod accept_delegation;
mod change_races;
mod changes_are_logged;
mod changes_sent_again;
mod create_delegation;
mod create_delegation_replaces;
mod create_delegation_rules;
mod create_delegation_signature;
mod decline_delegation;
mod get_delegation;
mod get_receipt;
mod lapsed_requests;
mod list_delegation_events;
mod list_delegations;
mod preview_delegation;
mod races;
mod renew_delegation;
mod renounce_delegation;
mod request_delegation;
mod request_limits;
mod revoke_all_delegations;
mod revoke_delegation;
mod revoke_privileges;
mod sub_delegate;
mod sub_delegate_ends;
mod withdraw_request;
