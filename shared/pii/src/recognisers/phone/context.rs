//! What stands beside a number: labels, calls, signatures; amounts, orders, ids.

use std::sync::LazyLock;

use crate::Doc;
use crate::recognisers::words::{Words, is_unspaced};

const LABEL: u16 = 1;
const CALL: u16 = 2;
const NUMBER: u16 = 4;
const MINE: u16 = 8;
const GLUE: u16 = 16;
const BEHIND: u16 = 32;
const OTHER: u16 = 64;
const UNIT: u16 = 128;
const EXTENSION: u16 = 256;

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let classes = [
        ("label", LABEL),
        ("call", CALL),
        ("number", NUMBER),
        ("mine", MINE),
        ("glue", GLUE),
        ("behind", BEHIND),
        ("other", OTHER),
        ("unit", UNIT),
        ("extension", EXTENSION),
    ];
    Words::read(include_str!("words.txt"), &classes)
});

/// How much speaks for a telephone number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Context {
    /// Another sort of number is announced, or a unit follows.
    Other,
    /// Nothing speaks for it or against it.
    None,
    /// It stands by itself, or an e-mail address is near.
    Weak,
    /// A telephone is spoken of.
    Medium,
    /// A label, or a call to call.
    Strong,
    /// The label of a number within a house.
    Extension,
}

/// Words of one script without spaces between them are judged by their last few characters.
const SHORTEST_TAIL: usize = 1;
/// How far a look goes, in bytes and in words.
const FARTHEST: usize = 56;
const MOST_WORDS: usize = 7;
/// Most of them that say nothing.
pub(super) const MOST_UNKNOWN: usize = 3;

/// Looks at what stands in front of `at`, on its line.
///
/// Beyond `farthest` words that say nothing it is not looked at.
pub(super) fn before(doc: &Doc<'_>, at: usize, farthest: usize) -> Context {
    let mut text = doc.before(at, FARTHEST);
    let (mut unknown, mut columns, mut number) = (0, 0, false);
    for _ in 0..MOST_WORDS {
        let rest = text.trim_end_matches(|c: char| !is_part(c));
        let between = &text[rest.len()..];
        columns += between.chars().filter(|c| matches!(c, '|' | '\t' | ';' | '·' | '•')).count();
        let (word, head) = last_word(rest);
        // What was rewritten says nothing any more: `[phone] 12`.
        if between.starts_with(']') || word.is_empty() || columns > 1 || (columns == 1 && unknown > 0) {
            break;
        }
        // A full stop ends a sentence, unless it shortens the word.
        let ends = between.starts_with(['.', '!', '?']) && between.ends_with(' ');
        let mut class = class_of(word);
        if class == 0 && word.len() == 1 && between.starts_with([':', '|', '.', ')', '\t', '/']) {
            class = letter(word, between);
        }
        if class & EXTENSION != 0 && unknown == 0 {
            return Context::Extension;
        }
        if class & (LABEL | CALL) != 0 {
            return match unknown {
                0 => Context::Strong,
                1 => Context::Medium,
                _ => Context::Weak,
            };
        }
        if ends && class & NUMBER == 0 {
            break;
        }
        if class & OTHER != 0 {
            return if unknown < 2 { Context::Other } else { Context::None };
        }
        if class & MINE != 0 && number {
            return Context::Strong;
        }
        number |= class & NUMBER != 0;
        let is_number = word.bytes().any(|byte| byte.is_ascii_digit());
        unknown += usize::from(class & (NUMBER | MINE | GLUE) == 0 && !is_number);
        if unknown > farthest {
            break;
        }
        text = head;
    }
    if number && unknown == 0 { Context::Weak } else { Context::None }
}

/// Looks at what stands behind `at`, on its line.
pub(super) fn behind(doc: &Doc<'_>, at: usize) -> Context {
    let text = doc.after(at, 24);
    let rest = text.trim_start_matches([' ', '-', '(', ',', '[', '\\']);
    let between = &text[..text.len() - rest.len()];
    if rest.starts_with(['%', '€', '$', '£', '¥', '₹']) && between.len() <= 1 {
        return Context::Other;
    }
    let word = &rest[..rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len())];
    let class = class_of(word);
    if class & BEHIND != 0 {
        let marked = between.contains(['(', '-', '[']) && (word.len() > 1 || between.ends_with('('));
        return match (marked, word.len()) {
            (true, _) => Context::Strong,
            (false, 1) => Context::None,
            (false, _) => Context::Medium,
        };
    }
    if class & UNIT != 0 && between.chars().all(|c| c == ' ') { Context::Other } else { Context::None }
}

/// Says whether a word that says where a number rings is glued to the number by a dash: `-Office`.
pub(super) fn is_named_behind(doc: &Doc<'_>, at: usize) -> bool {
    behind(doc, at) == Context::Strong
}

/// Says whether the number has a line or a column to itself, or an e-mail address is near.
pub(super) fn is_among_contacts(doc: &Doc<'_>, start: usize, end: usize) -> bool {
    let bytes = doc.bytes();
    let near = &bytes[start.saturating_sub(100)..bytes.len().min(end + 100)];
    near.contains(&b'@')
}

/// Says whether the number has a line or a column to itself.
pub(super) fn is_alone(doc: &Doc<'_>, start: usize, end: usize) -> bool {
    // A text that is nothing but a number says nothing of it.
    if doc.text().len() < end - start + 16 {
        return false;
    }
    let is_edge = |c: char| matches!(c, '\n' | '\r' | '|' | '·' | '•' | '\t' | '✆' | '☎');
    let before = doc.before(start, 8).trim_end_matches(' ');
    let after = doc.after(end, 8).trim_start_matches([' ', ',', '.']);
    (before.is_empty() || before.ends_with(is_edge)) && (after.is_empty() || after.starts_with(is_edge))
}

/// Returns the end of an extension that follows the number: `x123`, `ext. 12`, `#5`.
pub(super) fn extension(doc: &Doc<'_>, at: usize) -> Option<usize> {
    let text = doc.after(at, 24);
    let rest = text.trim_start_matches([' ', ',', '-', '(']);
    if text.len() - rest.len() > 3 {
        return None;
    }
    let (mark, most) = match rest.bytes().next()? {
        b'x' | b'X' | b'#' => (1, 6),
        _ => {
            let end = rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len());
            if end == 0 || class_of(&rest[..end]) & EXTENSION == 0 {
                return None;
            }
            (end, 6)
        }
    };
    let digits = rest[mark..].trim_start_matches(['.', ':', ' ', '#']);
    let count = digits.bytes().take_while(u8::is_ascii_digit).count();
    let glued = digits[count..].chars().next().is_some_and(char::is_alphanumeric);
    ((1..=most).contains(&count) && !glued).then(|| at + (text.len() - digits.len()) + count)
}

fn is_part(c: char) -> bool {
    c.is_alphanumeric()
        || ('\u{300}'..='\u{36f}').contains(&c)
        || matches!(c, '☎' | '✆' | '📞' | '📱' | '℡' | '№')
        || ('\u{900}'..='\u{d7f}').contains(&c)
}

fn last_word(text: &str) -> (&str, &str) {
    let start =
        text.char_indices().rev().take_while(|(_, c)| is_part(*c)).last().map_or(text.len(), |(at, _)| at);
    (&text[start..], &text[..start])
}

/// Returns a word's classes; of a word in a script without spaces, those of its end.
fn class_of(word: &str) -> u16 {
    let class = WORDS.of(word);
    if class != 0 || word.is_ascii() || word.len() < 4 {
        return class;
    }
    let tails = word.char_indices().rev().skip(SHORTEST_TAIL).take(4).filter(|(_, c)| is_unspaced(*c));
    tails.map(|(at, _)| WORDS.of(&word[at..])).fold(0, |all, class| all | class)
}

/// Signatures shorten to a letter: `T: 020 7946 0018`. A `p.` is a page.
fn letter(word: &str, between: &str) -> u16 {
    match word.as_bytes()[0].to_ascii_lowercase() {
        b't' | b'm' | b'f' => LABEL,
        b'p' | b'c' | b'w' | b'h' | b'o' | b'd' if !between.starts_with('.') => LABEL,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scratch;

    fn seen(text: &str) -> Context {
        let mut scratch = Scratch::default();
        before(&Doc::read(text, false, &mut scratch), text.len(), MOST_UNKNOWN)
    }

    #[test]
    fn the_nearest_word_that_says_something_counts() {
        assert_eq!(seen("Tel.: "), Context::Strong);
        assert_eq!(seen("phone (WhatsApp): "), Context::Strong);
        assert_eq!(seen("my number is "), Context::Strong);
        assert_eq!(seen("call Ann on "), Context::Medium);
        assert_eq!(seen("call about order no. "), Context::Other);
        assert_eq!(seen("请打我的电话"), Context::Strong);
        assert_eq!(seen("in "), Context::None);
        assert_eq!(seen("T: "), Context::Strong);
        assert_eq!(seen("p. "), Context::None);
        assert_eq!(seen("Call me. It was "), Context::None);
    }
}
