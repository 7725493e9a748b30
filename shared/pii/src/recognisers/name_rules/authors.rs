//! Authors of publications: *Lee A., Moss B. (2020)*, *Lee, A. B., & Moss, C.*, *A. Lee, B. Moss, "…"*, *Lee AB, Moss C.*

use super::{Reader, finding};
use crate::anchors::Anchor;
use crate::tokens::{Case, TokenKind};
use crate::{Doc, Finding};

/// Tokens from an author's first word to the first of the initials with a mark behind it, at most.
const FARTHEST: usize = 32;

pub(super) fn find(doc: &Doc<'_>, reader: Reader<'_>, findings: &mut Vec<Finding>) {
    let mut at = 0;
    let mut group: Vec<(usize, usize)> = Vec::new();
    let mut initials = doc.anchors(Anchor::Initials).peekable();
    loop {
        while initials.next_if(|initials| *initials < at).is_some() {}
        let Some(initials) = initials.peek() else { break };
        at = at.max(initials.saturating_sub(FARTHEST));
        if !reader.tokens[at].is_capital() {
            at += 1;
            continue;
        }
        let Some((first, last)) = author(reader, at) else {
            at += 1;
            continue;
        };
        group.clear();
        group.push((first, last));
        let mut end = last;
        while let Some(next) = joined(reader, end)
            && let Some((first, last)) = author(reader, next)
            && first == next
        {
            group.push((first, last));
            end = last;
        }
        let is_dated = reader.is(end, "(")
            && reader.tokens.get(end + 1).is_some_and(|token| token.kind == TokenKind::Number)
            && reader.word(end + 1).len() == 4;
        let is_quoted = ["\"", "«", "'"].iter().any(|mark| reader.is(end, mark))
            || reader.is(end, ",") && ["\"", "«"].iter().any(|mark| reader.is(end + 1, mark));
        let is_et_al = ["et", "ym"].contains(&reader.word(end + usize::from(reader.is(end, ","))));
        let score = match (group.len(), is_dated || is_quoted || is_et_al) {
            (2.., true) => 0.95,
            (2.., false) => 0.8,
            (_, true) => 0.85,
            _ => 0.0,
        };
        if score > 0.0 {
            for &(first, last) in &group {
                findings.push(finding(reader.range(first, last), score, "name.author"));
            }
        }
        at = end.max(at + 1);
    }
}

/// Returns the token behind a comma, a semicolon or an *and*.
fn joined(reader: Reader<'_>, at: usize) -> Option<usize> {
    let mut next = at;
    if reader.is(next, ",") || reader.is(next, ";") {
        next += 1;
    }
    if matches!(reader.word(next), "and" | "&" | "und" | "et" | "y" | "och" | "og" | "ja" | "en" | "e" | "i")
    {
        next += 1;
    }
    (next > at).then_some(next)
}

/// Reads an author from `at` on: surname and initials, or initials and surname.
fn author(reader: Reader<'_>, at: usize) -> Option<(usize, usize)> {
    if !reader.may_be_name(at)
        || at > 0 && reader.gap(at) == 0 && !reader.is_break(at - 1) && !reader.is(at - 1, "(")
    {
        return None;
    }
    if reader.is_initial(at) {
        let behind = initials(reader, at)?;
        let name = reader.name(behind).filter(|name| name.words <= 3 && name.initials == 0)?;
        return (reader.gap(behind) <= 1 && reader.is(behind - 1, ".")).then_some((at, name.last));
    }
    // The surname: words up to the first initial.
    let mut end = at;
    for _ in 0..6 {
        if reader.is_initial(end) || is_pair(reader, end) && end > at {
            break;
        }
        if !reader.may_be_name(end) || end > at && reader.gap(end) > 1 {
            return None;
        }
        end += 1;
        if (reader.is(end, "-") || reader.is(end, "'")) && reader.gap(end) == 0 && reader.gap(end + 1) == 0 {
            end += 1;
        }
        if reader.is(end, ",") && reader.is_initial(end + 1) && reader.is(end + 2, ".") {
            end += 1;
            break;
        }
    }
    if end == at || reader.gap(end) != 1 {
        return None;
    }
    if is_pair(reader, end) {
        return [",", ".", ";", "("].iter().any(|mark| reader.is(end + 1, mark)).then_some((at, end + 1));
    }
    let last = initials(reader, end)?;
    reader.is(last - 1, ".").then_some((at, last))
}

/// Two or three initials without stops.
fn is_pair(reader: Reader<'_>, at: usize) -> bool {
    reader.tokens.get(at).is_some_and(|token| token.case == Case::Upper && token.kind == TokenKind::Word)
        && (2..=3).contains(&reader.word(at).chars().count())
        && reader.may_be_name(at)
}

/// Returns the token behind initials: *A.*, *A. B.*, *J.-B.*
fn initials(reader: Reader<'_>, at: usize) -> Option<usize> {
    let mut end = at;
    for count in 0..5 {
        let joint = usize::from(count > 0 && reader.is(end, "-") && reader.gap(end) == 0);
        if !reader.is_initial(end + joint) || count > 0 && reader.gap(end + joint) > 1 {
            break;
        }
        end += joint + 1;
        if reader.is(end, ".") && reader.gap(end) == 0 {
            end += 1;
        }
    }
    (end > at).then_some(end)
}
