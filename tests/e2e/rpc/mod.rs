//! The API as its clients see it: over mutual TLS, on the real service. A folder is a service, a file is an RPC.

mod fields;
mod refusals;

mod catalogue;
mod delegation;
mod notice;
mod paper;
mod party;
mod query;

mod access;
mod availability;
mod clocks;
mod idempotency;
mod limits;
mod operations;
mod privacy;
mod revisions;
mod usage_log;
