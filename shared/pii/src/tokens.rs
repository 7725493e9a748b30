//! Words, numbers, marks and line breaks of a text, with what the lexicon knows of each word.

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

    /// Says whether it is a word that begins with a capital.
    pub fn is_capital(&self) -> bool {
        matches!(self.case, Case::Title | Case::Upper | Case::Mixed)
    }
}

/// Appends the tokens of `text`, at most 4 GiB.
#[expect(clippy::cast_possible_truncation, reason = "the caller bounds the text")]
pub fn read(text: &str, tokens: &mut Vec<Token>) {
    tokens.clear();
    let mut lower = String::new();
    let mut chars = text.char_indices().peekable();
    while let Some((start, c)) = chars.next() {
        let mut end = start + c.len_utf8();
        if c == '\n' || c == '\r' {
            while let Some(&(at, next)) = chars.peek()
                && next.is_whitespace()
            {
                end = at + next.len_utf8();
                chars.next();
            }
            tokens.push(plain(TokenKind::Break, start, end));
            continue;
        }
        if c.is_whitespace() {
            continue;
        }
        if !c.is_alphanumeric() {
            tokens.push(plain(TokenKind::Mark, start, end));
            continue;
        }
        let mut letters = c.is_alphabetic();
        lower.clear();
        lower.extend(c.to_lowercase());
        let mut case = Writing::default();
        case.see(c);
        while let Some(&(at, next)) = chars.peek() {
            let is_mark = ('\u{300}'..='\u{36f}').contains(&next);
            // O'Brien and D'Angelo are one word; a possessive or a quotation is not.
            let is_joint = next == '\''
                && at - start <= 3
                && text[at + 1..].chars().next().is_some_and(char::is_alphabetic)
                && text[at + 1..].chars().nth(1).is_some_and(char::is_alphabetic);
            if !(next.is_alphanumeric() || is_mark || is_joint) {
                break;
            }
            letters |= next.is_alphabetic();
            case.see(next);
            lower.extend(next.to_lowercase());
            end = at + next.len_utf8();
            chars.next();
        }
        if letters {
            let key = lexicon::key(&lower);
            tokens.push(Token {
                start: start as u32,
                end: end as u32,
                kind: TokenKind::Word,
                case: case.case(),
                classes: lexicon::classes(key),
                key,
            });
        } else {
            tokens.push(plain(TokenKind::Number, start, end));
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the caller bounds the text")]
fn plain(kind: TokenKind, start: usize, end: usize) -> Token {
    Token { start: start as u32, end: end as u32, kind, case: Case::None, classes: Classes::NONE, key: 0 }
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
