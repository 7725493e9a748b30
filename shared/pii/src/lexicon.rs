//! What is known of single words: a class a file, a line a word or a list of words.
//!
//! A file begins with lines of `#` that say where its words are from. Words are written in lower case; several stand on
//! a line, separated by commas.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::LazyLock;

use crate::tokens::Token;

/// A set of classes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Classes(u32);

/// Declares a class a line: its name, its file, what it holds.
macro_rules! classes {
    ($($(#[$doc:meta])* $name:ident = $file:literal;)*) => {
        #[expect(clippy::upper_case_acronyms, non_camel_case_types, reason = "only numbers the classes")]
        enum Place { $($name,)* }

        impl Classes {
            /// No class.
            pub const NONE: Self = Self(0);
            $($(#[$doc])* pub const $name: Self = Self(1 << Place::$name as u32);)*
        }

        static FILES: &[(Classes, &str)] = &[$((Classes::$name, include_str!(concat!("lexicon/", $file))),)*];
    };
}

classes! {
    /// Months, in full and short.
    MONTH = "months.txt";
    /// English words that say street, behind its name.
    STREET = "streets.txt";
    /// The same in other languages.
    STREET_ABROAD = "streets_abroad.txt";
    /// Words that say street behind many a name, and much else.
    STREET_MAYBE = "streets_maybe.txt";
    /// Words that say street before its name.
    STREET_BEFORE = "streets_before.txt";
    /// Words that announce a flat, a floor, an entrance, a house.
    UNIT = "units.txt";
    /// Small words inside the names of places.
    PLACE_LINK = "place_links.txt";
    /// Words that announce an address.
    ADDRESS_CUE = "address_cues.txt";
    /// Words that announce a postal code.
    POSTCODE_CUE = "postcode_cues.txt";
    /// Words that say that someone was born.
    BIRTH = "birth_words.txt";
    /// Words that say where someone lives.
    HOME = "home_words.txt";
    /// Words in front of an age.
    AGE = "age_words.txt";
    /// Words for years.
    YEARS = "year_words.txt";
    /// Countries of one word.
    COUNTRY = "countries.txt";
    /// States, provinces and counties of one word.
    REGION = "regions.txt";
    /// Towns of one word.
    TOWN = "towns.txt";
    /// Titles and forms of address.
    TITLE = "titles.txt";
    /// Titles that need their full stop.
    DOTTED_TITLE = "dotted_titles.txt";
    /// Words that join the words of a name: *van*, *de la*.
    PARTICLE = "particles.txt";
    /// Words that are no part of a name where one may stand.
    NOT_NAME = "not_names.txt";
    /// Words that say university or school.
    SCHOOL = "schools.txt";
    /// Schools known by one word.
    SCHOOL_NAME = "school_names.txt";
    /// Words in lower case inside the names of schools.
    SCHOOL_LINK = "school_links.txt";
    /// Degrees, posts and other words beside the names of schools.
    DEGREE = "degrees.txt";
    /// Words of nationality.
    DEMONYM = "demonyms.txt";
    /// Words of marital status.
    MARITAL = "marital.txt";
    /// Children and partners.
    FAMILY = "family.txt";
    /// Names that are tools, firms, towns or everyday words as well.
    AMBIGUOUS = "ambiguous.txt";
    /// Tools that are people's names or look like one.
    TOOL = "tools.txt";
    /// Words of gender.
    GENDER = "genders.txt";
    /// Digits as words.
    DIGIT_WORD = "digit_words.txt";
}

impl Classes {
    /// Says whether the sets share a class.
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Says whether all classes of the other set are in this one.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Returns both sets as one.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// The key of an empty word.
pub const KEY: u64 = 0xcbf2_9ce4_8422_2325;

/// Returns the key of a word with another byte behind it.
#[inline]
pub const fn key_with(key: u64, byte: u8) -> u64 {
    (key ^ byte as u64).wrapping_mul(0x0100_0000_01b3)
}

/// Hashes a word in lower case (FNV-1a: words are short, and the model's tables are built with it).
pub fn key(lower: &str) -> u64 {
    lower.bytes().fold(KEY, key_with)
}

/// Returns the classes of the word that hashes to `key`.
#[inline]
pub fn classes(key: u64) -> Classes {
    let known = &*WORDS;
    if known.may_have(key) { known.of(key) } else { Classes::NONE }
}

/// Tells tokens what the words are. Which word is known can't be foretold: no branch depends on it.
pub(crate) fn classify(tokens: &mut [Token]) {
    const BLOCK: usize = 64;
    let known = &*WORDS;
    for block in tokens.chunks_mut(BLOCK) {
        let mut open = [0_u8; BLOCK];
        let mut count = 0;
        for (place, token) in (0..).zip(block.iter()) {
            open[count] = place;
            count += usize::from(known.may_have(token.key));
        }
        for &place in &open[..count] {
            let token = &mut block[usize::from(place)];
            token.classes = known.of(token.key);
        }
    }
}

/// The words, and a bit for each: most words of a text are in no class, and one bit says so.
struct Known {
    filter: Box<[u64; FILTER / 64]>,
    classes: HashMap<u64, Classes, BuildHasherDefault<Passed>>,
}

impl Known {
    #[inline]
    fn may_have(&self, key: u64) -> bool {
        let place = filter_place(key);
        self.filter[place / 64] >> (place % 64) & 1 != 0
    }

    #[inline]
    fn of(&self, key: u64) -> Classes {
        self.classes.get(&key).copied().unwrap_or_default()
    }
}

/// Bits of the filter: 16 KiB, which stays in the nearest cache.
const FILTER: usize = 1 << 17;

fn filter_place(key: u64) -> usize {
    (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 47) as usize % FILTER
}

static WORDS: LazyLock<Known> = LazyLock::new(|| {
    let mut words = HashMap::<u64, Classes, BuildHasherDefault<Passed>>::default();
    for (class, file) in FILES {
        let lines = file.lines().filter(|line| !line.starts_with('#'));
        for word in lines.flat_map(|line| line.split(',')).map(str::trim).filter(|word| !word.is_empty()) {
            let classes = words.entry(key(word)).or_default();
            *classes = classes.with(*class);
        }
    }
    let mut filter = Box::new([0; FILTER / 64]);
    for &key in words.keys() {
        let place = filter_place(key);
        filter[place / 64] |= 1 << (place % 64);
    }
    Known { filter, classes: words }
});

/// Takes a key for its own hash.
#[derive(Default)]
pub(crate) struct Passed(u64);

impl Hasher for Passed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_has_lower_case_words_and_says_where_they_are_from() {
        for (class, file) in FILES {
            assert!(file.starts_with('#'), "{class:?} does not say its source");
            let text: String = file.lines().filter(|line| !line.starts_with('#')).collect();
            assert_eq!(text, text.to_lowercase(), "{class:?}");
        }
        assert!(
            classes(key("straße")).meets(Classes::STREET_ABROAD) && classes(key("lutefisk")) == Classes::NONE
        );
    }
}
