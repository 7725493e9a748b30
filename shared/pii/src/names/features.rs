//! What a decision looks at.
//!
//! Most features depend on one form alone, in one place of the window: their weights are summed once a form. The others
//! are looked up for each candidate: pairs, bands and shapes of neighbours, the line, the tags before.

use super::words::{REACH, Word};

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
#[inline]
fn feature(template: u64, a: u64, b: u64) -> u64 {
    let mut hash = a.wrapping_mul(0x9e37_79b9_7f4a_7c15)
        ^ b.wrapping_mul(0xc2b2_ae3d_27d4_eb4f).rotate_left(32)
        ^ template.wrapping_mul(0x1656_67b1_9e37_79f9);
    hash ^= hash >> 29;
    hash = hash.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash ^ hash >> 32
}

/// Hashes a feature of one word, so that a word's features are neighbours in the table: one line of the cache holds
/// them, and one multiplication finds it.
#[inline]
fn of_word(template: u64, word: &Word, b: u64) -> u64 {
    let hash = u64::from(word.id).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let salt = template.wrapping_mul(0x1656_67b1).wrapping_add(b.wrapping_mul(0x85eb_ca6b));
    (hash ^ salt) << 32 | hash >> 32 & 0xffff_fffc | template & 3
}

/// A feature, and whether it names the candidate's word itself.
pub type Feature = (u64, bool);

/// Features of a form alone, when it stands in `place` of the window; the candidate stands in the middle.
#[inline]
pub fn of_form(word: &Word, lower: &str, place: usize, add: &mut impl FnMut(Feature)) {
    let at = 100 * (place as u64 + 1);
    if place != REACH {
        add((of_word(at + place as u64, word, 0), false));
        return;
    }
    add((of_word(at, word, 0), true));
    add((of_word(at + 3, word, 1 + u64::from(word.shape)), true));
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for (count, c) in lower.chars().enumerate().take(4) {
        hash = (hash ^ u64::from(c)).wrapping_mul(0x0100_0000_01b3);
        if count > 0 {
            add((feature(at + 10, hash, count as u64), true));
        }
    }
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for (count, c) in lower.chars().rev().enumerate().take(4) {
        hash = (hash ^ u64::from(c)).wrapping_mul(0x0100_0000_01b3);
        add((feature(at + 11, hash, count as u64), true));
    }
}

/// Features of what the lists know of a word and how it is written, which many words share, in `place` of the window.
pub fn of_look(word: &Word, place: usize, add: &mut impl FnMut(Feature)) {
    let at = 100 * (place as u64 + 1);
    let look = word.look();
    let shape = u64::from(word.shape);
    let common = u64::from(word.bands.common());
    let named = u64::from(word.bands.place());
    match place.abs_diff(REACH) {
        0 => {
            add((feature(at + 1, shape, 0), false));
            add((feature(at + 2, u64::from(word.bands.both()), 0), false));
            add((feature(at + 3, look, 0), false));
            add((feature(at + 4, common, shape), false));
            add((feature(at + 5, common, look), false));
            add((feature(at + 7, named, look), false));
            add((feature(at + 8, named, common), false));
        }
        1 => {
            add((feature(at + 1, look, 0), false));
            add((feature(at + 4, named, shape), false));
            add((feature(at + 2, common, shape), false));
        }
        _ => add((feature(at + 1, look, 0), false)),
    }
}

/// What the features of a candidate need besides its window's forms.
#[derive(Debug, Clone, Copy)]
pub struct Around {
    /// How often the text writes the word in lower case, and capitalised.
    pub cases: u8,
    /// Tokens in front of it on its line, at most three.
    pub start: u8,
    /// What its line looks like.
    pub looks: u16,
    /// How the text is written as a whole.
    pub mode: u8,
}

/// Features of a candidate that do not depend on tags.
#[inline]
pub fn of_window(window: &[Word; PLACES], around: &Around, add: &mut impl FnMut(Feature)) {
    let [p2, p1, w, n1, n2] = window;
    let bands = |word: &Word| u64::from(word.bands.both());
    let shape = |word: &Word| u64::from(word.shape);
    let look = w.look();
    let (cases, start) = (u64::from(around.cases), u64::from(around.start));
    let id = |word: &Word| u64::from(word.id);
    add((feature(3, id(p2), id(p1)), false));
    add((feature(4, id(n1), id(n2)), false));
    add((feature(6, shape(p1) << 8 | shape(w), shape(n1)), false));
    add((feature(8, bands(p1) << 8 | bands(w), bands(n1)), false));
    add((feature(9, id(p1), look), false));
    add((feature(10, id(n1), look), false));
    add((feature(11, cases << 16 | look, 0), false));
    add((feature(12, cases, u64::from(w.bands.common()) << 8 | start), false));
    let places = |word: &Word| u64::from(word.bands.place());
    add((feature(18, places(p1) << 8 | places(w) << 4 | places(n1), bands(w)), false));
    add((feature(17, shape(n1) << 16 | shape(n2) << 8 | shape(w), bands(w)), false));
    add((feature(14, u64::from(around.looks), bands(w) << 8 | start), false));
}

/// What the features that depend on tags need.
#[derive(Debug, Clone, Copy)]
pub struct Core {
    w: Word,
    look: u64,
    front: u64,
}

impl Core {
    /// Takes it from a window.
    #[inline]
    pub fn new(window: &[Word; PLACES]) -> Self {
        let [_, p1, w, ..] = window;
        Self { w: *w, look: w.look(), front: u64::from(p1.id) }
    }
}

/// Features of a candidate with the tags of the two tokens in front of it, and the word's own when last seen, plus one.
#[inline]
pub fn of_tags(core: &Core, one: Tag, two: Tag, last: u8, add: &mut impl FnMut(Feature)) {
    let tags = 1 + one as u64 + 4 * two as u64;
    add((feature(30, tags, core.look), false));
    add((of_word(34, &core.w, 1 + one as u64), true));
    add((feature(32, 1 + one as u64, core.front << 16 | core.look), false));
    add((feature(35, u64::from(last), core.look), false));
}
