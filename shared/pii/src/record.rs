//! The texts of one record: one person, one set of numbers and surrogates.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use crate::known::Known;
use crate::pool::Pooled;
use crate::rewrite::{Numbers, rewrite};
use crate::surrogate::Surrogates;
use crate::{Finding, Kind, Policy, Scrubber};

/// Each pass removes what it finds, so a text is clean after few; the bound keeps a hostile one from costing more.
const MOST_PASSES: usize = 4;

/// The texts of one record, scrubbed together or one after another: they share what is known of the person, numbers,
/// surrogates and counts.
pub struct Record<'a> {
    scrubber: &'a Scrubber,
    known: Known,
    numbers: Numbers,
    surrogates: Surrogates<'a>,
    scratch: Pooled,
    counts: BTreeMap<Kind, u64>,
    doubtful: Vec<Vec<Finding>>,
    /// Letters and digits that were found, and all there were.
    found: [usize; 2],
    dropped: Option<Kind>,
    is_clean: bool,
}

/// Why a record must not be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Something is left after several passes: the text was made to hide it.
    Unclean,
    /// It holds something of a kind whose records are dropped.
    Holds(Kind),
    /// More of it is personal data than the scrubber is told to let pass.
    MostlyPersonal,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unclean => f.write_str("personal data is left after several passes"),
            Self::Holds(kind) => write!(f, "it holds a {kind}, and records with one are dropped"),
            Self::MostlyPersonal => f.write_str("too much of it is personal data"),
        }
    }
}

impl<'a> Record<'a> {
    pub(crate) fn new(scrubber: &'a Scrubber) -> Self {
        Self {
            scrubber,
            known: Known::default(),
            numbers: Numbers::default(),
            surrogates: Surrogates::new(scrubber.key()),
            scratch: Pooled::take(),
            counts: BTreeMap::new(),
            doubtful: Vec::new(),
            found: [0; 2],
            dropped: None,
            is_clean: true,
        }
    }

    /// Tells what is known of the record's person, such as the row's own name: it is removed from all texts, in exact
    /// and near forms. A value of a kind that is not looked for is ignored.
    pub fn know(&mut self, kind: Kind, value: &str) {
        if self.scrubber.rewrites(kind) {
            self.known.learn_own(kind, value);
        }
    }

    /// Rewrites one text of the record. Texts that are told together share more: what is found in one goes in all.
    pub fn text(&mut self, text: &str) -> String {
        self.texts(&[text]).pop().unwrap_or_default()
    }

    /// Rewrites texts of the record, until nothing is found any more: a finding that is gone may uncover another, such
    /// as the second of two numbers that stood in one run of digits. A text in which nothing was found is not read
    /// again, unless something new is learnt of the person.
    pub fn texts(&mut self, texts: &[&str]) -> Vec<String> {
        let scrubber = self.scrubber;
        if scrubber.invents() {
            for text in texts {
                self.surrogates.see(text);
            }
        }
        let mut clean: Vec<Cow<'_, str>> = texts.iter().map(|text| Cow::Borrowed(*text)).collect();
        let mut doubtful = vec![Vec::new(); texts.len()];
        // The places of the texts that may hold something.
        let mut open: Vec<usize> = (0..texts.len()).collect();
        for pass in 0.. {
            let shares = texts.len() > 1;
            let (mut seen, has_learnt) = self.look(&clean, &open, shares);
            if has_learnt && open.len() < clean.len() {
                open = (0..clean.len()).collect();
                (seen, _) = self.look(&clean, &open, shares);
            }
            for (&at, findings) in open.iter().zip(&mut seen) {
                findings.retain(|finding| scrubber.policies().of(finding.kind) != Policy::Keep);
                doubtful[at] = findings.extract_if(.., |finding| !scrubber.is_sure(finding)).collect();
            }
            if pass == 0 {
                self.weigh(texts, &seen);
            }
            let is_changed = seen.iter().any(|findings| !findings.is_empty());
            if !is_changed || pass == MOST_PASSES {
                self.is_clean &= !is_changed;
                break;
            }
            self.count(&seen);
            for (&at, findings) in open.iter().zip(&seen).filter(|(_, findings)| !findings.is_empty()) {
                let (numbers, surrogates) = (&mut self.numbers, &mut self.surrogates);
                clean[at] = rewrite(&clean[at], findings, scrubber.policies(), numbers, surrogates).into();
            }
            let mut changed = seen.iter().map(|findings| !findings.is_empty());
            open.retain(|_| changed.next().unwrap_or_default());
        }
        self.doubtful.append(&mut doubtful);
        clean.into_iter().map(Cow::into_owned).collect()
    }

    /// Looks at some of the texts.
    fn look(&mut self, texts: &[Cow<'_, str>], open: &[usize], shares: bool) -> (Vec<Vec<Finding>>, bool) {
        let open: Vec<&str> = open.iter().map(|&at| &*texts[at]).collect();
        self.scrubber.pass(&open, shares, &mut self.known, &mut self.scratch)
    }

    fn count(&mut self, seen: &[Vec<Finding>]) {
        for finding in seen.iter().flatten() {
            *self.counts.entry(finding.kind).or_default() += 1;
            if self.scrubber.policies().of(finding.kind) == Policy::Drop {
                self.dropped.get_or_insert(finding.kind);
            }
        }
    }

    fn weigh(&mut self, texts: &[&str], seen: &[Vec<Finding>]) {
        if self.scrubber.most_personal().is_none() {
            return;
        }
        let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).count();
        for (text, findings) in texts.iter().zip(seen) {
            self.found[0] +=
                findings.iter().map(|finding| letters(&text[finding.start..finding.end])).sum::<usize>();
            self.found[1] += letters(text);
        }
    }

    /// Says whether every text of the record came to an end: one that was made to hide numbers in numbers does not, and
    /// must not be used.
    pub fn is_clean(&self) -> bool {
        self.is_clean
    }

    /// Returns why the record must not be used, if so.
    pub fn refusal(&self) -> Option<Refusal> {
        let [found, all] = self.found;
        #[expect(clippy::cast_precision_loss, reason = "texts are far shorter than 2^52 letters")]
        let is_above = |most: f32| found > 0 && found as f64 > f64::from(most) * all as f64;
        if !self.is_clean {
            Some(Refusal::Unclean)
        } else if let Some(kind) = self.dropped {
            Some(Refusal::Holds(kind))
        } else {
            self.scrubber.most_personal().is_some_and(is_above).then_some(Refusal::MostlyPersonal)
        }
    }

    /// Returns how much was rewritten so far, by kind.
    pub fn counts(&self) -> &BTreeMap<Kind, u64> {
        &self.counts
    }

    /// Returns, for each text in the order in which they were given, what was too doubtful to be rewritten. Offsets are
    /// those of the clean text.
    pub fn doubtful(&self) -> &[Vec<Finding>] {
        &self.doubtful
    }
}

#[cfg(test)]
mod tests;
