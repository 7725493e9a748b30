//! Lists of words with what each says, for recognisers.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use crate::lexicon::{self, Passed};

/// Classes of words, by word: `[class]` heads a list, words in lower case are separated by commas.
pub(super) struct Words {
    /// A bit for each word, and for few others: it rules most words of a text out.
    filter: Box<[u64; 256]>,
    classes: HashMap<u64, u16, BuildHasherDefault<Passed>>,
}

/// Returns a key's bit in the filter.
fn place(key: u64) -> (usize, u64) {
    let bit = key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 50;
    ((bit >> 6) as usize, 1 << (bit & 63))
}

impl Words {
    /// Reads a list; classes that are not named are left out.
    pub(super) fn read(list: &str, classes: &[(&str, u16)]) -> Self {
        let mut words = HashMap::<u64, u16, BuildHasherDefault<Passed>>::default();
        let mut class = 0;
        for line in list.lines().filter(|line| !line.starts_with('#')) {
            if let Some(head) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                class = classes.iter().find(|(name, _)| *name == head).map_or(0, |(_, class)| *class);
            } else {
                for word in line.split(',').map(str::trim).filter(|word| !word.is_empty()) {
                    *words.entry(lexicon::key(word)).or_default() |= class;
                }
            }
        }
        let mut filter = Box::new([0; 256]);
        for &key in words.keys() {
            let (place, bit) = place(key);
            filter[place] |= bit;
        }
        Self { filter, classes: words }
    }

    /// Returns the classes of a word, whatever its case; 0 when none knows it.
    pub(super) fn of(&self, word: &str) -> u16 {
        // In lower case without a copy: the key is FNV-1a over the bytes.
        let key = if word.is_ascii() {
            word.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(byte.to_ascii_lowercase())).wrapping_mul(0x0100_0000_01b3)
            })
        } else {
            lexicon::key(&word.to_lowercase())
        };
        let (place, bit) = place(key);
        if self.filter[place] & bit == 0 {
            return 0;
        }
        self.classes.get(&key).copied().unwrap_or_default()
    }
}

/// Han, kana, hangul, Lao and Thai letters: words are not parted by spaces there.
pub(super) fn is_unspaced(c: char) -> bool {
    matches!(u32::from(c), 0xe00..=0xeff | 0x2e80..=0x9fff | 0xac00..=0xd7af | 0xf900..=0xfaff)
}

#[cfg(test)]
mod tests {
    use super::Words;

    #[test]
    fn a_word_is_known_whatever_its_case() {
        let words = Words::read("# source\n[one]\ntel, телефон\n[two]\ntel", &[("one", 1), ("two", 2)]);
        assert_eq!((words.of("TEL"), words.of("Телефон"), words.of("fax")), (3, 1, 0));
    }
}
