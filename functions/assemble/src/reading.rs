//! What was read, and what was taken over from an earlier run.

use stage::manifest::{Reading, Slice};
use stage::plan_file::PlanFile;
use stage::scrub_file::ScrubReport;
use stage::{ErrorName, StageError};

/// Adds the slices and the parts up; none where the recipe has no `[incremental]`.
///
/// # Errors
/// `CountsDiffer` when the rows that were taken over are not those that the export left for it.
pub(crate) fn reading(
    plan: &PlanFile,
    slices: &[Slice],
    reports: &[ScrubReport],
) -> Result<Option<Reading>, StageError> {
    let Some(planned) = plan.reading.clone() else { return Ok(None) };
    let mut reading = Reading { plan: planned, read: 0, kept: 0, replaced: 0, unchanged: 0, gone: 0 };
    for Slice { counts, .. } in slices {
        let carried = counts.carried.unwrap_or_default();
        reading.read += counts.written - carried.kept;
        reading.kept += carried.kept;
        reading.replaced += carried.replaced;
        reading.gone += carried.gone;
    }
    reading.unchanged = reports.iter().map(|report| report.unchanged).sum();
    let kept: u64 = reports.iter().map(|report| report.kept).sum();
    if kept == reading.kept {
        return Ok(Some(reading));
    }
    let text = format!("{} rows were to be taken over, {kept} were: start a new run", reading.kept);
    Err(StageError::new(ErrorName::CountsDiffer, text))
}
