//! One part: personal data out, prompt and completion built, what was found counted.

mod outputs;
mod row;

use pii::SurrogateKey;
use records::jsonl::{Line, Lines};
use records::subject::SubjectKey;
use stage::arrows::{ScrubEvent, Scrubbed};
use stage::plan_file::PlanFile;
use stage::scrub_file::{Quarantined, ScrubReport};
use stage::{StageError, keys};
use store::{Body as _, Get, Put, get_json, put_json};

use crate::outputs::{Outputs, Pending};
use crate::row::RowScrubber;

/// A longer row is quarantined: a million characters are more than a provider takes.
const LONGEST_ROW: usize = 1 << 20;

/// Scrubs one part, streaming: memory holds one row, one chunk and one part of the upload.
///
/// A row that cannot be used is pointed to from the quarantine, with the reason; it fails nothing.
///
/// # Errors
/// `Internal` when the part is missing; `Unavailable` when the store is.
pub async fn handle(
    event: ScrubEvent,
    store: &(impl Get + Put),
    subject_key: &SubjectKey,
) -> Result<Scrubbed, StageError> {
    let ScrubEvent { run, part } = event;
    let plan: PlanFile = get_json(store, &keys::plan(&run)).await?;
    let source = plan
        .recipe
        .source(&part.table)
        .ok_or_else(|| StageError::internal(format!("the plan has no source {}", part.table)))?;
    // One key a run: surrogates of two runs say nothing of each other.
    let scrubber =
        plan.recipe.scrub.scrubber(Some(SurrogateKey::new(subject_key.hash("surrogates", &run).as_bytes())));
    let rows = RowScrubber::new(source, &scrubber, subject_key)?;

    let mut report = ScrubReport::default();
    let mut outputs = Outputs::new(&run, &part, store);
    let mut pending = Pending::default();
    let mut each = |line: Line<'_>, pending: &mut Pending| {
        report.rows += 1;
        match rows.line(&line, &mut report.found) {
            Ok(example) => {
                report.examples += 1;
                pending.example(&example)
            }
            Err(reason) => {
                *report.quarantined.entry(reason.clone()).or_default() += 1;
                pending.quarantined(&Quarantined { part: part.key.clone(), line: report.rows, reason })
            }
        }
    };
    let mut body = store.open(&part.key).await?;
    let mut lines = Lines::new(LONGEST_ROW);
    while let Some(chunk) = body.chunk().await? {
        lines.feed(&chunk, |line| each(line, &mut pending))?;
        outputs.write(&mut pending).await?;
    }
    lines.finish(|line| each(line, &mut pending))?;
    outputs.write(&mut pending).await?;
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
