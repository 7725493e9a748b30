//! A part of any size through the function's own code: rows come from memory, examples go nowhere.

use std::hint::black_box;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use jiff::Timestamp;
use pii::{Policy, Scrubber};
use records::recipe::Recipe;
use records::subject::SubjectKey;
use serde_json::json;
use stage::arrows::{Estimate, PartRef, ScrubEvent};
use stage::plan_file::{Limits, PlanFile};
use stage::{StageError, keys};
use store::{Body, Class, Get, Put};

use super::Told;
use super::measure::{Figures, cpu};
use crate::error::{Context as _, Error, Result};
use crate::sample::{self, Sample};

const RECIPE: &str = include_str!("../../../../recipes/zion-support.toml");
const RUN: &str = "bench";
/// Conversations that are made; the part repeats them.
const ROWS: u64 = 4_000;
/// A chunk as S3's client hands it on.
const CHUNK: usize = 256 << 10;
/// How much of the rows the library is timed on.
const LIBRARY: u64 = 64 << 20;

/// A store whose one part is as long as wanted.
struct Endless {
    plan: Bytes,
    rows: Bytes,
    bytes: u64,
    written: AtomicU64,
}

struct Part<'a> {
    rows: &'a Bytes,
    at: usize,
    left: u64,
}

impl Body for Part<'_> {
    async fn chunk(&mut self) -> Result<Option<Bytes>, StageError> {
        if self.left == 0 {
            return Ok(None);
        }
        if self.at == self.rows.len() {
            self.at = 0;
        }
        let end = (self.at + CHUNK).min(self.rows.len());
        let chunk = self.rows.slice(self.at..end);
        self.at = end;
        // The part ends where the rows do, so that its last row is whole.
        self.left = if end == self.rows.len() { self.left.saturating_sub(end as u64) } else { self.left };
        Ok(Some(chunk))
    }
}

impl Get for Endless {
    async fn open(&self, _: &str) -> Result<impl Body, StageError> {
        Ok(Part { rows: &self.rows, at: 0, left: self.bytes })
    }

    async fn get(&self, _: &str) -> Result<Bytes, StageError> {
        Ok(self.plan.clone())
    }
}

impl Put for Endless {
    async fn put(&self, _: &str, body: Bytes, _: Class) -> Result<(), StageError> {
        self.written.fetch_add(body.len() as u64, Ordering::Relaxed);
        Ok(())
    }

    async fn begin(&self, key: &str, _: Class) -> Result<String, StageError> {
        Ok(key.to_owned())
    }

    async fn part(&self, _: &str, _: &str, _: i32, body: Bytes) -> Result<String, StageError> {
        self.written.fetch_add(body.len() as u64, Ordering::Relaxed);
        Ok(String::new())
    }

    async fn complete(&self, _: &str, _: &str, _: Vec<String>) -> Result<(), StageError> {
        Ok(())
    }
}

/// Conversations: question and answer.
fn conversations() -> Vec<(String, String)> {
    sample::conversations(Sample { support_logs: ROWS, ..Sample::of(ROWS) })
}

fn rows(conversations: &[(String, String)]) -> Bytes {
    let line = |(number, (question, answer)): (usize, &(String, String))| {
        format!(
            "{}\n",
            json!({"id": number, "user_id": number % 997, "question": question, "answer": answer})
        )
    };
    Bytes::from(conversations.iter().enumerate().map(line).collect::<String>())
}

/// The function's code over a part of at least so many bytes.
pub(super) async fn measure(_: &Path, bytes: u64) -> Result<Told> {
    let recipe = Recipe::parse("zion-support.toml", RECIPE).context("read the recipe")?;
    let plan = PlanFile {
        run: RUN.to_owned(),
        started_at: Timestamp::UNIX_EPOCH,
        recipe,
        recipe_sha256: String::new(),
        model: None,
        host: None,
        base_shutdown_date: None,
        limits: Limits { min_examples: 1, max_file_bytes: u64::MAX, max_example_tokens: u64::MAX },
        sources: Vec::new(),
        reading: None,
        slices: Vec::new(),
        estimate: Estimate { examples: 0, tokens: 0, usd: 0.0 },
        approval: stage::approval_file::Planned::default(),
    };
    let store = Endless {
        plan: Bytes::from(serde_json::to_vec(&plan).context("write the plan")?),
        rows: rows(&conversations()),
        bytes,
        written: AtomicU64::new(0),
    };
    let rounds = bytes.div_ceil(store.rows.len() as u64);
    let bytes = rounds * store.rows.len() as u64;
    let key = SubjectKey::new(&[7; 32]).context("make a key")?;
    let part = PartRef {
        key: keys::export_part(RUN, "support_logs", 0, 0),
        table: "support_logs".to_owned(),
        slice: 0,
        part: 0,
        rows: rounds * ROWS,
        bytes,
        carried: None,
    };
    let begun = cpu();
    let scrubbed = scrub::handle(ScrubEvent { run: RUN.to_owned(), part }, &store, &key).await;
    let scrubbed = scrubbed.context("scrub the part")?;
    let figures = Figures::of(bytes, cpu().saturating_sub(begun));
    if scrubbed.examples == 0 || store.written.load(Ordering::Relaxed) < bytes / 4 {
        return Err(Error::new(format!("the part became {} examples", scrubbed.examples)));
    }
    Ok(Told { figures, shares: Vec::new(), hostile: Vec::new() })
}

/// The same texts through the library alone; bytes are counted as the part's.
pub(super) fn library() -> Figures {
    let conversations = conversations();
    let bytes = rows(&conversations).len() as u64;
    let scrubber = Scrubber::new(Policy::Tag);
    let begun = cpu();
    let rounds = LIBRARY.div_ceil(bytes);
    for _ in 0..rounds {
        for (question, answer) in &conversations {
            black_box(scrubber.record().texts(&[question, answer]));
        }
    }
    Figures::of(rounds * bytes, cpu().saturating_sub(begun))
}
