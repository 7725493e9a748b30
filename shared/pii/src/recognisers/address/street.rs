//! Streets with a house number, flats, and boxes.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::LazyLock;

use super::{Part, What};
use crate::lexicon::{Classes, Passed};
use crate::recognisers::view::View;

/// Words a street's name has at most.
const MOST_WORDS: usize = 6;

const SAYS_STREET: Classes = Classes::STREET.with(Classes::STREET_MAYBE).with(Classes::STREET_ABROAD);

/// Ends of words that are streets, read from behind, and whether they leave no doubt.
static ENDINGS: LazyLock<HashMap<u64, bool, BuildHasherDefault<Passed>>> = LazyLock::new(|| {
    let mut endings = HashMap::default();
    let mut is_sure = true;
    for line in include_str!("../../lexicon/street_endings.txt").lines() {
        if line.starts_with('#') {
            is_sure = !line.ends_with("unsure");
            continue;
        }
        for ending in line.split(", ") {
            endings.entry(ending.chars().rev().fold(0, grown)).or_insert(is_sure);
        }
    }
    endings
});

/// Appends what hangs on the house number at `at`.
pub(super) fn read(view: View<'_>, at: usize, parts: &mut Vec<Part>) {
    let right = english(view, at).or_else(|| foreign(view, at)).or_else(|| numbered(view, at));
    if let Some((end, weight)) = right {
        parts.push(Part { what: What::Street, first: at, last: end, weight });
    }
    if let Some((first, weight)) = before(view, at)
        && (weight > 1 || right.is_none_or(|(_, weight)| weight == 1) || super::cue(view, first) > 1)
    {
        parts.push(Part { what: What::Street, first, last: number_end(view, at), weight });
    }
}

/// `22 Station Road`, `2317 SE Hawthorne Blvd`, `2914 184th Street`.
fn english(view: View<'_>, at: usize) -> Option<(usize, u8)> {
    let first = letter_end(view, at);
    if view.is_apart(first) {
        return None;
    }
    let mut found: Option<(usize, bool)> = None;
    let mut here = first;
    let is_lower = view.is_lower(first) && !view.is_name(first);
    while here < first + MOST_WORDS {
        if here > first && view.has(here, SAYS_STREET) {
            let is_sure = !view.has(here, Classes::STREET_MAYBE);
            if is_sure || found.is_none_or(|(_, sure)| !sure) {
                found = Some((here + 1, is_sure));
            }
        }
        let goes_on = if is_lower {
            view.is_lower(here) && !view.is_link(here) && here < first + 4 && !is_plain(view.str(here))
        } else {
            view.is_name(here)
                || (here > first && view.is_link(here))
                || view.is_lower(here) && view.has(here, SAYS_STREET)
        };
        let is_inside = here > first && matches!(view.str(here), "-" | "'" | ".") && view.is_joined(here);
        if !(goes_on || is_inside) || here > first && view.is_apart(here) {
            break;
        }
        here += 1;
    }
    let (mut end, is_sure) = found?;
    let is_maybe = !view.has(end - 1, Classes::STREET.with(Classes::STREET_ABROAD));
    if view.is_lower(end - 1) && is_maybe {
        return None;
    }
    if matches!(view.str(end), "N" | "S" | "E" | "W" | "NE" | "NW" | "SE" | "SW") {
        end += 1;
    }
    let is_ended = view.is_end(end) || view.digits(end) > 0 || view.has(end, Classes::UNIT);
    let is_month = view.has(first, Classes::MONTH);
    let weight = match (is_sure, is_lower) {
        _ if is_month || is_told_year(view, at) => 1,
        (true, false) => 3,
        (true, true) | (false, false) if is_ended => 2,
        _ => 1,
    };
    Some((end, weight))
}

/// `12 bis rue de la Paix`, `53 place Stanislas`.
fn foreign(view: View<'_>, at: usize) -> Option<(usize, u8)> {
    let mut here = letter_end(view, at);
    if view.is_mark(here, ",") {
        here += 1;
    }
    if !view.has(here, Classes::STREET_BEFORE) {
        return None;
    }
    let is_sure = is_sure_prefix(view, here);
    let mut name = here + 1;
    while view.is_mark(name, ".") || view.is_mark(name, "/") || view.is_link(name) && name < here + 4 {
        name += 1;
    }
    let mut end = view.name_end(name, MOST_WORDS);
    if end > name {
        let is_long = is_sure || view.str(here).len() > 3;
        return Some((end, if is_long { 3 } else { 1 }));
    }
    // `11 via goffredo mameli 149` in a text without capitals.
    if view.is_lower(here) && view.str(here).len() > 2 {
        end = (name..name + 4).find(|&word| !view.is_lower(word) || is_plain(view.str(word)))?;
        let is_ended = view.is_end(end) || view.digits(end) > 0 || view.has(end, Classes::UNIT);
        return (end > name && is_ended && (is_sure || view.digits(end) > 0))
            .then(|| (number_end_if(view, end), 1));
    }
    None
}

/// Returns the end of the number at `at`, `at` if there is none.
fn number_end_if(view: View<'_>, at: usize) -> usize {
    if view.digits(at) > 0 { number_end(view, at) } else { at }
}

/// `07 262 Pavlou Drandaki`: two numbers and a name.
fn numbered(view: View<'_>, at: usize) -> Option<(usize, u8)> {
    let is_second =
        at > 0 && (1..=3).contains(&view.digits(at - 1)) && !view.is_joined(at) && !view.is_apart(at);
    let end = view.name_end(at + 1, 4);
    let has_month = (at + 1..end).any(|word| view.has(word, Classes::MONTH));
    (is_second && end > at + 1 && !has_month && view.is_end(end)).then_some((end, 1))
}

/// The street in front of its number: `Via Roma 12`, `Hauptstr. 5`, `Rákóczi út 81`, `36 Holmevej 34`.
fn before(view: View<'_>, at: usize) -> Option<(usize, u8)> {
    let mut base = at;
    while base > 0 && at - base < 3 {
        let is_sign = matches!(
            view.str(base - 1),
            "," | "." | "º" | "°" | "nº" | "no" | "n" | "nr" | "Nr" | "N" | "č" | "#" | "№"
        );
        if !is_sign {
            break;
        }
        base -= 1;
    }
    let has_comma = (base..at).any(|mark| view.is_mark(mark, ","));
    if base == 0 || !view.is_word(base - 1) || view.is_apart(at) {
        return None;
    }
    // `utca` and `gate` stand in lower case behind the name.
    let says_street = view.has(base - 1, Classes::STREET_ABROAD);
    let mut start = view.name_start(if says_street { base - 1 } else { base }, MOST_WORDS);
    let mut prefix = (start..base).find(|&word| view.has(word, Classes::STREET_BEFORE));
    // `ul.`, `rue de la`, `c/` in lower case before the name.
    let mut here = start;
    while here > 0 && start - here < 4 {
        here -= 1;
        if view.has(here, Classes::STREET_BEFORE) && view.is_word(here) {
            start = here;
            prefix = Some(here);
        } else if !(view.is_link(here) || matches!(view.str(here), "." | "/")) {
            break;
        }
    }
    if start + 1 > base || (says_street && start == base - 1) {
        return lower_compound(view, base, has_comma);
    }
    // A flat: `Suite 919`.
    if start + 1 == base && view.has(start, Classes::UNIT) {
        return None;
    }
    let after = number_end(view, at);
    let is_said = !view.is_name(after) && view.has(after, Classes::STREET) && !view.is_break(after);
    if let Some(prefix) = prefix.filter(|prefix| prefix + 1 < base) {
        let weight = if is_sure_prefix(view, prefix) { 3 } else { 1 + u8::from(is_said) };
        return Some((prefix.min(start), weight));
    }
    if has_comma {
        return None;
    }
    if says_street {
        return Some((start, 3));
    }
    let last = view.str(base - 1);
    let weight = match ending(last) {
        Some(true) if last.chars().count() >= 6 => 2,
        Some(_) => 1,
        None => 0,
    };
    if weight == 2 {
        return Some((start, if view.digits(at) <= 3 { 3 } else { 2 }));
    }
    // `36 Holmevej 34`, `Törneby 2 street`, or any name and number behind words that announce an address.
    let is_month = (start..base).any(|word| view.has(word, Classes::MONTH));
    if view.digits(at) > 4
        || view.is_year(at)
        || is_month
        || !(start..base).any(|word| view.str(word).len() > 2)
    {
        return None;
    }
    let is_between = start > 0 && (1..=5).contains(&view.digits(start - 1)) && !view.is_year(start - 1);
    let is_loose = is_between
        || is_said
        || weight == 1
        || super::cue(view, start) > 0 && !matches!(view.str(start.wrapping_sub(1)), "on" | "in" | "of")
        || view.has(base - 1, Classes::STREET);
    is_loose.then_some((start, if is_said { 2 } else { 1 }))
}

/// `hauptstraße 5` in a text without capitals.
fn lower_compound(view: View<'_>, base: usize, has_comma: bool) -> Option<(usize, u8)> {
    let word = view.str(base - 1);
    let is_sure = word.len() >= 9 && ending(word) == Some(true);
    (!has_comma && is_sure && view.is_word(base - 1)).then_some((base - 1, 1))
}

/// Says whether the word is a street's end: and if it leaves no doubt.
fn ending(word: &str) -> Option<bool> {
    let (mut found, mut hash, mut letters) = (None, 0, 0);
    for c in word.chars().rev().take(LONGEST_ENDING) {
        if letters > 0
            && let Some(&is_sure) = ENDINGS.get(&hash)
        {
            found = Some(is_sure || found == Some(true));
        }
        hash = grown(hash, c);
        letters += 1;
    }
    found
}

/// Endings have at most this many letters.
const LONGEST_ENDING: usize = 14;

fn grown(hash: u64, c: char) -> u64 {
    c.to_lowercase().fold(hash, |hash, c| {
        (hash ^ u64::from(u32::from(c))).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23)
    })
}

/// Says whether the word before a name leaves no doubt that this is a street.
fn is_sure_prefix(view: View<'_>, at: usize) -> bool {
    let word = view.str(at);
    let is_cut = matches!(view.str(at + 1), "." | "/") && view.is_joined(at + 1);
    match word.chars().count() {
        0 | 1 => is_cut && view.is_mark(at + 1, "/"),
        2 => is_cut && (view.is_lower(at) || matches!(word, "Av" | "Bd" | "Pl" | "Ul")),
        _ => !matches!(
            word,
            "route"
                | "place"
                | "square"
                | "passage"
                | "via"
                | "put"
                | "gang"
                | "campo"
                | "cours"
                | "largo"
                | "str"
                | "jr"
                | "tv"
                | "Route"
                | "Place"
                | "Square"
                | "Passage"
                | "Put"
                | "Gang"
                | "Campo"
                | "Village"
                | "Camp"
        ),
    }
}

/// Returns the end of a house number: `15a`, `12 bis`, `3/4`, `49 A 22`, `9-11`.
pub(super) fn number_end(view: View<'_>, at: usize) -> usize {
    let mut end = at + 1;
    while end < at + 6 {
        let is_joint = matches!(view.str(end), "/" | "-") && view.is_joined(end);
        if is_joint
            && view.str(end + 1).bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric())
            && view.str(end + 1).len() <= 4
        {
            end += 2;
        } else if matches!(view.str(end), "bis" | "ter" | "quater") {
            end += 1;
        } else if view.str(end).len() == 1
            && view.is_word(end)
            && view.digits(end + 1) > 0
            && view.digits(end + 1) <= 3
        {
            end += 2;
        } else if view.str(end).len() == 1 && view.is_upper(end) && view.is_end(end + 1) {
            end += 1;
        } else {
            break;
        }
    }
    end
}

/// Returns the end of a number that stands in front of a street.
fn letter_end(view: View<'_>, at: usize) -> usize {
    let mut end = at + 1;
    while end < at + 5 {
        let is_joint = matches!(view.str(end), "/" | "-") && view.is_joined(end) && view.is_joined(end + 1);
        if is_joint && (view.digits(end + 1) > 0 || view.str(end + 1).len() == 1) {
            end += 2;
        } else if matches!(view.str(end), "bis" | "ter" | "quater") {
            end += 1;
        } else {
            break;
        }
    }
    end
}

/// Says whether a year stands there, as the words in front of it say.
fn is_told_year(view: View<'_>, at: usize) -> bool {
    view.is_year(at)
        && at > 0
        && (view.is_lower(at - 1) && !view.has(at - 1, Classes::ADDRESS_CUE)
            || view.has(at - 1, Classes::MONTH)
            || matches!(view.str(at - 1), "In" | "Since" | "-" | "("))
}

/// Words that stand between a number and a street in any sentence: `2 blocks down the road`.
fn is_plain(word: &str) -> bool {
    matches!(
        word,
        "and"
            | "or"
            | "to"
            | "from"
            | "at"
            | "with"
            | "for"
            | "blocks"
            | "block"
            | "minutes"
            | "miles"
            | "mile"
            | "feet"
            | "years"
            | "more"
            | "other"
            | "new"
            | "busy"
            | "down"
            | "up"
            | "off"
            | "along"
            | "across"
            | "lane"
            | "way"
            | "men"
            | "people"
            | "cars"
            | "hours"
            | "days"
            | "dollars"
            | "main"
            | "side"
            | "different"
            | "local"
            | "major"
            | "city"
    )
}
