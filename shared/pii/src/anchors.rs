//! Where the tokens stand that recognisers hang on, found in one walk: a recogniser of which a text has none costs
//! nothing there.

use crate::lexicon::Classes;
use crate::recognisers::name_rules::cue_ends;
use crate::tokens::{Token, TokenKind};

/// What a recogniser hangs on.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Anchor {
    /// A word of a class by which [`Anchors::of`] can be asked.
    Listed,
    /// A number, a word with a digit in it, or a word that announces a flat or a house.
    Number,
    /// A title, or a word that may end a phrase in front of a name.
    Cue,
    /// What may be an initial, or two or three of them, with a mark behind.
    Initials,
    /// A line break.
    Break,
}

const ANCHORS: usize = 5;

/// The classes by which [`Anchors::of`] can be asked; the others are too frequent to be worth it.
const LISTED: Classes = Classes::BIRTH
    .with(Classes::HOME)
    .with(Classes::AGE)
    .with(Classes::YEARS)
    .with(Classes::DEMONYM)
    .with(Classes::COUNTRY)
    .with(Classes::MARITAL)
    .with(Classes::FAMILY)
    .with(Classes::GENDER);

const TITLES: Classes = Classes::TITLE.with(Classes::DOTTED_TITLE);

/// Tokens that are noted together: a bit each.
const BLOCK: usize = u64::BITS as usize;

/// The anchors of a text, a bit a token, kept between texts so that reading one allocates nothing.
#[derive(Debug, Default)]
pub(crate) struct Anchors {
    blocks: Vec<[u64; ANCHORS]>,
    classes: Classes,
}

impl Anchors {
    /// Reads `tokens`. What a token is differs from one to the next: no branch may depend on it.
    pub(crate) fn read(&mut self, tokens: &[Token]) {
        self.blocks.clear();
        self.classes = Classes::NONE;
        let cues_end = cue_ends();
        // Whether the last token of the block before may be initials.
        let mut open = 0;
        for block in tokens.chunks(BLOCK) {
            let [mut listed, mut numbers, mut cues, mut initials, mut marks, mut breaks] = [0_u64; 6];
            for (place, token) in block.iter().enumerate() {
                let is_word = token.kind == TokenKind::Word;
                let length = token.end - token.start;
                let is_listed = token.classes.meets(LISTED);
                self.classes = self.classes.with(token.classes);
                let is_number =
                    (token.kind == TokenKind::Number) | token.has_digit | token.classes.meets(Classes::UNIT);
                let is_cue = is_word & (token.classes.meets(TITLES) | cues_end.may_have(token.key));
                // Three letters have three bytes, or up to twelve beyond ASCII.
                let is_short = length <= if token.is_ascii { 3 } else { 12 };
                listed |= u64::from(is_listed) << place;
                numbers |= u64::from(is_number) << place;
                cues |= u64::from(is_cue) << place;
                initials |= u64::from(is_short & token.is_capital()) << place;
                marks |= u64::from(token.kind == TokenKind::Mark) << place;
                breaks |= u64::from(token.kind == TokenKind::Break) << place;
            }
            if let Some(last) = self.blocks.last_mut() {
                last[Anchor::Initials as usize] |= (open & marks & 1) << (BLOCK - 1);
            }
            open = initials >> (BLOCK - 1);
            self.blocks.push([listed, numbers, cues, initials & marks >> 1, breaks]);
        }
    }

    /// Says whether a token is of one of these classes.
    pub(crate) fn has(&self, classes: Classes) -> bool {
        self.classes.meets(classes)
    }

    /// Returns where such tokens stand, in order.
    pub(crate) fn places(&self, anchor: Anchor) -> impl Iterator<Item = usize> + use<'_> {
        self.blocks.iter().enumerate().flat_map(move |(place, block)| {
            let mut bits = block[anchor as usize];
            std::iter::from_fn(move || {
                let bit = bits.trailing_zeros() as usize;
                let is_set = bits != 0;
                bits &= bits.wrapping_sub(1);
                is_set.then_some(place * BLOCK + bit)
            })
        })
    }

    /// Returns the tokens of these classes, which must be listed ones, with their places.
    pub(crate) fn of<'a>(
        &'a self,
        tokens: &'a [Token],
        classes: Classes,
    ) -> impl Iterator<Item = (usize, &'a Token)> + use<'a> {
        debug_assert!(LISTED.has(classes), "tokens of these classes are not noted");
        let may_be = self.classes.meets(classes).then_some(Anchor::Listed);
        may_be
            .into_iter()
            .flat_map(|anchor| self.places(anchor))
            .map(|at| (at, &tokens[at]))
            .filter(move |(_, token)| token.classes.meets(classes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokens;

    #[test]
    fn every_token_is_noted_wherever_a_block_ends() {
        for before in [0, 1, 62, 63, 64, 65, 127, 200] {
            let text = format!("{}Dr Born 12 J. x7\n", "lutefisk ".repeat(before));
            let mut read = Vec::new();
            tokens::read(&text, &mut read);
            let mut anchors = Anchors::default();
            anchors.read(&read);
            let places = |anchor| anchors.places(anchor).collect::<Vec<_>>();
            assert_eq!(places(Anchor::Cue), [before]);
            assert_eq!(places(Anchor::Listed), [before + 1]);
            assert_eq!(places(Anchor::Number), [before + 2, before + 5]);
            assert_eq!(places(Anchor::Initials), [before + 3]);
            assert_eq!(places(Anchor::Break), [before + 6]);
            assert!(anchors.has(Classes::BIRTH) && !anchors.has(Classes::DIGIT_WORD));
            let born: Vec<_> = anchors.of(&read, Classes::BIRTH).map(|(at, _)| at).collect();
            assert_eq!(born, [before + 1]);
        }
    }
}
