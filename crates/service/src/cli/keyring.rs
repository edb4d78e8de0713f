//! `fuldmagt new-keyring`

use std::path::PathBuf;
use std::process::ExitCode;

use fuldmagt_store::keyring::KeyringFile;

use super::out;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The file to make; one that exists is never overwritten
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    KeyringFile::generate(&args.file)?;
    out::line(format_args!(
        "Made {}. Keep a copy apart: without it nothing can be read.",
        args.file.display()
    ));
    Ok(ExitCode::SUCCESS)
}
