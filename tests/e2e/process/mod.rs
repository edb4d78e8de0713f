//! The real program, as its users run it: started, asked, signalled and killed as a child process.

pub(crate) mod api;
mod blocker;
mod catalogue_load;
mod client_commands;
mod collector;
mod configuration;
mod cpr_effects;
mod cpr_import;
mod demo;
mod embedded;
pub(crate) mod folder;
mod keyring;
pub(crate) mod program;
pub(crate) mod serving;
mod set_up;
mod shutdown;
mod telemetry;
mod wait;
