//! Random schedules: a table that changes while it is read, a source that breaks, functions that are killed.
//!
//! Whatever happens, each row that was there and agreed from beginning to end is written once, none twice, and none of
//! somebody who had refused all the time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use records::recipe::{Recipe, Source};
use serde_json::{Value, json};
use stage::arrows::{Estimate, SliceRef};
use stage::export_file::ExportCursor;
use stage::plan_file::{Limits, PlanFile, Slice};
use stage::{Deadline, ErrorName, StageError, keys};
use store::{Failing, Get as _, Memory, get_json, put_json};
use supabase::{Page, Range, Rows};

use crate::Sizes;
use crate::slice;

/// A failure names the seed of its schedule; set `SEED` to it, and `SCHEDULES` to 1, to see it alone.
const SEED: u64 = 20_261_122;
const SCHEDULES: u64 = 300;
const RUN: &str = "campaign";

/// A table, and everything that happens to it.
struct Table {
    state: Mutex<State>,
    /// The most rows that one answer has.
    max_rows: usize,
    /// Of a thousand questions, so many meet a source that is gone or slow.
    broken: u32,
    /// Of a thousand questions, so many come after a change.
    changed: u32,
}

struct State {
    random: ChaCha8Rng,
    rows: BTreeMap<u64, Row>,
    /// Rows that were there and agreed all the time.
    steady: BTreeSet<u64>,
    /// Rows that might be used at some time.
    ever: BTreeSet<u64>,
    answers: u64,
    faults: u64,
}

#[derive(Clone)]
struct Row {
    version: u32,
    agreed: bool,
}

impl Table {
    fn new(seed: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut rows = BTreeMap::new();
        for _ in 0..random.random_range(0..300) {
            rows.insert(random.random_range(1..1_000), Row { version: 0, agreed: random.random_bool(0.8) });
        }
        let agreed: BTreeSet<u64> = rows.iter().filter(|(_, row)| row.agreed).map(|(key, _)| *key).collect();
        let (max_rows, broken, changed) =
            (random.random_range(1..120), random.random_range(0..200), random.random_range(0..900));
        let state = State { random, rows, steady: agreed.clone(), ever: agreed, answers: 0, faults: 0 };
        Self { state: Mutex::new(state), max_rows, broken, changed }
    }

    /// Lets something happen, then answers or breaks.
    fn ask<T>(&self, answer: impl FnOnce(&State) -> T) -> Result<T, StageError> {
        let mut state = self.state.lock().unwrap();
        while state.random.random_range(0..1_000) < self.changed {
            state.change();
        }
        state.answers += 1;
        if state.random.random_range(0..1_000) < self.broken {
            state.faults += 1;
            return Err(StageError::new(ErrorName::Unavailable, "the connection was dropped"));
        }
        Ok(answer(&state))
    }
}

impl State {
    /// Inserts, updates, deletes, or changes somebody's mind.
    fn change(&mut self) {
        let key = self.random.random_range(1..1_100);
        let kind = self.random.random_range(0..4);
        match (kind, self.rows.get_mut(&key)) {
            (0, None) => {
                let agreed = self.random.random_bool(0.8);
                self.rows.insert(key, Row { version: 0, agreed });
                if agreed {
                    self.ever.insert(key);
                }
            }
            (1, Some(row)) => row.version += 1,
            (2, Some(_)) => {
                self.rows.remove(&key);
                self.steady.remove(&key);
            }
            (3, Some(row)) => {
                row.agreed = !row.agreed;
                if row.agreed {
                    self.ever.insert(key)
                } else {
                    self.steady.remove(&key)
                };
            }
            _ => {}
        }
    }

    fn select(&self, range: Range<'_>, consented: bool) -> Vec<(u64, Row)> {
        let bound = |text: Option<&str>| text.map(|text| text.parse::<u64>().unwrap());
        let (after, up_to) = (bound(range.after).unwrap_or(0), bound(range.up_to).unwrap_or(u64::MAX));
        let rows = self
            .rows
            .iter()
            .filter(|(key, row)| **key > after && **key <= up_to && (row.agreed || !consented));
        rows.map(|(key, row)| (*key, row.clone())).collect()
    }
}

impl Rows for Table {
    async fn page(&self, range: Range<'_>, limit: u32) -> Result<Page, StageError> {
        // Another task may run, or this one be killed, before the answer and behind it.
        tokio::task::yield_now().await;
        let most = self.max_rows.min(limit as usize);
        let rows = self.ask(|state| state.select(range, true).into_iter().take(most).collect::<Vec<_>>())?;
        tokio::task::yield_now().await;
        let line = |(key, row): (u64, Row)| {
            let padding = "x".repeat(usize::try_from(key * 37 % 200).unwrap());
            json!({"id": key, "version": row.version, "text": padding}).to_string()
        };
        let lines: Vec<String> = rows.into_iter().map(line).collect();
        Ok(Page::of_lines(lines.join("\n").as_bytes()))
    }

    async fn keys(&self, _: Range<'_>, _: u32) -> Result<Vec<String>, StageError> {
        unreachable!("an export asks for rows")
    }

    async fn count(&self, range: Range<'_>, consented: bool) -> Result<u64, StageError> {
        tokio::task::yield_now().await;
        self.ask(|state| state.select(range, consented).len() as u64)
    }

    async fn bounds(&self, _: Range<'_>) -> Result<Option<(String, String)>, StageError> {
        unreachable!("the plan is made")
    }
}

fn recipe() -> Recipe {
    let mut recipe = records::library::recipe("zion-job-generator").unwrap();
    recipe.gates.max_moved_percent = 100.0;
    let source: &mut Source = &mut recipe.sources[0];
    source.key = "id".to_owned();
    recipe
}

/// Runs a future for so many steps at most; none when it was killed before its end.
fn run_for<T>(steps: u64, future: impl Future<Output = T>) -> Option<T> {
    let mut future = Box::pin(future);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..steps {
        if let Poll::Ready(done) = future.as_mut().poll(&mut context) {
            return Some(done);
        }
    }
    None
}

/// What one schedule did.
#[derive(Default)]
struct Tally {
    kills: u64,
    failures: u64,
    faults: u64,
    rows: u64,
    parts: u64,
}

/// Exports one slice, killed and broken at random, until it is done.
fn export(table: &Table, slice: &Slice, store: &Memory, random: &mut ChaCha8Rng, tally: &mut Tally) {
    let asked = SliceRef { table: slice.source.clone(), slice: slice.slice };
    let sizes = Sizes { part_bytes: random.random_range(200..20_000), ..Sizes::default() };
    for turn in 0.. {
        let (steps, calls) = if turn < 40 {
            (random.random_range(1..60), random.random_range(1..40))
        } else {
            // Enough is enough: even the worst day ends.
            (u64::MAX, usize::MAX)
        };
        let failing = Failing::after(calls, store);
        let time = Deadline::after(Duration::from_hours(1));
        match run_for(steps, slice::export(RUN, &asked, time, sizes, &failing, table)) {
            None => tally.kills += 1,
            Some(Err(error)) => {
                assert!(error.name().is_retryable(), "{}", error.chain());
                tally.failures += 1;
            }
            Some(Ok(answer)) if answer.more => {}
            Some(Ok(_)) => return,
        }
        assert!(turn < 2_000, "it never ends");
    }
}

/// Reads all rows that the cursor names, in order.
fn written(store: &Memory, slice: &Slice) -> Vec<Value> {
    let read = async {
        let key = keys::export_cursor(RUN, &slice.source, slice.slice);
        let cursor: ExportCursor = get_json(store, &key).await.unwrap();
        let mut rows = Vec::new();
        for part in &cursor.parts {
            let body = store.get(&part.key).await.unwrap();
            assert_eq!((part.bytes, &part.sha256), (body.len() as u64, &records::digest::sha256(&body)));
            let lines = std::str::from_utf8(&body).unwrap().lines();
            let before = rows.len();
            rows.extend(lines.map(|line| serde_json::from_str::<Value>(line).unwrap()));
            assert_eq!(part.rows, (rows.len() - before) as u64);
        }
        rows
    };
    run_for(u64::MAX, read).unwrap()
}

fn plan(store: &Memory, slices: &[Slice]) {
    let plan = PlanFile {
        run: RUN.to_owned(),
        started_at: jiff::Timestamp::UNIX_EPOCH,
        recipe: recipe(),
        recipe_sha256: String::new(),
        model: None,
        host: None,
        base_shutdown_date: None,
        limits: Limits { min_examples: 0, max_file_bytes: 0, max_example_tokens: 0 },
        sources: Vec::new(),
        reading: None,
        slices: slices.to_vec(),
        estimate: Estimate { examples: 0, tokens: 0, usd: 0.0 },
        approval: stage::approval_file::Planned::default(),
    };
    run_for(u64::MAX, put_json(store, &keys::plan(RUN), &plan)).unwrap().unwrap();
}

fn schedule(seed: u64, tally: &mut Tally) {
    let (table, store) = (Table::new(seed), Memory::default());
    let mut random = ChaCha8Rng::seed_from_u64(seed ^ 0xFFFF);
    let mut after = None;
    let mut cuts: Vec<u64> = (0..random.random_range(0..4)).map(|_| random.random_range(1..1_000)).collect();
    cuts.sort_unstable();
    cuts.dedup();
    let uppers = cuts.into_iter().chain([1_000]);
    let slices: Vec<_> = (0..)
        .zip(uppers)
        .map(|(slice, up_to)| {
            let up_to = Some(up_to.to_string());
            let after = std::mem::replace(&mut after, up_to.clone());
            Slice { source: "job_posts".to_owned(), slice, after, up_to, earlier: false, counted: None }
        })
        .collect();
    plan(&store, &slices);
    let mut found = BTreeSet::new();
    let mut last = 0;
    for slice in &slices {
        export(&table, slice, &store, &mut random, tally);
    }
    for slice in &slices {
        for row in written(&store, slice) {
            let key = row["id"].as_u64().unwrap();
            assert!(found.insert(key), "seed {seed}: row {key} twice");
            assert!(key > last, "seed {seed}: row {key} behind {last}");
            last = key;
        }
    }
    let state = table.state.into_inner().unwrap();
    let missing: Vec<_> = state.steady.iter().filter(|key| **key <= 1_000 && !found.contains(key)).collect();
    assert!(missing.is_empty(), "seed {seed}: lost {missing:?}");
    let refused: Vec<_> = found.difference(&state.ever).collect();
    assert!(refused.is_empty(), "seed {seed}: of people who had refused: {refused:?}");
    tally.faults += state.faults;
    tally.rows += found.len() as u64;
    tally.parts += store.keys().len() as u64;
}

#[test]
fn no_row_is_lost_and_none_is_doubled_whatever_happens() {
    let mut tally = Tally::default();
    for seed in SEED..SEED + SCHEDULES {
        schedule(seed, &mut tally);
    }
    // A campaign in which nothing happened would prove nothing.
    let Tally { kills, failures, faults, rows, parts } = tally;
    let text = format!(
        "seed {SEED}, {SCHEDULES} schedules: {kills} kills, {failures} failures, {faults} faults of the source, {rows} rows in {parts} objects"
    );
    assert!(kills > SCHEDULES && failures > SCHEDULES && faults > SCHEDULES && rows > 10_000, "{text}");
    std::io::Write::write_all(&mut std::io::stderr(), format!("{text}\n").as_bytes()).unwrap();
}
