//! Benchmarks that run as built for AWS: release binaries, stripped. The last line of each is one JSON object.
//!
//! - `cold` how long a function takes from its start to its first look for work, and how large it is
//! - `export` how fast rows leave the database, against `COPY` and what a user would pick
//! - `scale` how long each stage takes, in how much memory and with what requests, at two sizes of the table; and what a
//!   billion rows would take
//! - `scrub` how fast texts are scrubbed, in how much memory, and what hostile ones cost
//! - `upload` how fast a large dataset reaches the provider, in how much memory, against the official SDK
//! - `binaries` where the built functions lie; `stub` a Lambda runtime that is only a clock
//! - `run` one run without the state machine; `watch` the peaks of the processes meanwhile; `meter` what they worked

mod binaries;
mod cold;
mod export;
mod meter;
mod model;
mod run;
mod scale;
mod scrub;
mod stub;
mod upload;
mod watch;

use clap::{Args, Subcommand};

use crate::error::Result;

/// Which benchmark to run.
#[derive(Debug, Clone, Args)]
pub struct Bench {
    #[command(subcommand)]
    which: Which,
}

#[derive(Debug, Clone, Subcommand)]
enum Which {
    /// Time, peak memory and requests of each stage on tables of two sizes, and a model of a billion rows
    #[command(alias = "memory")]
    Scale(scale::Scale),
    /// Start of each function against a bare runtime, and its size
    Cold(cold::Cold),
    /// Rows out of the database, against `COPY` and what a user would pick instead
    Export(export::Export),
    /// The scrubber's speed, memory and size
    Scrub(scrub::Scrub),
    /// A large dataset to the provider, against the official SDK
    Upload(upload::Upload),
}

impl Bench {
    /// Runs it.
    ///
    /// # Errors
    /// When something is not built, or the stack can't be started.
    pub async fn run(&self) -> Result<()> {
        match &self.which {
            Which::Scale(scale) => scale.run().await,
            Which::Cold(cold) => cold.run(),
            Which::Export(export) => export.run().await,
            Which::Scrub(scrub) => scrub.run().await,
            Which::Upload(upload) => upload.run().await,
        }
    }
}

/// To a hundredth: more is noise.
fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}
