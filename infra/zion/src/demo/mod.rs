//! The main job on this machine, from set-up to summary.

mod keepsake;
mod summary;
mod watch;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::json;

use crate::error::{Error, Result};
use crate::local::{Build, Options, Outcome, Stack};
use crate::sample::{self, Kind, Sample};
use crate::term::{self, Board};

/// Rows of the sample when nothing else is said.
const ROWS: u64 = 6000;

/// What the demo runs on.
#[derive(Debug, Clone, Args)]
pub struct Demo {
    /// The recipe to run, a file name under infra/recipes without `.toml`; the default one otherwise
    #[arg(long)]
    recipe: Option<String>,
    /// Rows of sample data over the three tables of user data [default: 6000, or none beside loaded text]
    #[arg(long)]
    rows: Option<u64>,
    /// Seed of the sample data
    #[arg(long, default_value_t = sample::SEED)]
    seed: u64,
    /// Text to load as résumés: lines of `{"id": …, "text": …}`
    #[arg(long, value_name = "FILE")]
    resumes: Option<PathBuf>,
    /// Text to load as support conversations: lines of `{"id": …, "text": …}`
    #[arg(long, value_name = "FILE")]
    support_logs: Option<PathBuf>,
    /// Stop after the plan, with the estimate
    #[arg(long)]
    dry_run: bool,
    /// Leave everything running until Ctrl-C, and say how to reach it
    #[arg(long)]
    keep: bool,
    /// Milliseconds a fine-tuning job stays in each state
    #[arg(long, default_value_t = 800)]
    pace_ms: u64,
    /// Which build of the functions is deployed
    #[arg(long, value_enum, default_value_t)]
    build: Build,
    /// A Python environment with the AWS emulator; any below .local otherwise
    #[arg(long, value_name = "FOLDER")]
    environment: Option<PathBuf>,
}

/// How long each step of the set-up took.
#[derive(Debug, Default)]
struct Steps {
    done: Vec<(&'static str, Duration)>,
    now: Option<(&'static str, Instant)>,
}

impl Steps {
    fn begin(&mut self, step: &'static str) {
        self.end();
        self.now = Some((step, Instant::now()));
    }

    fn end(&mut self) {
        if let Some((step, begun)) = self.now.take() {
            self.done.push((step, begun.elapsed()));
        }
    }
}

/// Runs the demo: everything up, a sample app's data in, the workflow started as an operator would, its progress,
/// and the closing summary.
///
/// # Errors
/// When a part of the stack can't be started, or the run fails: with its named error and cause.
pub async fn run(demo: &Demo) -> Result<()> {
    let mut board = Board::default();
    let mut steps = Steps::default();
    let options =
        Options { environment: demo.environment.clone(), pace_ms: demo.pace_ms, ..Options::default() };
    let stack = Stack::up(&options, |step| {
        steps.begin(step);
        board.event(step);
    })
    .await?;
    steps.begin("load the data");
    load(demo, &stack, &mut board).await?;
    steps.end();

    let mut input = json!({});
    if let Some(recipe) = &demo.recipe {
        input["recipe"] = json!(recipe);
    }
    if demo.dry_run {
        input["dry_run"] = json!(true);
    }
    let execution = stack.start(&input).await?;
    board.event(&format!("started {} with {input}", execution.run));
    let outcome = watch::follow(&stack, &execution, &mut board).await?;
    board.finish();

    let kept = keepsake::save(&stack, &execution).await?;
    let phases = watch::phases(&stack.history(&execution).await?);
    if outcome.succeeded() {
        for line in summary::lines(&stack, &execution, &outcome).await? {
            term::line(&line);
        }
    }
    for line in summary::times(&steps.done, &phases) {
        term::line(&line);
    }
    term::line("");
    term::line("Where everything lies");
    term::line(&format!("  in the bucket    s3://{}/runs/{}/", stack.output("Bucket")?, execution.run));
    term::line(&format!("  copied to        {} (without the raw rows), logs in logs/", kept.display()));
    if demo.keep {
        keep(&stack).await?;
    }
    verdict(&outcome, &kept)
}

async fn load(demo: &Demo, stack: &Stack, board: &mut Board) -> Result<()> {
    let client = stack.database().await?;
    let labelled = [(&demo.resumes, Kind::Resumes), (&demo.support_logs, Kind::SupportLogs)];
    let mut others = 0;
    for (file, kind) in labelled {
        if let Some(file) = file {
            board.status(&format!("loading {}", file.display()));
            let rows = sample::load_labelled(&client, file, kind).await?;
            board.event(&format!("loaded {} rows from {}", term::number(rows), file.display()));
            others += rows;
        }
    }
    // Text of somebody else is run by itself, unless rows of the sample are asked for too.
    let rows = demo.rows.unwrap_or(if others > 0 { 0 } else { ROWS });
    if rows > 0 {
        let sample = Sample { seed: demo.seed, ..Sample::of(rows) };
        board.status("loading the sample app's data");
        sample::load(&client, sample, false).await?;
        let texts = term::number(sample.rows());
        board.event(&format!(
            "loaded {texts} rows of {} people, made from seed {}",
            term::number(sample.profiles),
            sample.seed
        ));
    }
    Ok(())
}

/// Says how to reach the stack and waits for Ctrl-C.
async fn keep(stack: &Stack) -> Result<()> {
    term::line("");
    term::line("Everything keeps running on this machine until Ctrl-C");
    term::line(&format!(
        "  AWS emulator     {}  (any credentials, region us-east-1)",
        stack.emulator().endpoint()
    ));
    term::line(&format!("  Supabase gateway {}/rest/v1", stack.sandbox().url()));
    term::line(&format!("  provider         {}", stack.sandbox().provider_url()));
    term::line(&format!("  PostgreSQL       127.0.0.1:{}, user postgres", stack.postgres().port()));
    // The keys open nothing but this stack, yet a terminal's history is no place for them.
    let file = stack.folder().join("keys.env");
    keepsake::write_keys(stack, &file)?;
    term::line(&format!("  keys, as shell variables  {}", file.display()));
    term::line(&format!(
        "  again            aws --endpoint-url {} stepfunctions start-execution --state-machine-arn {} --input '{{}}'",
        stack.emulator().endpoint(),
        stack.output("WorkflowArn")?
    ));
    std::future::pending().await
}

fn verdict(outcome: &Outcome, kept: &std::path::Path) -> Result<()> {
    if outcome.succeeded() {
        return Ok(());
    }
    let name = outcome.error.as_deref().unwrap_or(&outcome.status);
    let cause = outcome.cause.as_deref().unwrap_or("no cause was given");
    Err(Error::new(format!("the run failed: {name}: {cause}"))
        .hint(format!("the functions' logs are in {}", kept.join("logs").display())))
}
