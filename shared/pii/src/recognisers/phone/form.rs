//! What the digits and the marks between them say by themselves.

use super::plan::{self, Fit};

/// Digits as they stand in the text.
pub(super) struct Number<'a> {
    /// From the first mark to the last digit.
    pub(super) text: &'a str,
    /// The digits alone.
    pub(super) digits: &'a [u8],
    /// How many digits each group has.
    pub(super) groups: &'a [u8],
    /// A plus is in front.
    pub(super) plus: bool,
}

/// Returns how likely such digits are a telephone number when nothing else is known, and why; 0 for what is something
/// else whatever is said of it.
pub(super) fn form(number: &Number<'_>) -> (f32, &'static str) {
    let Number { digits, groups, plus, .. } = *number;
    if plus {
        return match fits_abroad(digits) {
            Fit::No if (8..=15).contains(&digits.len()) => (0.7, "phone.plus"),
            Fit::No => (0.0, "phone.plus"),
            _ => (0.97, "phone.international"),
        };
    }
    if digits.len() > 15 || is_date(number) || digits.len() < 2 {
        return (0.0, "");
    }
    if let Some(abroad) = digits.strip_prefix(b"00").or_else(|| digits.strip_prefix(b"011"))
        && fits_abroad(abroad) != Fit::No
    {
        return (if groups.len() > 1 { 0.9 } else { 0.7 }, "phone.international");
    }
    let (score, rule) = match groups {
        _ if is_other(number) => (0.1, "phone.other"),
        [] => (0.0, ""),
        [_] => bare(digits),
        _ => grouped(number),
    };
    // Longest runs first: of runs that say the same, the longer one stands.
    (score, rule)
}

/// Digits in one run say little: only a trunk prefix with the right length does.
fn bare(digits: &[u8]) -> (f32, &'static str) {
    match digits {
        [b'0', b'1'..=b'9', ..] if (10..=11).contains(&digits.len()) => (0.55, "phone.trunk_prefix"),
        [b'2'..=b'9', _, _, b'2'..=b'9', ..] if digits.len() == 10 => (0.3, "phone.bare"),
        _ if digits.len() >= 7 => (0.1, "phone.bare"),
        _ => (0.01, "phone.bare"),
    }
}

fn grouped(number: &Number<'_>) -> (f32, &'static str) {
    let Number { text, digits, groups, .. } = *number;
    let count = digits.len();
    let has_area = text.starts_with('(') && text.contains(')');
    let fit = plan::national(digits, groups);
    if digits[0] == b'0' && fit != Fit::No && count >= 9 {
        return (if fit == Fit::Mobile { 0.9 } else { 0.87 }, "phone.national");
    }
    if let Some((score, rule)) = american(number) {
        return (score, rule);
    }
    let area = usize::from(groups[0]);
    if has_area && (2..=5).contains(&area) && count - area >= 5 && count <= 12 && !is_century(&digits[..area])
    {
        return (if fit == Fit::No { 0.75 } else { 0.85 }, "phone.area_code");
    }
    if digits[0] == b'0' {
        return match count {
            9..=11 => (0.62, "phone.trunk_prefix"),
            7..=8 if fit != Fit::No => (0.45, "phone.trunk_prefix"),
            _ => (0.3, "phone.grouped"),
        };
    }
    let is_thousands =
        groups[0] <= 3 && groups[1..].iter().all(|&size| size == 3) && !text.contains(['-', '/', '(']);
    match (fit, is_thousands) {
        (Fit::Mobile, false) if count >= 8 => (0.6, "phone.national"),
        (Fit::Mobile, true) if count >= 9 => (0.4, "phone.national"),
        (Fit::Some, false) if count >= 8 => (0.45, "phone.national"),
        // Russia dials 8 in front.
        (_, false) if count == 11 && digits[0] == b'8' && groups.len() >= 4 => (0.7, "phone.national"),
        (Fit::Some, false) => (0.35, "phone.national"),
        (_, true) => (0.15, "phone.grouped"),
        _ if count >= 7 => (0.25, "phone.grouped"),
        _ => (0.02, "phone.grouped"),
    }
}

/// Area code, exchange, line: 3-3-4, with or without the 1 of the North American plan.
fn american(number: &Number<'_>) -> Option<(f32, &'static str)> {
    let Number { text, digits, groups, .. } = *number;
    let local = match (groups, digits) {
        ([3, 3, 4] | [3, 7], _) => digits,
        ([1, 3, 3, 4], [b'1', local @ ..]) | ([3, 3, 3, 4], [b'0', b'0', b'1', local @ ..]) => local,
        _ => return None,
    };
    let is_valid = local[0] > b'1' && local[3] > b'1';
    let is_marked = text.contains(['-', '(']) || text.matches('.').count() == 2;
    Some(match (is_valid, is_marked, groups) {
        (_, false, [3, 7]) => (0.3, "phone.american"),
        (true, true, _) => (0.93, "phone.american"),
        (true, false, _) => (0.8, "phone.american"),
        (false, true, _) => (0.78, "phone.american"),
        (false, false, _) => (0.5, "phone.american"),
    })
}

/// Says how well digits behind a plus fit the plan that they begin with.
fn fits_abroad(digits: &[u8]) -> Fit {
    let Some((plan, length)) = plan::international(digits) else { return Fit::No };
    let number = &digits[length..];
    plan.fit(number).max(plan.fit(plan.without_trunk(number)))
}

/// Dates, ranges of dates, of years and of pages, times.
fn is_date(number: &Number<'_>) -> bool {
    let Number { text, digits, groups, .. } = *number;
    let mut values = [0_u32; plan::MOST_GROUPS];
    let mut from = 0;
    for (value, &size) in values.iter_mut().zip(groups) {
        let group = &digits[from..from + usize::from(size)];
        *value = group.iter().take(9).fold(0, |value, digit| value * 10 + u32::from(digit - b'0'));
        from += usize::from(size);
    }
    let is_day = |at: usize| groups[at] <= 2 && (1..=31).contains(&values[at]);
    let is_month = |at: usize| groups[at] <= 2 && (1..=12).contains(&values[at]);
    let is_year = |at: usize| groups[at] == 4 && (1900..=2099).contains(&values[at]);
    let is_short = |at: usize| groups[at] == 2;
    for at in 0..groups.len().saturating_sub(2) {
        let [a, b, c] = [at, at + 1, at + 2];
        let in_order = (is_year(a) && is_month(b) && is_day(c))
            || (is_day(a) && is_day(b) && (is_month(a) || is_month(b)) && is_year(c));
        let shorter =
            groups.len() == 3 && is_day(a) && is_day(b) && (is_month(a) || is_month(b)) && is_short(c);
        if in_order || (shorter && text.contains(['/', '.', '-'])) {
            return true;
        }
    }
    let years = (0..groups.len()).filter(|&at| is_year(at)).count();
    let days = (0..groups.len()).filter(|&at| is_day(at)).count();
    // 04/07-04/09, 20190312.
    let is_span = matches!(groups.len(), 2 | 4)
        && text.contains('/')
        && (0..groups.len()).all(|at| if at % 2 == 0 { is_month(at) } else { is_short(at) });
    let is_run = groups.len() == 1
        && digits.len() == 8
        && is_century(&digits[..4])
        && (is_century(&digits[4..]) || (digits[4] < b'2' && digits[6] < b'4'));
    if is_span || is_run {
        return true;
    }
    years > 0 && years + days == groups.len() && (groups.len() > 1 || text.len() == 4)
}

/// Numbers of another sort that are written in groups.
fn is_other(number: &Number<'_>) -> bool {
    let Number { text, digits, groups, .. } = *number;
    let dots = text.matches('.').count();
    match groups {
        // An IPv4 address; versions; a decimal.
        [_, _, _, _] if dots == 3 && groups.iter().all(|&size| size <= 3) && digits[0] != b'0' => true,
        _ if dots > 0 && dots == groups.len() - 1 && groups.contains(&1) => true,
        [_, _] if dots == 1 && text.len() == digits.len() + 1 => true,
        [1, _, ..] if text.starts_with("0.") => true,
        // A social security number, a postcode with four more digits.
        [3, 2, 4] | [5, 4] if text.contains('-') => true,
        // American Express; a group of four on each side is a card or an IBAN.
        [4, 6, 5] => true,
        [4, 4, 4, ..] if groups.len() > 3 => true,
        // An ISBN.
        _ if digits.len() == 13 && (digits.starts_with(b"978") || digits.starts_with(b"979")) => true,
        // Pages of a volume, 128 (2004) 123-130; a year and what follows.
        [4, ..] if is_century(&digits[..4]) && (text.starts_with('(') || digits.len() < 9) => true,
        [.., 4] if text.contains(" (") && is_century(&digits[digits.len() - 4..]) => true,
        [left, right] if text.contains('/') && left == right => true,
        _ => false,
    }
}

fn is_century(digits: &[u8]) -> bool {
    matches!(digits, [b'1', b'9', _, _] | [b'2', b'0', _, _])
}
