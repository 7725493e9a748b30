//! Words, numbers, marks and line breaks of a text, with what the lexicon knows of each word.

mod swift;

use crate::lexicon::{self, Classes};

/// What a token is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// Letters, with digits or inner apostrophes among them.
    Word,
    /// Digits alone.
    Number,
    /// One character of anything else.
    Mark,
    /// A run of line breaks.
    Break,
}

/// How a word is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case {
    /// No letter has a case, or there is none.
    None,
    /// `lee`
    Lower,
    /// `Lee`
    Title,
    /// `LEE`
    Upper,
    /// `McLee`, `iPhone`
    Mixed,
}

/// A token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
    /// What it is made of.
    pub kind: TokenKind,
    /// How it is written.
    pub case: Case,
    /// Whether it is a word with one of the digits 0 to 9 in it.
    pub has_digit: bool,
    /// Whether it is a word of ASCII alone; true for what is no word.
    pub is_ascii: bool,
    /// What the lexicon knows of the word, whatever its case.
    pub classes: Classes,
    /// A hash of the word in lower case; 0 for what is no word.
    pub key: u64,
}

impl Token {
    /// Returns the token's text.
    pub fn text<'a>(&self, text: &'a str) -> &'a str {
        &text[self.start as usize..self.end as usize]
    }

    /// Says whether it is this mark, of one character.
    #[inline]
    pub fn is_mark(&self, text: &str, mark: &str) -> bool {
        // The first byte of a mark in ASCII is all of it: no text need be compared.
        self.kind == TokenKind::Mark
            && match mark.as_bytes() {
                [byte] => text.as_bytes()[self.start as usize] == *byte,
                _ => self.text(text) == mark,
            }
    }

    /// Says whether it is a word that begins with a capital.
    pub fn is_capital(&self) -> bool {
        matches!(self.case, Case::Title | Case::Upper | Case::Mixed)
    }
}

/// What a byte begins.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Byte {
    Mark,
    Space,
    Break,
    Digit,
    Lower,
    Upper,
    /// Of a character beyond ASCII.
    High,
}

static BYTES: [Byte; 256] = {
    let mut bytes = [Byte::Mark; 256];
    let mut at = 0;
    let mut byte = 0_u8;
    while at < 256 {
        bytes[at] = match byte {
            b'0'..=b'9' => Byte::Digit,
            b'a'..=b'z' => Byte::Lower,
            b'A'..=b'Z' => Byte::Upper,
            b'\n' | b'\r' => Byte::Break,
            b' ' | b'\t' | 0x0b | 0x0c => Byte::Space,
            0x80.. => Byte::High,
            _ => Byte::Mark,
        };
        at += 1;
        byte = byte.wrapping_add(1);
    }
    bytes
};

const LOWER: u8 = 1;
const DIGIT: u8 = 2;
const UPPER: u8 = 0x20;

/// What a byte is inside a word: 0 ends it. One look and no branch a letter.
static LETTERS: [u8; 256] = {
    let mut letters = [0; 256];
    let mut at = 0;
    while at < 256 {
        letters[at] = match BYTES[at] {
            Byte::Lower => LOWER,
            Byte::Upper => UPPER,
            Byte::Digit => DIGIT,
            _ => 0,
        };
        at += 1;
    }
    letters
};

/// Appends the tokens of `text`, at most 4 GiB.
pub fn read(text: &str, tokens: &mut Vec<Token>) {
    tokens.clear();
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let start = at;
        match BYTES[usize::from(byte)] {
            Byte::Space => at += 1,
            Byte::Break => {
                at = end_of_space(text, at);
                tokens.push(plain(TokenKind::Break, start, at));
            }
            Byte::Mark => {
                at += 1;
                tokens.push(plain(TokenKind::Mark, start, at));
            }
            Byte::Digit | Byte::Lower | Byte::Upper => {
                at = if let Some(end) = swift::read(bytes, start, tokens) {
                    end
                } else {
                    let (token, end) = ascii_word(text, start).unwrap_or_else(|| word(text, start));
                    tokens.push(token);
                    end
                };
                // What stands behind most words, without another turn.
                at += usize::from(bytes.get(at) == Some(&b' '));
            }
            Byte::High => {
                let Some(c) = text[at..].chars().next() else { break };
                at += c.len_utf8();
                if c.is_alphanumeric() {
                    let (token, end) = word(text, start);
                    at = end;
                    tokens.push(token);
                } else if !c.is_whitespace() {
                    tokens.push(plain(TokenKind::Mark, start, at));
                }
            }
        }
    }
    lexicon::classify(tokens);
}

fn end_of_space(text: &str, from: usize) -> usize {
    let mut at = from;
    while let Some(&byte) = text.as_bytes().get(at) {
        match BYTES[usize::from(byte)] {
            Byte::Space | Byte::Break => at += 1,
            Byte::High => match text[at..].chars().next() {
                Some(c) if c.is_whitespace() => at += c.len_utf8(),
                _ => break,
            },
            _ => break,
        }
    }
    at
}

/// Reads the word or number at `start`; none when it has letters beyond ASCII.
fn ascii_word(text: &str, start: usize) -> Option<(Token, usize)> {
    let bytes = text.as_bytes();
    let first_upper = bytes[start].is_ascii_uppercase();
    let (mut seen, mut uppers) = (0_u8, 0_usize);
    let mut key = lexicon::KEY;
    let mut at = start;
    while let Some(&byte) = bytes.get(at) {
        let letter = LETTERS[usize::from(byte)];
        if letter == 0 {
            if !byte.is_ascii() {
                return None;
            }
            if byte != b'\'' || !is_joint(text, start, at)? {
                break;
            }
        }
        seen |= letter;
        uppers += usize::from(letter & UPPER != 0);
        // The bit of a capital is the one that tells it from its small letter.
        key = lexicon::key_with(key, byte | letter & UPPER);
        at += 1;
    }
    let (lowers, has_digit) = (usize::from(seen & LOWER), seen & DIGIT != 0);
    if lowers + uppers == 0 {
        return Some((plain(TokenKind::Number, start, at), at));
    }
    Some((
        of_word(
            start,
            at,
            Writing { seen: at - start, first_upper, uppers, lowers }.case(),
            has_digit,
            true,
            key,
        ),
        at,
    ))
}

/// Says whether the apostrophe at `at` stands inside a word that began at `start`: *O'Brien* and *D'Angelo* are one
/// word; a possessive or a quotation is not. Nothing when letters beyond ASCII follow.
fn is_joint(text: &str, start: usize, at: usize) -> Option<bool> {
    let bytes = text.as_bytes();
    let letter = |at: usize| match bytes.get(at) {
        Some(byte) if !byte.is_ascii() => None,
        byte => Some(byte.is_some_and(u8::is_ascii_alphabetic)),
    };
    Some(at - start <= 3 && letter(at + 1)? && letter(at + 2)?)
}

/// Reads the word or number at `start`, whatever its letters.
fn word(text: &str, start: usize) -> (Token, usize) {
    let mut writing = Writing::default();
    let mut key = lexicon::KEY;
    let (mut letters, mut has_digit) = (false, false);
    let mut end = start;
    let mut chars = text[start..].char_indices();
    while let Some((offset, c)) = chars.next() {
        let at = start + offset;
        let is_mark = ('\u{300}'..='\u{36f}').contains(&c);
        let is_joint = || {
            let mut rest = chars.clone().map(|(_, c)| c);
            c == '\''
                && at - start <= 3
                && rest.next().is_some_and(char::is_alphabetic)
                && rest.next().is_some_and(char::is_alphabetic)
        };
        if !(c.is_alphanumeric() || is_mark && at > start || is_joint()) {
            break;
        }
        letters |= c.is_alphabetic();
        has_digit |= c.is_ascii_digit();
        writing.see(c);
        let mut utf8 = [0; 4];
        for lower in c.to_lowercase() {
            key = lower.encode_utf8(&mut utf8).bytes().fold(key, lexicon::key_with);
        }
        end = at + c.len_utf8();
    }
    if letters {
        (of_word(start, end, writing.case(), has_digit, text[start..end].is_ascii(), key), end)
    } else {
        (plain(TokenKind::Number, start, end), end)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the caller bounds the text")]
#[inline]
fn of_word(start: usize, end: usize, case: Case, has_digit: bool, is_ascii: bool, key: u64) -> Token {
    Token {
        start: start as u32,
        end: end as u32,
        kind: TokenKind::Word,
        case,
        has_digit,
        is_ascii,
        classes: Classes::NONE,
        key,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the caller bounds the text")]
#[inline]
fn plain(kind: TokenKind, start: usize, end: usize) -> Token {
    Token {
        start: start as u32,
        end: end as u32,
        kind,
        case: Case::None,
        has_digit: false,
        is_ascii: true,
        classes: Classes::NONE,
        key: 0,
    }
}

/// Which cases were seen.
#[derive(Default)]
struct Writing {
    seen: usize,
    first_upper: bool,
    uppers: usize,
    lowers: usize,
}

impl Writing {
    /// Notes a character.
    fn see(&mut self, c: char) {
        let (upper, lower) = (c.is_uppercase(), c.is_lowercase());
        self.first_upper |= self.seen == 0 && upper;
        self.seen += 1;
        self.uppers += usize::from(upper);
        self.lowers += usize::from(lower);
    }

    fn case(&self) -> Case {
        match (self.uppers, self.lowers) {
            (0, 0) => Case::None,
            (0, _) => Case::Lower,
            (1, _) if self.first_upper => Case::Title,
            (_, 0) => Case::Upper,
            _ => Case::Mixed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        let mut tokens = Vec::new();
        read(text, &mut tokens);
        tokens.iter().map(|token| token.text(text)).collect()
    }

    #[test]
    fn a_word_keeps_its_inner_apostrophe_and_nothing_else() {
        assert_eq!(words("O'Brien's 12-year-old"), ["O'Brien", "'", "s", "12", "-", "year", "-", "old"]);
        assert_eq!(words("ann\r\n\n  Lee2"), ["ann", "\r\n\n  ", "Lee2"]);
    }

    #[test]
    fn words_are_the_same_whether_read_fast_or_slowly() {
        let texts = [
            "O'Brien's",
            "d'Été",
            "a1b2",
            "12",
            "12th",
            "x'1",
            "O''B",
            "McLee",
            "LEE",
            "L",
            "o'x",
            "rock'n'roll",
            "naïve",
        ];
        for text in texts {
            let slow = word(text, 0);
            assert_eq!(ascii_word(text, 0).unwrap_or(slow), slow, "{text}");
            let lower = text[..slow.1].to_lowercase();
            assert!(slow.0.kind == TokenKind::Number || slow.0.key == lexicon::key(&lower), "{text}");
        }
    }

    #[test]
    fn case_is_told_whatever_the_script() {
        let case = |word: &str| {
            let mut tokens = Vec::new();
            read(word, &mut tokens);
            tokens[0].case
        };
        assert_eq!(
            [case("lee"), case("Łódź"), case("LEE"), case("McLee"), case("東京"), case("A")],
            [Case::Lower, Case::Title, Case::Upper, Case::Mixed, Case::None, Case::Title]
        );
    }
}
