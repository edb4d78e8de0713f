//! The command line.

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Parser, Subcommand};

mod catalogue;
mod check;
mod client;
mod config_args;
mod demo;
mod dev_certs;
mod give;
mod keyring;
mod list;
mod migrate;
pub mod out;
mod revoke;
mod serve;

use crate::config;
pub use config_args::ConfigArgs;

/// Wrong usage or configuration (`EX_USAGE` of sysexits.h).
const EXIT_USAGE: u8 = 64;
/// Ended by a second signal: 128 and the number of SIGINT, as shells do.
const EXIT_SIGNAL: u8 = 130;

/// Digital powers of attorney: who may act for whom towards public authorities.
///
/// To try it out on this machine, without certificates and with a Postgres of its own:
///
///   fuldmagt serve --dev-plaintext --data-dir ./data
///
/// To run it with certificates, make some for development first:
///
///   fuldmagt dev-certs --out ./certs
///   fuldmagt serve --config ./certs/fuldmagt.toml
///
/// Every setting can be given in a TOML file (--config), by an environment variable (FULDMAGT_LIMITS__MAX_CONNECTIONS
/// is limits.max_connections) or by --set limits.max_connections=100; the later of these wins.
#[derive(Debug, Parser)]
#[command(name = "fuldmagt", version, verbatim_doc_comment)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the service until it is told to stop
    Serve(serve::Args),
    /// Bring the database's schema up to date, and end
    Migrate(migrate::Args),
    /// Make certificates and a list of clients for development
    DevCerts(dev_certs::Args),
    /// Make the file of keys that encrypts what is stored
    NewKeyring(keyring::Args),
    /// Run the main job end to end, and tell what each step proves
    Demo(demo::Args),
    /// Load systems, privileges and packages from a file (as an operator)
    Catalogue(catalogue::Args),
    /// Ask whether a representative may act for a delegator (as an authority)
    Check(check::Args),
    /// Give a delegation (as a front end)
    Give(give::Args),
    /// Revoke or renounce a delegation (as a front end)
    Revoke(revoke::Args),
    /// List delegations (as a front end or an authority)
    List(list::Args),
}

/// Reads the command line, does what it says, and tells how it went: 0, 1 for a failure, 64 for wrong usage or
/// configuration, 130 when a second signal cut it off.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let result = match cli.command {
        Command::Serve(args) => serve::run(args),
        Command::Migrate(args) => migrate::run(args),
        Command::DevCerts(args) => dev_certs::run(&args),
        Command::NewKeyring(args) => keyring::run(&args),
        Command::Demo(args) => demo::run(&args),
        Command::Catalogue(args) => catalogue::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Give(args) => give::run(&args),
        Command::Revoke(args) => revoke::run(&args),
        Command::List(args) => list::run(&args),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            out::note(format_args!("fuldmagt: {}", with_causes(&error)));
            match error.is::<config::Error>() {
                true => ExitCode::from(EXIT_USAGE),
                false => ExitCode::FAILURE,
            }
        }
    }
}

/// The error with its causes, each once: some errors tell their cause themselves.
fn with_causes(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |told, cause| match told {
        told if told.is_empty() => cause,
        told if told.contains(&cause) => told,
        told => format!("{told}: {cause}"),
    })
}

fn usage(error: &clap::Error) -> ExitCode {
    // Help is an answer; the rest is a complaint. Where it goes is clap's business, and a closed pipe nobody's.
    let _ = error.print();
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(EXIT_USAGE)
    }
}

/// A runtime for commands that talk to the network.
fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn every_cause_is_told_once() {
        let twice = anyhow::anyhow!("the disk is full")
            .context("writing failed: the disk is full")
            .context("stopped");
        assert_eq!(with_causes(&twice), "stopped: writing failed: the disk is full");
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
