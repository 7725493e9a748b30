//! Names beside names: *Ann Lee (2022–), Bo Quill (2023–)*, *Ann Lee - Analyst, Bo Quill - Analyst*.
//!
//! Of a list only items are taken that go on as the name beside them does: a firm stands behind many a name, too.

use crate::lexicon::Classes;
use crate::recognisers::name_rules::Reader;
use crate::tokens::{Case, TokenKind};
use crate::{Finding, Kind};

/// Tokens behind a name that may be what an item says of it.
const LONGEST_SUFFIX: usize = 6;
/// A name from this score on has others beside it.
const LISTED_FROM: f32 = 0.8;

/// Appends names that stand in a list with names found so far; `known` were found before those that followed.
pub(super) fn find(reader: Reader<'_>, known: usize, findings: &mut Vec<Finding>) {
    let sure = |finding: &&Finding| finding.kind == Kind::Name && finding.score >= LISTED_FROM;
    let mut listed = Vec::new();
    for finding in findings[..known].iter().filter(sure) {
        let mut last = reader.token_at(finding.end);
        if let Some(name) = nicknamed(reader, last) {
            listed.push(name);
        }
        if !reader.text[finding.start..finding.end].contains(' ') {
            continue;
        }
        if let Some(name) = elsewhere(reader, last) {
            listed.push(name);
        }
        for _ in 0..8 {
            let Some(name) = next(reader, last) else { break };
            listed.push(name);
            last = name.1;
        }
    }
    if listed.is_empty() {
        return;
    }
    let taken = taken(findings);
    for (first, last) in listed {
        let (start, end) = reader.range(first, last);
        let before = taken.partition_point(|(from, _)| *from < end);
        if taken[..before].last().is_none_or(|(_, reached)| *reached <= start) {
            findings.push(Finding { kind: Kind::Name, start, end, score: 0.75, rule: "name.listed" });
        }
    }
}

/// Returns the surname behind a name in quotes: *Robert "Bob" Lee*, *"Dee" Lee*.
fn nicknamed(reader: Reader<'_>, at: usize) -> Option<(usize, usize)> {
    let is_quote = |at: usize| reader.is(at, "\"");
    let surname = at + 1;
    let opens = (at.saturating_sub(3)..at).any(is_quote);
    let is_name =
        reader.may_be_name(surname) && matches!(reader.tokens[surname].case, Case::Title | Case::Mixed);
    (opens && is_quote(at) && reader.gap(at) == 0 && reader.gap(surname) == 1 && is_name)
        .then_some((surname, surname + 1))
}

/// Returns the same name in a script without case, in brackets: *Haruka Sato (佐藤 春香)*.
fn elsewhere(reader: Reader<'_>, at: usize) -> Option<(usize, usize)> {
    let end = (at + 2..at + 5).find(|&end| reader.is(end, ")"))?;
    let is_word = |at: usize| {
        reader.tokens[at].kind == TokenKind::Word
            && reader.tokens[at].case == Case::None
            && reader.word(at).chars().all(char::is_alphabetic)
    };
    (reader.is(at, "(") && (at + 1..end).all(is_word)).then_some((at + 1, end))
}

/// Returns where what is sure begins, in order, and how far all up to there reaches.
fn taken(findings: &[Finding]) -> Vec<(usize, usize)> {
    let sure = findings.iter().filter(|finding| finding.score >= 0.5);
    let mut taken: Vec<_> = sure.map(|finding| (finding.start, finding.end)).collect();
    taken.sort_unstable();
    let mut reached = 0;
    for (_, end) in &mut taken {
        reached = reached.max(*end);
        *end = reached;
    }
    taken
}

/// What an item says of its name.
#[derive(PartialEq, Eq)]
enum Suffix<'a> {
    /// A number in brackets: a year.
    Number,
    /// A word behind a dash.
    Word(&'a str),
}

/// Reads what stands behind a name, and where it ends.
fn suffix(reader: Reader<'_>, at: usize) -> Option<(Suffix<'_>, usize)> {
    if reader.is(at, "(") {
        let end = (at + 1..at + 1 + LONGEST_SUFFIX).find(|&end| reader.is(end, ")"))?;
        let is_number = reader.tokens[at + 1].kind == TokenKind::Number;
        return is_number.then_some((Suffix::Number, end + 1));
    }
    let is_dash = reader.is(at, "-") && reader.gap(at) == 1 && reader.gap(at + 1) == 1;
    let is_word = reader.tokens.get(at + 1).is_some_and(|token| token.kind == TokenKind::Word);
    (is_dash && is_word).then(|| (Suffix::Word(reader.word(at + 1)), at + 2))
}

/// Returns the name of the next item, if it goes on as the one does that ends in front of `at`.
fn next(reader: Reader<'_>, at: usize) -> Option<(usize, usize)> {
    let (said, end) = suffix(reader, at)?;
    let joins = [",", ";"].iter().any(|mark| reader.is(end, mark));
    let name = joins.then(|| reader.name(end + 1)).flatten()?;
    let is_plain = (name.first..name.last).all(|at| {
        let token = reader.tokens[at];
        let other = Classes::SCHOOL.with(Classes::COUNTRY).with(Classes::TOOL).with(Classes::DEGREE);
        token.kind != TokenKind::Word || token.case == Case::Title && !token.classes.meets(other)
    });
    let same = suffix(reader, name.last).is_some_and(|(other, _)| other == said);
    ((2..=4).contains(&name.words) && is_plain && same).then_some((name.first, name.last))
}
