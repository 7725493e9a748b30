//! What the scrubber promises about any text. The targets hand texts in; these checks panic when a promise is broken.

use std::cell::RefCell;
use std::sync::LazyLock;

use pii::Policy;
use pii::spans::spans;
use pii::{Finding, Kinds, Scratch, Scrubber, SurrogateKey};

static TAGS: LazyLock<Scrubber> = LazyLock::new(|| Scrubber::new(Policy::Tag).with_kinds(Kinds::ALL));
static NUMBERS: LazyLock<Scrubber> = LazyLock::new(|| Scrubber::new(Policy::Numbered).with_kinds(Kinds::ALL));
static SURROGATES: LazyLock<Scrubber> = LazyLock::new(|| {
    Scrubber::new(Policy::Surrogate).with_kinds(Kinds::ALL).with_key(SurrogateKey::new(b"fuzz"))
});

thread_local! {
    /// All texts before were read with it.
    static USED: RefCell<Scratch> = RefCell::default();
}

/// Findings are in order, free of overlaps, on boundaries of characters, of kinds that were asked for, with a score.
pub fn finds_in_order(text: &str) {
    let findings = TAGS.see(text, &mut Scratch::default());
    check(text, &findings);
    // What was read before leaves no trace.
    let again = USED.with_borrow_mut(|scratch| TAGS.see(text, scratch));
    assert_eq!(again, findings, "a used scratch changes what is seen");
}

fn check(text: &str, findings: &[Finding]) {
    let mut at = 0;
    for finding in findings {
        assert!(finding.start >= at && finding.end > finding.start, "out of order: {finding:?}");
        assert!(text.get(finding.start..finding.end).is_some(), "not on boundaries: {finding:?}");
        assert!((0.0..=1.0).contains(&finding.score), "no score: {finding:?}");
        at = finding.end;
    }
}

/// A text without findings is left byte for byte, and of any other nothing but tags is new: what stands between tags is
/// the text's own, in its order.
pub fn leaves_the_rest(text: &str) {
    let mut record = TAGS.record();
    let clean = record.text(text);
    if TAGS.find(text).is_empty() {
        assert_eq!(clean, text, "nothing was found, but the text was changed");
        assert!(record.counts().is_empty());
    } else {
        assert!(record.counts().values().sum::<u64>() >= 1, "a finding was not counted");
    }
    let mut own = text.chars();
    for c in without_tags(&clean).chars() {
        assert!(own.any(|it| it == c), "{c:?} of {clean:?} is not the text's");
    }
}

fn without_tags(clean: &str) -> String {
    let tags = Kinds::ALL.iter().map(|kind| format!("[{kind}]"));
    tags.fold(clean.to_owned(), |text, tag| text.replace(&tag, ""))
}

/// Scrubbing what is scrubbed changes nothing, whatever the policy; where a text is called clean, nothing is left.
pub fn comes_to_an_end(text: &str) {
    for scrubber in [&*TAGS, &*NUMBERS, &*SURROGATES] {
        let mut record = scrubber.record();
        let once = record.text(text);
        if record.is_clean() {
            let left = scrubber.find(&once);
            assert!(left.is_empty(), "left in {once:?}: {left:?}");
            assert_eq!(scrubber.record().text(&once), once, "a second scrub changes {once:?}");
        }
    }
}

/// Offsets in code points name the same pieces of text as offsets in bytes.
pub fn counts_code_points(text: &str) {
    let findings = TAGS.find(text);
    let points: Vec<char> = text.chars().collect();
    let counted = spans(text, &findings);
    assert_eq!(counted.len(), findings.len());
    for (span, finding) in counted.iter().zip(&findings) {
        let piece: String = points[span.start..span.end].iter().collect();
        assert_eq!(piece, text[finding.start..finding.end]);
    }
}
