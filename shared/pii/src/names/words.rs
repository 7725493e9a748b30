//! A text's words as the tagger sees them: what each is, how often it is written how, and the lines they stand in.

use super::features::Around;
use super::model::Bands;
use crate::tokens::{Case, Token, TokenKind};

/// When a token is looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Gate {
    /// Never: it is no part of a name.
    #[default]
    Never,
    /// Always: a capitalised word, a word of a script without case, a frequent forename in lower case.
    Always,
    /// Behind a token that is part of a name.
    Behind,
    /// There, or in front of a capitalised word: *van*, *de la*.
    Particle,
}

/// A word, a mark, a number or a line break; the usual one stands for what is beyond the text's ends.
#[derive(Debug, Clone, Copy, Default)]
pub struct Word {
    /// A hash of the word in lower case, or of what else it is.
    pub id: u32,
    /// Its place among the text's words without regard to case, plus one; nothing for what is no word.
    pub place: u32,
    /// How frequent it is as a forename and as a surname, and how common as a word.
    pub bands: Bands,
    /// How it is written.
    pub shape: u8,
    /// When it is looked at.
    pub gate: Gate,
}

impl Word {
    /// Returns what the lists of names know of it, and how it is written, as one number of sixteen bits.
    #[inline]
    pub fn look(&self) -> u64 {
        u64::from(self.bands.both()) << 8 | u64::from(self.shape)
    }

    /// Returns all that the lists know of it, and how it is written, as one number.
    #[inline]
    pub fn full_look(&self) -> u32 {
        u32::from(self.bands.number()) << 8 | u32::from(self.shape)
    }
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

/// The tokens of one text.
#[derive(Debug, Default)]
pub struct Words {
    /// The word at each token, with [`REACH`] empty ones at both ends.
    pub words: Vec<Word>,
    /// What is known of the text's words without regard to case: an open table.
    known: Vec<u32>,
    /// The lines.
    pub lines: Vec<Line>,
    /// How the text is written as a whole: 0 usual, 1 hardly a capital, 2 hardly anything else.
    pub mode: u8,
}

/// Of what is known of a word: how often it is in lower case (0, 1, 2 or more), in two bits; capitalised inside a
/// sentence, in two bits; in three what it was when it was last seen, plus one; the rest tells it from others.
const CAPITAL: u32 = 2;
const LAST: u32 = 4;
const CHECK: u32 = 8;

/// The shape of an `@` with a word behind it, which is a handle or a host, and of a `[` with a word in lower case behind
/// it, which is the tag of something that was rewritten.
pub const HANDLE: u8 = 127;

/// The shape of what stands between the words of a list.
const COMMA: u8 = 3;

/// Tokens that a window reaches to either side.
pub const REACH: usize = 2;

/// A line longer than this counts as several.
const LONGEST_LINE: usize = 400;

/// Words in lower case that stand in names.
const PARTICLES: [&str; 32] = [
    "de", "da", "do", "dos", "das", "del", "della", "di", "du", "van", "von", "der", "den", "ter", "ten",
    "la", "le", "las", "los", "bin", "binti", "ibn", "al", "el", "abu", "ben", "bint", "af", "av", "zu", "y",
    "und",
];

impl Words {
    /// Reads tokens. `know` tells what a token is, but for its place.
    #[inline]
    pub fn read(&mut self, text: &str, tokens: &[Token], mut know: impl FnMut(usize) -> Word) {
        self.words.clear();
        self.words.reserve(tokens.len() + 2 * REACH);
        self.words.resize(REACH, Word::default());
        self.lines.clear();
        self.known.clear();
        self.known.resize((2 * tokens.len()).next_power_of_two(), 0);
        let mut starts = true;
        let (mut lowers, mut capitals, mut uppers) = (0_u32, 0_u32, 0_u32);
        let mut line = Looks::default();
        let mut first = 0;
        // How a word is written can't be foretold, so nothing here branches on it.
        for (at, token) in tokens.iter().enumerate() {
            let mut word = know(at);
            if token.kind == TokenKind::Word {
                let lower = u32::from(token.case == Case::Lower);
                let capital = u32::from(token.case == Case::Title) | u32::from(token.case == Case::Mixed);
                let upper = u32::from(token.case == Case::Upper);
                word.place = self.place(token.key);
                let known = &mut self.known[word.place as usize - 1];
                *known += lower & u32::from(*known & 3 < 2);
                *known += (capital & u32::from(!starts) & u32::from(*known >> CAPITAL & 3 < 2)) << CAPITAL;
                lowers += lower;
                capitals += capital;
                uppers += upper;
                line.words += 1;
                line.capitals += capital | upper;
            }
            line.others |= token.kind == TokenKind::Number;
            line.commas += u32::from(word.shape == COMMA);
            let is_break = token.kind == TokenKind::Break;
            starts = is_break
                || token.kind == TokenKind::Mark
                    && STARTS[usize::from(text.as_bytes()[token.start as usize])];
            self.words.push(word);
            if is_break || at + 1 - first == LONGEST_LINE || at + 1 == tokens.len() {
                self.end_line(first, at + 1, &line);
                line = Looks::default();
                first = at + 1;
            }
        }
        self.words.resize(tokens.len() + 2 * REACH, Word::default());
        self.mode = if (capitals + uppers) * 20 < lowers {
            1
        } else if uppers > 4 * (lowers + capitals) {
            2
        } else {
            0
        };
    }

    /// Returns a word's place among those of the text, plus one.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "the low bits are what is wanted")]
    fn place(&mut self, key: u64) -> u32 {
        let mixed = key.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let check = (mixed >> 40) as u32 | 1 << 23;
        let last = self.known.len() - 1;
        let mut place = mixed as usize >> 8 & last;
        // It has twice as many places as the text has tokens.
        while self.known[place] != 0 && self.known[place] >> CHECK != check {
            place = (place + 1) & last;
        }
        self.known[place] |= check << CHECK;
        place as u32 + 1
    }

    #[expect(clippy::cast_possible_truncation, reason = "there are fewer tokens than bytes of a text")]
    fn end_line(&mut self, first: usize, last: usize, line: &Looks) {
        let many = match line.words {
            0..=4 => line.words as u16,
            5..=7 => 5,
            8..=12 => 6,
            _ => 7,
        };
        let capitals =
            if line.capitals == line.words { 2 } else { u16::from(2 * line.capitals > line.words) };
        let place = match self.lines.len() {
            0 => 0,
            1 => 1,
            2..=4 => 2,
            _ => 3,
        };
        let looks =
            many | capitals << 3 | place << 5 | u16::from(line.others) << 7 | u16::from(line.commas > 2) << 8;
        self.lines.push(Line { first: first as u32, last: last as u32, looks });
    }

    /// Returns the word at a token.
    #[inline]
    pub fn at(&self, token: usize) -> &Word {
        &self.words[token + REACH]
    }

    /// Looks around a word that stands `before` tokens behind the start of its line.
    #[inline]
    pub fn around(&self, word: &Word, before: usize, looks: u16) -> Around {
        #[expect(clippy::cast_possible_truncation, reason = "at most three")]
        Around { cases: self.cases(word), start: before.min(3) as u8, looks, mode: self.mode }
    }

    /// Returns how often the word stands in lower case and capitalised inside a sentence, each 0, 1, 2 (or more).
    #[inline]
    pub fn cases(&self, word: &Word) -> u8 {
        (self.known(word) & 15) as u8
    }

    /// Returns what the word was when it was last seen in this text, plus one.
    #[inline]
    pub fn last(&self, word: &Word) -> u8 {
        (self.known(word) >> LAST & 7) as u8
    }

    /// Notes what the word is.
    #[inline]
    pub fn set_last(&mut self, word: &Word, last: u8) {
        if let Some(known) = (word.place as usize).checked_sub(1).and_then(|place| self.known.get_mut(place))
        {
            *known = *known & !(7 << LAST) | u32::from(last) << LAST;
        }
    }

    #[inline]
    fn known(&self, word: &Word) -> u32 {
        (word.place as usize).checked_sub(1).and_then(|place| self.known.get(place)).copied().unwrap_or(0)
    }
}

/// What a line holds.
#[derive(Default)]
struct Looks {
    words: u32,
    capitals: u32,
    others: bool,
    commas: u32,
}

/// Whether a sentence may start behind a mark, by its first byte.
static STARTS: [bool; 256] = {
    let mut starts = [true; 256];
    let inside = b",'-&_/@";
    let mut at = 0;
    while at < inside.len() {
        starts[inside[at] as usize] = false;
        at += 1;
    }
    starts
};

/// Reads what a token is, but for its place. `lower` holds the word in lower case afterwards; `bands` tells what the
/// lists know of one.
pub fn form(
    text: &str,
    token: &Token,
    id: u64,
    lower: &mut String,
    bands: impl Fn(&str, u64) -> Bands,
) -> Word {
    lower.clear();
    if token.kind != TokenKind::Word {
        let id = folded(id);
        let first = text.as_bytes()[token.start as usize];
        let gate = match (token.kind, first) {
            (TokenKind::Mark, b'.' | b'-' | b'\'' | b',' | b'_') => Gate::Behind,
            _ => Gate::Never,
        };
        let behind = text.as_bytes().get(token.end as usize).copied().unwrap_or(b' ');
        let shape = match (token.kind, first) {
            (TokenKind::Mark, b'@') if behind.is_ascii_alphanumeric() => HANDLE,
            (TokenKind::Mark, b'[') if behind.is_ascii_lowercase() => HANDLE,
            (TokenKind::Number, _) => 1,
            (TokenKind::Break, _) => 2,
            (_, b',' | b';' | b'|') => COMMA,
            (_, b'.') => 4,
            (_, b'-' | b'_' | b'\'') => 5,
            (_, b':') => 6,
            _ => 7,
        };
        return Word { id, shape, gate, ..Word::default() };
    }
    let surface = token.text(text);
    if surface.is_ascii() {
        lower.push_str(surface);
        lower.make_ascii_lowercase();
    } else {
        lower.extend(surface.chars().flat_map(char::to_lowercase));
    }
    let bands = bands(lower, token.key);
    let letters = surface.chars().count();
    let first_upper = surface.chars().next().is_some_and(char::is_uppercase);
    let gate = match token.case {
        Case::Title | Case::Upper => Gate::Always,
        Case::Mixed if first_upper => Gate::Always,
        Case::None if letters > 1 => Gate::Always,
        Case::Lower if is_particle(lower) => Gate::Particle,
        Case::Lower if bands.forename() >= 2 && bands.common() <= 3 && letters > 2 => Gate::Always,
        Case::Lower | Case::Mixed if bands.forename() > 0 || bands.surname() > 0 || letters == 1 => {
            Gate::Behind
        }
        _ => Gate::Never,
    };
    let shape = shape(token.case, first_upper, letters, surface);
    Word { id: folded(token.key), place: 0, bands, shape, gate }
}

#[expect(clippy::cast_possible_truncation, reason = "the high half is in it too")]
fn folded(id: u64) -> u32 {
    (id ^ id >> 32) as u32
}

/// Returns what tells a token's form from every other: the word and its case, or what else it is.
#[inline]
pub fn id(text: &str, tokens: &[Token], at: usize) -> u64 {
    let (token, bytes) = (&tokens[at], text.as_bytes());
    let (start, end) = (token.start as usize, token.end as usize);
    let (first, last) = (bytes[start], bytes[end - 1]);
    let behind = bytes.get(end).copied().unwrap_or(b' ');
    let letter = behind | 0x20;
    // Without a branch: what a token is can't be foretold.
    let touches_before = u64::from(tokens[at.saturating_sub(1)].end == token.start);
    let touches_behind = u64::from(behind > b' ');
    // What makes a `HANDLE` of a mark.
    let handle = u64::from(first == b'@') & u64::from(letter.is_ascii_lowercase() || behind.is_ascii_digit());
    let tag = u64::from(first == b'[') & u64::from(behind.is_ascii_lowercase());
    let length = u64::from(token.end - token.start);
    let inner = u64::from(token.case == Case::Mixed) & u64::from(first.is_ascii_lowercase());
    let said = match token.kind {
        TokenKind::Word => inner << 8,
        TokenKind::Number => length.min(6),
        TokenKind::Break => (length - u64::from(first == b'\r')).min(2),
        TokenKind::Mark => {
            u64::from(first)
                | u64::from(last) << 8
                | touches_before << 16
                | touches_behind << 17
                | (handle | tag) << 18
        }
    };
    (token.key ^ said ^ (token.kind as u64) << 40 ^ (token.case as u64) << 48)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
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
