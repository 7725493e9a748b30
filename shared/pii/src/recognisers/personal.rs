//! Lines that describe a person in a few words: *Brazilian, married, 34 years*.

use super::name_rules::Reader;
use crate::Doc;
use crate::lexicon::Classes;
use crate::tokens::TokenKind;

/// What a piece of such a line says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Says {
    Nationality,
    MaritalStatus,
    Gender,
    /// Children, an age, a birth: evidence, and part of the marital status behind it.
    Else,
}

/// Tokens in such a line, at most.
const LONGEST: usize = 40;
/// Pieces in such a line, at most.
const MOST: usize = 12;

/// Calls `see` with the pieces of each line that has a word of the `wanted` classes and says something of a person, and
/// with how many of them do.
pub(super) fn lines(doc: &Doc<'_>, wanted: Classes, mut see: impl FnMut(&[(Says, usize, usize)], usize)) {
    let reader = Reader::new(doc);
    let mut behind = 0;
    // Hardly a line has such a word: the others are not cut into pieces.
    for (at, _) in doc.tokens_of(wanted) {
        if at < behind {
            continue;
        }
        let breaks = |at: &usize| reader.is_break(*at);
        let first = (at.saturating_sub(LONGEST)..at).rev().find(breaks);
        let last = (at..=at + LONGEST).find(breaks);
        let (first, last) = match (first, last) {
            (Some(first), Some(last)) => (first + 1, last),
            (None, Some(last)) if at <= LONGEST => (0, last),
            _ => continue,
        };
        behind = last;
        if last - first <= LONGEST {
            let (pieces, told, all) = pieces(reader, first, last);
            if told > 0 {
                see(&pieces[..told], all);
            }
        }
    }
}

/// Says whether the pieces tell more than nationalities, which are languages too.
pub(super) fn is_mixed(pieces: &[(Says, usize, usize)]) -> bool {
    pieces.len() >= 2 && pieces.iter().any(|piece| piece.0 != Says::Nationality)
}

fn pieces(reader: Reader<'_>, first: usize, last: usize) -> ([(Says, usize, usize); MOST], usize, usize) {
    let mut pieces = [(Says::Else, 0, 0); MOST];
    let (mut told, mut all) = (0, 0);
    let mut start = first;
    for at in first..=last {
        let ends = at == last
            || [",", "|", "·", "•", ";", "(", ")", "/"].iter().any(|mark| reader.is(at, mark))
            || reader.is(at, "-") && reader.gap(at) > 0
            || at > start && reader.gap(at) >= 3;
        if !ends {
            continue;
        }
        if at > start {
            all += 1;
            if let Some(says) = says(reader, start, at)
                && told < MOST
            {
                pieces[told] = (says, start, at);
                told += 1;
            }
        }
        start = if at < last && reader.tokens[at].kind == TokenKind::Mark { at + 1 } else { at };
    }
    (pieces, told, all)
}

fn says(reader: Reader<'_>, first: usize, last: usize) -> Option<Says> {
    let class = |at: usize| reader.tokens[at].classes;
    let is_number = |at: usize| reader.tokens[at].kind == TokenKind::Number;
    match last - first {
        1 if class(first).meets(Classes::DEMONYM) => Some(Says::Nationality),
        1 if class(first).meets(Classes::MARITAL) => Some(Says::MaritalStatus),
        // *New Zealander*, *British-Nigerian*
        2 if class(first + 1).meets(Classes::DEMONYM) && is_half(reader.word(first)) => {
            Some(Says::Nationality)
        }
        3 if class(first).meets(Classes::DEMONYM)
            && class(first + 2).meets(Classes::DEMONYM)
            && reader.is(first + 1, "-") =>
        {
            Some(Says::Nationality)
        }
        1 if class(first).meets(Classes::GENDER) && reader.word(first).len() > 1 => Some(Says::Gender),
        2..=3 if class(last - 1).meets(Classes::FAMILY) && last - first == 2 => Some(Says::Else),
        2..=4 if is_number(first) && is_years(reader.word(last - 1)) => Some(Says::Else),
        _ if is_birth(reader.word(first)) => Some(Says::Else),
        // *Data ur. 02.02.1989*
        2.. if (first..last).any(|at| class(at).meets(Classes::BIRTH) && reader.word(at).len() > 1)
            && (first..last).any(is_number) =>
        {
            Some(Says::Else)
        }
        _ => None,
    }
}

/// Says whether a word in small letters is the *am* of *I am*.
pub(super) fn is_am(word: &str) -> bool {
    matches!(word, "am" | "bin" | "suis" | "soy" | "sono" | "sou" | "ben" | "är" | "er" | "olen" | "jestem")
}

/// The first word of a nationality of two.
pub(super) fn is_half(word: &str) -> bool {
    matches!(
        word,
        "New"
            | "South"
            | "North"
            | "Northern"
            | "Sri"
            | "Costa"
            | "Puerto"
            | "Saudi"
            | "Hong"
            | "East"
            | "African"
    )
}

fn is_years(word: &str) -> bool {
    matches!(
        word,
        "years"
            | "old"
            | "ans"
            | "años"
            | "anos"
            | "anni"
            | "Jahre"
            | "alt"
            | "jaar"
            | "oud"
            | "år"
            | "vuotta"
            | "lat"
            | "let"
    )
}

fn is_birth(word: &str) -> bool {
    matches!(
        word,
        "born"
            | "Born"
            | "geb"
            | "geboren"
            | "Geboren"
            | "né"
            | "Né"
            | "née"
            | "Née"
            | "nacido"
            | "nata"
            | "nato"
            | "Nato"
            | "Nata"
            | "født"
            | "Født"
            | "född"
            | "Född"
            | "DOB"
            | "Age"
            | "aged"
            | "Aged"
            | "DNI"
            | "syntynyt"
    )
}
