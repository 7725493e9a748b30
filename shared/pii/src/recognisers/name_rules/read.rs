//! Reads a name, token by token.

use crate::Doc;
use crate::lexicon::Classes;
use crate::tokens::{Case, Token, TokenKind};

/// A name that was read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Name {
    /// Its first token.
    pub(crate) first: usize,
    /// One past its last token.
    pub(crate) last: usize,
    /// Words of more than one letter.
    pub(crate) words: usize,
    /// Single letters.
    pub(crate) initials: usize,
}

/// Words and initials in a name, at most.
const MOST_WORDS: usize = 6;

/// The tokens of a text, and how to walk over them.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    pub(crate) text: &'a str,
    pub(crate) tokens: &'a [Token],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(doc: &Doc<'a>) -> Self {
        Self { text: doc.text(), tokens: doc.tokens() }
    }

    /// Returns the token's text; nothing beyond the ends.
    pub(crate) fn word(&self, at: usize) -> &'a str {
        self.tokens.get(at).map_or("", |token| token.text(self.text))
    }

    /// Says whether the token is this mark.
    #[inline]
    pub(crate) fn is(&self, at: usize, mark: &str) -> bool {
        self.tokens.get(at).is_some_and(|token| token.is_mark(self.text, mark))
    }

    /// Says whether a line ends in front of the token.
    pub(crate) fn is_break(&self, at: usize) -> bool {
        self.tokens.get(at).is_none_or(|token| token.kind == TokenKind::Break)
    }

    /// Says whether the token begins a line.
    pub(crate) fn begins_line(&self, at: usize) -> bool {
        at == 0 || self.is_break(at - 1)
    }

    /// Returns the bytes between a token and the one before it.
    #[inline]
    pub(crate) fn gap(&self, at: usize) -> usize {
        match (at.checked_sub(1).and_then(|before| self.tokens.get(before)), self.tokens.get(at)) {
            (Some(before), Some(token)) => {
                let gap = &self.text.as_bytes()[before.end as usize..token.start as usize];
                // A tab parts columns.
                if gap.contains(&b'\t') { gap.len() + 3 } else { gap.len() }
            }
            (_, token) => token.map_or(0, |token| token.start as usize),
        }
    }

    /// Returns the first token at or behind an offset.
    pub(crate) fn token_at(&self, offset: usize) -> usize {
        self.tokens.partition_point(|token| (token.start as usize) < offset)
    }

    /// Returns the range of the tokens from `first` to `last`, end exclusive.
    pub(crate) fn range(&self, first: usize, last: usize) -> (usize, usize) {
        (self.tokens[first].start as usize, self.tokens[last - 1].end as usize)
    }

    fn has(&self, at: usize, class: Classes) -> bool {
        self.tokens.get(at).is_some_and(|token| token.classes.meets(class))
    }

    /// Says whether the token is a word that may be part of a name.
    #[inline]
    pub(crate) fn may_be_name(&self, at: usize) -> bool {
        self.tokens.get(at).is_some_and(|token| {
            token.kind == TokenKind::Word
                && token.is_capital()
                && (!token.classes.meets(Classes::NOT_NAME) || token.end - token.start == 1)
                && !token.has_digit
        })
    }

    /// Says whether the token is a single letter, and a capital.
    pub(crate) fn is_initial(&self, at: usize) -> bool {
        self.tokens.get(at).is_some_and(Token::is_capital) && self.may_be_initial(at)
    }

    fn may_be_initial(&self, at: usize) -> bool {
        self.tokens.get(at).is_some_and(|token| {
            // No letter has more than four bytes: of most words the length tells.
            token.kind == TokenKind::Word
                && token.end - token.start <= 4
                && token.text(self.text).chars().nth(1).is_none()
        })
    }

    /// Returns the token behind the titles that begin at `at`, as *Prof. Dr.*; `at` itself when there is none.
    pub(crate) fn skip_titles(&self, at: usize) -> usize {
        let mut behind = at;
        for _ in 0..4 {
            let Some(token) = self.tokens.get(behind) else { break };
            let has_stop = self.is(behind + 1, ".") && self.gap(behind + 1) == 0;
            // Behind a title in full, a stop ends the sentence: *thanks, professor. Then …*
            let is_cut =
                !has_stop || token.classes.meets(Classes::DOTTED_TITLE) || is_short_title(self.word(behind));
            let is_title = token.classes.meets(Classes::TITLE) && is_cut
                || has_stop && token.classes.meets(Classes::DOTTED_TITLE) && token.is_capital();
            // *dr. Ann* is written, *president said* is no title.
            let is_written = token.is_capital() || has_stop || self.capitals(behind + 1) >= 2;
            if !is_title || !is_written {
                break;
            }
            behind += 1 + usize::from(has_stop);
            // *Dipl.-Ing.*, *dott.ssa*
            if self.is(behind, "-") && self.gap(behind) == 0 && self.has(behind + 1, Classes::DOTTED_TITLE) {
                behind += 1;
            } else if has_stop && self.gap(behind) == 0 && matches!(self.word(behind), "ssa" | "ra" | "na") {
                behind += 1;
                break;
            }
        }
        behind
    }

    /// Counts capitalised words behind one another, up to two.
    fn capitals(&self, at: usize) -> usize {
        (at..at + 2).take_while(|&at| self.may_be_name(at)).count()
    }

    /// Reads the name that begins at `at`.
    pub(crate) fn name(&self, at: usize) -> Option<Name> {
        let mut name = Name { first: at, last: at, words: 0, initials: 0 };
        let mut next = self.skip_particles(at);
        // *A* and *I* begin sentences.
        if matches!(self.word(next), "A" | "I" | "O" | "E" | "Y") && !self.is(next + 1, ".") {
            return None;
        }
        while name.words + name.initials < MOST_WORDS && self.may_be_name(next) {
            // *AK*, two initials without a stop, stays a word.
            if self.is_initial(next) {
                name.initials += 1;
            } else {
                name.words += 1;
            }
            name.last = next + 1;
            if self.is(name.last, ".") && self.gap(name.last) == 0 && self.short(next) {
                name.last += 1;
            }
            next = name.last;
            // *Jean-Luc*, *J.-B.*, *D'Angelo*
            let joins = (self.is(next, "-") || self.is(next, "'")) && self.gap(next) == 0;
            if joins && self.gap(next + 1) == 0 && self.may_be_name(next + 1) {
                next += 1;
                continue;
            }
            // *Anna-maria*
            let is_lower = |at: usize| {
                self.tokens
                    .get(at)
                    .is_some_and(|token| token.kind == TokenKind::Word && token.case == Case::Lower)
            };
            if self.is(next, "-")
                && joins
                && self.gap(next + 1) == 0
                && is_lower(next + 1)
                && self.word(next + 1).len() > 1
            {
                name.last = next + 2;
                next = name.last;
            }
            if self.is(name.last.wrapping_sub(1), ".") && self.gap(next) == 0 && self.may_be_name(next) {
                continue;
            }
            next = self.skip_nickname(next);
            if self.gap(next) != 1 {
                break;
            }
            next = self.skip_particles(next);
        }
        // A word with a colon behind it is the next label.
        if name.words > 1
            && self.is(name.last, ":")
            && self.gap(name.last) == 0
            && name.last > name.first + 1
            && self.gap(name.last - 1) == 1
        {
            name.last -= 1;
            name.words -= 1;
        }
        (name.words > 0).then_some(name)
    }

    /// Says whether a word is an initial, or as short as *Jr* and *Ph*.
    fn short(&self, at: usize) -> bool {
        let word = self.word(at);
        self.is_initial(at)
            || matches!(word, "Jr" | "Sr" | "St" | "Ma" | "Fco" | "Mª" | "Wm" | "Chr" | "Th" | "Ph")
    }

    /// Goes over *van*, *de la*, when a capitalised word follows.
    fn skip_particles(&self, at: usize) -> usize {
        let mut behind = at;
        for _ in 0..3 {
            if self.may_be_name(behind) {
                return behind;
            }
            if !self.has(behind, Classes::PARTICLE) {
                return at;
            }
            behind += 1;
            if self.is(behind, "'") && self.gap(behind) == 0 {
                behind += 1;
            }
        }
        if self.may_be_name(behind) { behind } else { at }
    }

    /// Goes over *"Annie"* and *(Annie)* between two words of a name.
    fn skip_nickname(&self, at: usize) -> usize {
        let close = match self.word(at) {
            "\"" => "\"",
            "(" => ")",
            "'" => "'",
            _ => return at,
        };
        let end = match (self.is(at + 2, close), self.is(at + 3, close)) {
            (true, _) => at + 2,
            (_, true) => at + 3,
            _ => return at,
        };
        let inside = (at + 1..end).all(|at| self.may_be_name(at));
        if inside && self.gap(at) == 1 && self.gap(end + 1) == 1 && self.may_be_name(end + 1) {
            end + 1
        } else {
            at
        }
    }

    /// Returns where the name that ends in front of `end` begins; `end` when there is none.
    pub(crate) fn back(&self, end: usize) -> usize {
        let mut first = end;
        for _ in 0..MOST_WORDS + 2 {
            let stop = first > 0 && self.is(first - 1, ".") && self.gap(first - 1) == 0;
            let Some(word) = first.checked_sub(if stop { 2 } else { 1 }) else { break };
            let is_name = self.may_be_name(word) && (!stop || self.short(word));
            let is_particle = first < end && self.has(word, Classes::PARTICLE) && !stop;
            if !(is_name || is_particle) || first < end && self.gap(first) > 1 {
                break;
            }
            first = word;
            if word > 0 && self.is(word - 1, "-") && self.gap(word) == 0 && self.gap(word - 1) == 0 {
                first = word - 1;
                let Some(before) = first.checked_sub(1).filter(|&before| self.may_be_name(before)) else {
                    first = word;
                    break;
                };
                first = before;
            }
        }
        while first < end && (!self.may_be_name(first) || self.has(first, Classes::TITLE)) {
            first += 1;
        }
        first
    }

    /// Reads up to seven words in any case that may be a name, up to a mark, the line's end or `last`. Returns where they
    /// end and how many there are.
    pub(crate) fn plain(&self, first: usize, last: usize) -> Option<(usize, usize)> {
        let mut words = 0;
        let mut end = first;
        while end < last.min(self.tokens.len()) {
            let token = self.tokens[end];
            let joins = matches!(self.word(end), "-" | "'" | ".") && self.gap(end) == 0;
            match token.kind {
                TokenKind::Word if token.classes.meets(Classes::NOT_NAME) => return None,
                TokenKind::Word => words += 1,
                TokenKind::Mark if joins => {}
                TokenKind::Mark | TokenKind::Break => break,
                TokenKind::Number => return None,
            }
            end += 1;
        }
        while end > first && self.tokens[end - 1].kind == TokenKind::Mark {
            end -= 1;
        }
        (1..=7).contains(&words).then_some((end, words))
    }
}

/// Says whether a title is one that is cut short.
fn is_short_title(word: &str) -> bool {
    const WHOLE: [&str; 14] = [
        "lady", "sir", "lord", "dame", "miss", "aunt", "judge", "madam", "uncle", "aunty", "rabbi", "imam",
        "hra", "frau",
    ];
    word.chars().count() <= 5 && !WHOLE.contains(&word.to_lowercase().as_str())
}
