//! Ranges of keys, so that tables are read side by side.

use records::recipe::Source;
use stage::StageError;
use stage::plan_file::{PlanFile, Slice};
use supabase::{Range, Rows};

/// Half of what one call of `export` may take: 300 s as the template says, less what it keeps back. A slice that takes
/// longer all the same is taken up again.
const SECONDS: u64 = 105;
/// What the slower way reads in a second (measured: 5,000 to 10,000 rows of a kilobyte over REST).
const ROWS_A_SECOND: u64 = 5_000;
const BYTES_A_SECOND: u64 = 5 << 20;
/// A slice of fewer rows is not worth its call.
const FEWEST: u64 = 50_000;
/// Slices that keep the workflow's four lanes busy to the end, also when some are slower.
const LANES: u64 = 16;
/// The workflow's history ends at 25,000 events; a slice costs about ten.
const MOST: u64 = 500;

/// How many slices a table of so many rows of that length makes.
fn number(rows: u64, row_bytes: u64) -> u64 {
    let by_rows = rows.div_ceil(ROWS_A_SECOND * SECONDS);
    let by_bytes = rows.saturating_mul(row_bytes).div_ceil(BYTES_A_SECOND * SECONDS);
    let side_by_side = rows.div_ceil(FEWEST).min(LANES);
    by_rows.max(by_bytes).max(side_by_side).clamp(1, MOST)
}

/// Cuts a table of `rows` rows of about `row_bytes` bytes into ranges of about as many rows each.
///
/// The last upper bound is the greatest key at plan time: the bound is fixed before the scan.
pub(crate) async fn cut(
    source: &Source,
    rows: u64,
    row_bytes: u64,
    origin: &impl Rows,
) -> Result<Vec<Slice>, StageError> {
    let Some((_, last)) = origin.bounds(Range::all(source)).await? else {
        return Ok(Vec::new());
    };
    let cuts = match number(rows, row_bytes) {
        1 => Vec::new(),
        pieces => origin.cuts(source, rows, pieces).await?,
    };
    let last = serde_json::from_str(&last).unwrap_or(last);
    let mut slices = slices(&source.name, cuts, last);
    for slice in &mut slices {
        let range = Range::of(source, slice.after.as_deref(), slice.up_to.as_deref());
        slice.counted = Some(origin.counts(range).await?);
    }
    Ok(slices)
}

/// Takes the ranges that an earlier run has read, and one more for the rows behind them.
///
/// Or says why they will not do, and everything is read: where most rows are new, on as many lanes as that takes.
pub(crate) async fn again(
    source: &Source,
    earlier: &PlanFile,
    origin: &impl Rows,
) -> Result<Result<Vec<Slice>, &'static str>, StageError> {
    let mut slices: Vec<Slice> =
        earlier.slices.iter().filter(|slice| slice.source == source.name).cloned().collect();
    let Some(behind) = slices.last().and_then(|slice| slice.up_to.clone()) else {
        return Ok(Err("it had no rows before"));
    };
    let (mut before, mut number) = (0, 0);
    for slice in &mut slices {
        let range = Range::of(source, slice.after.as_deref(), slice.up_to.as_deref());
        let counted = origin.counts(range).await?;
        (slice.counted, slice.earlier) = (Some(counted), true);
        (before, number) = (before + counted.rows, slice.slice + 1);
    }
    let range = Range::of(source, Some(&behind), None);
    if let Some((_, last)) = origin.bounds(range).await? {
        let up_to: String = serde_json::from_str(&last).unwrap_or(last);
        let counted = origin.counts(Range::of(source, Some(&behind), Some(&up_to))).await?;
        if counted.rows > before.max(FEWEST) {
            return Ok(Err("most of its rows are new"));
        }
        slices.push(Slice {
            source: source.name.clone(),
            slice: number,
            after: Some(behind),
            up_to: Some(up_to),
            earlier: false,
            counted: Some(counted),
        });
    }
    Ok(if slices.len() as u64 <= MOST { Ok(slices) } else { Err("its ranges have become too many") })
}

fn slices(source: &str, cuts: Vec<String>, last: String) -> Vec<Slice> {
    let mut lower = None;
    let uppers = cuts.into_iter().chain([last]);
    let slices = (0..).zip(uppers).map(|(slice, up_to)| Slice {
        source: source.to_owned(),
        slice,
        after: lower.replace(up_to.clone()),
        up_to: Some(up_to),
        earlier: false,
        counted: None,
    });
    slices.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_follow_one_another_without_gap_or_overlap() {
        let slices = slices("t", vec!["5".to_owned(), "9".to_owned()], "12".to_owned());
        let ranges: Vec<_> =
            slices.iter().map(|s| (s.slice, s.after.as_deref(), s.up_to.as_deref())).collect();
        assert_eq!(ranges, [(0, None, Some("5")), (1, Some("5"), Some("9")), (2, Some("9"), Some("12"))]);
    }

    #[test]
    fn their_number_follows_rows_length_and_time() {
        assert_eq!(number(0, 0), 1);
        assert_eq!(number(49_000, 1_000), 1);
        assert_eq!(number(200_000, 1_000), 4);
        assert_eq!(number(1_000_000, 1_000), 16);
        // Rows of 100 kB take longer to travel.
        assert_eq!(number(200_000, 100_000), 37);
        assert_eq!(number(20_000_000, 1_000), 39);
        assert_eq!(number(1_000_000_000, 1_000), 500);
    }
}
