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

/// The keys are hashes already.
static PLACES: LazyLock<HashMap<u64, Place, BuildHasherDefault<Passed>>> = LazyLock::new(|| {
    let files = [
        (Place::Country, include_str!("../lexicon/countries.txt")),
        (Place::Region, include_str!("../lexicon/regions.txt")),
        (Place::Town, include_str!("../lexicon/towns.txt")),
    ];
    let mut places = HashMap::default();
    let mut words = Vec::new();
    for (place, file) in files {
        let lines = file.lines().filter(|line| !line.starts_with('#'));
        for name in lines.flat_map(|line| line.split(',')).map(str::trim).filter(|name| !name.is_empty()) {
            tokens::read(name, &mut words);
            let keys = words.iter().filter(|word| word.kind == TokenKind::Word).map(|word| word.key);
            places.entry(keys.fold(0, joined)).or_insert(place);
        }
    }
    places
});

fn joined(hash: u64, key: u64) -> u64 {
    (hash.rotate_left(7) ^ key).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Returns the longest place that begins at `at`, and its end.
pub(crate) fn at(view: View<'_>, at: usize) -> Option<(Place, usize)> {
    let (mut hash, mut here, mut words, mut found) = (0, at, 0, None);
    while words < MOST_WORDS {
        let Some(token) = view.get(here) else { break };
        here += 1;
        match token.kind {
            TokenKind::Word => {
                hash = joined(hash, token.key);
                words += 1;
                if let Some(&place) = PLACES.get(&hash) {
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
    (end.saturating_sub(MOST_WORDS)..end)
        .find_map(|start| at(view, start).filter(|&(_, last)| last == end).map(|(place, _)| (place, start)))
}
