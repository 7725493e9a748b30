//! Seeded runs from the upload to the end of the job, in which everything goes wrong that can.
//!
//! Functions are killed and
//! stand still, two attempts of one are at work at once, the provider commits and says nothing, lists late or refuses, people
//! take consent back, an operator stops the run.
//!
//! The handlers are the real ones, over HTTP against the sandbox's provider; the bucket is in memory, and so is the database. Time is made
//! up: it goes on when nothing but time is waited for. What the workflow does with a failure is read from
//! `infra/workflow.asl.json`.
//!
//! | module | holds |
//! |---|---|
//! | `world`, `source` | the dataset that each run begins with, made by the real steps |
//! | `faults` | what goes wrong, drawn from a run's seed |
//! | `clock`, `crew` | time, and attempts that die or stand still |
//! | `shaky` | a bucket that goes away |
//! | `workflow`, `run` | the workflow from `Upload` on, the rules behind its end, the hourly sweep |
//! | `check` | what must be true afterwards |

mod check;
mod clock;
mod crew;
mod faults;
mod run;
mod shaky;
mod source;
mod workflow;
mod world;

use std::cell::{Cell, RefCell};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use reqwest::Client;
use sandbox::server::Server;
use serde::Serialize;
use serde_json::json;
use url::Url;

use self::check::{Shown, Sight};
use self::clock::Time;
use self::crew::Crew;
use self::faults::Faults;
use self::run::{Outcome, Run, draws};
use self::shaky::Shaky;
use self::source::Source;
use self::workflow::Workflow;
use self::world::Template;
use crate::error::{Context as _, Error, Result};
use crate::term;

/// Runs the fault campaign.
#[derive(Debug, Clone, Args)]
pub struct Campaign {
    /// Runs; each has a seed of its own, from the first one on
    #[arg(long, default_value_t = 1_000)]
    pub runs: u64,
    /// Seed of the first run
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Switches a guard off, to prove that the campaign sees it
    #[arg(long, value_enum)]
    pub without: Option<Guard>,
}

/// What keeps a job from being paid for twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Guard {
    /// The look for a job whose answer was lost
    Search,
    /// The fencing of attempts
    Lease,
    /// The hourly sweep finds nothing
    Sweep,
}

/// A run takes tenths of a second of real time.
const PATIENCE: Duration = Duration::from_mins(1);

/// What the campaign has seen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Runs.
    pub runs: u64,
    /// Seed of the first one.
    pub seed: u64,
    /// Requests that met a fault of the provider's, and calls to the bucket that failed.
    pub faults_injected: u64,
    /// Attempts that were killed.
    pub killed: u64,
    /// Attempts that stood still for a while.
    pub frozen: u64,
    /// Runs that ended with a model.
    pub trained: u64,
    /// Runs that failed for good.
    pub failed: u64,
    /// Runs that were stopped.
    pub stopped: u64,
    /// Jobs that were asked for.
    pub jobs: u64,
    /// What must not be: a line each, with the seed that shows it again alone.
    pub violations: Vec<String>,
}

impl Report {
    fn add(&mut self, other: Self) {
        self.faults_injected += other.faults_injected;
        self.killed += other.killed;
        self.frozen += other.frozen;
        self.trained += other.trained;
        self.failed += other.failed;
        self.stopped += other.stopped;
        self.jobs += other.jobs;
        self.violations.extend(other.violations);
    }
}

impl Campaign {
    /// Runs it and says what was seen; the last line is one JSON object.
    ///
    /// # Errors
    /// When a run could not be made, or something was that must not be.
    pub fn run(&self) -> Result<()> {
        let began = Instant::now();
        let report = self.report()?;
        for violation in &report.violations {
            term::complain(violation);
        }
        let mut line = serde_json::to_value(&report).context("write the report")?;
        line["violations"] = json!(report.violations.len());
        line["seconds"] = json!(began.elapsed().as_secs());
        term::line(&line.to_string());
        if report.violations.is_empty() {
            return Ok(());
        }
        Err(Error::new("the campaign has found violations"))
    }

    /// Runs it, on two cores.
    ///
    /// # Errors
    /// When a run could not be made.
    pub fn report(&self) -> Result<Report> {
        let workflow = Workflow::read()?;
        let template = on_own(async || {
            let server = Sandbox::start(200, Time::new(world::began(), 0)).await?;
            Template::make(&server.base).await
        })?;
        let (next, report) = (Mutex::new(0), Mutex::new(Report::default()));
        let worker = || {
            on_own(async || {
                let client = stage::http::client().context("make a client")?;
                loop {
                    let number = {
                        let mut next = next.lock().map_err(|_| Error::new("a worker died"))?;
                        *next += 1;
                        *next - 1
                    };
                    if number >= self.runs {
                        return Ok(());
                    }
                    let one = Box::pin(self.one(self.seed + number, &workflow, &template, &client)).await?;
                    report.lock().map_err(|_| Error::new("a worker died"))?.add(one);
                }
            })
        };
        std::thread::scope(|scope| {
            let workers = [scope.spawn(worker), scope.spawn(worker)];
            workers
                .into_iter()
                .try_for_each(|worker| worker.join().map_err(|_| Error::new("a worker died"))?)
        })?;
        let report = report.into_inner().map_err(|_| Error::new("a worker died"))?;
        Ok(Report { runs: self.runs, seed: self.seed, ..report })
    }

    async fn one(
        &self,
        seed: u64,
        workflow: &Workflow,
        template: &Template,
        client: &Client,
    ) -> Result<Report> {
        let faults = Faults::draw(&mut draws(seed, 0));
        let time = Time::new(world::began(), seed);
        let sandbox = Sandbox::start(200, time.clone()).await?;
        let sight = Sight { client, origin: sandbox.origin.clone() };
        let begun = template.begin(seed, faults.host.clone()).await.context("begin a run")?;
        let train = store::Get::get(&begun.store, &stage::keys::dataset(&begun.run, "train")).await;
        let stranger = sight.move_in(&begun.run, train.context("read the dataset")?.to_vec()).await?;
        sight.ask(reqwest::Method::POST, "/_sandbox/provider", Some(faults.knobs.clone())).await?;
        let blind = json!({"method": "GET", "path": "/v1/fine_tuning/jobs?*",
            "fault": {"kind": "status", "status": 200, "body": {"object": "list", "data": [], "has_more": false}}});
        let mut rules = faults.rules.clone();
        if self.without == Some(Guard::Search) {
            rules.insert(0, blind);
        }
        sight.ask(reqwest::Method::POST, "/_sandbox/faults", Some(json!(rules))).await?;
        let no_lease = self.without == Some(Guard::Lease);
        let run = Run {
            name: begun.run.clone(),
            workflow,
            store: Shaky::new(begun.store, draws(seed, 1), faults.away, no_lease),
            source: Source::new(draws(seed, 2), faults.away),
            client,
            base: sandbox.base.clone(),
            random: RefCell::new(draws(seed, 3)),
            ended: Cell::new(false),
            last_words: RefCell::default(),
            sweeps: self.without != Some(Guard::Sweep),
            faults,
        };
        let crew = Crew::new(time);
        let lived = tokio::time::timeout(PATIENCE, run.live(begun.manifest_sha256, &crew)).await;
        let Ok(outcome) = lived else {
            let hangs = format!("the run hangs: make campaign RUNS=1 SEED={seed}");
            return Ok(Report { violations: vec![hangs], ..Report::default() });
        };
        let mut report =
            Report { faults_injected: sight.calm().await? + run.store.failed.get(), ..Report::default() };
        run.store.fails.set(0);
        let mut violations = Vec::new();
        match run.tidy(&crew).await {
            Ok(0) => {}
            Ok(_) => violations.push("the janitor still finds something".to_owned()),
            Err(error) => violations.push(format!("the janitor ends as {}: {}", error.name(), error.chain())),
        }
        let shown = Shown {
            run: &run.name,
            outcome: &outcome,
            store: &run.store.inner,
            keeps_files: run.faults.host.keep_files,
            stranger: &stranger,
        };
        let found = check::check(&shown, &sight).await?;
        violations.extend(found.violations);
        [report.killed, report.frozen] = *crew.harmed.borrow();
        report.jobs = found.jobs;
        match outcome {
            Outcome::Trained(_) => report.trained = 1,
            Outcome::Failed(_) => report.failed = 1,
            Outcome::Stopped => report.stopped = 1,
        }
        let line = |what: String| {
            format!("{what} ({outcome:?} {}): make campaign RUNS=1 SEED={seed}", run.last_words.borrow())
        };
        report.violations = violations.into_iter().map(line).collect();
        Ok(report)
    }
}

/// A provider of its own.
struct Sandbox {
    origin: Url,
    base: Url,
    serving: tokio::task::JoinHandle<()>,
}

impl Sandbox {
    async fn start(pace_ms: u64, time: std::sync::Arc<Time>) -> Result<Self> {
        let server = Server::of_provider(world::KEY.to_owned(), pace_ms, time.ms.clone());
        let server = server.await.context("start the sandbox")?;
        let origin = format!("http://{}/", server.address()).parse::<Url>().context("name the sandbox")?;
        let base = origin.join("v1").context("name the sandbox")?;
        let serving = tokio::spawn(server.until(std::future::pending()));
        Ok(Self { origin, base, serving })
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Works on this thread alone, so that what happens first is the same each time.
fn on_own<T>(work: impl AsyncFnOnce() -> Result<T>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.context("start a runtime")?.block_on(work())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(runs: u64, seed: u64, without: Option<Guard>) -> Report {
        Campaign { runs, seed, without }.report().unwrap()
    }

    #[test]
    fn sixty_runs_pay_once_each_and_leave_nothing() {
        let report = seen(60, 1, None);
        assert_eq!(report.violations, [""; 0]);
        assert!(report.trained > 20 && report.stopped > 5 && report.failed > 0, "{report:?}");
        assert!(report.killed > 5 && report.frozen > 10 && report.faults_injected > 50, "{report:?}");
    }

    #[test]
    fn a_guard_that_is_missing_is_seen() {
        for guard in [Guard::Search, Guard::Sweep] {
            let report = seen(60, 1, Some(guard));
            assert!(!report.violations.is_empty(), "{guard:?}");
        }
        // Few schedules need it.
        let fenced =
            [388, 476, 1063, 1184].map(|seed| (seen(1, seed, None), seen(1, seed, Some(Guard::Lease))));
        assert!(fenced.iter().all(|(with, _)| with.violations.is_empty()), "{fenced:?}");
        assert!(fenced.iter().any(|(_, without)| !without.violations.is_empty()), "{fenced:?}");
    }
}
