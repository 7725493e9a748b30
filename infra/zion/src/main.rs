//! The operator's command line.

use std::process::ExitCode;

use clap::Parser as _;
use tokio::signal::unix::{SignalKind, signal};
use zion::cli::Cli;
use zion::error::{Context as _, Result};
use zion::term;

#[tokio::main]
async fn main() -> ExitCode {
    match until_stopped(Cli::parse()).await {
        Ok(code) => code,
        Err(error) => {
            term::fail(&error);
            ExitCode::FAILURE
        }
    }
}

/// Runs the command. A signal drops it where it stands, and with it everything it has started.
async fn until_stopped(cli: Cli) -> Result<ExitCode> {
    let mut interrupt = signal(SignalKind::interrupt()).context("listen for Ctrl-C")?;
    let mut terminate = signal(SignalKind::terminate()).context("listen for SIGTERM")?;
    tokio::select! {
        done = Box::pin(cli.run()) => done,
        _ = interrupt.recv() => Ok(stopped(130)),
        _ = terminate.recv() => Ok(stopped(143)),
    }
}

fn stopped(code: u8) -> ExitCode {
    term::complain("stopped; everything that was started has ended");
    ExitCode::from(code)
}
