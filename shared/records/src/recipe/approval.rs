use serde::{Deserialize, Serialize};

use super::Purpose;

/// An answer may be waited for this long. The keys by which consent is read once more expire seven days after they were
/// written, and a provider that takes no more jobs today is asked for a day on top.
pub const MOST_APPROVAL_HOURS: u32 = 96;

/// Longest word for a feature, and how many there may be: they are read in an e-mail.
const LONGEST_FEATURE: usize = 80;
const MOST_FEATURES: usize = 20;

/// When a run waits for an operator before it costs anything. A run above `price.max_usd` always does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Approval {
    /// Whether runs wait until the recipe has been approved once.
    pub first_run: bool,
    /// Hours after which a run that nobody has answered ends.
    pub hours: u32,
    /// What of the app the model serves, as the operator would call it; by the purpose where left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<String>,
}

impl Default for Approval {
    fn default() -> Self {
        Self { first_run: true, hours: 72, features: Vec::new() }
    }
}

impl Approval {
    /// Returns what of the app a model of that purpose serves.
    pub fn features(&self, purpose: Purpose) -> Vec<String> {
        if !self.features.is_empty() {
            return self.features.clone();
        }
        let word = match purpose {
            Purpose::Job => "writing job descriptions",
            Purpose::Resume => "improving résumés",
            Purpose::Support => "answering support questions",
            Purpose::Seo => "writing search-engine texts",
            Purpose::General => "every feature without a model of its own",
        };
        vec![word.to_owned()]
    }

    pub(super) fn check(&self) -> Result<(), String> {
        if !(1..=MOST_APPROVAL_HOURS).contains(&self.hours) {
            return Err(format!("approval.hours: use 1 to {MOST_APPROVAL_HOURS}"));
        }
        let plain = |word: &String| {
            !word.trim().is_empty() && word.len() <= LONGEST_FEATURE && !word.chars().any(char::is_control)
        };
        if self.features.len() > MOST_FEATURES || !self.features.iter().all(plain) {
            return Err(format!(
                "approval.features: name at most {MOST_FEATURES}, each in one line of 1 to {LONGEST_FEATURE} bytes"
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn approval(text: &str) -> Approval {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn without_a_word_the_first_run_waits_for_three_days() {
        let default = approval("");
        assert_eq!(default, Approval::default());
        assert!(default.first_run && default.hours == 72 && default.check().is_ok());
        assert_eq!(default.features(Purpose::Support), ["answering support questions"]);
        let named = approval("features = ['chat', 'inbox']");
        assert_eq!(named.features(Purpose::Support), ["chat", "inbox"]);
    }

    #[test]
    fn refuses_hours_beyond_the_keys_life_and_features_that_are_no_line() {
        for (text, part) in [
            ("hours = 0", "approval.hours"),
            ("hours = 97", "1 to 96"),
            ("features = [' ']", "approval.features"),
            ("features = [\"a\\nb\"]", "one line"),
        ] {
            assert!(approval(text).check().unwrap_err().contains(part), "{text}");
        }
        assert_eq!(approval("hours = 96\nfirst_run = false").check(), Ok(()));
    }
}
