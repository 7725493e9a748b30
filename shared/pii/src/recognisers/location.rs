//! The town a person lives in or was born in.
//!
//! Finds what stands behind *Location*, *Wohnort*, *Ciudad*; a place that fills a cell of a record's head beside its
//! contact data (`+44 … | Leeds, United Kingdom`); the place of birth beside a date of birth; the place in front of the
//! date at the end of a letter (`Napoli, 12/03/2025`); and, less surely, `lives in Leeds`. Leaves the towns of jobs,
//! which stand beside years or employers. Source: general knowledge of résumés and letters.

use super::Recogniser;
use super::dates::{self, Precision};
use super::places::{self, Place};
use super::view::View;
use crate::lexicon::Classes;
use crate::{Doc, Finding, Kind, Kinds};

struct Location;

pub(super) fn recogniser() -> Box<dyn Recogniser> {
    Box::new(Location)
}

/// Where a record's head ends, in bytes.
const HEAD: usize = 1200;

/// A longer line is a text that lost its breaks, in bytes.
const LONGEST_LINE: u32 = 300;

/// Lines a head has at most.
const HEAD_LINES: usize = 14;

impl Recogniser for Location {
    fn kinds(&self) -> Kinds {
        Kinds::of(&[Kind::Location])
    }

    fn find(&self, doc: &Doc<'_>, findings: &mut Vec<Finding>) {
        let view = View { text: doc.text(), tokens: doc.tokens() };
        for field in doc.fields().iter().filter(|field| field.kind == Kind::Location) {
            let at = view.tokens.partition_point(|token| token.start < field.start);
            let end = view.tokens.partition_point(|token| token.start < field.end);
            let last = place_end(view, at).min(end);
            if last > at {
                let last = last + usize::from(last < end && (4..=6).contains(&view.digits(last)));
                let label = view.text[field.label as usize..field.start as usize].to_lowercase();
                let is_any = [
                    "location",
                    "place",
                    "ort",
                    "lugar",
                    "luogo",
                    "localidad",
                    "city",
                    "ciudad",
                    "ville",
                    "stadt",
                ]
                .iter()
                .any(|any| label.trim_start_matches(['*', '-', ' ']).starts_with(any));
                // `by` is a town in Norway, and much else elsewhere.
                let is_short = label.chars().filter(|c| c.is_alphabetic()).count() <= 2
                    && places::at(view, at).is_none();
                let is_edge = (field.start as usize) < HEAD || field.end as usize + 400 > view.text.len();
                let score = match (is_short, is_edge || !is_any) {
                    (true, _) => 0.3,
                    (_, true) => 0.85,
                    _ => 0.45,
                };
                push(view, at, last, score, "location.label", findings);
            }
        }
        head(doc, view, findings);
        for (at, token) in view.tokens.iter().enumerate() {
            if token.classes.meets(Classes::HOME) {
                home(view, at, findings);
            } else if token.classes.meets(Classes::BIRTH) {
                birth(view, at, findings);
            }
        }
        signature(view, findings);
    }
}

/// Returns the end of a place with its region and country: `Leeds, United Kingdom`, `Montréal (Québec)`.
fn place_end(view: View<'_>, at: usize) -> usize {
    let mut end = match places::at(view, at) {
        Some((_, last)) if view.is_name(at) => last.max(view.name_end(at, 3).min(last + 1)),
        _ => view.name_end(at, 4),
    };
    if end == at {
        return at;
    }
    for _ in 0..3 {
        let is_bracket = view.is_mark(end, "(");
        if !(view.is_mark(end, ",") || is_bracket) {
            break;
        }
        let next = match places::at(view, end + 1) {
            Some((_, last)) if view.is_name(end + 1) => last,
            _ => view.name_end(end + 1, 3),
        };
        if next == end + 1 || is_bracket && !view.is_mark(next, ")") {
            break;
        }
        end = next + usize::from(is_bracket);
    }
    end
}

/// A cell that is a place.
struct Cell {
    first: usize,
    last: usize,
    line: usize,
    is_whole_line: bool,
}

/// Looks for cells that are places: in the head, and in lines with an address of mail below it.
fn head(doc: &Doc<'_>, view: View<'_>, findings: &mut Vec<Finding>) {
    let (mut line, mut at, mut contact) = (0, 0, None);
    let mut cells = Vec::new();
    while at < view.tokens.len() && line < HEAD_LINES && (view.tokens[at].start as usize) < HEAD {
        let mut end = at;
        let (mut digits, mut is_contact, mut is_dated) = (0, false, false);
        while end < view.tokens.len() && !view.is_break(end) && (view.tokens[end].start as usize) < HEAD {
            digits += view.digits(end).min(12);
            is_contact |= matches!(
                view.str(end),
                "@" | "at" | "linkedin" | "LinkedIn" | "github" | "GitHub" | "Tel" | "Phone"
            );
            is_dated |= dates::is_year(view, end)
                && (end == at
                    || matches!(view.str(end - 1), "-" | "–")
                    || matches!(view.str(end + 1), "-" | "–"));
            end += 1;
        }
        if digits >= 7 || is_contact {
            contact = Some(line);
        }
        let length =
            view.get(end.saturating_sub(1)).map_or(0, |last| last.end.saturating_sub(view.tokens[at].start));
        if (!is_dated || is_contact) && length < LONGEST_LINE {
            cells_of(view, at, end, line, &mut cells);
        }
        line += 1;
        at = end + 1;
    }
    let contact = contact.or_else(|| cells.first().map(|cell: &Cell| cell.line).filter(|line| *line <= 2));
    if let Some(contact) = contact {
        for cell in &cells {
            let score = match cell.line.saturating_sub(contact) {
                0 | 1 => 0.8,
                2..=5 if cell.is_whole_line => 0.65,
                _ => 0.4,
            };
            push(view, cell.first, cell.last, score, "location.head", findings);
        }
    }
    for mark in doc.marks(b'@') {
        let place = view.tokens.partition_point(|token| (token.start as usize) < mark);
        if place < at {
            continue;
        }
        let start = (place.saturating_sub(40)..place)
            .rev()
            .find(|&before| view.is_break(before))
            .map_or(place.saturating_sub(40), |line| line + 1);
        let end = (place..place + 40)
            .find(|&after| after >= view.tokens.len() || view.is_break(after))
            .unwrap_or(place + 40);
        cells.clear();
        cells_of(view, start.max(at), end, 0, &mut cells);
        for cell in &cells {
            push(view, cell.first, cell.last, 0.75, "location.contact", findings);
        }
        // A line is read once, however many addresses it has.
        at = end + 1;
    }
}

/// Appends the cells of a line that are places.
fn cells_of(view: View<'_>, first: usize, end: usize, line: usize, cells: &mut Vec<Cell>) {
    let is_edge = |at: usize| {
        at <= first
            || at >= end
            || view.is_apart(at)
            || matches!(view.str(at - 1), "|" | "·" | "•" | "—" | "–" | "-" | "*" | "/" | ";" | ":" | "\t")
                && !view.is_joined(at - 1)
    };
    let mut at = first;
    while at < end {
        if is_edge(at) && view.is_name(at) {
            let last = place_end(view, at).min(end);
            let is_closed = last >= end
                || view.is_apart(last)
                || matches!(view.str(last), "|" | "·" | "•" | "—" | "–" | "-" | "*" | "/" | ";" | "(" | "[")
                    && (!view.is_joined(last) || view.is_mark(last, "*"));
            if last > at && is_closed && is_known(view, at, last) {
                cells.push(Cell { first: at, last, line, is_whole_line: at == first && last >= end });
                at = last;
                continue;
            }
        }
        at += 1;
    }
}

/// Says whether one of the parts is a place that is known: the first a town, or the last a country, region or state.
fn is_known(view: View<'_>, first: usize, last: usize) -> bool {
    let comma = (first..last).find(|&at| view.is_mark(at, ",") || view.is_mark(at, "("));
    match (places::at(view, first), comma) {
        (Some((_, end)), None) => end == last,
        (Some((Place::Town, end)), Some(comma)) => end == comma,
        (_, Some(comma)) => {
            let place =
                places::at(view, comma + 1).map(|(place, _)| place).filter(|place| *place != Place::Town);
            let final_comma = (first..last).rev().find(|&at| view.is_mark(at, ","));
            let end = places::before(view, last)
                .filter(|&(_, start)| Some(start) == final_comma.map(|mark| mark + 1));
            place.is_some()
                || end.is_some_and(|(place, _)| place != Place::Town)
                || view.is_upper(comma + 1) && comma + 2 == last && view.str(comma + 1).len() == 2
        }
        (None, None) => false,
    }
}

/// `lives in Leeds`, `based in Lisbon, Portugal`, `bor i Malmö`.
fn home(view: View<'_>, at: usize, findings: &mut Vec<Finding>) {
    // `Tokyo-based`.
    if at > 1 && view.is_mark(at - 1, "-") && view.is_joined(at) {
        let first = view.name_start(at - 1, 3);
        if places::before(view, at - 1).is_some() {
            let score = if view.is_end(at + 1) { 0.6 } else { 0.3 };
            push(view, first, at - 1, score, "location.home", findings);
        }
        return;
    }
    let mut here = at + 1;
    while here < at + 4
        && (matches!(
            view.str(here),
            "in" | "at"
                | "near"
                | "i"
                | "w"
                | "v"
                | "we"
                | "en"
                | "à"
                | "a"
                | "em"
                | "på"
                | "te"
                | "outside"
                | "and"
                | "working"
                | "au"
                | "aux"
                | "στην"
                | "в"
                | "у"
        ))
    {
        here += 1;
    }
    if here == at + 1 || !view.is_name(here) || view.digits(here) > 0 {
        return;
    }
    let last = place_end(view, here);
    let is_place = is_known(view, here, last) || places::at(view, here).is_some();
    let before = at.checked_sub(1).map_or("", |before| view.str(before));
    let is_own = at == 0
        || !view.is_word(at - 1)
        || matches!(
            before,
            "I" | "am"
                | "currently"
                | "now"
                | "he"
                | "she"
                | "He"
                | "She"
                | "who"
                | "och"
                | "og"
                | "und"
                | "and"
                | "y"
                | "e"
                | "et"
                | "i"
                | "ich"
                | "Ich"
                | "je"
                | "manager"
                | "engineer"
                | "developer"
                | "designer"
                | "consultant"
        )
        || view.is_name(at) && view.is_word(at);
    let score = match (is_own, is_place) {
        (true, true) => 0.65,
        (true, false) => 0.5,
        (false, true) => 0.45,
        (false, false) => 0.3,
    };
    push(view, here, last, score, "location.home", findings);
}

/// The place beside a date of birth: `born in Leeds on`, `Nata a Brescia il`, `geb. 1.2.1990 in Köln`.
fn birth(view: View<'_>, at: usize, findings: &mut Vec<Finding>) {
    let mut here = at + 1;
    while here < at + 10 && !view.is_break(here) {
        if let Some(date) = dates::at(view, here).filter(|date| date.precision > Precision::Year) {
            here = date.last;
            continue;
        }
        let is_in = matches!(
            view.str(here),
            "in" | "at" | "à" | "a" | "w" | "v" | "en" | "em" | "i" | "te" | "ve" | "в" | "у" | "στην"
        );
        if is_in && view.is_name(here + 1) && !view.has(here + 1, Classes::MONTH) {
            let last = place_end(view, here + 1);
            let is_known = places::at(view, here + 1).is_some();
            push(view, here + 1, last, if is_known { 0.75 } else { 0.6 }, "location.birth", findings);
            return;
        }
        if view.is_name(here) || matches!(view.str(here), "is" | "was" | "[" | ")") {
            return;
        }
        here += 1;
    }
}

/// The place and date under a letter: `Napoli, 12/03/2025`, `Berlin, im Mai 2025`.
fn signature(view: View<'_>, findings: &mut Vec<Finding>) {
    let from = view.text.len().saturating_sub(600);
    let mut at = view.tokens.partition_point(|token| (token.start as usize) < from);
    while at < view.tokens.len() {
        let is_start = at == 0 || view.is_break(at - 1);
        if is_start && view.is_name(at) && !view.has(at, Classes::MONTH) {
            let name = view.name_end(at, 3);
            if view.is_mark(name, ",") {
                let mut here = name + 1;
                while here < name + 3
                    && matches!(
                        view.str(here),
                        "den" | "le" | "il" | "im" | "em" | "dnia" | "the" | "a" | "on" | "lì" | "am" | "li"
                    )
                {
                    here += 1;
                }
                let date = dates::at(view, here).filter(|date| date.precision > Precision::Year);
                let is_closed = |last: usize| {
                    last >= view.tokens.len()
                        || view.is_break(last)
                        || view.is_apart(last)
                        || view.is_mark(last, "-") && !view.is_joined(last) && !view.is_mark(last + 1, "-")
                };
                if date.is_some_and(|date| is_closed(date.last)) {
                    push(view, at, name, 0.75, "location.signature", findings);
                }
            }
        }
        at += 1;
    }
}

fn push(
    view: View<'_>,
    first: usize,
    last: usize,
    score: f32,
    rule: &'static str,
    findings: &mut Vec<Finding>,
) {
    if first >= last {
        return;
    }
    let (start, end) = (view.tokens[first].start as usize, view.tokens[last - 1].end as usize);
    findings.push(Finding { kind: Kind::Location, start, end, score, rule });
}
