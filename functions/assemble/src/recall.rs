//! How much of what was planted was found, against what the recipe asks.

use std::collections::BTreeMap;

use pii::Kind;
use pii::plant::Tally;
use stage::manifest::Recall;
use stage::scrub_file::Planted;
use stage::{ErrorName, StageError};

/// What was planted of one kind, and found.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Measured {
    /// Into copies of rows that this run has read.
    pub(crate) now: Planted,
    /// By earlier runs, whose rows it takes over.
    pub(crate) earlier: Planted,
}

impl Measured {
    fn tally(self) -> Tally {
        let mut sum = self.now;
        sum += self.earlier;
        Tally { planted: sum.planted, found: sum.found }
    }
}

/// Returns the measure of every kind, over all rows that the run has or has had; a kind with a floor and nothing planted fails it.
///
/// # Errors
/// `ScrubRecallTooLow` with the first kind below its floor: counts and bounds, never a text.
pub(crate) fn measured(
    planted: &BTreeMap<String, Measured>,
    floors: &BTreeMap<Kind, f64>,
) -> Result<BTreeMap<String, Recall>, StageError> {
    let floor = |kind: &str| floors.iter().find(|(it, _)| it.as_str() == kind).map(|(_, floor)| *floor);
    let recall = |kind: &str, measured: &Measured| {
        let tally = measured.tally();
        Recall {
            planted: tally.planted,
            earlier: measured.earlier.planted,
            found: tally.found,
            recall: down(tally.share()),
            lower_bound: down(tally.lower_bound()),
            floor: floor(kind),
        }
    };
    let measured: BTreeMap<_, _> =
        planted.iter().map(|(kind, measured)| (kind.clone(), recall(kind, measured))).collect();
    for (kind, floor) in floors {
        let Recall { planted, found, recall, lower_bound, .. } =
            measured.get(kind.as_str()).copied().unwrap_or_default();
        if lower_bound < *floor {
            let text = format!(
                "of {planted} planted {kind} pieces {found} were found: recall {recall:.4}, at least {lower_bound:.4} by the 95% bound, and scrub.floor.{kind} is {floor}: choose scrub.strength = \"recall\" or a lower scrub.thresholds.{kind}, look into review/, or lower the floor"
            );
            return Err(StageError::new(ErrorName::ScrubRecallTooLow, text));
        }
    }
    Ok(measured)
}

/// Rounds down to four places: what is promised is never more than what was measured.
fn down(share: f64) -> f64 {
    (share * 1e4).floor() / 1e4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_below_its_floor_is_named_with_its_figures() {
        let planted = BTreeMap::from([(
            "email".to_owned(),
            Measured {
                now: Planted { planted: 150, found: 141 },
                earlier: Planted { planted: 50, found: 49 },
            },
        )]);
        let floors = |floor| BTreeMap::from([(Kind::Email, floor)]);
        let recall = measured(&planted, &floors(0.9)).unwrap()["email"];
        assert!(
            recall.earlier == 50
                && (recall.recall - 0.95).abs() < 1e-9
                && (recall.lower_bound - 0.9104).abs() < 2e-4,
            "{recall:?}"
        );
        let error = measured(&planted, &floors(0.92)).unwrap_err();
        assert_eq!(error.name(), ErrorName::ScrubRecallTooLow);
        for word in ["200", "190", "email", "0.9500", "0.91", "scrub.floor.email is 0.92"] {
            assert!(error.chain().contains(word), "{word}: {}", error.chain());
        }
    }

    #[test]
    fn nothing_planted_fails_a_floor_and_passes_none() {
        let none = BTreeMap::new();
        assert!(measured(&none, &BTreeMap::from([(Kind::Name, 0.5)])).is_err());
        assert!(measured(&none, &BTreeMap::from([(Kind::Name, 0.0)])).unwrap().is_empty());
    }
}
