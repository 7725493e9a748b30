//! Countries, regions and towns, of several words too.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::LazyLock;

use super::view::View;
use crate::lexicon::Passed;
use crate::tokens::{self, TokenKind};

/// What a place is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Country,
    Region,
    Town,
}

/// Names of places have at most this many words.
const MOST_WORDS: usize = 6;

/// The places, and small sets of the words that they begin and end with: most words of a text are ruled out by those.
struct Places {
    /// The keys are hashes already.
    all: HashMap<u64, Place, BuildHasherDefault<Passed>>,
    first: Ends,
    last: Ends,
}

/// A small set of keys that may hold others too.
struct Ends(Box<[u64; 256]>);

impl Ends {
    fn new() -> Self {
        Self(Box::new([0; 256]))
    }

    fn put(&mut self, key: u64) {
        self.0[(key >> 6 & 255) as usize] |= 1 << (key & 63);
    }

    fn may_have(&self, key: u64) -> bool {
        self.0[(key >> 6 & 255) as usize] >> (key & 63) & 1 != 0
    }
}

static PLACES: LazyLock<Places> = LazyLock::new(|| {
    let files = [
        (Place::Country, include_str!("../lexicon/countries.txt")),
        (Place::Region, include_str!("../lexicon/regions.txt")),
        (Place::Town, include_str!("../lexicon/towns.txt")),
    ];
    let mut places = Places { all: HashMap::default(), first: Ends::new(), last: Ends::new() };
    let mut words = Vec::new();
    for (place, file) in files {
        let lines = file.lines().filter(|line| !line.starts_with('#'));
        for name in lines.flat_map(|line| line.split(',')).map(str::trim).filter(|name| !name.is_empty()) {
            tokens::read(name, &mut words);
            let keys = words.iter().filter(|word| word.kind == TokenKind::Word).map(|word| word.key);
            keys.clone().next().into_iter().for_each(|first| places.first.put(first));
            keys.clone().next_back().into_iter().for_each(|last| places.last.put(last));
            places.all.entry(keys.fold(0, joined)).or_insert(place);
        }
    }
    places
});

fn joined(hash: u64, key: u64) -> u64 {
    (hash.rotate_left(7) ^ key).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Returns the longest place that begins at `at`, and its end.
pub(crate) fn at(view: View<'_>, at: usize) -> Option<(Place, usize)> {
    let places = &*PLACES;
    if !view.get(at).is_some_and(|token| places.first.may_have(token.key)) {
        return None;
    }
    let (mut hash, mut here, mut words, mut found) = (0, at, 0, None);
    while words < MOST_WORDS {
        let Some(token) = view.get(here) else { break };
        here += 1;
        match token.kind {
            TokenKind::Word => {
                hash = joined(hash, token.key);
                words += 1;
                if let Some(&place) = places.all.get(&hash) {
                    found = Some((place, here));
                }
            }
            TokenKind::Mark if words > 0 && matches!(view.str(here - 1), "-" | "'" | ".") => {}
            _ => break,
        }
    }
    found
}

/// Returns the longest place that ends in front of `end`, and its start.
pub(crate) fn before(view: View<'_>, end: usize) -> Option<(Place, usize)> {
    let last = end.checked_sub(1).and_then(|last| view.get(last))?;
    if !PLACES.last.may_have(last.key) {
        return None;
    }
    (end.saturating_sub(MOST_WORDS)..end)
        .find_map(|start| at(view, start).filter(|&(_, last)| last == end).map(|(place, _)| (place, start)))
}
