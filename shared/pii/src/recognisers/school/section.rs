//! Schools without a word that says so, in the part of a résumé that lists schools: *Master Marketing, Kedge, 2019*.
//!
//! On a line below *Education*, *Formation*, *Ausbildung* that names a degree and no school that is known as one, the
//! name beside the degree is the school's.

use std::ops::Range;
use std::sync::LazyLock;

use super::super::name_rules::Reader;
use super::super::places;
use super::super::view::View;
use super::super::words::Words;
use super::{initials, push};
use crate::Finding;
use crate::lexicon::Classes;
use crate::tokens::{Case, TokenKind};

const HEADING: u16 = 1;
const DEGREE: u16 = 2;
const SUBJECT: u16 = 4;
const HEAD: u16 = 8;

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let classes = [("heading", HEADING), ("degree", DEGREE), ("subject", SUBJECT), ("head", HEAD)];
    Words::read(include_str!("words.txt"), &classes)
});

/// Words of a heading, lines of a section and tokens of its lines, at most.
const LONGEST_HEADING: usize = 6;
const MOST_LINES: usize = 24;
const LONGEST_LINE: usize = 60;
/// Words of a name, at most.
const LONGEST_NAME: usize = 7;

/// Looks through the parts that list schools; `findings` from `known` on are the schools known by a word.
pub(super) fn find(reader: Reader<'_>, known: usize, findings: &mut Vec<Finding>) {
    findings[known..].sort_by_key(|finding| finding.start);
    let known = known..findings.len();
    let mut at = 0;
    let mut left = 0;
    let mut is_left_column = false;
    while at < reader.tokens.len() {
        let end = (at..reader.tokens.len()).find(|&end| reader.is_break(end)).unwrap_or(reader.tokens.len());
        let cell = (at + 1..end).find(|&next| reader.gap(next) >= 3).unwrap_or(end);
        if is_heading(reader, at, cell) {
            left = MOST_LINES;
            // What stands beside the heading is of another part.
            is_left_column = cell < end && reader.word(cell) != "|";
        } else if left > 0 {
            left -= 1;
            if ends_section(reader, at, end) || is_row(reader, at, end) {
                left = 0;
            } else if end - at <= LONGEST_LINE {
                let end = if is_left_column { cell } else { end };
                entries(reader, at, end, &known, findings);
            }
        } else if let Some(first) = inline(reader, at, end) {
            entries(reader, first, end.min(first + LONGEST_LINE), &known, findings);
        }
        at = end + 1;
    }
}

/// Returns the token behind a heading on the line of what it heads: *Education: MA, Kedge, 2011; …*.
fn inline(reader: Reader<'_>, first: usize, last: usize) -> Option<usize> {
    let colon = (first..last.min(first + LONGEST_HEADING)).find(|&at| reader.is(at, ":"))?;
    (colon + 1 < last && is_heading(reader, first, colon)).then_some(colon + 1)
}

/// Reads the entries of a line.
fn entries(reader: Reader<'_>, first: usize, last: usize, known: &Range<usize>, findings: &mut Vec<Finding>) {
    let mut from = first;
    for at in first..=last {
        if at == last || [";", "·", "•"].iter().any(|mark| reader.is(at, mark)) {
            line(reader, from, at, known.clone(), findings);
            from = at + 1;
        }
    }
}

/// Says whether the tokens are a heading: few words, no number, one of them known.
fn is_heading(reader: Reader<'_>, first: usize, last: usize) -> bool {
    let is_short = last > first && last - first <= LONGEST_HEADING + 2;
    is_short
        && reader.tokens[first..last].iter().all(|token| token.kind != TokenKind::Number)
        && ![",", ".", "@"].iter().any(|mark| (first..last).any(|at| reader.is(at, mark)))
        && (first..last).find(|&at| reader.tokens[at].kind == TokenKind::Word).is_some_and(|word| {
            let mut words = (word..last).filter(|&at| reader.tokens[at].kind == TokenKind::Word);
            reader.tokens[word].is_capital()
                && words.clone().count() <= LONGEST_HEADING
                && words.any(|at| WORDS.of(reader.word(at)) & HEADING != 0)
        })
}

/// Says whether the line heads another part: capitals alone, or a few words behind an empty line.
fn ends_section(reader: Reader<'_>, first: usize, last: usize) -> bool {
    let tokens = &reader.tokens[first..last];
    let words = tokens.iter().filter(|token| token.kind == TokenKind::Word);
    let is_plain = tokens.iter().all(|token| token.kind != TokenKind::Number)
        && !(first..last).any(|at| [",", "-", "("].iter().any(|mark| reader.is(at, mark)));
    let breaks = first
        .checked_sub(1)
        .map_or(0, |before| reader.word(before).bytes().filter(|byte| *byte == b'\n').count());
    is_plain
        && (words.clone().all(|token| token.case == Case::Upper && token.end - token.start > 3)
            || breaks > 1 && words.count() <= 4)
}

/// Says whether the line is a row of another part: *Sprachen | Deutsch*, *Skills: C*.
fn is_row(reader: Reader<'_>, first: usize, last: usize) -> bool {
    let words = (first..last).take_while(|&at| reader.tokens[at].kind == TokenKind::Word).count();
    let mark = first + words;
    (1..=3).contains(&words)
        && mark < last
        && [":", "|", "\t"].iter().any(|text| reader.is(mark, text))
        && !(first..mark).any(|at| {
            reader.tokens[at].classes.meets(Classes::SCHOOL)
                || WORDS.of(reader.word(at)) & (DEGREE | HEAD) != 0
        })
}

/// A piece of a line, between marks.
#[derive(Debug, Clone, Copy)]
struct Piece {
    first: usize,
    last: usize,
    is_degree: bool,
    is_name: bool,
}

fn line(reader: Reader<'_>, first: usize, last: usize, known: Range<usize>, findings: &mut Vec<Finding>) {
    if last <= first {
        return;
    }
    let (start, end) = reader.range(first, last);
    // Schools of a kind that may be anything else are schools here.
    let mut is_known = false;
    let known = &mut findings[known];
    let from = known.partition_point(|found| found.start < start);
    for found in known[from..].iter_mut().take_while(|found| found.start < end) {
        found.score = found.score.max(0.75);
        is_known = true;
    }
    if is_known {
        return;
    }
    let mut pieces: Vec<Piece> = Vec::new();
    let mut from = first;
    for at in first..=last {
        let ends = at == last
            || at > from && reader.gap(at) >= 3
            || [",", ";", "|", "·", "•", ":", "(", ")", "–", "—", "\"", "/"]
                .iter()
                .any(|mark| reader.is(at, mark))
            || reader.is(at, "-") && reader.gap(at) > 0
            || reader.is(at, ".") && at > from && reader.word(at - 1).len() > 4;
        if ends {
            pieces.extend(piece(reader, from, at));
            let is_mark = at < last && reader.tokens[at].kind == TokenKind::Mark;
            from = if is_mark { at + 1 } else { at };
        }
    }
    let Some(degree) = pieces.iter().position(|piece| piece.is_degree) else { return };
    let behind = pieces[degree..].iter().find(|piece| piece.is_name);
    let before = pieces[..degree].iter().rev().find(|piece| piece.is_name);
    if let Some(school) = behind.or(before) {
        push(findings, reader.range(school.first, school.last), 0.65);
        initials(reader, school.last, 0.65, findings);
    }
}

/// Reads a piece; none when it is a date.
fn piece(reader: Reader<'_>, first: usize, last: usize) -> Option<Piece> {
    let is_time = |at: usize| {
        let token = reader.tokens[at];
        token.kind != TokenKind::Word || token.classes.meets(Classes::MONTH)
    };
    let first = (first..last).find(|&at| !is_time(at))?;
    let last = (first..last).rev().find(|&at| !is_time(at)).map_or(first, |at| at + 1);
    let words = || (first..last).filter(|&at| reader.tokens[at].kind == TokenKind::Word);
    let (mut is_degree, mut is_subject) = (false, false);
    for at in words() {
        let classes = WORDS.of(reader.word(at));
        is_degree |= classes & DEGREE != 0 && (reader.tokens[at].is_capital() || at > first);
        is_subject |= classes & SUBJECT != 0 || reader.tokens[at].classes.meets(Classes::DEGREE);
    }
    // *Télécom Informatique Brest*: what follows such a word is no subject.
    let is_head = words().next().is_some_and(|at| WORDS.of(reader.word(at)) & HEAD != 0)
        || reader.word(first) == "Sciences" && reader.word(first + 1) == "Po";
    let count = words().count();
    is_subject &= !(is_head && count > 1);
    let view = View { text: reader.text, tokens: reader.tokens };
    let is_place = places::at(view, first).is_some_and(|(_, end)| end >= last);
    let is_written = reader.tokens[first].is_capital()
        && words().all(|at| {
            let token = reader.tokens[at];
            token.is_capital() || token.classes.meets(Classes::SCHOOL_LINK.with(Classes::PARTICLE))
        })
        && (first..last).all(|at| reader.tokens[at].kind != TokenKind::Number);
    let letters = reader.word(first).chars().count();
    let is_name = is_written
        && !is_degree
        && !is_subject
        && !is_place
        && count <= LONGEST_NAME
        && (count > 1 || letters >= 3);
    Some(Piece { first, last, is_degree, is_name })
}
