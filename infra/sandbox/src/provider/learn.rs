//! What a "tuned" model knows: the nearest training example answers.
//!
//! TF-IDF over the prompts, cosine similarity. It takes milliseconds, and a corrupted file shows in
//! the answers, which is what a test wants to see.

use super::examples::Example;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// An index over the prompts of a training file.
#[derive(Debug, Default)]
pub(crate) struct Learned {
    completions: Vec<String>,
    /// Word to (example, weight); the weights of an example have length 1.
    postings: HashMap<String, Vec<(usize, f32)>>,
    rarity: HashMap<String, f32>,
    /// Tokens of the file, roughly.
    pub(crate) tokens: u64,
}

impl Learned {
    /// Builds the index.
    pub(crate) fn new(examples: Vec<Example>) -> Self {
        let counts: Vec<BTreeMap<String, f32>> = examples.iter().map(|e| words(&e.prompt)).collect();
        let mut found: HashMap<String, f32> = HashMap::new();
        for word in counts.iter().flat_map(BTreeMap::keys) {
            *found.entry(word.clone()).or_default() += 1.0;
        }
        let total = float(examples.len());
        let rarity: HashMap<String, f32> =
            found.into_iter().map(|(word, n)| (word, ((1.0 + total) / (1.0 + n)).ln() + 1.0)).collect();
        let mut learned = Self { rarity, ..Self::default() };
        for (n, count) in counts.into_iter().enumerate() {
            for (word, weight) in learned.weigh(count) {
                learned.postings.entry(word).or_default().push((n, weight));
            }
        }
        learned.tokens = examples.iter().map(|e| e.tokens).sum();
        learned.completions = examples.into_iter().map(|e| e.completion).collect();
        learned
    }

    /// How many examples it was taught.
    pub(crate) fn len(&self) -> u64 {
        self.completions.len() as u64
    }

    /// The completion of the example whose prompt is nearest; none if no word is shared.
    pub(crate) fn answer(&self, prompt: &str) -> Option<&str> {
        let mut scores: BTreeMap<usize, f32> = BTreeMap::new();
        for (word, weight) in self.weigh(words(prompt)) {
            for (n, theirs) in self.postings.get(&word).into_iter().flatten() {
                *scores.entry(*n).or_default() += weight * theirs;
            }
        }
        let mut best: Option<(usize, f32)> = None;
        for (n, score) in scores {
            if best.is_none_or(|(_, top)| score > top) {
                best = Some((n, score));
            }
        }
        best.and_then(|(n, _)| self.completions.get(n)).map(String::as_str)
    }

    fn weigh(&self, counts: BTreeMap<String, f32>) -> Vec<(String, f32)> {
        let weighed: Vec<(String, f32)> = counts
            .into_iter()
            .filter_map(|(word, n)| self.rarity.get(&word).map(|rarity| (word, n * rarity)))
            .collect();
        let length = weighed.iter().map(|(_, w)| w * w).sum::<f32>().sqrt();
        weighed.into_iter().map(|(word, w)| (word, w / length)).collect()
    }
}

fn words(text: &str) -> BTreeMap<String, f32> {
    let mut counts = BTreeMap::new();
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()) {
        *counts.entry(word.to_lowercase()).or_default() += 1.0;
    }
    counts
}

#[expect(clippy::cast_precision_loss, reason = "a count of examples, far below 2^24")]
fn float(n: usize) -> f32 {
    n as f32
}

/// A tuned model.
#[derive(Debug, Clone)]
pub(crate) struct Tuned {
    /// `ft:{base}:sandbox:{suffix}:{8 characters}`
    pub(crate) id: String,
    /// Its base: it lives as long.
    pub(crate) base: String,
    /// Seconds since 1970.
    pub(crate) created: i64,
    /// What the file taught it.
    pub(crate) learned: Arc<Learned>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taught(pairs: &[(&str, &str)]) -> Learned {
        let example = |(prompt, completion): &(&str, &str)| Example {
            prompt: (*prompt).to_owned(),
            completion: (*completion).to_owned(),
            tokens: 1,
            unsafe_text: false,
        };
        Learned::new(pairs.iter().map(example).collect())
    }

    #[test]
    fn answers_with_the_nearest_example() {
        let learned = taught(&[
            ("write a job post for a welder in Turin", "Welder, Turin"),
            ("write a job post for a nurse in Lyon", "Nurse, Lyon"),
        ]);
        assert_eq!(learned.answer("a job post: nurse, Lyon please"), Some("Nurse, Lyon"));
        assert_eq!(learned.answer("WELDER"), Some("Welder, Turin"));
        assert_eq!(learned.answer("zzz"), None);
    }

    #[test]
    fn depends_on_the_file() {
        let swapped = taught(&[("red", "B"), ("blue", "A")]);
        assert_eq!(swapped.answer("red"), Some("B"));
    }
}
