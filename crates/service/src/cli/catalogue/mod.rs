//! `fuldmagt catalogue`: systems, privileges and packages from a file.

mod file;
mod load;

use std::{fs::File, io::Read as _, path::PathBuf, process::ExitCode};

use anyhow::{Context as _, bail};

pub(super) use file::Catalogue;
pub(super) use load::{Loaded, Refusal, load};

use super::{
    client::{Connection, Output},
    runtime,
};

/// Longest file in bytes: some thousand privileges. What is longer is something else.
const MAX_FILE_BYTES: u64 = 4 * 1024 * 1024;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Make a service's catalogue what a file says (as an operator): register, change and publish what is missing. What
    /// the file does not name, and what is hidden, is left as it is
    Load {
        /// A TOML file; the demo catalogue when it is left out
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
    },
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let Command::Load { file } = &args.command;
    let catalogue = match file {
        None => Catalogue::demo()?,
        Some(path) => read(path).with_context(|| format!("{} is no catalogue", path.display()))?,
    };
    let output = Output { json: args.connection.json };
    runtime()?.block_on(async {
        let client = args.connection.connect().await?;
        match load(&client, &catalogue).await {
            Ok(loaded) => {
                output.answer(&loaded.json(), &loaded.lines());
                Ok(ExitCode::SUCCESS)
            }
            Err(refusal) => {
                output.refusal_of(&refusal.entry, &refusal.status);
                Ok(ExitCode::FAILURE)
            }
        }
    })
}

fn read(path: &PathBuf) -> anyhow::Result<Catalogue> {
    let mut text = String::new();
    File::open(path)?.take(MAX_FILE_BYTES + 1).read_to_string(&mut text)?;
    if u64::try_from(text.len()).is_ok_and(|length| length > MAX_FILE_BYTES) {
        bail!("it is longer than {MAX_FILE_BYTES} bytes");
    }
    Catalogue::parse(&text)
}
