//! Parts become addresses: neighbours are joined, and grown over towns, regions and countries.

use super::grow::right;
use super::postcode::is_nothing;
use super::{Part, What, cue};
use crate::lexicon::Classes;
use crate::recognisers::places;
use crate::recognisers::view::View;
use crate::{Finding, Kind};

/// Tokens between two parts of an address, at most.
const WIDEST_GAP: usize = 14;

/// Appends the addresses that the parts make.
pub(super) fn assemble(view: View<'_>, parts: &mut [Part], findings: &mut Vec<Finding>) {
    parts.sort_by_key(|part| (part.first, part.last));
    let mut at = 0;
    let mut floor = 0;
    while at < parts.len() {
        let mut group = Group::new(parts[at]);
        at += 1;
        while let Some(&part) = parts.get(at) {
            if part.first >= group.last && !is_glue(view, group.last, part) {
                break;
            }
            // The same number read twice says nothing more.
            if part.first >= group.last || part.weight > 1 || part.what == group.last_what {
                group.add(part);
            } else {
                group.last = group.last.max(part.last);
            }
            at += 1;
        }
        group.first = group.first.max(floor);
        let first = grown_left(view, &mut group, floor);
        let (last, is_placed) = right(view, group.last, first, group.last_what == What::Unit);
        if first >= last {
            continue;
        }
        floor = last;
        let (score, rule) = group.score(view, first, is_placed);
        let (start, end) = (view.tokens[first].start as usize, view.tokens[last - 1].end as usize);
        findings.push(Finding { kind: Kind::Address, start, end, score, rule });
    }
}

struct Group {
    first: usize,
    last: usize,
    last_what: What,
    /// The best weight of each kind of part.
    street: u8,
    unit: u8,
    post_box: u8,
    postcode: u8,
    field: u8,
}

impl Group {
    fn new(part: Part) -> Self {
        let mut group = Self {
            first: part.first,
            last: part.last,
            last_what: part.what,
            street: 0,
            unit: 0,
            post_box: 0,
            postcode: 0,
            field: 0,
        };
        group.add(part);
        group
    }

    fn add(&mut self, part: Part) {
        if part.last > self.last || part.last == self.last && part.what == What::Unit {
            self.last = part.last;
            self.last_what = part.what;
        }
        let best = match part.what {
            What::Street => &mut self.street,
            What::Unit => &mut self.unit,
            What::Box => &mut self.post_box,
            What::Postcode => &mut self.postcode,
            What::Field => &mut self.field,
        };
        *best = part.weight.max(*best);
    }

    fn score(&self, view: View<'_>, first: usize, is_placed: bool) -> (f32, &'static str) {
        let each = [self.street, self.unit, self.post_box, self.postcode];
        let kinds = each.iter().filter(|weight| **weight > 0).count();
        let best = each.into_iter().max().unwrap_or(0);
        if self.field > 0 {
            return (if kinds > 0 { 0.97 } else { 0.85 }, "address.label");
        }
        let is_cued = cue(view, first) > 1;
        match (best, kinds) {
            (3, 2..) => (0.96, "address.whole"),
            (3, _) if self.post_box > 0 => (0.9, "address.box"),
            (3, _) if self.postcode > 0 => (0.85, "address.postcode"),
            (3, _) => (0.85, "address.street"),
            (2, 2..) => (0.9, "address.whole"),
            (2, _) if is_cued => (0.85, "address.announced"),
            (2, _) if self.postcode > 0 => (0.65, "address.postcode"),
            (2, _) => (0.6, "address.street"),
            (_, 2..) if self.street + self.postcode > 1 => (0.6, "address.loose"),
            (1, _) if is_placed && self.street > 0 => (0.6, "address.placed"),
            (1, _) if is_cued && self.street > 0 => (0.65, "address.announced"),
            _ => (0.3, "address.loose"),
        }
    }
}

/// Says whether what stands between `from` and the part belongs to one address.
fn is_glue(view: View<'_>, from: usize, part: Part) -> bool {
    if part.first - from > WIDEST_GAP {
        return false;
    }
    let (mut words, mut breaks, mut numbers) = (0, 0, 0);
    let mut at = from;
    while at < part.first {
        if view.is_break(at) {
            breaks += 1;
            if view.str(at).bytes().filter(|byte| *byte == b'\n').count() > 1 && part.what != What::Postcode {
                return false;
            }
        } else if view.is_word(at) {
            words += 1;
            let is_part = view.is_name(at)
                || view.is_link(at)
                || view.has(at, Classes::UNIT)
                || is_nothing(view.str(at))
                || view.str(at).bytes().any(|byte| byte.is_ascii_digit());
            if !is_part && !is_line(view, at) {
                return false;
            }
        } else if view.digits(at) > 0 {
            numbers += 1;
            if view.digits(at) > 3 {
                return false;
            }
        } else if !matches!(
            view.str(at),
            "," | "." | "-" | "–" | "—" | "/" | "(" | ")" | ">" | "?" | "\"" | "'" | "#" | "º" | "ª" | "°"
        ) {
            return false;
        }
        at += 1;
    }
    words <= 6 && breaks <= 3 && numbers <= 2
}

/// Says whether the word in lower case stands in a line or clause of few words that says a place in such a text.
fn is_line(view: View<'_>, at: usize) -> bool {
    let mut start = at;
    while start > 0 && at - start < 4 && !view.is_end(start - 1) {
        start -= 1;
    }
    let mut end = at + 1;
    while end - at < 4 && !view.is_end(end) {
        end += 1;
    }
    (start..=at).chain(at..end).all(|word| view.is_lower(word) || view.digits(word) > 0) && end - start <= 4
        || places::at(view, at).is_some()
}

/// Grows a group to its left: numbers of houses, corners, the street in front of a postcode.
fn grown_left(view: View<'_>, group: &mut Group, floor: usize) -> usize {
    let mut first = group.first;
    // The street in front of a postcode or a flat, when only they tell that it is one.
    if group.street == 0
        && group.post_box == 0
        && let Some((start, weight)) = loose_before(view, first)
    {
        first = start;
        group.street = weight;
    }
    // A second number in front: `96 ul. Posejdona 90`.
    if first > floor && (1..=5).contains(&view.digits(first - 1)) && group.street.max(group.post_box) > 0 {
        let is_apart = !view.is_joined(first - 1) || matches!(view.str(first - 2), ">" | "(" | "*");
        if !view.is_year(first - 1) && is_apart && !view.is_apart(first) {
            first -= 1;
        }
    }
    // `the corner of Main Street and 5th Avenue`, `Bryan and Meierigaten 206`.
    if first > floor + 1 && matches!(view.str(first - 1), "and" | "&") {
        let name = view.name_start(first - 1, 2);
        let head = view.str(name.wrapping_sub(1));
        if name < first - 1
            && name >= floor
            && (matches!(head, "at" | "to" | "is" | "of" | "on" | ":" | "in" | "from" | "with" | "are")
                || view.is_break(name.wrapping_sub(1)))
        {
            first = name;
        }
    }
    if first > floor + 1
        && view.is_lower(first - 1)
        && view.str(first - 1) == "of"
        && view.str(first - 2).eq_ignore_ascii_case("corner")
    {
        first -= if first > floor + 2 && view.str(first - 3).eq_ignore_ascii_case("the") { 3 } else { 2 };
    }
    first.max(floor)
}

/// Returns the line or clause in front of `at` if it has a name and a number of a house.
fn loose_before(view: View<'_>, at: usize) -> Option<(usize, u8)> {
    let mut end = at;
    while end > 0
        && at - end < 5
        && (view.is_break(end - 1) || matches!(view.str(end - 1), "," | "-" | "–" | "." | ">" | "?"))
    {
        end -= 1;
    }
    if end == at && at > 0 && view.digits(at - 1) == 0 {
        return None;
    }
    let is_number = |word: usize| (1..=5).contains(&view.digits(word)) && !view.is_year(word);
    // `82 vanhamaantie 83 apt. 925`, whatever the case.
    if end > 0 && is_number(end - 1) {
        let first =
            (end.saturating_sub(7)..end - 1).rev().find(|&word| !view.is_word(word) && view.str(word) != ".");
        if let Some(first) = first.filter(|&first| is_number(first) && first + 2 < end) {
            return Some((first, 2));
        }
    }
    let mut start = end;
    while start > 0
        && end - start < 8
        && (view.is_word(start - 1)
            || view.digits(start - 1) > 0
            || matches!(view.str(start - 1), "." | "'" | "-" | "/"))
    {
        start -= 1;
    }
    if start + 1 >= end {
        return None;
    }
    let is_alone = start == 0
        || view.is_break(start - 1)
        || matches!(view.str(start - 1), ">" | "?" | "*" | "•" | ":" | "|" | "·" | ",");
    let has_words = (start..end).any(|word| view.is_word(word) && view.str(word).len() > 1);
    if !(is_alone && has_words && end - start <= 8) {
        return None;
    }
    let is_place = |word: usize| view.is_name(word) || view.is_link(word);
    // `Tyndall Avenue, Bristol BS8 1TL`.
    if view.has(end - 1, Classes::STREET) && view.name_start(end, 5) == start {
        return Some((start, 1));
    }
    let capitals = (start..end).filter(|&word| view.is_name(word)).count();
    let all = (start..end).all(|word| !view.is_word(word) || is_place(word));
    ((is_number(start) || is_number(end - 1)) && all && capitals > 0).then_some((start, 1))
}
