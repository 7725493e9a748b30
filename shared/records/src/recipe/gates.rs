use serde::{Deserialize, Serialize};

/// When a run is refused.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Gates {
    /// Fewest training examples; the provider's own minimum holds beside it.
    pub min_examples: u64,
    /// Rows may move while a table is read: a difference up to this share of a slice is accepted.
    pub max_moved_percent: f64,
    /// People may take consent back while a run is under way: up to this share of its examples is left out, more stops
    /// the run.
    pub max_withdrawn_percent: f64,
}

impl Default for Gates {
    fn default() -> Self {
        Self { min_examples: 10, max_moved_percent: 1.0, max_withdrawn_percent: 5.0 }
    }
}

impl Gates {
    /// Says whether two counts of a slice differ by no more than rows may move: the share, in whole rows rounded up.
    pub fn allow_moved(&self, written: u64, counted: u64) -> bool {
        #[expect(clippy::cast_precision_loss, reason = "a share in percent needs no more than 52 bits")]
        let (moved, most) =
            (written.abs_diff(counted) as f64, counted.max(1) as f64 * self.max_moved_percent / 100.0);
        moved <= most.ceil()
    }

    /// Says whether a slice lost no more rows since it was planned than people may withdraw, beside those that may move.
    pub fn allow_left(&self, written: u64, planned: u64) -> bool {
        #[expect(clippy::cast_precision_loss, reason = "a share in percent needs no more than 52 bits")]
        let (left, most) =
            (planned.saturating_sub(written) as f64, planned as f64 * self.max_withdrawn_percent / 100.0);
        self.allow_moved(written, planned) || (written < planned && left <= most.ceil())
    }

    pub(super) fn check(&self) -> Result<(), String> {
        if !(0.0..=100.0).contains(&self.max_moved_percent) {
            return Err("gates.max_moved_percent: use 0 to 100".to_owned());
        }
        if !(0.0..=100.0).contains(&self.max_withdrawn_percent) {
            return Err("gates.max_withdrawn_percent: use 0 to 100".to_owned());
        }
        Ok(())
    }
}
