use crate::known::Known;
use crate::names::promise::promised;
use crate::policy::{Policies, Thresholds};
use crate::propagate;
use crate::protect::{Allowed, protect};
use crate::recognisers::{REGISTRY, Recogniser};
use crate::resolve::resolve;
use crate::surrogate::{self, SurrogateKey};
use crate::{Doc, Finding, Kind, Kinds, Policy, Record, Scratch};

/// Changes whenever the same text may be rewritten differently; manifests bind it.
pub const VERSION: &str = "3";

/// Finds and rewrites. Building one compiles its patterns; share it.
pub struct Scrubber {
    recognisers: Vec<Box<dyn Recogniser>>,
    kinds: Kinds,
    policies: Policies,
    thresholds: Thresholds,
    allowed: Allowed,
    key: Option<SurrogateKey>,
    most_personal: Option<f32>,
}

impl Scrubber {
    /// Creates a scrubber for [`Kinds::DEFAULT`].
    pub fn new(policy: impl Into<Policies>) -> Self {
        Self {
            recognisers: Vec::new(),
            kinds: Kinds::NONE,
            policies: policy.into(),
            thresholds: Thresholds::TEXT,
            allowed: Allowed::default(),
            key: None,
            most_personal: None,
        }
        .with_kinds(Kinds::DEFAULT)
    }

    /// Looks for these kinds instead.
    #[must_use]
    pub fn with_kinds(mut self, kinds: Kinds) -> Self {
        self.recognisers =
            REGISTRY.iter().map(|entry| (entry.build)()).filter(|it| it.kinds().meets(kinds)).collect();
        self.kinds = kinds;
        self
    }

    /// Leaves a recogniser out, by the name of its file: so that a test can see what is missed without it.
    #[must_use]
    pub fn without_recogniser(mut self, name: &str) -> Self {
        let kept = REGISTRY.iter().filter(|entry| entry.name != name).map(|entry| (entry.build)());
        self.recognisers = kept.filter(|it| it.kinds().meets(self.kinds)).collect();
        self
    }

    /// Rewrites from these scores on instead of [`Thresholds::TEXT`].
    #[must_use]
    pub fn with_thresholds(mut self, thresholds: Thresholds) -> Self {
        self.thresholds = thresholds;
        self
    }

    /// Leaves these phrases alone wherever they stand as whole words, whatever their case.
    #[must_use]
    pub fn allowing<'a>(mut self, phrases: impl IntoIterator<Item = &'a str>) -> Self {
        self.allowed = Allowed::new(phrases);
        self
    }

    /// Makes surrogates under this key. Without one, tags stand in their place.
    #[must_use]
    pub fn with_key(mut self, key: SurrogateKey) -> Self {
        self.key = Some(key);
        self
    }

    /// Refuses records of which more than this share (0 to 1, of letters and digits) is found.
    #[must_use]
    pub fn refusing_above(mut self, share: f32) -> Self {
        self.most_personal = Some(share);
        self
    }

    /// Returns all that was seen in the text, in order and free of overlaps: also what is too doubtful to be rewritten.
    pub fn see(&self, text: &str, scratch: &mut Scratch) -> Vec<Finding> {
        let doc = Doc::read(text, self.kinds.meets(Kinds::WORDS), scratch);
        let mut findings = self.recognise(&doc);
        self.settle(text, &doc, &mut findings);
        findings
    }

    /// Returns what is rewritten, in order and free of overlaps.
    pub fn find(&self, text: &str) -> Vec<Finding> {
        let mut findings = self.see(text, &mut Scratch::default());
        findings.retain(|finding| self.is_sure(finding) && self.policies.of(finding.kind) != Policy::Keep);
        findings
    }

    /// Starts a record: its texts share what is known, numbers, surrogates and counts.
    pub fn record(&self) -> Record<'_> {
        Record::new(self)
    }

    /// Returns the kinds that are looked for and not kept.
    pub fn rewritten(&self) -> Kinds {
        self.kinds.iter().filter(|kind| self.rewrites(*kind)).collect()
    }

    /// Looks at texts of one record together; says whether something was learnt of its person, which is done where the
    /// record `shares` what is found among several texts.
    pub(crate) fn pass(
        &self,
        texts: &[&str],
        shares: bool,
        known: &mut Known,
        scratch: &mut Vec<Scratch>,
    ) -> (Vec<Vec<Finding>>, bool) {
        let mut has_learnt = false;
        scratch.resize_with(texts.len().max(scratch.len()), Scratch::default);
        let words = self.kinds.meets(Kinds::WORDS) || !known.is_empty();
        let docs: Vec<_> = texts
            .iter()
            .zip(scratch.iter_mut())
            .map(|(text, scratch)| Doc::read(text, words, scratch))
            .collect();
        let mut seen: Vec<_> = docs.iter().map(|doc| self.recognise(doc)).collect();
        if shares {
            for (doc, findings) in docs.iter().zip(&seen) {
                for finding in
                    findings.iter().filter(|it| is_identity(it.kind) && self.is_sure(&settled(**it)))
                {
                    known.learn(finding.kind, &doc.text()[finding.start..finding.end], finding.score);
                    has_learnt = true;
                }
            }
        }
        for ((text, doc), findings) in texts.iter().zip(&docs).zip(&mut seen) {
            if !known.is_empty() {
                known.find(doc, findings);
            }
            self.settle(text, doc, findings);
        }
        (seen, has_learnt)
    }

    fn recognise(&self, doc: &Doc<'_>) -> Vec<Finding> {
        let mut findings = Vec::new();
        for recogniser in &self.recognisers {
            recogniser.find(doc, &mut findings);
        }
        if self.kinds.has(Kind::Name) {
            propagate::within(doc, &mut findings);
        }
        findings.retain(|finding| self.kinds.has(finding.kind));
        findings
    }

    /// Leaves what stands: in order, free of overlaps, nothing that is protected, offsets of the text as it was given.
    fn settle(&self, text: &str, doc: &Doc<'_>, findings: &mut Vec<Finding>) {
        if findings.is_empty() {
            return;
        }
        for finding in findings.iter_mut() {
            (finding.start, finding.end) = doc.original(finding.start, finding.end);
        }
        protect(text, &self.allowed, findings);
        // What is rewritten stands whatever the doubtful ones say, though each kind has a threshold of its own.
        let (sure, doubtful) =
            std::mem::take(findings).into_iter().partition(|finding| self.is_sure(&settled(*finding)));
        let mut sure: Vec<Finding> = resolve(text, sure);
        let doubtful: Vec<Finding> = doubtful;
        let beside = |finding: &Finding| {
            let next = sure.partition_point(|other| other.end <= finding.start);
            sure.get(next).is_none_or(|other| !other.overlaps(finding))
        };
        let mut doubtful: Vec<_> = doubtful.into_iter().filter(beside).collect();
        doubtful = resolve(text, doubtful);
        sure.retain(|finding| {
            self.policies.of(finding.kind) != Policy::Surrogate
                || !surrogate::is_surrogate(finding.kind, &text[finding.start..finding.end])
        });
        sure.append(&mut doubtful);
        sure.sort_by_key(|finding| finding.start);
        findings.extend(sure.into_iter().map(settled));
    }

    /// Says whether a finding's score is one from which its kind is rewritten.
    pub fn is_sure(&self, finding: &Finding) -> bool {
        finding.score >= self.thresholds.of(finding.kind)
    }

    pub(crate) fn rewrites(&self, kind: Kind) -> bool {
        self.kinds.has(kind) && self.policies.of(kind) != Policy::Keep
    }

    pub(crate) fn policies(&self) -> &Policies {
        &self.policies
    }

    pub(crate) fn key(&self) -> Option<&SurrogateKey> {
        self.key.as_ref()
    }

    pub(crate) fn most_personal(&self) -> Option<f32> {
        self.most_personal
    }

    /// Says whether surrogates may be made.
    pub(crate) fn invents(&self) -> bool {
        self.key.is_some() && self.kinds.iter().any(|kind| self.policies.of(kind) == Policy::Surrogate)
    }
}

/// Gives a finding the score that it leaves with: the share of such findings that are right.
fn settled(finding: Finding) -> Finding {
    match finding.kind {
        Kind::Name => Finding { score: promised(finding.score), ..finding },
        _ => finding,
    }
}

/// Kinds of which one value says who it is, so that it goes wherever it stands.
fn is_identity(kind: Kind) -> bool {
    Kinds::of(&[Kind::Name, Kind::Email, Kind::Phone, Kind::Username, Kind::Url]).has(kind)
}

#[cfg(test)]
mod tests;
