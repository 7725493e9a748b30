//! Loopback stand-ins for the two services the workflow talks to.
//!
//! | module | what it holds |
//! |---|---|
//! | [`cli`] | the command line |
//! | [`server`], [`start`] | the listener; one connection may be dropped on purpose; why it did not start |
//! | `gateway` | `/rest/v1/*`: Supabase's REST gateway over a real `PostgreSQL` |
//! | `provider` | `/v1/*`: files, fine-tuning jobs, models, chat completions |
//! | `faults`, `refusals`, `recorder`, `intercept`, `knobs` | `/_sandbox/*`: faults a test can set, requests it can read |
//!
//! Nothing here is for production: no TLS, state in memory, loopback addresses only.

pub mod cli;
mod faults;
mod gateway;
mod intercept;
mod knobs;
mod provider;
mod recorder;
mod refusals;
pub mod server;
pub mod start;

use cli::Cli;
use server::Server;
use start::StartError;
use std::io::Write as _;

/// Serves until SIGTERM or SIGINT; the one line on standard output says where.
///
/// # Errors
/// [`StartError`] when the address is not loopback, is taken, or the database does not answer.
pub async fn run(cli: Cli) -> Result<(), StartError> {
    let server = Server::start(cli).await?;
    let line = serde_json::json!({ "listening": server.address().to_string() });
    let mut out = std::io::stdout();
    writeln!(out, "{line}").and_then(|()| out.flush()).map_err(StartError::Announce)?;
    server.until(stop_signal()).await;
    Ok(())
}

/// Resolves at the first SIGTERM or SIGINT.
async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut term), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return;
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = interrupt.recv() => {}
    }
}
