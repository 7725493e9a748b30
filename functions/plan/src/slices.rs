//! Ranges of keys, so that tables are read side by side.

use stage::plan_file::Slice;

/// Rows a slice. At 5,000 to 10,000 rows a second over REST a slice takes some seconds.
const ROWS: u64 = 50_000;
/// The workflow's history ends at 25,000 events; a slice costs about ten.
const MOST: u64 = 500;

/// Cuts a table of `rows` rows into even ranges between its smallest and greatest key, given as JSON text.
///
/// Whole numbers and UUIDs are cut by arithmetic; any other key makes one slice. The last upper bound is the greatest
/// key at plan time: the bound is fixed before the scan.
pub(crate) fn cut(source: &str, rows: u64, bounds: Option<(String, String)>) -> Vec<Slice> {
    let Some((first, last)) = bounds else {
        return Vec::new();
    };
    let count = rows.div_ceil(ROWS).clamp(1, MOST);
    let inner = inner_bounds(&first, &last, count);
    let mut lower = None;
    let uppers = inner.into_iter().chain([plain(&last)]);
    let slices = (0..).zip(uppers).map(|(slice, up_to)| Slice {
        source: source.to_owned(),
        slice,
        after: lower.replace(up_to.clone()),
        up_to: Some(up_to),
    });
    slices.collect()
}

/// Returns the `count - 1` bounds between the slices, rising.
fn inner_bounds(first: &str, last: &str, count: u64) -> Vec<String> {
    let count = i128::from(count);
    if let (Ok(first), Ok(last)) = (first.parse::<i128>(), last.parse::<i128>()) {
        let mut bounds: Vec<_> = (1..count).map(|n| first + (last - first) * n / count).collect();
        bounds.dedup();
        bounds.retain(|bound| (first..last).contains(bound));
        return bounds.into_iter().map(|bound| bound.to_string()).collect();
    }
    if is_uuid(&plain(first)) && is_uuid(&plain(last)) {
        // Random UUIDs are even over the whole space, whatever the smallest and the greatest are.
        let step = |n| u32::try_from((i128::from(u32::MAX) + 1) * n / count).unwrap_or(u32::MAX);
        return (1..count).map(|n| format!("{:08x}-0000-0000-0000-000000000000", step(n))).collect();
    }
    Vec::new()
}

fn plain(json: &str) -> String {
    json.trim_matches('"').to_owned()
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(rows: u64, first: &str, last: &str) -> Vec<(Option<String>, Option<String>)> {
        let slices = cut("t", rows, Some((first.to_owned(), last.to_owned())));
        slices.into_iter().map(|slice| (slice.after, slice.up_to)).collect()
    }

    #[test]
    fn slices_follow_one_another_without_gap_or_overlap() {
        for (rows, first, last) in [
            (1, "7", "7"),
            (120_000, "1", "120000"),
            (120_000, "-5", "9007199254740993"),
            (500_000, "\"00000000-0000-0000-0000-000000000001\"", "\"ffffffff-0000-0000-0000-000000000000\""),
            (200_000, "\"abc\"", "\"xyz\""),
        ] {
            let ranges = ranges(rows, first, last);
            assert_eq!(ranges[0].0, None, "the first slice is open below");
            assert_eq!(ranges.last().unwrap().1.as_deref(), Some(last.trim_matches('"')));
            for pair in ranges.windows(2) {
                assert_eq!(pair[0].1, pair[1].0);
            }
        }
    }

    #[test]
    fn a_key_that_cannot_be_cut_makes_one_slice() {
        assert_eq!(ranges(900_000, "\"abc\"", "\"xyz\"").len(), 1);
        assert_eq!(ranges(900_000, "3", "3").len(), 1);
    }

    #[test]
    fn an_empty_table_makes_none() {
        assert!(cut("t", 0, None).is_empty());
    }

    #[test]
    fn the_number_of_slices_is_bounded() {
        assert_eq!(ranges(1_000_000, "1", "1000000").len(), 20);
        assert_eq!(ranges(1_000_000_000, "1", "1000000000").len(), 500);
    }
}
