//! The sandbox process: Supabase's gateway and a fine-tuning provider on one loopback port.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde::Deserialize;

use super::child::Child;
use super::random_key;
use crate::error::{Error, Result};

/// How long it may take to listen.
const PATIENCE: Duration = Duration::from_secs(20);

/// The running sandbox and the keys it accepts.
#[derive(Debug)]
pub struct Sandbox {
    child: Child,
    address: SocketAddr,
    keys: Keys,
}

/// Keys made for one sandbox. They open nothing else, yet they are never printed.
#[derive(Clone)]
pub struct Keys {
    /// Of the role `service_role`, `sb_secret_…`.
    pub secret: String,
    /// Of the role anon, `sb_publishable_…`.
    pub publishable: String,
    /// Signs legacy keys and user tokens, HS256.
    pub jwt_secret: String,
    /// Of the provider.
    pub provider: String,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Keys(…)")
    }
}

#[derive(Deserialize)]
struct Started {
    listening: SocketAddr,
}

impl Sandbox {
    /// Starts `program` over a database; a job stays `pace_ms` milliseconds in each state, a page of rows has at most
    /// `max_rows`.
    ///
    /// # Errors
    /// When the program is missing, or ends before it listens.
    pub async fn start(
        program: &Path,
        database_url: &str,
        pace_ms: u64,
        max_rows: u64,
        folder: &Path,
    ) -> Result<Self> {
        if !program.is_file() {
            return Err(Error::new(format!("{} is missing", program.display()))
                .hint("build it: cargo build --workspace"));
        }
        let keys = Keys {
            secret: format!("sb_secret_{}", random_key()),
            publishable: format!("sb_publishable_{}", random_key()),
            jwt_secret: random_key(),
            provider: format!("sk-local-{}", random_key()),
        };
        let mut command = Command::new(program);
        // Secrets travel in the environment: a command line is readable by everyone on the machine.
        command
            .env_clear()
            .args(["--listen", "127.0.0.1:0"])
            .env("SANDBOX_DATABASE_URL", database_url)
            .env("SANDBOX_SECRET_KEY", &keys.secret)
            .env("SANDBOX_PUBLISHABLE_KEY", &keys.publishable)
            .env("SANDBOX_JWT_SECRET", &keys.jwt_secret)
            .env("SANDBOX_PROVIDER_KEY", &keys.provider)
            .env("SANDBOX_PACE_MS", pace_ms.to_string())
            .env("SANDBOX_MAX_ROWS", max_rows.to_string());
        let mut child = Child::start("sandbox", command, folder, Signal::TERM)?;
        let begun = Instant::now();
        let mut turn = tokio::time::interval(Duration::from_millis(20));
        loop {
            turn.tick().await;
            let output = child.output();
            // The line is whole once its end is there.
            let line = output.split_once('\n').map(|(line, _)| line);
            if let Some(started) = line.and_then(|line| serde_json::from_str::<Started>(line).ok()) {
                return Ok(Self { child, address: started.listening, keys });
            }
            if !child.running() || begun.elapsed() > PATIENCE {
                return Err(Error::new(format!("the sandbox did not start: {}", child.last_words())));
            }
        }
    }

    /// Its base address, which is the Supabase project's URL; the fault knobs are below `/_sandbox`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The provider's base URL.
    pub fn provider_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// The keys it accepts.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// The process, for tests that look at its log.
    pub fn child(&self) -> &Child {
        &self.child
    }
}
