//! Starts the sandbox: Supabase's gateway and a fine-tuning provider, for one machine and no network.

use clap::Parser as _;
use sandbox::cli::Cli;
use std::io::Write as _;
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    match sandbox::run(Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to do when standard error is closed.
            writeln!(std::io::stderr(), "sandbox: {error}").unwrap_or_default();
            ExitCode::FAILURE
        }
    }
}
