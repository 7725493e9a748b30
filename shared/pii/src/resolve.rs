//! Which of overlapping findings stands.

use std::collections::BTreeMap;

use crate::Finding;

/// Keeps the best of every group that overlaps: the higher score, then the longer, then the earlier. What it leaves is
/// in order and free of overlaps.
pub fn resolve(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.retain(|finding| !finding.is_empty());
    findings.sort_by(|a, b| {
        b.score
            .total_cmp(&a.score)
            .then(b.len().cmp(&a.len()))
            .then(a.start.cmp(&b.start))
            .then(a.kind.cmp(&b.kind))
    });
    // By start, and free of overlaps: only the nearest one before its end can touch a newcomer.
    let mut kept: BTreeMap<usize, Finding> = BTreeMap::new();
    for finding in findings {
        let nearest = kept.range(..finding.end).next_back();
        if nearest.is_none_or(|(_, other)| !other.overlaps(&finding)) {
            kept.insert(finding.start, finding);
        }
    }
    kept.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;

    fn finding(start: usize, end: usize, score: f32) -> Finding {
        Finding { kind: Kind::Name, start, end, score, rule: "test" }
    }

    fn spans(findings: Vec<Finding>) -> Vec<(usize, usize)> {
        resolve(findings).iter().map(|finding| (finding.start, finding.end)).collect()
    }

    #[test]
    fn the_higher_score_stands() {
        assert_eq!(spans(vec![finding(0, 9, 0.5), finding(5, 12, 0.9)]), [(5, 12)]);
    }

    #[test]
    fn of_equal_scores_the_longer_stands() {
        assert_eq!(spans(vec![finding(5, 8, 0.5), finding(0, 9, 0.5)]), [(0, 9)]);
    }

    #[test]
    fn neighbours_both_stand() {
        assert_eq!(spans(vec![finding(5, 8, 0.5), finding(0, 5, 0.5), finding(8, 8, 1.0)]), [(0, 5), (5, 8)]);
    }
}
