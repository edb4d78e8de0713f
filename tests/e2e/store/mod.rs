//! The store and its schema, by SQL and by `fuldmagt_store::Store`, on real Postgres.

mod constraints;
mod constraints_catalogue;
mod constraints_packages;
mod constraints_paper;
mod constraints_requests;
mod cpr_constraints;
mod cpr_register;
mod cpr_turns;
mod encryption;
mod feed;
mod merging;
mod oracle;
mod package_members;
mod plans;
mod proofs;
mod publication;
mod races;
mod rare_grants;
mod round_trips;
mod rows;
mod world;
