//! One part: personal data out, prompt and completion built, what was found counted.

mod row;

use pii::{Policy, Scrubber};
use records::jsonl::Lines;
use records::recipe::ScrubPolicy;
use records::subject::SubjectKey;
use stage::arrows::{ScrubEvent, Scrubbed};
use stage::plan_file::PlanFile;
use stage::scrub_file::{Quarantined, ScrubReport};
use stage::{StageError, keys};
use store::{Body as _, Class, Get, Put, Writer, get_json, put_json};

use crate::row::RowScrubber;

/// A longer row is quarantined: four million characters are no example of anything.
const LONGEST_ROW: usize = 4 << 20;

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
    let scrubber = Scrubber::new(match plan.recipe.scrub.policy {
        ScrubPolicy::Tag => Policy::Tag,
        ScrubPolicy::Numbered => Policy::Numbered,
    });
    let rows = RowScrubber::new(source, &scrubber, subject_key)?;

    let mut report = ScrubReport::default();
    let mut examples =
        Writer::new(store, keys::scrubbed_part(&run, &part.table, part.slice, part.part), Class::Derived);
    let mut quarantine = Vec::new();
    let mut clean = Vec::new();
    let mut each = |line: records::jsonl::Line<'_>, clean: &mut Vec<Vec<u8>>| {
        report.rows += 1;
        match rows.line(&line, &mut report.found) {
            Ok(example) => {
                report.examples += 1;
                clean.push(example);
            }
            Err(reason) => {
                let line = Quarantined { part: part.key.clone(), line: report.rows, reason: reason.clone() };
                *report.quarantined.entry(reason).or_default() += 1;
                quarantine.push(line);
            }
        }
        Ok::<_, StageError>(())
    };
    let mut body = store.open(&part.key).await?;
    let mut lines = Lines::new(LONGEST_ROW);
    while let Some(chunk) = body.chunk().await? {
        lines.feed(&chunk, |line| each(line, &mut clean))?;
        for line in clean.drain(..) {
            examples.line(&line).await?;
        }
    }
    lines.finish(|line| each(line, &mut clean))?;
    for line in clean.drain(..) {
        examples.line(&line).await?;
    }

    let closed = examples.close().await?;
    (report.bytes, report.sha256) = (closed.bytes, closed.sha256);
    if !quarantine.is_empty() {
        let key = keys::quarantine_part(&run, &part.table, part.slice, part.part);
        let mut writer = Writer::new(store, key, Class::Derived);
        for line in &quarantine {
            writer.line(&json_line(line)?).await?;
        }
        writer.close().await?;
    }
    put_json(store, &keys::scrubbed_report(&run, &part.table, part.slice, part.part), &report).await?;
    Ok(Scrubbed {
        table: part.table,
        slice: part.slice,
        part: part.part,
        rows: report.rows,
        examples: report.examples,
        quarantined: quarantine.len() as u64,
        found: report.found,
    })
}

fn json_line(value: &impl serde::Serialize) -> Result<Vec<u8>, StageError> {
    let mut line = serde_json::to_vec(value)
        .map_err(|error| StageError::internal("a line cannot be written as JSON").caused_by(error))?;
    line.push(b'\n');
    Ok(line)
}
