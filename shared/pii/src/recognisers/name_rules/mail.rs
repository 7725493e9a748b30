//! Names in the heads of mail: `"Lee, Ann" <ann@…>`, `Ann Lee/HOU/ECT@ECT`.

use super::{Reader, finding};
use crate::tokens::{Case, TokenKind};
use crate::{Doc, Finding};

/// An address stands in brackets of at most this many bytes.
const LONGEST_ADDRESS: usize = 100;

pub(super) fn find(doc: &Doc<'_>, reader: Reader<'_>, findings: &mut Vec<Finding>) {
    for at in doc.marks(b'<') {
        let behind = doc.after(at, LONGEST_ADDRESS);
        let Some(end) = behind.find('>') else { continue };
        if behind[..end].contains('@') && !behind[1..end].contains('<') {
            bracketed(reader, reader.token_at(at), findings);
        }
    }
    for at in doc.marks(b'@') {
        unit(reader, reader.token_at(at), findings);
    }
    for at in doc.marks(b'/') {
        let token = reader.token_at(at);
        // The first of the slashes, with a unit behind it.
        let unit = token + 1;
        let is_unit = |at: usize| {
            reader
                .tokens
                .get(at)
                .is_some_and(|token| token.kind == TokenKind::Word && token.case == Case::Upper)
                && reader.word(at).len() >= 2
        };
        let goes_on = reader.is(unit + 1, "/") || reader.is(unit + 1, "@");
        if is_unit(unit) && goes_on && token > 0 && !reader.is(token.saturating_sub(2), "/") {
            let first = reader.back(token);
            if token - first >= 2 {
                findings.push(finding(reader.range(first, token), 0.9, "name.mail"));
            }
        }
    }
}

/// *Ann Lee@HOUSTON*: the name and its unit.
fn unit(reader: Reader<'_>, mark: usize, findings: &mut Vec<Finding>) {
    let is_unit = reader.tokens.get(mark + 1).is_some_and(|token| {
        token.kind == TokenKind::Word && token.case == Case::Upper && token.end - token.start >= 3
    });
    if !is_unit || reader.gap(mark) > 0 || reader.gap(mark + 1) > 0 || reader.is(mark + 2, ".") {
        return;
    }
    let first = reader.back(mark);
    if mark - first >= 2 && reader.tokens[mark - 1].case != Case::Upper {
        findings.push(finding(reader.range(first, mark + 2), 0.9, "name.mail"));
    }
}

/// The name in front of a bracket with an address.
fn bracketed(reader: Reader<'_>, bracket: usize, findings: &mut Vec<Finding>) {
    let mut end = bracket;
    // *Ann Lee (E-mail) <…>*
    if end > 1 && reader.is(end - 1, ")") {
        let Some(open) = (end.saturating_sub(6)..end).rev().find(|&at| reader.is(at, "(")) else { return };
        end = open;
    }
    let is_quote = |at: usize| reader.is(at, "\"") || reader.is(at, "'");
    while end > 0 && is_quote(end - 1) {
        end -= 1;
    }
    let mut first = reader.back(end);
    if first == end {
        return;
    }
    // *3:12 PM Ann Lee*
    if first > 0
        && matches!(reader.word(first), "PM" | "AM")
        && reader.tokens[first - 1].kind == TokenKind::Number
        && first + 1 < end
    {
        first += 1;
    }
    // *Lee, Ann*: in quotes, or where an address or the line's label stands before it.
    if first > 1 && reader.is(first - 1, ",") {
        let surname = reader.back(first - 1);
        let before = surname.checked_sub(1);
        if surname < first - 1
            && before.is_none_or(|at| is_quote(at) || reader.is(at, ":") || reader.is(at, ";"))
        {
            first = surname;
        }
    }
    // *The Garden Weekly*, *City News Desk*: what sends is no person if a part of its name is none.
    let is_more = first > 0 && reader.gap(first) == 1 && reader.tokens[first - 1].is_capital();
    let score = if is_more { 0.45 } else { 0.9 };
    findings.push(finding(reader.range(first, end), score, "name.mail"));
}
