//! What every end-to-end test stands on: a throw-away Postgres, people who do not exist, a clock that obeys.

pub mod cluster;
pub mod cpr_register;
pub mod fixtures;
pub mod output;
pub mod population;
pub mod postgres_proxy;
pub mod refusal;
pub mod telemetry;
pub mod world;

pub use cluster::{TestDatabase, database};
pub use refusal::Refused;
pub use world::World;
