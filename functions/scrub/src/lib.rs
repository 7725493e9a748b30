//! One part: personal data out, prompt and completion built, what was found counted, and measured with planted people.

mod batch;
mod carried;
mod outputs;
mod row;

use std::collections::{BTreeMap, VecDeque};
use std::num::NonZero;
use std::sync::Arc;
use std::thread::available_parallelism;

use pii::{Scrubber, SurrogateKey};
use records::jsonl::Lines;
use records::subject::SubjectKey;
use stage::arrows::{ScrubEvent, Scrubbed};
use stage::plan_file::PlanFile;
use stage::scrub_file::ScrubReport;
use stage::{StageError, keys};
use store::{Body as _, Get, Put, get_json, put_json};
use tokio::task::{JoinHandle, spawn_blocking};

use crate::batch::{Batch, Done};
use crate::outputs::Outputs;
use crate::row::RowScrubber;

/// A longer row is quarantined: a million characters are more than a provider takes.
const LONGEST_ROW: usize = 1 << 20;

/// Scrubs one part, streaming, on all cores: memory holds a few batches of rows and one part of the upload, whatever the
/// part's size.
///
/// A row that cannot be used is pointed to from the quarantine, with the reason; it fails nothing.
///
/// # Errors
/// `Internal` when the part is missing; `DatasetRejected` and `CountsDiffer` when what an earlier run has left of it is
/// another key's, another version's or not what its report says; `Unavailable` when the store is.
pub async fn handle(
    event: ScrubEvent,
    store: &(impl Get + Put),
    subject_key: &SubjectKey,
) -> Result<Scrubbed, StageError> {
    // Six objects that are written make a large future.
    Box::pin(handle_with(event, store, subject_key, |scrubber| scrubber)).await
}

/// As [`handle`], with a scrubber that the caller has changed: so that a test can switch a recogniser off.
///
/// # Errors
/// As [`handle`].
pub async fn handle_with(
    event: ScrubEvent,
    store: &(impl Get + Put),
    subject_key: &SubjectKey,
    change: impl FnOnce(Scrubber) -> Scrubber,
) -> Result<Scrubbed, StageError> {
    let ScrubEvent { run, part } = event;
    let plan: PlanFile = get_json(store, &keys::plan(&run)).await?;
    let source = plan
        .recipe
        .source(&part.table)
        .ok_or_else(|| StageError::internal(format!("the plan has no source {}", part.table)))?;
    // One key a run, and those that go on from it: surrogates of two datasets say nothing of each other.
    let key = SurrogateKey::new(subject_key.hash("surrogates", plan.first()).as_bytes());
    let scrubber = change(plan.recipe.scrub.scrubber(Some(key)));
    let earlier = match &part.carried {
        Some(carried) => Some(carried::Earlier::read(&part, carried, subject_key, store).await?),
        None => None,
    };
    let inherited = earlier.as_ref().map(|earlier| earlier.planted(&part)).unwrap_or_default();
    let rows = Arc::new(RowScrubber::new(
        source.clone(),
        plan.recipe.quality.clone(),
        scrubber,
        subject_key.clone(),
        &part,
        earlier,
    )?);

    let mut report = ScrubReport {
        scrubber_version: pii::VERSION.to_owned(),
        subject_key: subject_key.id(),
        inherited,
        ..ScrubReport::default()
    };
    let mut outputs = Outputs::new(&plan, &part, store);
    let mut working: VecDeque<JoinHandle<Result<Done, StageError>>> = VecDeque::new();
    // One batch a core, and one to come.
    let most = available_parallelism().map_or(1, NonZero::get) + 1;
    let mut body = store.open(&part.key).await?;
    let mut lines = Lines::new(LONGEST_ROW);
    let mut batch = Batch::default();
    let mut full = Vec::new();
    while let Some(chunk) = body.chunk().await? {
        lines.feed(&chunk, |line| -> Result<(), StageError> {
            batch.push(&line);
            full.extend(batch.take_if_full());
            Ok(())
        })?;
        for batch in full.drain(..) {
            while working.len() >= most {
                finish(&mut working, &mut report, &mut outputs).await?;
            }
            let rows = Arc::clone(&rows);
            working.push_back(spawn_blocking(move || rows.batch(&batch)));
        }
    }
    lines.finish(|line| -> Result<(), StageError> {
        batch.push(&line);
        Ok(())
    })?;
    working.push_back(spawn_blocking(move || rows.batch(&batch)));
    while !working.is_empty() {
        finish(&mut working, &mut report, &mut outputs).await?;
    }
    let closed = outputs.close().await?;
    (report.bytes, report.sha256) = (closed.bytes, closed.sha256);
    put_json(store, &keys::scrubbed_report(&run, &part.table, part.slice, part.part), &report).await?;
    Ok(Scrubbed {
        table: part.table,
        slice: part.slice,
        part: part.part,
        rows: report.rows,
        examples: report.examples,
        quarantined: report.quarantined.values().sum(),
        found: report.found,
    })
}

/// Writes the oldest batch when it is done: the order of the rows stays.
async fn finish(
    working: &mut VecDeque<JoinHandle<Result<Done, StageError>>>,
    report: &mut ScrubReport,
    outputs: &mut Outputs<'_, impl Put>,
) -> Result<(), StageError> {
    let Some(batch) = working.pop_front() else { return Ok(()) };
    let done = match batch.await {
        Ok(done) => done?,
        // Caught where every panic of a handler is, and named.
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(_) => return Err(StageError::internal("a batch of rows was cancelled")),
    };
    outputs.write(&done, report.rows, report.examples).await?;
    report.rows += done.rows;
    report.examples += done.examples;
    report.kept += done.kept;
    report.unchanged += done.unchanged;
    add(&mut report.quarantined, done.reasons);
    add(&mut report.found, done.found);
    add(&mut report.doubtful, done.doubtful);
    for (kind, tally) in done.planted {
        let sum = report.planted.entry(kind.as_str().to_owned()).or_default();
        sum.planted += tally.planted;
        sum.found += tally.found;
    }
    Ok(())
}

fn add(sums: &mut BTreeMap<String, u64>, counts: BTreeMap<impl ToString + Ord, u64>) {
    for (name, count) in counts {
        *sums.entry(name.to_string()).or_default() += count;
    }
}
