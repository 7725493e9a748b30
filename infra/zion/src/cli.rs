//! The command line.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::approve::Approve;
use crate::bench::Bench;
use crate::campaign::Campaign;
use crate::check::Check;
use crate::demo::{self, Demo};
use crate::error::Result;
use crate::live::{Live, Retire};
use crate::reconcile::Reconcile;
use crate::sample::{self, Kind, Sample};
use crate::scrub::Scrub;
use crate::verify::Verify;
use crate::who::Who;
use crate::{database, local, term};

/// Retrains models from an app's own consented records.
// No `Debug`: a database's address has its password in it.
#[derive(Parser)]
#[command(name = "zion", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the whole job on this machine, from set-up to summary
    Demo(Demo),
    /// Loads the sample app's tables and data into a database
    Sample(Load),
    /// Removes personal data from text, JSONL and CSV, or says where it is
    Scrub(Scrub),
    /// Says which runs wait for an operator, and answers for one
    Approve(Approve),
    /// Puts an earlier version of a model live again, or one whose run failed behind its training
    Live(Live),
    /// Takes the live model of a purpose out of service
    Retire(Retire),
    /// Says whether a provider will take a training file, and what it will bill
    Check(Check),
    /// Makes a run's dataset again and says what differs from its manifest
    Verify(Verify),
    /// Says which runs and models saw somebody's data
    Who(Who),
    /// Says which models learnt from rows that were deleted or opted out since
    Reconcile(Reconcile),
    /// Runs one benchmark; its last line is one JSON object
    Bench(Bench),
    /// Runs the fault campaign over upload and status; its last line is one JSON object
    Campaign(Campaign),
}

#[derive(clap::Args)]
struct Load {
    /// An empty Postgres database for the sample, as its superuser
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    database_url: String,
    /// Rows over the three tables of user data
    #[arg(long, default_value_t = 6000)]
    rows: u64,
    /// Seed of the rows
    #[arg(long, default_value_t = sample::SEED)]
    seed: u64,
    /// Writes the personal data in the texts to this file, as JSON
    #[arg(long, value_name = "FILE")]
    planted: Option<PathBuf>,
    /// Loads this file of `{"id": …, "text": …}` lines instead, as rows of `--as`
    #[arg(long, value_name = "FILE", requires = "kind")]
    labelled: Option<PathBuf>,
    /// What the labelled text is taken for
    #[arg(long = "as", value_enum)]
    kind: Option<Kind>,
    /// Loads it even where the database is on another machine, or has people in it already
    #[arg(long)]
    into_this_database: bool,
}

impl Cli {
    /// Does what was asked.
    ///
    /// # Errors
    /// What went wrong, with the next step.
    pub async fn run(self) -> Result<ExitCode> {
        match self.command {
            Command::Demo(demo) => demo::run(&demo).await,
            Command::Sample(load) => load.run().await,
            Command::Scrub(scrub) => return scrub.run().await,
            Command::Approve(approve) => approve.run().await,
            Command::Live(live) => live.run().await,
            Command::Retire(retire) => retire.run().await,
            Command::Check(check) => return check.run().await,
            Command::Verify(verify) => return verify.run().await,
            Command::Who(who) => who.run().await,
            Command::Reconcile(reconcile) => reconcile.run().await,
            Command::Bench(bench) => bench.run().await,
            Command::Campaign(campaign) => tokio::task::block_in_place(|| campaign.run()),
        }
        .map(|()| ExitCode::SUCCESS)
    }
}

impl Load {
    async fn run(self) -> Result<()> {
        if !self.into_this_database {
            database::check_local(&self.database_url)?;
        }
        let client = database::connect(&self.database_url).await?;
        if !self.into_this_database {
            database::check_nobody(&client).await?;
        }
        database::apply(&client, &local::paths::root()?).await?;
        if let (Some(file), Some(kind)) = (&self.labelled, self.kind) {
            let rows = sample::load_labelled(&client, file, kind).await?;
            term::line(&format!("loaded {} rows", term::number(rows)));
            return Ok(());
        }
        let spec = Sample { seed: self.seed, ..Sample::of(self.rows) };
        let planted = sample::load(&client, spec, self.planted.is_some()).await?;
        if let Some(file) = &self.planted {
            planted.save(file)?;
        }
        term::line(&format!(
            "loaded {} rows of {} people",
            term::number(spec.rows()),
            term::number(spec.profiles)
        ));
        Ok(())
    }
}
