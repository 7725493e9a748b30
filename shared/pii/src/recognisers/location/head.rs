//! Places that fill a cell of a record's head, or a line of a profile.

use super::super::dates;
use super::super::places::{self, Place};
use super::super::view::View;
use super::{HEAD, is_known, place_end, push};
use crate::{Doc, Finding};

/// A longer line is a text that lost its breaks, in bytes.
const LONGEST_LINE: u32 = 300;

/// Lines a head has at most.
const HEAD_LINES: usize = 14;

/// A cell that is a place.
struct Cell {
    first: usize,
    last: usize,
    line: usize,
    is_whole_line: bool,
}

/// Looks for cells that are places: in the head, and in lines with an address of mail below it.
pub(super) fn find(doc: &Doc<'_>, view: View<'_>, findings: &mut Vec<Finding>) {
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
    profile(view, findings);
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

/// A line of town, region and country below a name and what it does, as profiles are printed: `Leeds, England, United
/// Kingdom`. The places of posts stand below dates.
fn profile(view: View<'_>, findings: &mut Vec<Finding>) {
    let (mut start, mut before) = (0, 0);
    while start < view.tokens.len() && (view.tokens[start].start as usize) < 4 * HEAD {
        let end = (start..view.tokens.len()).find(|&at| view.is_break(at)).unwrap_or(view.tokens.len());
        let commas = (start..end).filter(|&at| view.is_mark(at, ",")).count();
        let is_undated = start > before && (before..start).all(|at| view.digits(at) == 0);
        if commas == 2 && is_undated && end - start <= 12 && view.is_name(start) {
            let last = place_end(view, start);
            let country = places::before(view, end);
            if last == end && country.is_some_and(|(place, _)| place == Place::Country) {
                push(view, start, end, 0.7, "location.profile", findings);
            }
        }
        before = start;
        start = end + 1;
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
