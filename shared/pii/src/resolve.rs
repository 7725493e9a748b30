//! Which of overlapping findings stands.

use std::ops::Range;

use crate::Finding;

/// Leaves findings in order and free of overlaps that hide all that any of them hides.
///
/// A whole stands for its parts. Of two that cross, the one with the higher score stands, then the longer, then the
/// earlier; what the other saw beyond it stands as a finding of its own. Nothing that was seen is given up because
/// something beside it was seen too.
pub fn resolve(text: &str, mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.retain(|finding| !finding.is_empty());
    findings.sort_by(|a, b| {
        a.start
            .cmp(&b.start)
            .then(b.end.cmp(&a.end))
            .then(b.score.total_cmp(&a.score))
            .then(a.kind.cmp(&b.kind))
    });
    let mut reached = 0;
    findings.retain(|finding| {
        let is_part = finding.end <= reached;
        reached = reached.max(finding.end);
        !is_part
    });
    // No finding is part of another now: starts and ends both rise, and only neighbours cross.
    let mut kept: Vec<Finding> = Vec::with_capacity(findings.len());
    for mut finding in findings {
        while let Some(last) = kept.last_mut().filter(|last| last.end > finding.start) {
            if last.score.total_cmp(&finding.score).then(last.len().cmp(&finding.len())).is_ge() {
                finding.start = last.end;
                finding.start += inner(&text[finding.start..finding.end]).start;
            } else {
                last.end = finding.start.max(last.start);
                last.end = last.start + inner(&text[last.start..last.end]).end;
                if last.is_empty() {
                    kept.pop();
                }
            }
        }
        if !finding.is_empty() {
            kept.push(finding);
        }
    }
    kept
}

/// Returns where the letters and digits of a rest begin and end; an empty range at its end when there are none.
fn inner(rest: &str) -> Range<usize> {
    let start = rest.find(char::is_alphanumeric).unwrap_or(rest.len());
    let end = rest.trim_end_matches(|c: char| !c.is_alphanumeric()).len();
    start..end
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;

    fn finding(start: usize, end: usize, score: f32) -> Finding {
        Finding { kind: Kind::Name, start, end, score, rule: "test" }
    }

    fn spans(text: &str, findings: Vec<Finding>) -> Vec<(usize, usize)> {
        resolve(text, findings).iter().map(|finding| (finding.start, finding.end)).collect()
    }

    const TEXT: &str = "Ann Lee Apt. 12, Hull 3";

    #[test]
    fn of_two_that_cross_the_higher_score_stands_and_the_rest_of_the_other_too() {
        assert_eq!(spans(TEXT, vec![finding(0, 11, 0.9), finding(8, 15, 0.6)]), [(0, 11), (13, 15)]);
        assert_eq!(spans(TEXT, vec![finding(0, 11, 0.6), finding(8, 15, 0.9)]), [(0, 7), (8, 15)]);
    }

    #[test]
    fn of_equal_scores_the_longer_stands() {
        assert_eq!(spans(TEXT, vec![finding(8, 15, 0.5), finding(0, 11, 0.5)]), [(0, 11), (13, 15)]);
    }

    #[test]
    fn a_whole_stands_for_its_parts() {
        assert_eq!(
            spans(TEXT, vec![finding(8, 23, 0.5), finding(17, 21, 0.9), finding(8, 15, 0.7)]),
            [(8, 23)]
        );
    }

    #[test]
    fn a_rest_without_letters_or_digits_is_given_up() {
        assert_eq!(
            spans(TEXT, vec![finding(0, 8, 0.9), finding(7, 8, 0.9), finding(4, 12, 0.5)]),
            [(0, 8), (8, 12)]
        );
        assert_eq!(spans(TEXT, vec![finding(8, 15, 0.9), finding(13, 16, 0.5)]), [(8, 15)]);
        // The middle one is covered from both sides.
        assert_eq!(
            spans(TEXT, vec![finding(0, 11, 0.9), finding(8, 15, 0.5), finding(9, 21, 0.7)]),
            [(0, 11), (13, 21)]
        );
    }

    #[test]
    fn neighbours_both_stand() {
        assert_eq!(
            spans(TEXT, vec![finding(5, 8, 0.5), finding(0, 5, 0.5), finding(8, 8, 1.0)]),
            [(0, 5), (5, 8)]
        );
    }
}
