//! Invented values of the same shape.
//!
//! The same value becomes the same surrogate under one key, a word of a name wherever it stands: *Ann Lee*, *Lee* and
//! `ann.lee@…` stay one person. Without the key nobody can tell what a surrogate stood for. Every part of a surrogate is
//! recognisable as one without the key (an invented word, a reserved host, a number out of a range that nobody has),
//! and a part that is one already stays as it is: scrubbing a scrubbed text changes nothing.
//!
//! What has no shape that could be kept apart from a real value (an age, a secret, a nationality) is left to its tag.

mod forms;
mod numbers;

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::LazyLock;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use crate::Kind;

/// Names nobody bears, in order.
static WORDS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let lines = include_str!("surrogate/words.txt").lines().filter(|line| !line.starts_with('#'));
    lines.flat_map(|line| line.split(", ")).collect()
});

/// The secret under which values are turned into surrogates. One a run: surrogates of two runs say nothing of another.
#[derive(Clone)]
pub struct SurrogateKey(Hmac<Sha256>);

impl SurrogateKey {
    /// Takes a secret of any length; 32 random bytes are right.
    pub fn new(secret: &[u8]) -> Self {
        let mut block = [0; 64];
        block[..32].copy_from_slice(&Sha256::digest(secret));
        Self(Hmac::new(&block.into()))
    }

    /// Returns random numbers that key, label, value and attempt decide.
    fn draw(&self, label: &str, value: &str, attempt: u8) -> Draw {
        let mut mac = self.0.clone();
        mac.update(label.as_bytes());
        mac.update(&[0, attempt]);
        mac.update(value.as_bytes());
        let bytes = mac.finalize().into_bytes();
        Draw::new(bytes.iter().take(8).fold(0, |number, byte| (number << 8) | u64::from(*byte)))
    }
}

impl fmt::Debug for SurrogateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SurrogateKey(…)")
    }
}

/// Random numbers out of a seed (`SplitMix64`: the seed is a keyed hash, what follows needs no secrecy of its own).
pub(crate) struct Draw(u64);

impl Draw {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Takes a number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        // The remainder of 64 bits: the bounds are small, so none is favoured by more than one part in 2^50.
        usize::try_from(self.next() % bound.max(1) as u64).unwrap_or(0)
    }

    /// Takes one of several.
    pub(crate) fn of<T: Copy>(&mut self, several: &[T]) -> T {
        several[self.below(several.len())]
    }

    /// Takes a digit.
    pub(crate) fn digit(&mut self) -> char {
        char::from(b'0' + u8::try_from(self.below(10)).unwrap_or(0))
    }
}

/// The surrogates given out within one record.
pub(crate) struct Surrogates<'a> {
    key: Option<&'a SurrogateKey>,
    /// Words of the record as it came: an invented word that stands there already is not used.
    input: HashSet<String>,
    given: HashMap<(Kind, String), Option<String>>,
    words: HashMap<String, &'static str>,
    used: HashSet<&'static str>,
}

impl<'a> Surrogates<'a> {
    pub(crate) fn new(key: Option<&'a SurrogateKey>) -> Self {
        let (input, given) = (HashSet::new(), HashMap::new());
        Self { key, input, given, words: HashMap::new(), used: HashSet::new() }
    }

    /// Remembers the words and numbers of a text, so that no surrogate repeats one.
    pub(crate) fn see(&mut self, text: &str) {
        let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() >= 3);
        self.input.extend(words.map(str::to_lowercase));
    }

    /// Returns what stands in the place of `found`: `found` itself where it is a surrogate, none where the kind has no
    /// shape to keep.
    pub(crate) fn of(&mut self, kind: Kind, found: &str) -> Option<String> {
        if is_surrogate(kind, found) {
            return Some(found.to_owned());
        }
        self.key?;
        if let Some(given) = self.given.get(&(kind, found.to_owned())) {
            return given.clone();
        }
        let surrogate = forms::invent(kind, found, self).filter(|surrogate| is_surrogate(kind, surrogate));
        self.given.insert((kind, found.to_owned()), surrogate.clone());
        surrogate
    }

    /// Returns the invented word for a word of a name, in its case; an invented one is its own.
    fn word(&mut self, word: &str) -> String {
        let lower = word.to_lowercase();
        if is_invented(&lower) {
            return word.to_owned();
        }
        let invented = match self.words.get(&lower) {
            Some(invented) => invented,
            None => self.choose(lower),
        };
        let mut chars = word.chars().filter(|c| c.is_alphabetic());
        match (chars.next(), chars.next()) {
            (Some(first), Some(second)) if first.is_uppercase() && second.is_uppercase() => {
                invented.to_uppercase()
            }
            (Some(first), _) if first.is_lowercase() => invented.to_owned(),
            _ => invented[..1].to_uppercase() + &invented[1..],
        }
    }

    fn choose(&mut self, lower: String) -> &'static str {
        let mut at = self.draw("word", &lower, 0).below(WORDS.len());
        // The next one that the record knows from nowhere; after all of them, any.
        for _ in 0..WORDS.len() {
            if !self.input.contains(WORDS[at]) && !self.used.contains(WORDS[at]) {
                break;
            }
            at = (at + 1) % WORDS.len();
        }
        self.used.insert(WORDS[at]);
        self.words.insert(lower, WORDS[at]);
        WORDS[at]
    }

    fn draw(&self, label: &str, value: &str, attempt: u8) -> Draw {
        self.key.map_or(Draw::new(0), |key| key.draw(label, value, attempt))
    }

    /// Draws until what is surrogate of the numbers stands nowhere in the record.
    fn fresh(&self, kind: Kind, found: &str, make: impl Fn(&mut Draw) -> Option<String>) -> Option<String> {
        (0..32).find_map(|attempt| {
            let surrogate = make(&mut self.draw(kind.as_str(), found, attempt))?;
            let mut numbers = surrogate.split(|c: char| !c.is_alphanumeric()).filter(|part| part.len() >= 4);
            let is_new = surrogate != found
                && numbers.all(|part| is_plain(part) || !self.input.contains(&part.to_lowercase()));
            is_new.then_some(surrogate)
        })
    }
}

/// Zeros, and the fixed parts of reserved numbers, say nothing wherever they stand.
fn is_plain(part: &str) -> bool {
    part.bytes().all(|byte| byte == b'0') || numbers::FIXED.contains(&part)
}

/// Says whether a word in lower case is an invented one.
fn is_invented(lower: &str) -> bool {
    WORDS.binary_search(&lower).is_ok()
}

/// Says whether a text of that kind is a surrogate already.
pub(crate) fn is_surrogate(kind: Kind, found: &str) -> bool {
    forms::is_own(kind, found)
}

#[cfg(test)]
mod tests;
