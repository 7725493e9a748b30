//! What a score of a name is worth.
//!
//! Rules, propagation and the tagger compare scores of one scale, on which their decisions were tuned and which promises
//! too much. What leaves the scrubber is the share of findings that were right, measured by `make score` on the sets that
//! annotate names; it rises with the score, so that no decision changes.

/// Score, and the share of names with it that are right.
const KNOTS: [(f32, f32); 9] = [
    (0.0, 0.0),
    (0.25, 0.15),
    (0.5, 0.3),
    (0.6, 0.4),
    (0.7, 0.48),
    (0.8, 0.58),
    (0.9, 0.72),
    (0.95, 0.86),
    (1.0, 0.99),
];

/// Returns the share of names with that score that are right.
pub(crate) fn promised(score: f32) -> f32 {
    let behind = KNOTS.partition_point(|(knot, _)| *knot <= score);
    match (KNOTS.get(behind.wrapping_sub(1)), KNOTS.get(behind)) {
        (Some((low, from)), Some((high, to))) => from + (score - low) * (to - from) / (high - low),
        (Some((_, most)), None) => *most,
        (None, _) => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_score_is_more_worth_and_never_less() {
        let worth: Vec<f32> = (0_u16..=1_000).map(|at| promised(f32::from(at) / 1_000.0)).collect();
        assert!(worth.is_sorted() && worth[0] == 0.0 && worth.iter().all(|it| (0.0..=0.99).contains(it)));
        assert_eq!((promised(0.25), promised(0.5), promised(2.0), promised(-1.0)), (0.15, 0.3, 0.99, 0.0));
    }
}
