//! Which side of the dataset an example is on.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// A side of the dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SideName {
    /// The model learns from it.
    Train,
    /// The provider validates on it.
    Validation,
    /// The provider never sees it: the evaluation's own.
    Holdout,
}

impl SideName {
    /// All sides, in the order of the manifest.
    pub const ALL: [Self; 3] = [Self::Train, Self::Validation, Self::Holdout];

    /// Returns the side's file name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "validation",
            Self::Holdout => "holdout",
        }
    }
}

/// How a recipe splits its examples.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Split {
    /// Share of groups in the validation side, in percent.
    pub validation_percent: u8,
    /// Share of groups in the hold-out, in percent.
    pub holdout_percent: u8,
    /// Another seed gives another split.
    #[serde(default)]
    pub seed: u64,
    /// The run whose hold-out is kept, by its name or the key of the object: models of several runs are then measured by
    /// the same questions. Nothing that is in it, or repeats it, is learnt from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holdout_of: Option<String>,
}

impl Split {
    /// Returns the run whose hold-out is kept.
    pub fn pinned(&self) -> Option<&str> {
        let name = self.holdout_of.as_deref()?;
        let key = name.strip_prefix("runs/").and_then(|key| key.strip_suffix("/dataset/holdout.jsonl"));
        Some(key.unwrap_or(name))
    }

    /// Checks what the types cannot.
    ///
    /// # Errors
    /// The key and the fix.
    pub(crate) fn check(&self) -> Result<(), String> {
        if u16::from(self.validation_percent) + u16::from(self.holdout_percent) > 50 {
            return Err(
                "split: validation_percent and holdout_percent together must leave half for training"
                    .to_owned(),
            );
        }
        if self.seed > 1 << 53 {
            return Err(
                "split.seed: use at most 9007199254740992, JSON has no greater whole numbers".to_owned()
            );
        }
        let plain = |run: &str| {
            (1..=80).contains(&run.len())
                && run.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
        };
        if self.pinned().is_some_and(|run| !plain(run)) {
            return Err("split.holdout_of: name a run, or the key runs/RUN/dataset/holdout.jsonl".to_owned());
        }
        Ok(())
    }

    /// Returns the side of a group. By hash: a group stays on its side from run to run, however many rows come.
    pub fn side(&self, group: &str) -> SideName {
        let hash = self.hash(group);
        let bucket = u16::from_be_bytes([hash[0], hash[1]]) % 100;
        let holdout = u16::from(self.holdout_percent);
        if bucket < holdout {
            SideName::Holdout
        } else if bucket < holdout + u16::from(self.validation_percent) {
            SideName::Validation
        } else {
            SideName::Train
        }
    }

    /// Returns a number by which one of several groups is chosen, whatever order they come in.
    pub fn rank(&self, group: &str) -> u64 {
        self.hash(group).iter().skip(2).take(8).fold(0, |rank, byte| (rank << 8) | u64::from(*byte))
    }

    fn hash(&self, group: &str) -> [u8; 32] {
        Sha256::new().chain_update(self.seed.to_be_bytes()).chain_update(group.as_bytes()).finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPLIT: Split = Split { validation_percent: 10, holdout_percent: 5, seed: 7, holdout_of: None };

    #[test]
    fn shares_are_as_asked() {
        let mut counts = [0_u32; 3];
        for group in 0..20_000 {
            counts[SPLIT.side(&group.to_string()) as usize] += 1;
        }
        // Three standard deviations of a binomial with n = 20,000 around 85, 10 and 5 percent.
        assert!((16_850..=17_150).contains(&counts[0]), "{counts:?}");
        assert!((1_870..=2_130).contains(&counts[1]), "{counts:?}");
        assert!((900..=1_100).contains(&counts[2]), "{counts:?}");
    }

    #[test]
    fn a_hold_out_is_pinned_by_its_run_or_its_key() {
        let pinned = |name: &str| Split { holdout_of: Some(name.to_owned()), ..SPLIT };
        for name in ["run-1", "runs/run-1/dataset/holdout.jsonl"] {
            assert!(pinned(name).check().is_ok());
            assert_eq!(pinned(name).pinned(), Some("run-1"));
        }
        for name in ["", "../x", "runs/run-1/dataset/train.jsonl", "s3://bucket/holdout.jsonl"] {
            assert!(pinned(name).check().unwrap_err().contains("split.holdout_of"), "{name}");
        }
        assert!(Split { seed: u64::MAX, ..SPLIT }.check().is_err());
    }

    #[test]
    fn another_seed_is_another_split() {
        let other = Split { seed: 8, ..SPLIT };
        assert!((0..100).any(|group: u32| SPLIT.side(&group.to_string()) != other.side(&group.to_string())));
    }
}
