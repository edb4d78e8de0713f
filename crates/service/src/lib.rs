//! The fuldmagt service: the gRPC API over Postgres, as a library and the one binary.
//!
//! [`compose`] is the only place where the parts meet; the command line and the tests both use it.

pub mod app;
pub mod certificates;
pub mod cli;
pub mod clients;
pub mod clock;
pub mod compose;
pub mod config;
pub mod database;
pub mod embedded;
pub mod jobs;
pub mod rpc;
pub mod server;
pub mod telemetry;
