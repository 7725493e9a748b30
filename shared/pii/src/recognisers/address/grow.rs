//! What stands behind the parts of an address: floors, towns, regions, countries, the second street of a corner.

use super::postcode::is_nothing;
use crate::lexicon::Classes;
use crate::recognisers::places::{self, Place};
use crate::recognisers::view::View;

/// Returns the end of an address from `first` whose last part ends at `last`, and whether a known place stands behind
/// it; `is_unit` says that the part is a flat.
pub(super) fn right(view: View<'_>, last: usize, first: usize, is_unit: bool) -> (usize, bool) {
    let mut end = last;
    let (mut unknown, mut is_placed) = (0, false);
    for step in 0..6 {
        if is_nothing(view.str(end)) {
            end += 1;
            continue;
        }
        let gap = Gap::read(view, end);
        let at = gap.at;
        if let Some((_, last)) = places::at(view, at)
            && (view.is_name(at) || gap.has_break || gap.has_comma)
        {
            is_placed |= unknown == 0 && (gap.has_comma || gap.has_break);
            end = town_end(view, at, last);
            end += usize::from(view.is_mark(end, ")"));
            continue;
        }
        if let Some(last) = floor(view, at) {
            end = last;
            continue;
        }
        if let Some(last) = corner(view, at, first) {
            end = last;
            continue;
        }
        let is_after_unit = is_unit && step == 0 && !gap.has_break;
        let name = view.name_end(at, if is_after_unit { 7 } else { 4 });
        let name = if name > at && (1..=2).contains(&view.digits(name)) && view.is_end(name + 1) {
            name + 1
        } else {
            name
        };
        let is_short_line = !view.is_break(at) && view.is_end(name);
        // A town that nobody knows on a line of its own, with a country behind it.
        let next = name + usize::from(view.is_mark(name, ","));
        let is_before_country =
            (view.is_break(next) || next > name) && Gap::read(view, name).place(view) == Some(Place::Country);
        let is_town = gap.has_comma && !gap.has_break || is_after_unit || gap.has_break && is_before_country;
        if name > at && unknown == 0 && is_short_line && is_town && view.str(name) != ":" {
            unknown += 1;
            end = name + usize::from(view.is_mark(name, ")") && view.is_mark(at - 1, "("));
            continue;
        }
        if is_after_unit && name > at {
            end = name;
        } else if is_after_unit && view.is_lower(at) && view.is_lower(first + 1) {
            // `suite 300 las vegas` in a text without capitals.
            let last = (at..at + 5).find(|&word| !view.is_lower(word)).unwrap_or(at);
            if view.is_end(last) && first < end {
                end = last;
                continue;
            }
        }
        break;
    }
    (end, is_placed)
}

/// What stands between the pieces of an address.
struct Gap {
    /// Where the next piece begins.
    at: usize,
    has_comma: bool,
    has_break: bool,
}

impl Gap {
    fn read(view: View<'_>, end: usize) -> Self {
        let mut gap = Self { at: end, has_comma: false, has_break: false };
        while gap.at < end + 4 {
            if matches!(view.str(gap.at), "," | "-" | "/" | "(") {
                gap.has_comma |= matches!(view.str(gap.at), "," | "(");
            } else if view.is_break(gap.at)
                && !gap.has_break
                && view.str(gap.at).bytes().filter(|byte| *byte == b'\n').count() == 1
            {
                gap.has_break = true;
            } else if !(gap.has_break && matches!(view.str(gap.at), ">" | "?")) {
                break;
            }
            gap.at += 1;
        }
        gap
    }

    fn place(&self, view: View<'_>) -> Option<Place> {
        places::at(view, self.at).map(|(place, _)| place)
    }
}

/// Returns the end of a town that is known up to `last`: `Maryland Heights`, `København K`, `Calgary AB`, `Praha 4`.
fn town_end(view: View<'_>, at: usize, last: usize) -> usize {
    let name = view.name_end(at, 4);
    if view.is_end(name) && name > last {
        return name;
    }
    if view.is_upper(last) && view.str(last).len() <= 3
        || (1..=2).contains(&view.digits(last)) && view.is_end(last + 1)
    {
        return last + 1;
    }
    last
}

/// Returns the end of the second street of a corner: `and 5th Avenue`.
fn corner(view: View<'_>, at: usize, first: usize) -> Option<usize> {
    let at = at + usize::from(view.is_mark(at, "."));
    if !matches!(view.str(at), "and" | "&")
        || !(first..first + 3).any(|word| view.str(word).eq_ignore_ascii_case("corner"))
    {
        return None;
    }
    let name = view.name_end(at + 1, 4).max(at + 2);
    let last = name + usize::from(view.is_lower(name) && view.has(name, Classes::STREET));
    view.has(last - 1, Classes::STREET).then_some(last)
}

/// Returns the end of a floor or door: `2. th.`, `3º B`, `4.º Esq.`, `2nd floor`, `piso 5 "B"`.
fn floor(view: View<'_>, at: usize) -> Option<usize> {
    let word = view.str(at);
    let is_ordinal = view.is_word(at)
        && word.len() <= 5
        && word.as_bytes()[0].is_ascii_digit()
        && ["º", "ª", "o", "a", "th", "st", "nd", "rd"].iter().any(|end| word.ends_with(end));
    let mut end = at;
    if is_ordinal {
        end = at + 1;
    } else if (1..=2).contains(&view.digits(at)) && view.is_mark(at + 1, ".") {
        end = at + 2;
        if !(view.has(end, Classes::UNIT) || view.str(end) == "º") {
            return None;
        }
        end += 1;
    }
    if end == at {
        return None;
    }
    let mut here = end;
    if view.is_mark(here, ".") || view.is_mark(here, ",") {
        here += 1;
    }
    if view.has(here, Classes::UNIT) || view.str(here).len() == 1 && view.is_upper(here) {
        end = here + 1;
    }
    Some(end)
}
