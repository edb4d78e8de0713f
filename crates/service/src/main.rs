//! The `fuldmagt` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    fuldmagt_service::cli::main()
}
