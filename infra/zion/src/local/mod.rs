//! The whole stack on one machine, on loopback and free ports: Postgres, the sandbox (Supabase's gateway and a
//! fine-tuning provider), an AWS emulator, the real template deployed to it.

mod bedrock;
mod child;
mod deploy;
mod emulator;
pub mod paths;
mod postgres;
mod run;
mod sandbox;
mod stack;

use std::net::TcpListener;

use rand::Rng as _;

pub use bedrock::Bedrock;
pub use child::Child;
pub use deploy::Build;
pub use emulator::{Emulator, Invoked};
pub use postgres::Postgres;
pub use run::{Execution, Log, Object, Outcome};
pub use sandbox::{Keys, Sandbox};
pub use stack::{Options, Stack};

use crate::error::{Context as _, Result};

/// A loopback port nobody listens on at this moment.
fn free_port() -> Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").context("find a free port")?;
    Ok(listener.local_addr().context("find a free port")?.port())
}

/// 32 random characters for a password or a key of this stack alone.
fn random_key() -> String {
    const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let mut random = rand::rng();
    (0..32).map(|_| char::from(LETTERS[random.random_range(0..LETTERS.len())])).collect()
}
