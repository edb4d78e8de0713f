//! The flags of every command that reads the configuration.

use std::path::PathBuf;

use crate::config::{Config, Error, Flag, Sources};

/// Where the configuration comes from.
#[derive(Debug, clap::Args)]
pub struct ConfigArgs {
    /// Read settings from this TOML file
    #[arg(long, value_name = "FILE", env = "FULDMAGT_CONFIG")]
    config: Option<PathBuf>,
    /// Set one setting, such as limits.max_connections=100 (may be repeated)
    #[arg(long, value_name = "KEY=VALUE", value_parser = assignment)]
    set: Vec<(String, String)>,
    /// Keep all state in this folder
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// How log lines look
    #[arg(long, value_name = "FORMAT", value_parser = ["human", "json"])]
    log_format: Option<String>,
}

impl ConfigArgs {
    /// Reads and validates the configuration, with the command's own flags on top.
    ///
    /// # Errors
    /// Every problem there is.
    pub fn load(self, own: Vec<Flag>) -> Result<Config, Error> {
        let mut flags: Vec<Flag> = self
            .set
            .into_iter()
            .map(|(key, value)| Flag { name: format!("--set {key}"), key, value })
            .collect();
        flags.extend(self.data_dir.map(|path| flag("--data-dir", "data_dir", path.display().to_string())));
        flags.extend(self.log_format.map(|format| flag("--log-format", "telemetry.log_format", format)));
        flags.extend(own);
        Config::load(&Sources { file: self.config, environment: std::env::vars_os().collect(), flags })
    }
}

/// A flag for one setting.
pub(super) fn flag(name: &str, key: &str, value: String) -> Flag {
    Flag { name: name.to_owned(), key: key.to_owned(), value }
}

fn assignment(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        Some(_) | None => Err("must be KEY=VALUE".to_owned()),
    }
}
