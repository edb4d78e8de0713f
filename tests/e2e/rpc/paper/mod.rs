mod approve_paper_delegation;
mod list_paper_delegations;
mod races;
mod register_signed_form;
mod reject_paper_delegation;
mod start_paper_delegation;
mod usage_log;
