//! The world's numbering plans: which digits can be a telephone number.
//!
//! The table is written by `infra/numbering/table.py` from libphonenumber's metadata (Apache-2.0): a line a calling
//! code, then a line for each set of lengths with the first three digits of the numbers that may have them.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Most digits of an international number, with its calling code (ITU-T E.164), and room for a `(0)` among them.
pub(super) const MOST_DIGITS: usize = 16;
/// Most groups that a number is written in.
pub(super) const MOST_GROUPS: usize = 8;

/// How well digits fit a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    /// No number of the plan has this length and these first digits.
    No,
    /// Some number has.
    Some,
    /// A mobile number has.
    Mobile,
}

/// What is known of a calling code.
pub(super) struct Plan {
    /// Dialled in front of a national number at home; may be empty.
    trunk: &'static [u8],
    /// By first three digits, in order and free of overlaps.
    ranges: Vec<Range>,
}

struct Range {
    from: u16,
    to: u16,
    /// A bit a length.
    lengths: u16,
    mobile: u16,
}

struct Plans {
    list: Vec<Plan>,
    /// The plan's place plus one, by calling code.
    codes: Vec<u8>,
    /// The plans that group their national numbers so.
    shapes: HashMap<u64, Vec<u8>>,
}

static PLANS: LazyLock<Plans> = LazyLock::new(|| read(include_str!("plan.txt")));

/// Returns the plan that an international number belongs to, and how long its calling code is.
pub(super) fn international(digits: &[u8]) -> Option<(&'static Plan, usize)> {
    (1..=digits.len().min(3)).find_map(|length| {
        let place = PLANS.codes[code(&digits[..length])? as usize];
        Some((PLANS.list.get(place.checked_sub(1)? as usize)?, length))
    })
}

/// Says how well digits that are grouped so fit any plan, as written at home.
pub(super) fn national(digits: &[u8], groups: &[u8]) -> Fit {
    let whole = shape(groups.iter().copied());
    let fit = |key: u64, matches: &dyn Fn(&Plan) -> Fit| {
        let places = PLANS.shapes.get(&key).map_or(&[][..], Vec::as_slice);
        places.iter().map(|&place| matches(&PLANS.list[place as usize])).max().unwrap_or(Fit::No)
    };
    let mut best = fit(whole, &|plan| {
        if plan.trunk.is_empty() || plan.trunk == b"1" { plan.fit(digits) } else { Fit::No }
    });
    if best == Fit::Mobile || !matches!(digits, [b'0' | b'1' | b'8', ..]) {
        return best;
    }
    // The trunk prefix is written with the first group, or as one of its own.
    for width in 1..=2_u8 {
        let Some((&first, rest)) = groups.split_first() else { break };
        let key = match first.checked_sub(width) {
            Some(0) => shape(rest.iter().copied()),
            Some(left) => shape(std::iter::once(left).chain(rest.iter().copied())),
            None => continue,
        };
        let (trunk, number) = digits.split_at(width.into());
        best = best.max(fit(key, &|plan| if plan.trunk == trunk { plan.fit(number) } else { Fit::No }));
    }
    best
}

impl Plan {
    /// Says how well a national number fits, written without its trunk prefix.
    pub(super) fn fit(&self, number: &[u8]) -> Fit {
        let (Some(start), length @ 4..=15) = (number.get(..3).and_then(code), number.len()) else {
            return Fit::No;
        };
        let place = self.ranges.partition_point(|range| range.to < start);
        let Some(range) = self.ranges.get(place).filter(|range| range.from <= start) else { return Fit::No };
        match (range.lengths >> length & 1, range.mobile >> length & 1) {
            (_, 1) => Fit::Mobile,
            (1, _) => Fit::Some,
            _ => Fit::No,
        }
    }

    /// Returns the number without a trunk prefix that does not belong behind a calling code: `+44 (0)20`.
    pub(super) fn without_trunk<'a>(&self, number: &'a [u8]) -> &'a [u8] {
        let trunk = if self.trunk.is_empty() { b"0" } else { self.trunk };
        number.strip_prefix(trunk).unwrap_or(number)
    }
}

/// Reads a few digits.
fn code(digits: &[u8]) -> Option<u16> {
    digits
        .iter()
        .try_fold(0, |code, digit| digit.is_ascii_digit().then(|| code * 10 + u16::from(digit - b'0')))
}

/// Writes the sizes of groups as one number.
fn shape(groups: impl Iterator<Item = u8>) -> u64 {
    groups.fold(0, |shape, size| shape << 4 | u64::from(size.min(15)))
}

fn read(table: &'static str) -> Plans {
    let mut plans = Plans { list: Vec::new(), codes: vec![0; 1000], shapes: HashMap::new() };
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        if let Some(head) = line.strip_prefix('+') {
            let mut words = head.split(' ');
            let code = words.next().and_then(|code| code.parse::<usize>().ok()).unwrap_or_default();
            let trunk = words.next().filter(|trunk| *trunk != "-").unwrap_or_default().as_bytes();
            let place = u8::try_from(plans.list.len()).unwrap_or_default();
            plans.codes[code] = place + 1;
            for groups in words {
                let key = shape(groups.bytes().map(|size| size - b'0'));
                plans.shapes.entry(key).or_default().push(place);
            }
            plans.list.push(Plan { trunk, ranges: Vec::new() });
        } else if let (Some((lengths, starts)), Some(plan)) = (line.split_once(": "), plans.list.last_mut()) {
            let (lengths, mobile) = lengths.split_once('/').unwrap_or((lengths, ""));
            let bits = |lengths: &str| {
                lengths
                    .split(',')
                    .filter_map(|length| length.parse::<u32>().ok())
                    .fold(0_u16, |bits, length| bits | 1 << length)
            };
            plan.ranges.extend(starts.split(' ').map(|range| {
                let (from, to) = range.split_once('-').unwrap_or((range, range));
                let widen = |digits: &str, with: &str| {
                    format!("{digits}{}", &with[digits.len()..]).parse().unwrap_or_default()
                };
                Range {
                    from: widen(from, "000"),
                    to: widen(to, "999"),
                    lengths: bits(lengths),
                    mobile: bits(mobile),
                }
            }));
        }
    }
    for plan in &mut plans.list {
        plan.ranges.sort_unstable_by_key(|range| range.from);
    }
    plans
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_plan_is_read_whole() {
        let heads = include_str!("plan.txt").lines().filter(|line| line.starts_with('+')).count();
        assert!(heads > 200 && PLANS.list.len() == heads);
        for plan in &PLANS.list {
            assert!(!plan.ranges.is_empty());
            assert!(plan.ranges.windows(2).all(|pair| pair[0].to < pair[1].from), "ranges overlap");
            assert!(
                plan.ranges
                    .iter()
                    .all(|range| range.from <= range.to && range.lengths & range.mobile == range.mobile)
            );
        }
    }

    #[test]
    fn calling_codes_are_told_apart_whatever_follows() {
        // No calling code begins with another: each three digits belong to one or to none.
        let codes: Vec<_> =
            (0..1000).filter(|code| PLANS.codes[*code] > 0).map(|code| code.to_string()).collect();
        for code in &codes {
            assert!(!codes.iter().any(|other| other != code && other.starts_with(code.as_str())), "{code}");
            assert!(
                international(format!("{code}555555").as_bytes())
                    .is_some_and(|(_, length)| length == code.len())
            );
        }
    }

    #[test]
    fn numbers_are_judged_by_their_country() {
        let fit = |digits: &str| {
            let (plan, length) = international(digits.as_bytes()).unwrap();
            let number = &digits.as_bytes()[length..];
            plan.fit(number).max(plan.fit(plan.without_trunk(number)))
        };
        assert_eq!(fit("442079460018"), Fit::Some);
        assert_eq!(fit("4402079460018"), Fit::Some);
        assert_eq!(fit("447700900123"), Fit::Mobile);
        assert_eq!(fit("33612345678"), Fit::Mobile);
        assert_eq!(fit("336123456789"), Fit::No);
        assert_eq!(fit("390811234567"), Fit::Some);
        assert!(international(b"999123").is_none());
        assert_ne!(national(b"02079460018", &[3, 4, 4]), Fit::No);
        assert_eq!(national(b"0612345678", &[2, 2, 2, 2, 2]), Fit::Mobile);
        assert_eq!(national(b"612345678", &[3, 3, 3]), Fit::Mobile);
        assert_eq!(national(b"1234", &[1, 1, 1, 1]), Fit::No);
    }
}
