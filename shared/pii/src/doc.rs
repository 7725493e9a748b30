//! A text read once: what every recogniser looks at.

use crate::anchors::{Anchor, Anchors};
use crate::codes::{self, Code};
use crate::fields::{self, Field};
use crate::fold::Fold;
use crate::labelled::{self, Labelled};
use crate::lexicon::Classes;
use crate::numbers::{Chain, Group, Mark, Numbers};
use crate::phrases::{self, Phrase};
use crate::tokens::{self, Token};

/// Longest text that is read, in bytes: offsets are 32 bits, and a record is far smaller.
pub const LONGEST_TEXT: usize = 1 << 30;

/// What reading a text needs, kept between texts so that reading allocates nothing.
#[derive(Debug, Default)]
pub struct Scratch {
    fold: Fold,
    numbers: Numbers,
    codes: Vec<Code>,
    labelled: Vec<Labelled>,
    fields: Vec<Field>,
    phrases: Vec<(u32, Phrase)>,
    tokens: Vec<Token>,
    anchors: Anchors,
}

impl Scratch {
    /// Returns for how many tokens there is room.
    pub(crate) fn tokens_kept(&self) -> usize {
        self.tokens.capacity()
    }
}

/// A text read once. Its text is folded to plain forms; [`Doc::original`] leads back.
#[derive(Debug, Clone, Copy)]
pub struct Doc<'a> {
    text: &'a str,
    fold: Option<&'a Fold>,
    numbers: &'a Numbers,
    codes: &'a [Code],
    labelled: &'a [Labelled],
    fields: &'a [Field],
    phrases: &'a [(u32, Phrase)],
    tokens: &'a [Token],
    anchors: &'a Anchors,
}

impl<'a> Doc<'a> {
    /// Reads `text`; tokens only when words are asked for. Of a text beyond [`LONGEST_TEXT`] nothing is read.
    pub fn read(text: &'a str, words: bool, scratch: &'a mut Scratch) -> Self {
        let text = if text.len() > LONGEST_TEXT { "" } else { text };
        let Scratch { fold, numbers, codes, labelled, fields, phrases, tokens, anchors } = scratch;
        let folded = fold.read(text);
        let fold = &*fold;
        let text = if folded { fold.text() } else { text };
        numbers.read(text.as_bytes());
        codes::read(text, &numbers.groups, codes);
        labelled::read(text, &numbers.groups, labelled);
        fields::read(text, &numbers.marks, fields);
        phrases::read(text, phrases);
        tokens.clear();
        if words {
            tokens::read(text, tokens);
        }
        anchors.read(tokens);
        let fold = folded.then_some(fold);
        Self { text, fold, numbers, codes, labelled, fields, phrases, tokens, anchors }
    }

    /// Returns the folded text.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// Returns the folded text's bytes.
    pub fn bytes(&self) -> &'a [u8] {
        self.text.as_bytes()
    }

    /// Returns the runs of digits.
    pub fn groups(&self) -> &'a [Group] {
        &self.numbers.groups
    }

    /// Returns the chains of such runs.
    pub fn chains(&self) -> &'a [Chain] {
        &self.numbers.chains
    }

    /// Returns the groups of a chain.
    pub fn chain(&self, chain: Chain) -> &'a [Group] {
        &self.numbers.groups[chain.first as usize..chain.last as usize]
    }

    /// Returns where a mark stands, in order.
    pub fn marks(&self, byte: u8) -> impl Iterator<Item = usize> + use<'a> {
        self.numbers.marks.iter().filter(move |mark| mark.byte == byte).map(|mark| mark.at as usize)
    }

    /// Returns the runs of letters and digits that have the shape of a known number.
    pub(crate) fn codes(&self) -> &'a [Code] {
        self.codes
    }

    /// Returns all marks, in order.
    pub fn every_mark(&self) -> &'a [Mark] {
        &self.numbers.marks
    }

    /// Returns the numbers that a label announces.
    pub(crate) fn labelled(&self) -> &'a [Labelled] {
        self.labelled
    }

    /// Returns the labelled values.
    pub fn fields(&self) -> &'a [Field] {
        self.fields
    }

    /// Returns the tokens; none unless words were asked for.
    pub fn tokens(&self) -> &'a [Token] {
        self.tokens
    }

    /// Returns where a phrase of this meaning begins, in order.
    pub(crate) fn phrases(&self, phrase: Phrase) -> impl Iterator<Item = usize> + use<'a> {
        self.phrases.iter().filter(move |(_, of)| *of == phrase).map(|&(at, _)| at as usize)
    }

    /// Returns the places of tokens that recognisers hang on, in order.
    pub(crate) fn anchors(&self, anchor: Anchor) -> impl Iterator<Item = usize> + use<'a> {
        self.anchors.places(anchor)
    }

    /// Says whether a token is of one of these classes.
    pub(crate) fn has_token_of(&self, classes: Classes) -> bool {
        self.anchors.has(classes)
    }

    /// Returns the tokens of these classes with their places; of the classes that [`Anchors`] lists.
    pub(crate) fn tokens_of(&self, classes: Classes) -> impl Iterator<Item = (usize, &'a Token)> + use<'a> {
        self.anchors.of(self.tokens, classes)
    }

    /// Returns the character in front of `at`.
    pub fn char_before(&self, at: usize) -> Option<char> {
        self.text[..at].chars().next_back()
    }

    /// Returns the character at `at`.
    pub fn char_at(&self, at: usize) -> Option<char> {
        self.text[at..].chars().next()
    }

    /// Returns the rest of the line in front of `at`, at most `most` bytes.
    pub fn before(&self, at: usize, most: usize) -> &'a str {
        let mut from = at.saturating_sub(most);
        while !self.text.is_char_boundary(from) {
            from += 1;
        }
        let before = &self.text[from..at];
        before.rfind('\n').map_or(before, |end| &before[end + 1..])
    }

    /// Returns the rest of the line from `at` on, at most `most` bytes.
    pub fn after(&self, at: usize, most: usize) -> &'a str {
        let mut to = at.saturating_add(most).min(self.text.len());
        while !self.text.is_char_boundary(to) {
            to -= 1;
        }
        let after = &self.text[at..to];
        after.find('\n').map_or(after, |end| &after[..end])
    }

    /// Says whether a word, or one of its letters, touches the range.
    pub fn is_glued(&self, start: usize, end: usize) -> bool {
        let joins = |c: char| c.is_alphanumeric() || c == '_';
        self.char_before(start).is_some_and(joins) || self.char_at(end).is_some_and(joins)
    }

    /// Returns where a range stands in the text as it was given.
    pub fn original(&self, start: usize, end: usize) -> (usize, usize) {
        self.fold.map_or((start, end), |fold| fold.original(start, end))
    }
}
