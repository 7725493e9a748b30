//! The phrases that announce a value, as hashes.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::LazyLock;

use crate::Kind;
use crate::latin::bare;
use crate::lexicon::Passed;

/// What a phrase announces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Label {
    /// Nothing, for a phrase that only looks like one: *file name*.
    pub(super) kind: Option<Kind>,
    /// It counts only when nothing stands in front of it: *the name: …* is one, *Kafka topic name: …* is none.
    pub(super) whole: bool,
    /// It counts only with a colon, a tab or an equals sign behind it.
    pub(super) strict: bool,
}

/// Words in a label, at most.
pub(super) const MOST_WORDS: usize = 6;

/// The table. A phrase's key is the sum of its words' hashes: the same read forwards and backwards.
pub(super) struct Labels {
    phrases: HashMap<u64, Label, BuildHasherDefault<Passed>>,
    words: Words,
    first: Words,
    last: Words,
}

/// A small set of hashes that may say yes wrongly: most words of a text are ruled out by it.
struct Words([u64; 256]);

impl Words {
    fn insert(&mut self, hash: u64) {
        let bit = hash >> 50;
        self.0[(bit >> 6) as usize] |= 1 << (bit & 63);
    }

    fn may_have(&self, hash: u64) -> bool {
        let bit = hash >> 50;
        self.0[(bit >> 6) as usize] & (1 << (bit & 63)) != 0
    }
}

/// Hashes a word, whatever its case and marks.
pub(super) fn hash(word: &str) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut step = |code: u32| hash = (hash ^ u64::from(code)).wrapping_mul(0x0100_0000_01b3);
    if word.is_ascii() {
        word.bytes().for_each(|byte| step(u32::from(byte.to_ascii_lowercase())));
    } else {
        word.chars().filter_map(bare).for_each(|c| step(u32::from(c)));
    }
    // Sums of hashes must differ too, and the upper bits choose the place in the small sets.
    (hash ^ (hash >> 29)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

impl Labels {
    /// Returns what a phrase announces.
    pub(super) fn get(&self, sum: u64) -> Option<Label> {
        self.phrases.get(&sum).copied()
    }

    /// Says whether a label may begin with the word.
    pub(super) fn may_begin(&self, hash: u64) -> bool {
        self.first.may_have(hash)
    }

    /// Says whether a label may end with the word.
    pub(super) fn may_end(&self, hash: u64) -> bool {
        self.last.may_have(hash)
    }

    /// Says whether a label may have the word.
    pub(super) fn may_have(&self, hash: u64) -> bool {
        self.words.may_have(hash)
    }
}

/// The phrases: `[kind]` heads a list (`[-]` the false ones), a line or several separated by commas each; `=` before
/// one that must stand alone, `:` before one that needs its colon too.
pub(super) static LABELS: LazyLock<Labels> = LazyLock::new(|| {
    let empty = || Words([0; 256]);
    let mut labels = Labels { phrases: HashMap::default(), words: empty(), first: empty(), last: empty() };
    let mut kind = None;
    for line in include_str!("../labels.txt").lines().filter(|line| !line.starts_with('#')) {
        if let Some(head) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            kind = head.parse().ok();
            continue;
        }
        for label in line.split(',').map(str::trim) {
            let strict = label.starts_with(':');
            let whole = strict || label.starts_with('=');
            let mut words =
                label.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).map(hash);
            let Some(first) = words.next() else { continue };
            let (mut sum, mut last) = (first, first);
            labels.first.insert(first);
            labels.words.insert(first);
            for word in words {
                sum = sum.wrapping_add(word);
                last = word;
                labels.words.insert(word);
            }
            labels.last.insert(last);
            labels.phrases.insert(sum, Label { kind, whole, strict });
        }
    }
    labels
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_clean() {
        let list = include_str!("../labels.txt");
        let mut seen = HashMap::new();
        let mut head = "";
        for line in list.lines().filter(|line| !line.starts_with('#')) {
            if line.starts_with('[') {
                head = line;
                assert!(head == "[-]" || head[1..head.len() - 1].parse::<Kind>().is_ok(), "{head}");
                continue;
            }
            for label in line.split(',').map(str::trim).filter(|label| !label.is_empty()) {
                let words = label.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty());
                assert!(words.clone().count() <= MOST_WORDS, "{label} is too long");
                let sum = words.map(hash).fold(0, u64::wrapping_add);
                let before = seen.insert(sum, (head, label));
                assert!(
                    before.is_none_or(|(other, _)| other == head),
                    "{label} of {head} is also {before:?}"
                );
            }
        }
    }
}
