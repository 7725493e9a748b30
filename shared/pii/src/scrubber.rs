use std::collections::BTreeMap;

use crate::recognisers::{REGISTRY, Recogniser};
use crate::resolve::resolve;
use crate::rewrite::{Numbers, Policy, rewrite};
use crate::{Doc, Finding, Kind, Kinds, Scratch};

/// Changes whenever the same text may be rewritten differently; manifests bind it.
pub const VERSION: &str = "1";

/// Each pass removes what it finds, so a text is clean after few; the bound keeps a hostile one from costing more.
const MOST_PASSES: usize = 4;

/// The score from which a finding is rewritten.
pub const REWRITTEN_FROM: f32 = 0.5;

/// Finds and rewrites. Building one compiles its patterns; share it.
pub struct Scrubber {
    recognisers: Vec<Box<dyn Recogniser>>,
    kinds: Kinds,
    policy: Policy,
}

impl Scrubber {
    /// Creates a scrubber for [`Kinds::DEFAULT`].
    pub fn new(policy: Policy) -> Self {
        Self { recognisers: Vec::new(), kinds: Kinds::NONE, policy }.with_kinds(Kinds::DEFAULT)
    }

    /// Looks for these kinds instead.
    #[must_use]
    pub fn with_kinds(mut self, kinds: Kinds) -> Self {
        self.recognisers =
            REGISTRY.iter().map(|entry| (entry.build)()).filter(|it| it.kinds().meets(kinds)).collect();
        self.kinds = kinds;
        self
    }

    /// Returns all that was seen in the text, in order and free of overlaps: also what is too doubtful to be rewritten.
    pub fn see(&self, text: &str, scratch: &mut Scratch) -> Vec<Finding> {
        let doc = Doc::read(text, self.kinds.meets(Kinds::WORDS), scratch);
        let mut findings = Vec::new();
        for recogniser in &self.recognisers {
            recogniser.find(&doc, &mut findings);
        }
        findings.retain(|finding| self.kinds.has(finding.kind));
        let mut findings = resolve(findings);
        for finding in &mut findings {
            (finding.start, finding.end) = doc.original(finding.start, finding.end);
        }
        findings
    }

    /// Returns what is rewritten, in order and free of overlaps.
    pub fn find(&self, text: &str) -> Vec<Finding> {
        let mut findings = self.see(text, &mut Scratch::default());
        findings.retain(|finding| finding.score >= REWRITTEN_FROM);
        findings
    }

    /// Starts a record: its texts share numbers and counts.
    pub fn record(&self) -> Record<'_> {
        Record { scrubber: self, numbers: Numbers::default(), counts: BTreeMap::new(), is_clean: true }
    }
}

/// The texts of one record.
pub struct Record<'a> {
    scrubber: &'a Scrubber,
    numbers: Numbers,
    counts: BTreeMap<Kind, u64>,
    is_clean: bool,
}

impl Record<'_> {
    /// Rewrites one text of the record, until nothing is found any more: a finding that is gone may uncover another,
    /// such as the second of two numbers that stood in one run of digits.
    pub fn text(&mut self, text: &str) -> String {
        let mut clean = text.to_owned();
        for pass in 0.. {
            let findings = self.scrubber.find(&clean);
            if findings.is_empty() {
                break;
            }
            if pass == MOST_PASSES {
                self.is_clean = false;
                break;
            }
            for finding in &findings {
                *self.counts.entry(finding.kind).or_default() += 1;
            }
            clean = rewrite(&clean, &findings, self.scrubber.policy, &mut self.numbers);
        }
        clean
    }

    /// Says whether every text of the record came to an end: one that was made to hide numbers in numbers does not, and
    /// must not be used.
    pub fn is_clean(&self) -> bool {
        self.is_clean
    }

    /// Returns how much was found so far, by kind.
    pub fn counts(&self) -> &BTreeMap<Kind, u64> {
        &self.counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_person_keeps_its_number_across_the_texts_of_a_record() {
        let scrubber = Scrubber::new(Policy::Numbered);
        let mut record = scrubber.record();
        assert_eq!(record.text("From ann@example.com to bob@example.com"), "From [email_1] to [email_2]");
        assert_eq!(record.text("BOB@example.com wrote"), "[email_2] wrote");
        assert_eq!(scrubber.record().text("bob@example.com"), "[email_1]");
    }

    #[test]
    fn scrubbing_twice_changes_nothing() {
        for policy in [Policy::Tag, Policy::Numbered] {
            let scrubber = Scrubber::new(policy);
            let text = "Dear Ann Lee,\ncall +44 20 7946 0018 or mail a.b@c.example\nRegards,\nJohn Smith";
            let once = scrubber.record().text(text);
            assert_eq!(scrubber.record().text(&once), once);
            assert!(!once.contains("Ann") && !once.contains("7946"), "{once}");
        }
    }

    #[test]
    fn a_text_that_hides_numbers_in_numbers_is_not_called_clean() {
        let scrubber = Scrubber::new(Policy::Tag);
        let mut record = scrubber.record();
        record.text(&"17946 0018".repeat(9));
        assert!(!record.is_clean());
        let mut record = scrubber.record();
        record.text("call +1 212 555 0123");
        assert!(record.is_clean());
    }

    #[test]
    fn numbers_are_given_in_the_order_of_the_text() {
        let text = (1..=20_000).map(|n| format!("a{n}@example.com")).collect::<Vec<_>>().join(", ");
        let clean = Scrubber::new(Policy::Numbered).record().text(&text);
        assert!(clean.starts_with("[email_1], [email_2], ") && clean.ends_with(", [email_20000]"));
    }

    #[test]
    fn multi_byte_text_is_never_cut() {
        let scrubber = Scrubber::new(Policy::Tag);
        assert_eq!(scrubber.record().text("日本 ann@example.com 語 😀"), "日本 [email] 語 😀");
    }
}
