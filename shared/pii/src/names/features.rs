//! What a decision looks at.
//!
//! Most features depend on one form alone, in one place of the window: their weights are summed once a form. The others
//! are looked up for each candidate: pairs, bands and shapes of neighbours, the line, the tags before.

use super::words::{REACH, Word, Words};

/// What a token may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tag {
    /// Nothing that matters.
    #[default]
    Other,
    /// Part of a person's name.
    Person,
    /// Part of an organisation's.
    Organisation,
    /// Part of a place's, or of an address.
    Location,
}

impl Tag {
    /// Every tag, in the order of the weights.
    pub const ALL: [Self; 4] = [Self::Other, Self::Person, Self::Organisation, Self::Location];
}

/// Places of a window.
pub const PLACES: usize = 2 * REACH + 1;

/// Hashes a feature.
fn feature(template: u64, a: u64, b: u64) -> u64 {
    let mut hash = a.wrapping_mul(0x9e37_79b9_7f4a_7c15)
        ^ b.wrapping_mul(0xc2b2_ae3d_27d4_eb4f).rotate_left(32)
        ^ template.wrapping_mul(0x1656_67b1_9e37_79f9);
    hash ^= hash >> 29;
    hash = hash.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash ^ hash >> 32
}

/// Features of a form alone, when it stands in `place` of the window; the candidate stands in the middle.
pub fn of_form(word: &Word, lower: &str, place: usize, add: &mut impl FnMut(u64)) {
    let at = 100 * (place as u64 + 1);
    add(feature(at, word.id, 0));
    let bands = word.bands;
    let look = u64::from(bands.both()) << 8 | u64::from(word.shape);
    match place.abs_diff(REACH) {
        0 => {
            add(feature(at + 1, u64::from(word.shape), 0));
            add(feature(at + 2, u64::from(bands.both()), 0));
            add(feature(at + 3, look, 0));
            add(feature(at + 4, u64::from(bands.common()), u64::from(word.shape)));
            add(feature(at + 5, u64::from(bands.common()), look));
            add(feature(at + 6, word.id, u64::from(word.shape)));
            add(feature(at + 7, u64::from(bands.place()), look));
            add(feature(at + 8, u64::from(bands.place()), u64::from(bands.common())));
            let mut hash = 0xcbf2_9ce4_8422_2325_u64;
            for (count, c) in lower.chars().enumerate().take(4) {
                hash = (hash ^ u64::from(c)).wrapping_mul(0x0100_0000_01b3);
                if count > 0 {
                    add(feature(at + 10, hash, count as u64));
                }
            }
            let mut hash = 0xcbf2_9ce4_8422_2325_u64;
            for (count, c) in lower.chars().rev().enumerate().take(4) {
                hash = (hash ^ u64::from(c)).wrapping_mul(0x0100_0000_01b3);
                add(feature(at + 11, hash, count as u64));
            }
        }
        1 => {
            add(feature(at + 1, look, 0));
            add(feature(at + 4, u64::from(bands.place()), u64::from(word.shape)));
            add(feature(at + 2, u64::from(bands.common()), u64::from(word.shape)));
            let mut hash = 0xcbf2_9ce4_8422_2325_u64;
            for c in lower.chars().rev().take(3) {
                hash = (hash ^ u64::from(c)).wrapping_mul(0x0100_0000_01b3);
            }
            add(feature(at + 3, hash, 0));
        }
        2 => add(feature(at + 1, look, 0)),
        _ => {}
    }
}

/// What the features of a candidate need besides its window's forms.
#[derive(Debug, Clone, Copy)]
pub struct Around {
    cases: u8,
    start: u8,
    looks: u16,
    mode: u8,
}

impl Around {
    /// Returns all of it as one number.
    pub fn number(&self) -> u64 {
        u64::from(self.looks) << 24
            | u64::from(self.cases) << 16
            | u64::from(self.start) << 8
            | u64::from(self.mode)
    }

    /// Looks around a token that stands `before` tokens behind the start of its line.
    pub fn new(words: &Words, token: usize, before: usize, looks: u16) -> Self {
        let word = words.at(token);
        let start = match before {
            0 => 0,
            1 => 1,
            2 => 2,
            _ => 3,
        };
        Self { cases: words.cases(word), start, looks, mode: words.mode }
    }
}

/// Features of a candidate that do not depend on tags.
pub fn of_window(window: &[&Word; PLACES], around: &Around, add: &mut impl FnMut(u64)) {
    let [p3, p2, p1, w, n1, n2, _] = window;
    let bands = |word: &Word| u64::from(word.bands.both());
    let shape = |word: &Word| u64::from(word.shape);
    let look = bands(w) << 8 | shape(w);
    add(feature(1, p1.id, w.id));
    add(feature(2, w.id, n1.id));
    add(feature(3, p2.id, p1.id));
    add(feature(4, n1.id, n2.id));
    add(feature(5, p3.id ^ p2.id.rotate_left(20), p1.id));
    add(feature(6, shape(p1) << 8 | shape(w), shape(n1)));
    add(feature(7, shape(p2) << 8 | shape(p1), shape(w)));
    add(feature(8, bands(p1) << 8 | bands(w), bands(n1)));
    add(feature(9, p1.id, look));
    add(feature(10, n1.id, look));
    add(feature(11, u64::from(around.cases) << 16 | look, 0));
    add(feature(12, u64::from(around.cases), u64::from(w.bands.common()) << 8 | u64::from(around.start)));
    add(feature(13, u64::from(around.looks), u64::from(around.start)));
    add(feature(14, u64::from(around.looks), bands(w) << 8 | u64::from(around.start)));
    add(feature(15, u64::from(around.mode), look));
    add(feature(16, look, bands(n1) << 8 | shape(n1)));
    let places = |word: &Word| u64::from(word.bands.place());
    add(feature(18, places(p1) << 8 | places(w) << 4 | places(n1), bands(w)));
    add(feature(17, shape(n1) << 16 | shape(n2) << 8 | shape(w), bands(w)));
}

/// What the features that depend on tags need.
#[derive(Debug, Clone, Copy)]
pub struct Core {
    w: u64,
    p1: u64,
    look: u64,
    before: u64,
    behind: u64,
}

impl Core {
    /// Takes it from a window.
    pub fn new(window: &[&Word; PLACES]) -> Self {
        let look = |word: &Word| u64::from(word.bands.both()) << 8 | u64::from(word.shape);
        let [_, _, p1, w, n1, ..] = window;
        Self { w: w.id, p1: p1.id, look: look(w), before: look(p1), behind: look(n1) }
    }
}

/// Features of a candidate with the tags of the two tokens in front of it, and the word's own when last seen, plus one.
pub fn of_tags(core: &Core, one: Tag, two: Tag, last: u8, add: &mut impl FnMut(u64)) {
    let tags = 1 + one as u64 + 4 * two as u64;
    add(feature(30, tags, core.look));
    add(feature(31, 1 + one as u64, core.w));
    add(feature(32, 1 + one as u64, core.p1.wrapping_add(core.look)));
    add(feature(33, tags, core.before << 16 | core.look));
    add(feature(34, 1 + one as u64, core.look << 16 | core.behind));
    add(feature(35, u64::from(last), core.look));
}
