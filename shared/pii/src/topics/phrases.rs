//! The list of phrases (`topics.txt`), as it is looked up.

use std::collections::{HashMap, HashSet};
use std::hash::BuildHasherDefault;
use std::sync::LazyLock;

use super::word::{START, Word, is_unspaced};
use super::{Topics, extend};
use crate::lexicon::Passed;

/// The phrases and the beginnings of phrases by their hash; the words that end one; what is written without spaces, as it
/// is.
pub(super) struct Phrases {
    filter: Filter,
    pub(super) endings: HashSet<u64, BuildHasherDefault<Passed>>,
    hashed: HashMap<u64, Topics, BuildHasherDefault<Passed>>,
    pub(super) unspaced: Vec<(String, Topics)>,
}

/// A small set of hashes that may say yes wrongly: most words of a text are in no phrase, and one bit says so.
struct Filter(Box<[u64; 512]>);

impl Filter {
    fn insert(&mut self, hash: u64) {
        let (place, bit) = Self::place(hash);
        self.0[place] |= bit;
    }

    fn may_have(&self, hash: u64) -> bool {
        let (place, bit) = Self::place(hash);
        self.0[place] & bit != 0
    }

    fn place(hash: u64) -> (usize, u64) {
        let bit = hash.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 49;
        ((bit >> 6) as usize, 1 << (bit & 63))
    }
}

impl Phrases {
    /// Returns what a phrase is about; nothing if no phrase begins so.
    pub(super) fn get(&self, hash: u64) -> Option<Topics> {
        self.filter.may_have(hash).then(|| self.hashed.get(&hash).copied()).flatten()
    }
}

pub(super) static PHRASES: LazyLock<Phrases> = LazyLock::new(|| {
    let mut phrases = Phrases {
        filter: Filter(Box::new([0; 512])),
        endings: HashSet::default(),
        hashed: HashMap::default(),
        unspaced: Vec::new(),
    };
    let mut topic = Topics::NONE;
    for line in include_str!("../topics.txt").lines().filter(|line| !line.starts_with('#')) {
        if let Some(section) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            topic = Topics::section(section).unwrap_or_default();
            continue;
        }
        for phrase in line.split(',').map(str::trim).filter(|phrase| !phrase.is_empty()) {
            if phrase.chars().any(is_unspaced) {
                phrases.unspaced.push((phrase.to_owned(), topic));
            }
            let hash = phrase.split(' ').fold(START, |hash, word| {
                let hash = extend(hash, Word::read(word).bytes());
                phrases.filter.insert(hash);
                phrases.hashed.entry(hash).or_default();
                hash
            });
            if let Some(word) = phrase.split(' ').next_back() {
                phrases.endings.insert(extend(START, Word::read(word).bytes()));
            }
            phrases.hashed.entry(hash).or_default().add(topic);
        }
    }
    phrases
});
