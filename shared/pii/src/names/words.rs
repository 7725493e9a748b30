//! A text's words as the tagger sees them: read once, each form once.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use super::model::Bands;
use crate::lexicon::Passed;
use crate::tokens::{Case, Token, TokenKind};

/// When a token is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// Never: it is no part of a name.
    Never,
    /// Always: a capitalised word, a word of a script without case, a frequent forename in lower case.
    Always,
    /// Behind a token that is part of a name.
    Behind,
    /// There, or in front of a capitalised word: *van*, *de la*.
    Particle,
}

/// A form of a word, a mark, a number or a line break.
#[derive(Debug, Clone, Copy)]
pub struct Word {
    /// A hash of the word in lower case, or of what else it is.
    pub id: u64,
    /// The word's place among the words without regard to case.
    pub base: u32,
    /// How it is written.
    pub shape: u8,
    /// How frequent it is as a forename and as a surname, and how common as a word.
    pub bands: Bands,
    /// When it is looked at.
    pub gate: Gate,
}

/// How often a text has a word, without regard to case.
#[derive(Debug, Clone, Copy, Default)]
pub struct Base {
    epoch: u32,
    lower: u8,
    capital: u8,
    /// What the word was when it was last seen, plus one.
    pub last: u8,
}

/// A line of a text.
#[derive(Debug, Clone, Copy)]
pub struct Line {
    /// Its first token.
    pub first: u32,
    /// One past its last token, the line break included.
    pub last: u32,
    /// Words, how many are capitalised, where it stands: as a small number.
    pub looks: u16,
}

/// The forms of many texts, and the tokens of one.
#[derive(Debug)]
pub struct Words {
    /// The forms; the first stands for what is beyond the text's ends.
    pub forms: Vec<Word>,
    places: HashMap<u64, u32, BuildHasherDefault<Passed>>,
    bases: Vec<Base>,
    base_places: HashMap<u64, u32, BuildHasherDefault<Passed>>,
    /// The form of each token, with three of the first form at both ends.
    pub slots: Vec<u32>,
    /// The lines.
    pub lines: Vec<Line>,
    /// How the text is written as a whole: 0 usual, 1 hardly a capital, 2 hardly anything else.
    pub mode: u8,
    epoch: u32,
    lower: String,
}

/// The shape of an `@` with a word behind it, which is a handle or a host, and of a `[` with a word in lower case behind
/// it, which is the tag of something that was rewritten.
pub const HANDLE: u8 = 127;

/// The shape of what stands between the words of a list.
const COMMA: u8 = 3;

/// Tokens that a window reaches to either side.
pub const REACH: usize = 3;

/// Forms that are kept; a text may go beyond by as many as it has tokens.
const MOST_FORMS: usize = 32_000;

/// Words in lower case that stand in names.
const PARTICLES: [&str; 32] = [
    "de", "da", "do", "dos", "das", "del", "della", "di", "du", "van", "von", "der", "den", "ter", "ten",
    "la", "le", "las", "los", "bin", "binti", "ibn", "al", "el", "abu", "ben", "bint", "af", "av", "zu", "y",
    "und",
];

impl Default for Words {
    fn default() -> Self {
        let mut words = Self {
            forms: Vec::new(),
            places: HashMap::default(),
            bases: Vec::new(),
            base_places: HashMap::default(),
            slots: Vec::new(),
            lines: Vec::new(),
            mode: 0,
            epoch: 0,
            lower: String::new(),
        };
        words.clear();
        words
    }
}

impl Words {
    fn clear(&mut self) {
        self.forms.clear();
        self.places.clear();
        self.bases.clear();
        self.base_places.clear();
        self.bases.push(Base::default());
        self.forms.push(Word { id: 1, base: 0, shape: 0, bands: Bands::default(), gate: Gate::Never });
    }

    /// Reads tokens. `bands` tells what the lists know of a word; `learn` hears of each new form, in order, and of none
    /// twice unless all were forgotten, which `forget` tells first.
    pub fn read(
        &mut self,
        text: &str,
        tokens: &[Token],
        bands: impl Fn(&str, u64) -> Bands,
        mut learn: impl FnMut(&Word, &str),
        forget: impl FnOnce(),
    ) {
        if self.forms.len() > MOST_FORMS {
            self.clear();
            forget();
        }
        if self.forms.len() == 1 {
            learn(&self.forms[0], "");
        }
        self.epoch = self.epoch.wrapping_add(1);
        self.slots.clear();
        self.lines.clear();
        self.slots.resize(REACH, 0);
        let mut starts = true;
        let (mut lower, mut capital, mut upper) = (0_u32, 0_u32, 0_u32);
        for (at, token) in tokens.iter().enumerate() {
            let id = id(text, tokens, at);
            let slot = match self.places.get(&id) {
                Some(&slot) => slot,
                None => self.add(id, text, token, &bands, &mut learn),
            };
            self.slots.push(slot);
            if token.kind == TokenKind::Word {
                let place = self.forms[slot as usize].base as usize;
                let base = &mut self.bases[place];
                if base.epoch != self.epoch {
                    *base = Base { epoch: self.epoch, ..Base::default() };
                }
                match token.case {
                    Case::Lower => {
                        lower += 1;
                        base.lower = base.lower.saturating_add(1);
                    }
                    Case::Title | Case::Mixed => {
                        capital += 1;
                        if !starts {
                            base.capital = base.capital.saturating_add(1);
                        }
                    }
                    Case::Upper => upper += 1,
                    Case::None => {}
                }
            }
            starts = match token.kind {
                TokenKind::Break => true,
                TokenKind::Mark => !matches!(
                    text.as_bytes()[token.start as usize],
                    b',' | b'\'' | b'-' | b'&' | b'_' | b'/' | b'@'
                ),
                TokenKind::Word | TokenKind::Number => false,
            };
        }
        self.slots.resize(self.slots.len() + REACH, 0);
        self.mode = if (capital + upper) * 20 < lower {
            1
        } else if upper > 4 * (lower + capital) {
            2
        } else {
            0
        };
        self.read_lines(tokens);
    }

    #[expect(clippy::cast_possible_truncation, reason = "there are fewer tokens than bytes of a text")]
    fn read_lines(&mut self, tokens: &[Token]) {
        let mut first = 0;
        while first < tokens.len() {
            let (mut words, mut capitals, mut others, mut commas) = (0_u16, 0_u16, 0_u16, 0_u16);
            let mut last = first;
            while last < tokens.len() && last - first < 400 {
                let token = &tokens[last];
                last += 1;
                match token.kind {
                    TokenKind::Break => break,
                    TokenKind::Word => {
                        words += 1;
                        capitals += u16::from(token.is_capital());
                    }
                    TokenKind::Number => others += 1,
                    TokenKind::Mark => {
                        commas += u16::from(self.forms[self.slots[last - 1 + REACH] as usize].shape == COMMA);
                    }
                }
            }
            let many = match words {
                0..=4 => words,
                5..=7 => 5,
                8..=12 => 6,
                _ => 7,
            };
            let capitals = if capitals == words { 2 } else { u16::from(2 * capitals > words) };
            let place = match self.lines.len() {
                0 => 0,
                1 => 1,
                2..=4 => 2,
                _ => 3,
            };
            let looks =
                many | capitals << 3 | place << 5 | u16::from(others > 0) << 7 | u16::from(commas > 2) << 8;
            self.lines.push(Line { first: first as u32, last: last as u32, looks });
            first = last;
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "there are fewer forms than bytes of a text")]
    fn add(
        &mut self,
        id: u64,
        text: &str,
        token: &Token,
        bands: &impl Fn(&str, u64) -> Bands,
        learn: &mut impl FnMut(&Word, &str),
    ) -> u32 {
        self.lower.clear();
        let place = self.forms.len() as u32;
        self.places.insert(id, place);
        let word = if token.kind == TokenKind::Word {
            let surface = token.text(text);
            if surface.is_ascii() {
                self.lower.push_str(surface);
                self.lower.make_ascii_lowercase();
            } else {
                self.lower.extend(surface.chars().flat_map(char::to_lowercase));
            }
            let next = self.bases.len() as u32;
            let base = *self.base_places.entry(token.key).or_insert(next);
            if base == next {
                self.bases.push(Base::default());
            }
            let bands = bands(&self.lower, token.key);
            let letters = surface.chars().count();
            let first_upper = surface.chars().next().is_some_and(char::is_uppercase);
            let gate = match token.case {
                Case::Title | Case::Upper => Gate::Always,
                Case::Mixed if first_upper => Gate::Always,
                Case::None if letters > 1 => Gate::Always,
                Case::Lower if is_particle(&self.lower) => Gate::Particle,
                Case::Lower if bands.forename() >= 2 && bands.common() <= 3 && letters > 2 => Gate::Always,
                Case::Lower | Case::Mixed if bands.forename() > 0 || bands.surname() > 0 || letters == 1 => {
                    Gate::Behind
                }
                _ => Gate::Never,
            };
            Word { id: token.key, base, shape: shape(token.case, first_upper, letters, surface), bands, gate }
        } else {
            let first = text.as_bytes()[token.start as usize];
            let gate = match (token.kind, first) {
                (TokenKind::Mark, b'.' | b'-' | b'\'' | b',' | b'_') => Gate::Behind,
                _ => Gate::Never,
            };
            let behind = || text[token.end as usize..].chars().next();
            let shape = match (token.kind, first) {
                (TokenKind::Mark, b'@') if behind().is_some_and(char::is_alphanumeric) => HANDLE,
                (TokenKind::Mark, b'[') if behind().is_some_and(char::is_lowercase) => HANDLE,
                (TokenKind::Number, _) => 1,
                (TokenKind::Break, _) => 2,
                (_, b',' | b';' | b'|') => COMMA,
                (_, b'.') => 4,
                (_, b'-' | b'_' | b'\'') => 5,
                (_, b':') => 6,
                _ => 7,
            };
            Word { id, base: 0, shape, bands: Bands::default(), gate }
        };
        self.forms.push(word);
        learn(&word, &self.lower);
        place
    }

    /// Returns the word at a token.
    pub fn at(&self, token: usize) -> &Word {
        &self.forms[self.slots[token + REACH] as usize]
    }

    /// Returns what the text knows of a word without regard to case.
    pub fn base(&mut self, word: &Word) -> &mut Base {
        &mut self.bases[word.base as usize]
    }

    /// Returns how often the word stands in lower case and capitalised inside a sentence, each 0, 1, 2 (or more).
    pub fn cases(&self, word: &Word) -> u8 {
        let base = self.bases[word.base as usize];
        if word.base == 0 { 0 } else { base.lower.min(2) | base.capital.min(2) << 2 }
    }

    /// Returns what the word was when it was last seen in this text, plus one.
    pub fn last(&self, word: &Word) -> u8 {
        if word.base == 0 { 0 } else { self.bases[word.base as usize].last }
    }
}

#[inline]
fn id(text: &str, tokens: &[Token], at: usize) -> u64 {
    let token = &tokens[at];
    let mixed = |id: u64, salt: u64| (id ^ salt).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    match token.kind {
        TokenKind::Word => {
            let inner =
                token.case == Case::Mixed && text.as_bytes()[token.start as usize].is_ascii_lowercase();
            mixed(token.key, 16 + token.case as u64 + 8 * u64::from(inner))
        }
        TokenKind::Number => mixed(u64::from((token.end - token.start).min(6)), 1 << 40),
        TokenKind::Break => {
            let breaks = text.as_bytes()[token.start as usize..token.end as usize]
                .iter()
                .filter(|&&byte| byte == b'\n')
                .take(2)
                .count();
            mixed(breaks as u64, 2 << 40)
        }
        TokenKind::Mark => {
            let mut mark = [0; 4];
            let bytes = &text.as_bytes()[token.start as usize..token.end as usize];
            mark[..bytes.len()].copy_from_slice(bytes);
            let touches_before = at > 0 && tokens[at - 1].end == token.start;
            let touches_behind = tokens.get(at + 1).is_some_and(|next| next.start == token.end);
            let is_tag =
                touches_behind && bytes == b"[" && text[token.end as usize..].starts_with(char::is_lowercase);
            let is_handle = touches_behind
                && bytes == b"@"
                && text[token.end as usize..].starts_with(char::is_alphanumeric);
            mixed(
                u64::from(is_tag || is_handle) << 40
                    | u64::from(u32::from_le_bytes(mark)) << 2
                    | u64::from(touches_before)
                    | u64::from(touches_behind) << 1,
                3 << 40,
            )
        }
    }
}

fn shape(case: Case, first_upper: bool, letters: usize, surface: &str) -> u8 {
    let case = match case {
        Case::None => 0,
        Case::Lower => 1,
        Case::Title if letters == 1 => 2,
        Case::Title => 3,
        Case::Upper => 4,
        Case::Mixed if first_upper => 5,
        Case::Mixed => 6,
    };
    let length = match letters {
        1 => 0,
        2 => 1,
        3..=9 => 2,
        _ => 3,
    };
    let digit = surface.bytes().any(|byte| byte.is_ascii_digit());
    let foreign = !surface.is_ascii();
    8 + case * 16 + length * 4 + u8::from(digit) * 2 + u8::from(foreign)
}

/// Says whether a word in lower case may stand inside names.
pub fn is_particle(lower: &str) -> bool {
    PARTICLES.contains(&lower)
}
