//! The store and its schema, by SQL and by `fuldmagt_store::Store`, on real Postgres.

mod constraints;
mod encryption;
mod feed;
mod oracle;
mod plans;
mod races;
mod round_trips;
mod rows;
mod world;
