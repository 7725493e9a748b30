//! Ranges of about as many rows each, found by counting.
//!
//! Whole numbers and UUIDs are cut by arithmetic, which is even where keys are; where they are not, the ranges that hold
//! too many rows are cut again, between their own edges. Any other key makes one range.

use records::recipe::Source;
use stage::StageError;

use crate::rows::{Range, Rows};

/// A range that holds this many times its share is cut again.
const SKEW: u64 = 2;
/// Times the largest ranges are cut again. Each time they shrink by as much as arithmetic can find.
const ROUNDS: u32 = 6;
/// Counts that a source may cost beyond one for each range.
const MOST_COUNTS: u64 = 200;

/// A key that can be calculated with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Number(i128),
    Uuid(u128),
}

impl Key {
    /// Reads a key's JSON.
    fn parse(json: &str) -> Option<Self> {
        if let Ok(number) = json.parse() {
            return Some(Self::Number(number));
        }
        let text = json.strip_prefix('"')?.strip_suffix('"')?;
        let hyphens = text.len() == 36 && [8, 13, 18, 23].iter().all(|at| text.as_bytes()[*at] == b'-');
        let digits = text.replace('-', "");
        let digits = Some(digits).filter(|digits| hyphens && digits.len() == 32);
        u128::from_str_radix(&digits?, 16).ok().map(Self::Uuid)
    }

    fn text(self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Uuid(number) => {
                let hex = format!("{number:032x}");
                [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
            }
        }
    }

    /// Returns the keys that cut `first..=last` into even pieces: rising, from `first` on, below `last`.
    fn between(first: Self, last: Self, pieces: u64) -> Vec<Self> {
        let mut keys: Vec<_> = match (first, last) {
            (Self::Number(first), Self::Number(last)) => {
                let pieces = i128::from(pieces);
                (1..pieces)
                    .map(|n| {
                        Self::Number(
                            first + (last - first) / pieces * n + (last - first) % pieces * n / pieces,
                        )
                    })
                    .collect()
            }
            (Self::Uuid(first), Self::Uuid(last)) if last > first => {
                let pieces = u128::from(pieces);
                let (step, rest) = ((last - first) / pieces, (last - first) % pieces);
                (1..pieces).map(|n| Self::Uuid(first + step * n + rest * n / pieces)).collect()
            }
            _ => Vec::new(),
        };
        keys.dedup();
        keys.retain(|key| (first..last).contains(key));
        keys
    }
}

/// Finds keys that cut `rows` rows into about `pieces` ranges of as many rows each: rising, without the greatest key.
pub(crate) async fn by_counting<R: Rows>(
    source_rows: &R,
    source: &Source,
    rows: u64,
    pieces: u64,
) -> Result<Vec<String>, StageError> {
    let share = rows.div_ceil(pieces.max(1)).max(1);
    let mut counts_left = pieces + MOST_COUNTS;
    let mut ranges = vec![Counted { after: None, up_to: None, rows }];
    for _ in 0..ROUNDS {
        let mut next = Vec::new();
        let mut changed = false;
        for range in std::mem::take(&mut ranges) {
            let pieces = range.rows.div_ceil(share);
            let asked = range.of(source);
            // The first cut is always made; later ones only where rows are crowded.
            let crowded = range.rows > share * SKEW || (range.after.is_none() && range.up_to.is_none());
            let keys = if crowded && pieces > 1 && counts_left > pieces {
                let edges = source_rows.bounds(asked).await?;
                let edges = edges.and_then(|(first, last)| Key::parse(&first).zip(Key::parse(&last)));
                edges.map(|(first, last)| Key::between(first, last, pieces)).unwrap_or_default()
            } else {
                Vec::new()
            };
            if keys.is_empty() {
                next.push(range);
                continue;
            }
            changed = true;
            let (mut after, mut left) = (range.after.clone(), range.rows);
            for key in keys {
                let mut piece = Counted { after, up_to: Some(key.text()), rows: 0 };
                piece.rows = source_rows.count(piece.of(source), false).await?;
                counts_left = counts_left.saturating_sub(1);
                left = left.saturating_sub(piece.rows);
                after = piece.up_to.clone();
                next.push(piece);
            }
            next.push(Counted { after, up_to: range.up_to, rows: left });
        }
        ranges = merged(next, share);
        if !changed {
            break;
        }
    }
    Ok(ranges.into_iter().filter_map(|range| range.up_to).collect())
}

/// A range and its rows.
struct Counted {
    after: Option<String>,
    up_to: Option<String>,
    rows: u64,
}

impl Counted {
    fn of<'a>(&'a self, source: &'a Source) -> Range<'a> {
        Range::of(source, self.after.as_deref(), self.up_to.as_deref())
    }
}

/// Joins neighbours that together hold no more than a share.
fn merged(ranges: Vec<Counted>, share: u64) -> Vec<Counted> {
    let mut joined: Vec<Counted> = Vec::new();
    for range in ranges {
        match joined.last_mut() {
            Some(last) if last.rows + range.rows <= share => {
                (last.up_to, last.rows) = (range.up_to, last.rows + range.rows);
            }
            _ => joined.push(range),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::source;
    use crate::rows::Page;

    /// Keys alone, sorted.
    struct Keys(Vec<Key>);

    impl Keys {
        fn of(&self, range: Range<'_>) -> Vec<Key> {
            let bound = |text: Option<&str>| {
                text.map(|text| Key::parse(text).or_else(|| Key::parse(&format!("\"{text}\""))).unwrap())
            };
            let (after, up_to) = (bound(range.after), bound(range.up_to));
            let keys = self.0.iter().copied();
            keys.filter(|key| {
                after.is_none_or(|after| *key > after) && up_to.is_none_or(|up_to| *key <= up_to)
            })
            .collect()
        }
    }

    impl Rows for Keys {
        async fn page(&self, _: Range<'_>, _: u32) -> Result<Page, StageError> {
            unreachable!("no row is read")
        }

        async fn keys(&self, _: Range<'_>, _: u32) -> Result<Vec<String>, StageError> {
            unreachable!("no key is read")
        }

        async fn count(&self, range: Range<'_>, _: bool) -> Result<u64, StageError> {
            Ok(self.of(range).len() as u64)
        }

        async fn bounds(&self, range: Range<'_>) -> Result<Option<(String, String)>, StageError> {
            let json = |key: &Key| match key {
                Key::Number(_) => key.text(),
                Key::Uuid(_) => format!("\"{}\"", key.text()),
            };
            let keys = self.of(range);
            Ok(keys.first().map(json).zip(keys.last().map(json)))
        }
    }

    /// Cuts keys and returns how many rows each range has.
    async fn cut(mut keys: Vec<Key>, pieces: u64) -> Vec<u64> {
        keys.sort_unstable();
        let (keys, source) = (Keys(keys), source());
        let cuts = by_counting(&keys, &source, keys.0.len() as u64, pieces).await.unwrap();
        let mut counts = Vec::new();
        let mut after = None;
        for up_to in cuts.iter().map(Some).chain([None]) {
            let range = Range::of(&source, after, up_to.map(String::as_str));
            counts.push(keys.of(range).len() as u64);
            after = up_to.map(String::as_str);
        }
        assert_eq!(counts.iter().sum::<u64>(), keys.0.len() as u64, "no gap, no overlap");
        counts
    }

    #[tokio::test]
    async fn even_keys_make_even_ranges() {
        let numbers = (1..=20_000).map(Key::Number).collect();
        let counts = cut(numbers, 8).await;
        assert!(counts.len() == 8 && counts.iter().all(|rows| (2_400..2_600).contains(rows)), "{counts:?}");
        let uuids = (1..=20_000_u128)
            .map(|n| Key::Uuid(n.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835)))
            .collect();
        let counts = cut(uuids, 8).await;
        assert!((8..=12).contains(&counts.len()) && counts.iter().all(|rows| *rows <= 5_000), "{counts:?}");
    }

    #[tokio::test]
    async fn no_range_of_skewed_keys_holds_most_of_the_rows() {
        // One row long ago and one far ahead; a crowd in between; ids of two systems; UUIDs that begin with the time.
        let crowd: Vec<i128> = (1_000_000..1_020_000).collect();
        let far = [i128::from(i64::MIN), 0, i128::from(i64::MAX)];
        let two = (1..10_000).chain(9_007_199_254_740_993..9_007_199_254_750_993);
        let timed =
            (0..20_000_u128).map(|n| Key::Uuid(((0x0190_0000_0000 + n * 50) << 80) | (7 << 76) | (n * n)));
        for keys in [
            crowd.into_iter().chain(far).map(Key::Number).collect::<Vec<_>>(),
            two.map(Key::Number).collect(),
            (1..20_000).map(|n: i128| Key::Number(n * n * n)).collect(),
            timed.collect(),
        ] {
            let (rows, counts) = (keys.len() as u64, cut(keys, 8).await);
            assert!(counts.len() >= 5 && counts.iter().all(|count| *count <= rows / 8 * 3), "{counts:?}");
        }
    }

    #[tokio::test]
    async fn what_cannot_be_cut_makes_one_range() {
        assert_eq!(cut(vec![Key::Number(7)], 4).await, [1]);
        assert_eq!(cut(Vec::new(), 4).await, [0]);
        assert_eq!(Key::parse("\"abc\""), None);
        assert_eq!(Key::parse("\"12345678-1234-1234-1234-12345678901\""), None);
    }
}
