//! Each slice's rows, from the source's count to its examples.

use stage::arrows::PartRef;
use stage::export_file::SliceCounts;
use stage::manifest::Slice;
use stage::scrub_file::ScrubReport;
use stage::{ErrorName, StageError};

/// Adds the parts up by slice, and compares them with what was exported: no row is lost on the way, and none is made.
///
/// # Errors
/// `CountsDiffer` with the slice and its counts.
pub(crate) fn reconcile(
    counts: Vec<SliceCounts>,
    parts: &[PartRef],
    reports: &[ScrubReport],
) -> Result<Vec<Slice>, StageError> {
    let mut slices: Vec<Slice> =
        counts.into_iter().map(|counts| Slice { counts, examples: 0, quarantined: 0 }).collect();
    for (part, report) in parts.iter().zip(reports) {
        let slice =
            slices.iter_mut().find(|it| it.counts.source == part.table && it.counts.slice == part.slice);
        let slice = slice.ok_or_else(|| {
            let text = format!("slice {} of {} was never counted: start a new run", part.slice, part.table);
            StageError::new(ErrorName::CountsDiffer, text)
        })?;
        slice.examples += report.examples;
        slice.quarantined += report.quarantined.values().sum::<u64>();
    }
    match slices.iter().find(|slice| slice.counts.written != slice.examples + slice.quarantined) {
        None => Ok(slices),
        Some(Slice { counts, examples, quarantined }) => Err(StageError::new(
            ErrorName::CountsDiffer,
            format!(
                "slice {} of {}: {} rows were written, {examples} examples and {quarantined} quarantined rows came of them: start a new run",
                counts.slice, counts.source, counts.written
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use stage::plan_file::Counted;

    use super::*;

    fn counts(slice: u32, written: u64) -> SliceCounts {
        let counted = Counted { rows: written + 3, consented: written };
        SliceCounts {
            source: "posts".to_owned(),
            slice,
            planned: Some(counted),
            counted,
            left_out: 3,
            written,
            carried: None,
        }
    }

    fn part(slice: u32, part: u32, examples: u64, quarantined: u64) -> (PartRef, ScrubReport) {
        let rows = examples + quarantined;
        let at = PartRef {
            table: "posts".to_owned(),
            slice,
            part,
            key: String::new(),
            rows,
            bytes: 0,
            carried: None,
        };
        let quarantined = BTreeMap::from([("no text".to_owned(), quarantined)]);
        (at, ScrubReport { rows, examples, quarantined, ..ScrubReport::default() })
    }

    #[test]
    fn every_row_of_a_slice_is_an_example_or_in_the_quarantine() {
        let (parts, reports): (Vec<_>, Vec<_>) =
            [part(0, 0, 5, 1), part(0, 1, 2, 0), part(1, 0, 0, 4)].into_iter().unzip();
        let slices = reconcile(vec![counts(0, 8), counts(1, 4), counts(2, 0)], &parts, &reports).unwrap();
        let seen: Vec<_> = slices.iter().map(|slice| (slice.examples, slice.quarantined)).collect();
        assert_eq!(seen, [(7, 1), (0, 4), (0, 0)]);
        for written in [7, 9] {
            let error = reconcile(vec![counts(0, written), counts(1, 4)], &parts, &reports).unwrap_err();
            assert_eq!(error.name(), ErrorName::CountsDiffer);
            assert!(error.chain().starts_with("slice 0 of posts"), "{}", error.chain());
        }
        let error = reconcile(vec![counts(0, 8)], &parts, &reports).unwrap_err();
        assert!(error.chain().contains("slice 1 of posts was never counted"), "{}", error.chain());
    }
}
