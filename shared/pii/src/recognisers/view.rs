//! Looks at tokens by their place, past either end too.

use crate::lexicon::Classes;
use crate::tokens::{Case, Token, TokenKind};
use crate::{Doc, Finding, Kind};

/// A text and its tokens.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) text: &'a str,
    pub(crate) tokens: &'a [Token],
}

impl<'a> View<'a> {
    /// Looks at what was read of a text.
    pub(crate) fn of(doc: &Doc<'a>) -> Self {
        Self { text: doc.text(), tokens: doc.tokens() }
    }

    /// Returns the finding that covers the tokens from `first` to `last`, end exclusive.
    pub(crate) fn finding(
        self,
        kind: Kind,
        (first, last): (usize, usize),
        score: f32,
        rule: &'static str,
    ) -> Finding {
        let (start, end) = (self.tokens[first].start as usize, self.tokens[last - 1].end as usize);
        Finding { kind, start, end, score, rule }
    }

    /// Returns the first token at or behind an offset.
    pub(crate) fn token_at(self, offset: u32) -> usize {
        self.tokens.partition_point(|token| token.start < offset)
    }

    pub(crate) fn get(self, at: usize) -> Option<&'a Token> {
        self.tokens.get(at)
    }

    /// Returns the text of a token, nothing past the ends.
    pub(crate) fn str(self, at: usize) -> &'a str {
        self.get(at).map_or("", |token| token.text(self.text))
    }

    fn is(self, at: usize, kind: TokenKind) -> bool {
        self.get(at).is_some_and(|token| token.kind == kind)
    }

    pub(crate) fn is_word(self, at: usize) -> bool {
        self.is(at, TokenKind::Word)
    }

    pub(crate) fn is_break(self, at: usize) -> bool {
        self.is(at, TokenKind::Break)
    }

    /// Says whether a line, a clause or the text ends in front of `at`.
    pub(crate) fn is_end(self, at: usize) -> bool {
        self.is_apart(at)
            || self.get(at).is_none_or(|token| match token.kind {
                TokenKind::Break => true,
                TokenKind::Mark => !matches!(self.str(at), "-" | "'" | "/" | "&" | "@" | "_"),
                _ => false,
            })
    }

    /// Returns how many digits the number at `at` has; 0 if none stands there.
    pub(crate) fn digits(self, at: usize) -> usize {
        match self.get(at) {
            // Fractions and exponents are numbers too, and no digits.
            Some(token) if token.kind == TokenKind::Number => {
                let number = token.text(self.text);
                if number.len() > 9 || number.bytes().all(|byte| byte.is_ascii_digit()) {
                    number.len()
                } else {
                    0
                }
            }
            _ => 0,
        }
    }

    #[inline]
    pub(crate) fn is_mark(self, at: usize, mark: &str) -> bool {
        self.get(at).is_some_and(|token| token.is_mark(self.text, mark))
    }

    pub(crate) fn has(self, at: usize, classes: Classes) -> bool {
        self.get(at).is_some_and(|token| token.classes.meets(classes))
    }

    /// Says whether nothing stands between the token at `at` and the one in front of it.
    pub(crate) fn is_joined(self, at: usize) -> bool {
        match (at.checked_sub(1).and_then(|before| self.get(before)), self.get(at)) {
            // A break holds the spaces behind it.
            (Some(before), Some(token)) => before.end == token.start && before.kind != TokenKind::Break,
            _ => false,
        }
    }

    /// Says whether a word of a name stands there: one with a capital, or of a script that has none.
    pub(crate) fn is_name(self, at: usize) -> bool {
        self.get(at).is_some_and(|token| {
            token.kind == TokenKind::Word
                && match token.case {
                    Case::Lower => self.is_ordinal(at),
                    Case::None => !self.str(at).as_bytes()[0].is_ascii_digit(),
                    _ => !self.str(at).as_bytes()[0].is_ascii_digit() || self.is_ordinal(at),
                }
        })
    }

    /// Says whether `5th` or `184th` stands there.
    fn is_ordinal(self, at: usize) -> bool {
        let word = self.str(at);
        let digits = word.bytes().take_while(u8::is_ascii_digit).count();
        (1..=3).contains(&digits)
            && matches!(&word[digits..], "st" | "nd" | "rd" | "th" | "TH" | "ND" | "ST" | "RD")
    }

    pub(crate) fn is_lower(self, at: usize) -> bool {
        self.get(at).is_some_and(|token| token.case == Case::Lower)
    }

    pub(crate) fn is_upper(self, at: usize) -> bool {
        self.is_word(at) && self.str(at).bytes().all(|byte| byte.is_ascii_uppercase())
    }

    pub(crate) fn is_link(self, at: usize) -> bool {
        self.has(at, Classes::PLACE_LINK)
    }

    /// Says whether the words of a name go on over a mark: `Stoke-on-Trent`, `St. James`, `O'Connell`.
    fn is_inside(self, at: usize) -> bool {
        match self.str(at) {
            "-" | "'" => self.is_joined(at) && self.is_joined(at + 1),
            "." => {
                self.is_joined(at)
                    && at > 0
                    && self.is_short(at - 1)
                    && !(self.is_upper(at - 1) && self.str(at - 1).len() > 1)
            }
            _ => false,
        }
    }

    /// Says whether the word is short enough to be cut by a full stop.
    fn is_short(self, at: usize) -> bool {
        self.is_word(at) && self.str(at).chars().take(5).count() < 5
    }

    /// Says whether a wide gap, as between columns, stands in front of `at`.
    pub(crate) fn is_apart(self, at: usize) -> bool {
        match (at.checked_sub(1).and_then(|before| self.get(before)), self.get(at)) {
            (Some(before), Some(token)) => token.start > before.end + 1,
            _ => false,
        }
    }

    /// Says whether a year stands there.
    pub(crate) fn is_year(self, at: usize) -> bool {
        self.digits(at) == 4 && matches!(&self.str(at)[..2], "19" | "20")
    }

    /// Returns the end of a name that begins at `at` and has at most `most` words; `at` if there is none.
    pub(crate) fn name_end(self, at: usize, most: usize) -> usize {
        let (mut here, mut end, mut words) = (at, at, 0);
        while words < most && !(here > at && self.is_apart(here)) {
            if self.is_name(here) {
                words += 1;
                here += 1;
                end = here;
            } else if here > at && (self.is_link(here) || self.has(here, Classes::STREET_ABROAD)) {
                words += 1;
                here += 1;
            } else if here > at && self.is_inside(here) {
                here += 1;
            } else {
                break;
            }
        }
        end
    }

    /// Returns the start of a name that ends in front of `at`; `at` if there is none.
    pub(crate) fn name_start(self, at: usize, most: usize) -> usize {
        let (mut here, mut start, mut words) = (at, at, 0);
        while here > 0 && words < most && !self.is_apart(here) {
            let before = here - 1;
            if self.is_name(before) {
                words += 1;
                start = before;
            } else if start < at && self.is_link(before) {
                words += 1;
            } else if !(here < at && self.is_inside(before)) {
                break;
            }
            here = before;
        }
        start
    }
}
