//! What a known word is worth where it stands.

use crate::lexicon::Classes;
use crate::recognisers::name_rules::Reader;
use crate::tokens::{Case, TokenKind};
use crate::{Finding, Kind};

/// Says how sure a known word is a name where a name stands: behind a title, before a possessive, as a whole line.
pub(super) fn marked(reader: Reader<'_>, at: usize) -> f32 {
    let token = reader.tokens[at];
    if !may_stand_alone(reader, at) {
        return 0.0;
    }
    let is_possessive = reader.is(at + 1, "'") && reader.gap(at + 1) == 0 && reader.word(at + 2) == "s";
    let is_line = reader.begins_line(at)
        && (reader.is_break(at + 1) || reader.is(at + 1, ",") && reader.is_break(at + 2));
    match is_titled(reader, at) || is_line || is_possessive {
        true if !token.classes.meets(Classes::AMBIGUOUS) => 0.85,
        true if !is_possessive || is_line || token.case == Case::Title => 0.75,
        _ => 0.0,
    }
}

pub(super) fn may_stand_alone(reader: Reader<'_>, at: usize) -> bool {
    let token = reader.tokens[at];
    token.is_capital() && !token.classes.meets(Classes::NOT_NAME) && reader.word(at).chars().count() >= 3
}

fn is_titled(reader: Reader<'_>, at: usize) -> bool {
    at > 0 && reader.skip_titles(at - 1) == at || at > 1 && reader.skip_titles(at - 2) == at
}

/// Says how sure a known word is a name where it stands alone.
pub(super) fn alone(reader: Reader<'_>, at: usize) -> f32 {
    let marked = marked(reader, at);
    if marked > 0.0 || !may_stand_alone(reader, at) || reader.tokens[at].classes.meets(Classes::AMBIGUOUS) {
        return marked;
    }
    let is_beside = |at: usize| {
        reader.tokens.get(at).is_some_and(|token| token.kind == TokenKind::Word && token.is_capital())
    };
    // *Okafor Logistics*, *The Okafor Foundation*: part of something else's name.
    let before = at.checked_sub(1).filter(|&before| reader.gap(at) == 1 && is_beside(before));
    let behind = Some(at + 1).filter(|&next| reader.gap(next) == 1 && is_beside(next));
    let is_part = before.is_some_and(|at| {
        reader.word(at).chars().count() > 3 && !reader.tokens[at].classes.meets(Classes::NOT_NAME)
    }) || behind.is_some();
    let is_glued = reader.gap(at) == 0
        && at > 0
        && !reader.is_break(at - 1)
        && !reader.is(at - 1, "(")
        && !reader.is(at - 1, "\"");
    match (is_part, is_glued) {
        (false, false) => 0.6,
        (true, false) => 0.4,
        _ => 0.45,
    }
}

/// Adds a name unless something sure covers it or crosses it; what it covers itself, it outscores.
pub(super) fn propose(
    reader: Reader<'_>,
    first: usize,
    last: usize,
    score: f32,
    sure: &[Finding],
    findings: &mut Vec<Finding>,
) {
    let (start, end) = reader.range(first, last);
    let from = sure.partition_point(|finding| finding.end <= start);
    let mut score = score;
    for other in sure[from..].iter().take_while(|other| other.start < end) {
        if other.kind != Kind::Name || other.start < start || other.end > end || other.len() == end - start {
            return;
        }
        score = score.max(other.score);
    }
    findings.push(Finding { kind: Kind::Name, start, end, score, rule: "name.known" });
}
