//! What many examples share word for word: a model learns it by heart.

use std::collections::HashMap;

use records::passages::each_passage;
use stage::manifest::{Boilerplate, Shared};

/// Passages counted at once: about 5 MB with their texts, however many examples there are.
const MOST_COUNTED: usize = 1 << 16;
/// Passages that are listed.
const MOST_LISTED: usize = 20;
/// A passage is shared by at least so many examples, and by at least one in a hundred.
const FEWEST: u64 = 10;
/// From the so manieth time on a passage's text is kept, as far as it is shown.
const KEPT_FROM: u64 = 8;
const LONGEST: usize = 240;

/// Counts passages as Misra and Gries did ("Finding repeated elements", 1982): when there is no room for another one,
/// all lose one, so that what stands often stays. Which stay does not hang on how they are kept.
#[derive(Debug)]
pub(crate) struct Passages {
    counted: HashMap<u64, Counted>,
    most: usize,
    /// How often all have lost one: no count is lower than it should be by more.
    missed: u64,
    examples: u64,
}

#[derive(Debug, Default)]
struct Counted {
    examples: u64,
    text: Option<Box<str>>,
}

impl Default for Passages {
    fn default() -> Self {
        Self::of(MOST_COUNTED)
    }
}

impl Passages {
    fn of(most: usize) -> Self {
        Self { counted: HashMap::new(), most, missed: 0, examples: 0 }
    }

    /// Adds an example's completion: a passage counts once, however often it stands in it.
    pub(crate) fn add(&mut self, completion: &str) {
        self.examples += 1;
        let mut passages = Vec::new();
        each_passage(completion, |hash, text| passages.push((hash, text)));
        // Stable: of passages that say the same the first one is kept.
        passages.sort_by_key(|(hash, _)| *hash);
        passages.dedup_by_key(|(hash, _)| *hash);
        for (hash, text) in passages {
            if self.counted.len() >= self.most && !self.counted.contains_key(&hash) {
                self.missed += 1;
                self.counted.retain(|_, counted| {
                    counted.examples -= 1;
                    counted.examples > 0
                });
                continue;
            }
            let counted = self.counted.entry(hash).or_default();
            counted.examples += 1;
            if counted.examples == KEPT_FROM {
                counted.text = Some(text.chars().take(LONGEST).collect());
            }
        }
    }

    /// Lists what is shared, the most shared first, and the texts in the same order.
    pub(crate) fn finish(self) -> (Boilerplate, Vec<String>) {
        let from = FEWEST.max(self.examples.div_ceil(100));
        let mut shared: Vec<_> =
            self.counted.into_iter().filter(|(_, counted)| counted.examples >= from).collect();
        shared.sort_by_key(|(hash, counted)| (std::cmp::Reverse(counted.examples), *hash));
        let passages = shared.len() as u64;
        shared.truncate(MOST_LISTED);
        let listed = |(hash, counted): &(u64, Counted)| Shared {
            passage: format!("{hash:016x}"),
            examples: counted.examples,
        };
        let most_shared = shared.iter().map(listed).collect();
        let texts =
            shared.into_iter().map(|(_, counted)| counted.text.unwrap_or_default().into_string()).collect();
        (Boilerplate { from, passages, missed: self.missed, most_shared }, texts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAW: &str = "We are an equal opportunity employer, as the law says.";

    fn own(n: u64) -> String {
        (0..9).map(|at| format!("w{}x", n * 31 + at)).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_a_tenth_of_the_examples_shares_is_counted_once_an_example() {
        let mut passages = Passages::default();
        for n in 0..200 {
            let law = if n % 10 == 0 { format!("{LAW} {}", LAW.to_uppercase()) } else { String::new() };
            passages.add(&format!("{}\n{law}", own(n)));
        }
        let (boilerplate, texts) = passages.finish();
        assert_eq!((boilerplate.from, boilerplate.passages, boilerplate.missed), (10, 1, 0));
        assert_eq!(boilerplate.most_shared[0].examples, 20);
        assert_eq!(texts, [LAW]);
    }

    #[test]
    fn a_few_examples_or_one_in_a_thousand_share_nothing_of_note() {
        let mut passages = Passages::default();
        (0..9).for_each(|_| passages.add(LAW));
        assert_eq!(passages.finish().0.passages, 0);
        let mut passages = Passages::default();
        (0..12).for_each(|_| passages.add(LAW));
        (0..2_000).for_each(|n| passages.add(&own(n)));
        let (boilerplate, _) = passages.finish();
        assert_eq!((boilerplate.from, boilerplate.passages), (21, 0));
    }

    #[test]
    fn memory_ends_and_what_stands_often_stays() {
        let mut passages = Passages::of(64);
        for n in 0..20_000 {
            passages.add(&format!("{}\n{}", own(n), if n % 4 == 0 { LAW } else { "" }));
            assert!(passages.counted.len() <= 64);
        }
        let missed = passages.missed;
        let (boilerplate, texts) = passages.finish();
        let counted = boilerplate.most_shared[0].examples;
        assert!(missed > 0 && counted <= 5_000 && counted + missed >= 5_000, "{counted} and {missed}");
        assert_eq!(texts, [LAW]);
    }
}
