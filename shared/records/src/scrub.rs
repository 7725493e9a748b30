//! How personal data is found and replaced, as a recipe says it.

use std::collections::BTreeMap;

use pii::plant::PLANTED;
use pii::{Kind, Kinds, Policies, Policy, Scrubber, SurrogateKey, Thresholds};
use serde::{Deserialize, Serialize};

/// Most phrases that a recipe may allow, and the longest in bytes: each is looked for around each finding.
const MOST_ALLOWED: usize = 500;
const LONGEST_ALLOWED: usize = 100;

/// Recall that a run must show of what it has planted, unless the recipe says otherwise: the lower bound, by kind.
const FLOOR: [(Kind, f64); 2] = [(Kind::Email, 0.9), (Kind::Phone, 0.8)];

/// `[scrub]` of a recipe.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Scrub {
    /// What stands in the place of a finding.
    pub policy: Policy,
    /// The same for single kinds. Naming one that is not looked for by default adds it; `keep` takes one out.
    pub kinds: BTreeMap<Kind, Policy>,
    /// Whether recall or text is worth more.
    pub strength: Strength,
    /// Scores from which findings of single kinds are replaced, instead of the strength's.
    pub thresholds: BTreeMap<Kind, f32>,
    /// An example is left out when more than this share of its letters and digits is found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drop_above: Option<f32>,
    /// Phrases that are never replaced: public figures, the app's own names.
    pub allow: Vec<String>,
    /// Recall of what was planted below which a run is refused, by kind: the lower bound of 95%.
    pub floor: BTreeMap<Kind, f64>,
}

/// What a doubtful finding is worth.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Strength {
    /// Replaced when it is more likely personal data than not.
    #[default]
    Text,
    /// Replaced when it is personal data once in four times.
    Recall,
}

impl Scrub {
    /// Builds the scrubber. Without a key, tags stand where surrogates would.
    pub fn scrubber(&self, key: Option<SurrogateKey>) -> Scrubber {
        let mut scrubber = Scrubber::new(self.policies())
            .with_kinds(self.looked_for())
            .with_thresholds(self.scores())
            .allowing(self.allow.iter().map(String::as_str));
        if let Some(share) = self.drop_above {
            scrubber = scrubber.refusing_above(share);
        }
        match key {
            Some(key) => scrubber.with_key(key),
            None => scrubber,
        }
    }

    /// Returns the floor of each kind that is replaced.
    pub fn floors(&self) -> BTreeMap<Kind, f64> {
        let mut floors: BTreeMap<_, _> = FLOOR.into_iter().filter(|(kind, _)| self.replaces(*kind)).collect();
        floors.extend(&self.floor);
        floors
    }

    fn policies(&self) -> Policies {
        // With a share to go by, what is below it is tagged.
        let rest = match self.policy {
            Policy::Drop if self.drop_above.is_some() => Policy::Tag,
            policy => policy,
        };
        self.kinds
            .iter()
            .fold(rest.into(), |policies: Policies, (kind, policy)| policies.with(*kind, *policy))
    }

    fn looked_for(&self) -> Kinds {
        Kinds::DEFAULT.iter().chain(self.kinds.keys().copied()).collect()
    }

    fn scores(&self) -> Thresholds {
        let scores = match self.strength {
            Strength::Text => Thresholds::TEXT,
            Strength::Recall => Thresholds::RECALL,
        };
        self.thresholds.iter().fold(scores, |scores, (kind, score)| scores.with(*kind, *score))
    }

    fn replaces(&self, kind: Kind) -> bool {
        self.looked_for().has(kind) && self.policies().of(kind) != Policy::Keep
    }

    /// Checks what the types cannot.
    ///
    /// # Errors
    /// The key and the fix.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.policy == Policy::Keep {
            return Err(
                "scrub.policy = \"keep\" would remove nothing: name the kinds to keep in [scrub.kinds]"
                    .to_owned(),
            );
        }
        if self.drop_above.is_some_and(|share| !(0.0..=1.0).contains(&share)) {
            return Err(
                "scrub.drop_above: use 0 to 1, the share of an example that may be replaced".to_owned()
            );
        }
        for (kind, score) in &self.thresholds {
            if !(0.05..=1.0).contains(score) {
                return Err(format!(
                    "scrub.thresholds.{kind}: use 0.05 to 1, the score from which a finding is replaced"
                ));
            }
        }
        for (kind, floor) in &self.floor {
            if !(0.0..=1.0).contains(floor) {
                return Err(format!(
                    "scrub.floor.{kind}: use 0 to 1, the share of what was planted that must be found"
                ));
            }
            if !PLANTED.has(*kind) {
                return Err(format!("scrub.floor.{kind}: no {kind} is planted; floors are for {PLANTED}"));
            }
            if *floor > 0.0 && !self.replaces(*kind) {
                return Err(format!(
                    "scrub.floor.{kind}: nothing of the kind is replaced; remove the floor, or what scrub.kinds says of it"
                ));
            }
        }
        if self.allow.len() > MOST_ALLOWED {
            return Err(format!("scrub.allow: name at most {MOST_ALLOWED} phrases"));
        }
        for phrase in &self.allow {
            if phrase.trim().chars().filter(|c| c.is_alphanumeric()).count() < 2
                || phrase.len() > LONGEST_ALLOWED
            {
                return Err(format!(
                    "scrub.allow: {phrase:?} has to have 2 letters at least and {LONGEST_ALLOWED} at most"
                ));
            }
        }
        Ok(())
    }
}

/// Columns that say who a row's person is, whatever the table; as they are commonly called.
const IDENTITY: [(&str, Kind); 28] = [
    ("full_name", Kind::Name),
    ("fullname", Kind::Name),
    ("first_name", Kind::Name),
    ("last_name", Kind::Name),
    ("middle_name", Kind::Name),
    ("given_name", Kind::Name),
    ("family_name", Kind::Name),
    ("surname", Kind::Name),
    ("candidate_name", Kind::Name),
    ("contact_name", Kind::Name),
    ("customer_name", Kind::Name),
    ("employee_name", Kind::Name),
    ("email", Kind::Email),
    ("email_address", Kind::Email),
    ("contact_email", Kind::Email),
    ("phone", Kind::Phone),
    ("phone_number", Kind::Phone),
    ("mobile", Kind::Phone),
    ("telephone", Kind::Phone),
    ("contact_phone", Kind::Phone),
    ("address", Kind::Address),
    ("street", Kind::Address),
    ("street_address", Kind::Address),
    ("linkedin", Kind::Url),
    ("linkedin_url", Kind::Url),
    ("username", Kind::Username),
    ("date_of_birth", Kind::BirthDate),
    ("ssn", Kind::Ssn),
];

/// Returns what a column says of the row's person by its name alone.
pub(crate) fn identity(column: &str) -> Option<Kind> {
    IDENTITY.iter().find(|(name, _)| *name == column).map(|(_, kind)| *kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Scrub, String> {
        let scrub: Scrub = toml::from_str(text).map_err(|error| error.message().to_owned())?;
        scrub.check().map(|()| scrub)
    }

    #[test]
    fn every_key_is_read() {
        let scrub = parse(
            r#"
            policy = "surrogate"
            strength = "recall"
            drop_above = 0.4
            allow = ["ZionGPT", "Ann Public"]
            kinds = { url = "keep", school = "tag", ssn = "drop" }
            thresholds = { phone = 0.8 }
            floor = { name = 0.95, email = 0 }
            "#,
        )
        .unwrap();
        let (policies, scores) = (scrub.policies(), scrub.scores());
        assert_eq!(policies.of(Kind::Url), Policy::Keep);
        assert_eq!(policies.of(Kind::Name), Policy::Surrogate);
        assert!(scrub.looked_for().has(Kind::School) && !scrub.looked_for().has(Kind::Gender));
        assert!(
            (scores.of(Kind::Phone) - 0.8).abs() < 1e-6
                && (scores.of(Kind::Name) - Thresholds::RECALL.of(Kind::Name)).abs() < 1e-6
        );
        assert!((scrub.floors()[&Kind::Name] - 0.95).abs() < 1e-9 && scrub.floors()[&Kind::Email] == 0.0);
        let json = serde_json::to_string(&scrub).unwrap();
        assert_eq!(serde_json::from_str::<Scrub>(&json).unwrap(), scrub, "plan.json keeps it");
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_its_key_and_the_fix() {
        for (text, words) in [
            ("policy = \"keep\"", ["scrub.policy", "[scrub.kinds]"]),
            ("policy = \"hide\"", ["hide", "surrogate"]),
            ("kinds = { emial = \"tag\" }", ["emial", "email"]),
            ("drop_above = 40", ["scrub.drop_above", "0 to 1"]),
            ("thresholds = { name = 0 }", ["scrub.thresholds.name", "0.05 to 1"]),
            ("floor = { name = 95 }", ["scrub.floor.name", "0 to 1"]),
            ("floor = { mac = 0.5 }", ["scrub.floor.mac", "name, email"]),
            ("floor = { email = 0.5 }\nkinds = { email = \"keep\" }", ["scrub.floor.email", "scrub.kinds"]),
            ("allow = [\"A\"]", ["scrub.allow", "2 letters"]),
            ("polcy = \"tag\"", ["polcy", "policy"]),
        ] {
            let error = parse(text).unwrap_err();
            assert!(words.iter().all(|word| error.contains(word)), "{text}: {error}");
        }
    }

    #[test]
    fn dropping_without_a_share_drops_whatever_holds_something() {
        let refused = |text: &str, record: &str| {
            let scrubber = parse(text).unwrap().scrubber(None);
            let mut texts = scrubber.record();
            texts.text(record);
            texts.refusal().is_some()
        };
        let (little, much) = ("one address among a good many other words: a.b@corp.com", "a.b@corp.com");
        assert!(refused("policy = \"drop\"", little) && !refused("policy = \"drop\"", "nothing"));
        assert!(!refused("policy = \"drop\"\ndrop_above = 0.5", little));
        assert!(refused("policy = \"drop\"\ndrop_above = 0.5", much));
    }
}
