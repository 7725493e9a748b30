//! Findings in the form that public scorers read: offsets in Unicode code points, end exclusive, labels of the sets.

use serde::{Deserialize, Serialize};

use crate::Finding;

/// A text to be judged, one a line of JSONL.
#[derive(Deserialize)]
pub struct Input {
    /// Names the text in the output.
    pub id: String,
    /// What is read.
    pub text: String,
}

/// What was found in a text, one a line of JSONL.
#[derive(Serialize)]
pub struct Output {
    /// The input's.
    pub id: String,
    /// In order and free of overlaps.
    pub spans: Vec<Span>,
}

/// A finding, without its text.
#[derive(Serialize)]
pub struct Span {
    /// First code point.
    pub start: usize,
    /// One past the last code point.
    pub end: usize,
    /// The sets' label of the kind.
    pub label: &'static str,
    /// How sure the rule is: 0 to 1.
    pub score: f32,
    /// The rule that saw it.
    pub rule: &'static str,
}

/// Counts the findings' byte offsets in code points. The findings must be in order and free of overlaps.
pub fn spans(text: &str, findings: &[Finding]) -> Vec<Span> {
    let (mut at, mut points) = (0, 0);
    let mut count_to = |offset: usize| {
        points += text[at..offset].chars().count();
        at = offset;
        points
    };
    findings
        .iter()
        .map(|finding| Span {
            start: count_to(finding.start),
            end: count_to(finding.end),
            label: finding.kind.label(),
            score: finding.score,
            rule: finding.rule,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Policy, Scrubber};

    #[test]
    fn offsets_count_code_points() {
        let text = "Łódź 😀 ann@example.com é";
        let spans = spans(text, &Scrubber::new(Policy::Tag).find(text));
        assert_eq!((spans[0].start, spans[0].end, spans[0].label), (7, 22, "EMAIL"));
    }
}
