//! Giving, ending and reading delegations.

mod change_races;
mod changes_are_logged;
mod changes_sent_again;
mod create_delegation;
mod create_delegation_replaces;
mod create_delegation_rules;
mod get_delegation;
mod list_delegation_events;
mod list_delegations;
mod renew_delegation;
mod renounce_delegation;
mod revoke_all_delegations;
mod revoke_delegation;
mod revoke_privileges;
mod sub_delegate;
mod sub_delegate_ends;
