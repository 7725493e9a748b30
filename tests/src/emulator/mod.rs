//! Whole runs: the real template, state machine and compiled handlers on the emulator, over real `PostgreSQL` and the
//! sandbox.
//!
//! The stack is brought up once. Scenarios run one after another on it, each on runs of its own; faults are cleared
//! and data is put back between them. One that fails does not keep the others from running.
//!
//! | module | holds |
//! |---|---|
//! | [`world`] | the stack, and what a scenario does with it |
//! | [`evidence`] | what runs have left, and everything there is to search |
//! | [`processes`] | the function processes, to be stopped and killed |
//! | [`approval`], [`full`], [`bedrock`], [`refused`], [`faults`], [`replays`], [`changed`], [`consent`], [`database`], [`kills`], [`stopped`], [`sunset`], [`search`], [`real_text`] | the scenarios |

mod approval;
mod bedrock;
mod changed;
mod consent;
mod database;
mod evidence;
mod faults;
mod full;
mod kills;
mod processes;
mod real_text;
mod refused;
mod replays;
mod search;
mod stopped;
mod sunset;
mod world;

use std::io::Write as _;
use std::panic::AssertUnwindSafe;
use std::time::Instant;

use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;

use world::World;

/// Written past the test harness, which would keep it until something fails.
fn say(line: &str) {
    writeln!(std::io::stderr(), "    {line}").unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whole_runs_on_the_emulator() {
    let failed = tokio::select! {
        failed = scenarios() => failed,
        // The stack has gone with the scenarios: a terminal's signal reaches none of its processes.
        _ = tokio::signal::ctrl_c() => std::process::exit(130),
    };
    assert!(failed.is_empty(), "failed: {}", failed.join("; "));
}

/// Brings the stack up, runs every scenario and answers the names of those that failed.
async fn scenarios() -> Vec<&'static str> {
    let begun = Instant::now();
    let world = World::up().await;
    let w = &world;
    say(&format!("{:>5.1} s  stack up, sample loaded", begun.elapsed().as_secs_f64()));
    // Each on the heap: together they are more than a stack should hold.
    let scenarios: Vec<(&'static str, LocalBoxFuture<'_, ()>)> = vec![
        ("each recipe trains and promotes a first version", full::each_recipe(w).boxed_local()),
        ("a second run retires the first version", full::second_version(w).boxed_local()),
        ("two runs at once become two versions", full::two_at_once(w).boxed_local()),
        ("the app's query finds a model that has learnt", full::the_app_asks(w).boxed_local()),
        ("a run reads what has changed since the last one", changed::since_the_last_run(w).boxed_local()),
        ("a dry run leaves an estimate and nothing else", full::dry_run(w).boxed_local()),
        ("replayed events change no byte", replays::each_handler(w).boxed_local()),
        ("faults of the gateway do not fail a run", faults::of_the_gateway(w).boxed_local()),
        ("faults of the provider buy no second job", faults::of_the_provider(w).boxed_local()),
        ("an operator approves, refuses or is silent", approval::answered(w).boxed_local()),
        ("who takes consent back is not learnt from", consent::withdrawn(w).boxed_local()),
        ("a killed handler loses and doubles nothing", kills::each_long_step(w).boxed_local()),
        ("a part that dies every time names the run's failure", kills::every_time(w).boxed_local()),
        ("a stopped run leaves no job that goes on", stopped::while_training(w).boxed_local()),
        ("an announced end is told once and noted on the rows", sunset::announced(w).boxed_local()),
        ("an input that is not understood", refused::input(w).boxed_local()),
        ("a missing grant is answered with the grant", refused::grant(w).boxed_local()),
        ("consent that cannot be read", refused::consent(w).boxed_local()),
        ("too few rows", refused::too_few_rows(w).boxed_local()),
        ("a base model that cannot be used", refused::base_model(w).boxed_local()),
        ("a job that the provider fails or cancels", refused::job(w).boxed_local()),
        ("a failure that cannot be recorded", refused::unrecorded(w).boxed_local()),
        ("a recipe for Bedrock trains there", bedrock::trains_there(w).boxed_local()),
        (
            "rows are read from the database where the stack says so",
            database::instead_of_the_gateway(w).boxed_local(),
        ),
        ("no planted data and no secret in anything left", search::everything(w).boxed_local()),
        ("real text of others", real_text::runs(w).boxed_local()),
    ];
    let mut failed = Vec::new();
    for (name, run) in scenarios {
        let started = Instant::now();
        // Its panic is told by the harness; the others still run.
        let ended = AssertUnwindSafe(run).catch_unwind().await;
        let verdict = if ended.is_ok() { "ok" } else { "FAILED" };
        say(&format!("{:>5.1} s  {verdict}  {name}", started.elapsed().as_secs_f64()));
        failed.extend(ended.is_err().then_some(name));
        w.calm().await;
    }
    say(&format!("{:>5.1} s  in all", begun.elapsed().as_secs_f64()));
    if !failed.is_empty() {
        w.keep_logs().await;
    }
    failed
}
