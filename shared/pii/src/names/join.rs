//! Tokens that are parts of names, joined to names.

use super::model::Model;
use super::tag::LEAST;
use crate::tokens::{Case, Token, TokenKind};

/// Beside a part of a name, this is enough.
const BESIDE: f32 = 0.25;

/// What is left of the probability of words that no list of names knows, or of short ones in capitals, when a number
/// follows: *Aadhaar 2341 …*, *MAC 00:…*.
const LABEL: f32 = 0.3;

/// A name in a text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Name {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// The probability of its best token.
    pub probability: f32,
}

/// Joins tokens that are parts of names, neighbours of which less is asked, and marks between them.
pub(super) fn join(
    model: &Model,
    text: &str,
    tokens: &[Token],
    (probabilities, told): (&[f32], &[usize]),
    is_known: impl Fn(usize) -> bool,
    names: &mut Vec<Name>,
) {
    let is_part = |at: usize| probabilities[at] >= model.threshold;
    let is_letter = |at: usize| tokens[at].end - tokens[at].start == 1 && tokens[at].case == Case::Title;
    let mut joined = 0;
    for &at in told {
        if at < joined {
            continue;
        }
        let sure = is_part(at);
        let first = at;
        let mut last = at;
        while last + 1 < tokens.len() && probabilities[last + 1] >= LEAST && is_part(last + 1) == sure {
            last += 1;
        }
        joined = last + 1;
        let (mut first, mut last) = (first, last);
        if sure {
            while first > 0
                && tokens[first - 1].kind == TokenKind::Word
                && probabilities[first - 1] >= BESIDE.min(model.threshold)
                && touches(text, tokens, first - 1)
            {
                first -= 1;
            }
            while last + 1 < tokens.len()
                && tokens[last + 1].kind == TokenKind::Word
                && probabilities[last + 1] >= BESIDE.min(model.threshold)
                && touches(text, tokens, last)
            {
                last += 1;
            }
            // The initials in front: J. R. Cruz.
            while first > 1
                && is_letter(first - 2)
                && tokens[first - 1].text(text) == "."
                && tokens[first - 2].end == tokens[first - 1].start
            {
                first -= 2;
            }
            joined = joined.max(last + 1);
        }
        // Letters apart are for the rule that puts them together.
        if last - first >= 3 && (first..=last).all(is_letter) {
            continue;
        }
        let mut best = probabilities[first..=last].iter().copied().fold(0.0, f32::max);
        let is_short = |at: usize| tokens[at].case == Case::Upper && tokens[at].end - tokens[at].start <= 4;
        let is_vague = |at: usize| tokens[at].kind != TokenKind::Word || is_short(at) || !is_known(at);
        if last - first < 4 && (first..=last).all(is_vague) && is_label(text, tokens, last) {
            best *= LABEL;
        }
        if let Some((start, end)) =
            trimmed(text, &tokens[first..=last]).filter(|&(start, end)| !is_in_address(text, start, end))
        {
            // A doubtful piece that a sure one took in stays with that one.
            while names.last().is_some_and(|name: &Name| name.end > start) {
                names.pop();
            }
            names.push(Name { start, end, probability: best });
        }
    }
}

/// Says whether a number follows on the same line, few tokens on, or the tag of one.
fn is_label(text: &str, tokens: &[Token], at: usize) -> bool {
    let behind = tokens[at + 1..].iter().take(4).take_while(|token| token.kind != TokenKind::Break);
    behind.into_iter().any(|token| token.text(text).bytes().any(|byte| byte.is_ascii_digit() || byte == b'['))
}

/// Says whether only one space stands behind a token, or nothing.
fn touches(text: &str, tokens: &[Token], at: usize) -> bool {
    matches!(&text[tokens[at].end as usize..tokens[at + 1].start as usize], "" | " ")
}

/// Leaves out marks at both ends, but not the full stop of an initial, and a possessive.
fn trimmed(text: &str, tokens: &[Token]) -> Option<(usize, usize)> {
    let word = |at: usize| tokens[at].text(text);
    let is_part = |token: &Token| token.kind == TokenKind::Word && !is_title(token.text(text));
    let first = tokens.iter().position(is_part)?;
    let mut last = tokens.iter().rposition(is_part)?;
    if last >= first + 2 && word(last) == "s" && word(last - 1) == "'" {
        last = (first..last - 1).rev().find(|&at| tokens[at].kind == TokenKind::Word)?;
    }
    let mut end = tokens[last].end as usize;
    let is_short = word(last).len() == 1 && tokens[last].is_capital() || matches!(word(last), "Jr" | "Sr");
    if is_short
        && tokens.get(last + 1).is_some_and(|token| token.start as usize == end && token.text(text) == ".")
    {
        end += 1;
    }
    Some((tokens[first].start as usize, end))
}

/// Says whether a range is a piece of an e-mail address, which is found as a whole or not at all.
fn is_in_address(text: &str, start: usize, end: usize) -> bool {
    const FAR: usize = 64;
    let bytes = text.as_bytes();
    let inside = |byte: &&u8| byte.is_ascii_alphanumeric() || b".+-_@".contains(byte);
    let glued = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let at_behind = bytes[end..].iter().take(FAR).take_while(inside).position(|&byte| byte == b'@');
    if let Some(at) = at_behind {
        return glued(bytes.get(end + at + 1));
    }
    let at_before = bytes[..start].iter().rev().take(FAR).take_while(inside).position(|&byte| byte == b'@');
    at_before.is_some_and(|at| start > at + 1 && glued(bytes.get(start - at - 2)))
}

/// Says whether a word stands in front of names and is none.
pub fn is_title(word: &str) -> bool {
    TITLES.iter().any(|title| title.eq_ignore_ascii_case(word))
}

/// The usual forms of address, as they stand in front of names.
const TITLES: [&str; 22] = [
    "Mr",
    "Mrs",
    "Ms",
    "Miss",
    "Mx",
    "Dr",
    "Prof",
    "Professor",
    "Sir",
    "Madam",
    "Herr",
    "Frau",
    "Mme",
    "Mlle",
    "Dott",
    "Ing",
    "Sig",
    "Sra",
    "Rev",
    "Hon",
    "Lt",
    "Sgt",
];
