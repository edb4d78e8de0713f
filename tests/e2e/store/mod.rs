//! The store and its schema, by SQL and by `fuldmagt_store::Store`, on real Postgres.

mod constraints;
mod cpr_constraints;
mod cpr_register;
mod encryption;
mod feed;
mod oracle;
mod plans;
mod races;
mod round_trips;
mod rows;
mod world;
