//! Dates among the tokens, numeric and worded, in the orders and languages of the lexicon's months.

use super::view::View;
use crate::lexicon::Classes;

/// How much of a date is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Precision {
    Year,
    Month,
    Day,
}

/// A date and one past its last token.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Date {
    pub(crate) last: usize,
    pub(crate) precision: Precision,
}

/// Returns the date that begins at `at`.
pub(crate) fn at(view: View<'_>, at: usize) -> Option<Date> {
    if view.has(at, Classes::MONTH) {
        return month_first(view, at);
    }
    if view.is_word(at) {
        return glued(view, at);
    }
    match view.digits(at) {
        4 if is_year(view, at) => year_first(view, at),
        8 if is_year_text(view.str(at).get(..4)?) => Some(day(at + 1)),
        1 | 2 => day_first(view, at),
        _ => None,
    }
}

fn day(last: usize) -> Date {
    Date { last, precision: Precision::Day }
}

/// `3 May 1990`, `3. Mai 1990`, `3rd of May, 1990`, `03/05/1990`, `3-May-90`.
fn day_first(view: View<'_>, at: usize) -> Option<Date> {
    let mut here = at + 1;
    let separator = view.str(here);
    if matches!(separator, "." | "/" | "-" | " ") && (1..=2).contains(&view.digits(here + 1)) {
        // Numeric: the same mark twice, in range.
        let is_same = view.str(here + 2) == separator;
        let (first, second) = (number(view, at), number(view, here + 1));
        let is_range = (1..=31).contains(&first) && (1..=31).contains(&second) && first.min(second) <= 12;
        let year = here + 3;
        let is_year = is_year(view, year) || view.digits(year) == 2;
        return (is_same && is_range && is_year && !goes_on(view, year + 1))
            .then_some(Date { last: year + 1, precision: Precision::Day });
    }
    // `15 03 1990`
    if (1..=2).contains(&view.digits(here)) && is_year(view, here + 1) {
        let is_range = (1..=31).contains(&number(view, at)) && (1..=12).contains(&number(view, here));
        return is_range.then_some(Date { last: here + 2, precision: Precision::Day });
    }
    // `05/1990`
    if matches!(separator, "/" | "." | "-") && is_year(view, here + 1) && (1..=12).contains(&number(view, at))
    {
        return (!goes_on(view, here + 2)).then_some(Date { last: here + 2, precision: Precision::Month });
    }
    if !(1..=31).contains(&number(view, at)) {
        return None;
    }
    here += usize::from(matches!(separator, "." | "-" | "/" | "º"));
    worded(view, here)
}

/// The month behind a day, and its year.
fn worded(view: View<'_>, mut here: usize) -> Option<Date> {
    here += usize::from(matches!(view.str(here), "de" | "of" | "d" | "di"));
    if !view.has(here, Classes::MONTH) {
        return None;
    }
    here += 1;
    while matches!(view.str(here), "." | "," | "de" | "del" | "of" | "-" | "/" | "'") {
        here += 1;
    }
    if is_year(view, here) || view.digits(here) == 2 && matches!(view.str(here - 1), "-" | "/" | "'") {
        return Some(day(here + 1));
    }
    None
}

/// `3rd May 1990`, `1990年5月3日`.
fn glued(view: View<'_>, at: usize) -> Option<Date> {
    let word = view.str(at);
    let digits = word.bytes().take_while(u8::is_ascii_digit).count();
    let rest = &word[digits..];
    if digits == 4 && rest.starts_with(['年', '년']) {
        let precision = if rest.contains(['日', '일']) { Precision::Day } else { Precision::Month };
        return Some(Date { last: at + 1, precision });
    }
    ((1..=2).contains(&digits) && matches!(rest, "st" | "nd" | "rd" | "th" | "er" | "º" | "o" | "ª"))
        .then(|| worded(view, at + 1))?
}

/// `May 3, 1990`, `May 1990`, `May-03-1990`.
fn month_first(view: View<'_>, at: usize) -> Option<Date> {
    let mut here = at + 1;
    here += usize::from(matches!(view.str(here), "." | "-" | "/" | ","));
    here += usize::from(matches!(view.str(here), "de" | "of"));
    if is_year(view, here) {
        return Some(Date { last: here + 1, precision: Precision::Month });
    }
    let word = view.str(here);
    let day_digits = word.bytes().take_while(u8::is_ascii_digit).count();
    if !(1..=2).contains(&day_digits)
        || !(word.len() == day_digits || matches!(&word[day_digits..], "st" | "nd" | "rd" | "th"))
    {
        return None;
    }
    here += 1;
    while matches!(view.str(here), "," | "." | "-" | "/") {
        here += 1;
    }
    if is_year(view, here) { Some(day(here + 1)) } else { None }
}

/// `1990-05-03`, `1990. május 3.`, `1990`.
fn year_first(view: View<'_>, at: usize) -> Option<Date> {
    let separator = view.str(at + 1);
    if matches!(separator, "-" | "/" | ".") && (1..=2).contains(&view.digits(at + 2)) {
        let is_same = view.str(at + 3) == separator && (1..=2).contains(&view.digits(at + 4));
        let is_range = (1..=12).contains(&number(view, at + 2)) && (1..=31).contains(&number(view, at + 4));
        if is_same && is_range && !goes_on(view, at + 5) {
            return Some(day(at + 5));
        }
        return None;
    }
    let month = at + 1 + usize::from(matches!(separator, "." | "," | "-"));
    if view.has(month, Classes::MONTH) && (1..=2).contains(&view.digits(month + 1)) {
        return Some(day(month + 2));
    }
    Some(Date { last: at + 1, precision: Precision::Year })
}

/// Says whether a number goes on where a date should end.
fn goes_on(view: View<'_>, at: usize) -> bool {
    view.is_joined(at)
        && (view.is_word(at)
            || matches!(view.str(at), "." | "/" | "-") && view.is_joined(at + 1) && view.digits(at + 1) > 0)
}

/// Says whether a year stands there in which a person may have been born or a text written.
pub(crate) fn is_year(view: View<'_>, at: usize) -> bool {
    view.digits(at) == 4 && is_year_text(view.str(at))
}

fn is_year_text(year: &str) -> bool {
    ("1900"..="2035").contains(&year)
}

fn number(view: View<'_>, at: usize) -> u32 {
    if view.digits(at) > 4 { 0 } else { view.str(at).parse().unwrap_or(0) }
}
