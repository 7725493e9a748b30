//! What stands in the place of a finding, kind by kind.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Kind;

/// What stands in the place of a finding.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Policy {
    /// The kind in brackets: `[name]`.
    #[default]
    Tag,
    /// The kind and a number that the same person or thing keeps within a record: `[name_1]`.
    Numbered,
    /// An invented value of the same shape, the same for the same value under one key.
    Surrogate,
    /// The tag, and the record is not to be used.
    Drop,
    /// The text itself.
    Keep,
}

impl Policy {
    /// Every policy.
    pub const ALL: [Self; 5] = [Self::Tag, Self::Numbered, Self::Surrogate, Self::Drop, Self::Keep];

    /// Returns the word that recipes use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tag => "tag",
            Self::Numbered => "numbered",
            Self::Surrogate => "surrogate",
            Self::Drop => "drop",
            Self::Keep => "keep",
        }
    }
}

/// A word that is no policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown policy {0:?}; known are tag, numbered, surrogate, drop and keep")]
pub struct UnknownPolicy(String);

impl FromStr for Policy {
    type Err = UnknownPolicy;

    fn from_str(word: &str) -> Result<Self, UnknownPolicy> {
        let policy = Self::ALL.into_iter().find(|policy| policy.as_str() == word);
        policy.ok_or_else(|| UnknownPolicy(word.to_owned()))
    }
}

/// A value for each kind.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PerKind<T>([T; Kind::ALL.len()]);

/// A policy for each kind.
pub type Policies = PerKind<Policy>;

/// The score for each kind from which a finding is rewritten.
pub type Thresholds = PerKind<f32>;

impl<T: Copy> PerKind<T> {
    /// The same for every kind.
    pub const fn all(value: T) -> Self {
        Self([value; Kind::ALL.len()])
    }

    /// Returns a kind's.
    pub fn of(&self, kind: Kind) -> T {
        self.0[kind as usize]
    }

    /// Sets a kind's.
    #[must_use]
    pub const fn with(mut self, kind: Kind, value: T) -> Self {
        self.0[kind as usize] = value;
        self
    }
}

impl From<Policy> for Policies {
    fn from(policy: Policy) -> Self {
        Self::all(policy)
    }
}

impl PerKind<f32> {
    /// Rewrites what is more likely personal data than not, so that text stays readable; of names what is one three
    /// times in ten, since a name that is missed is learnt and a word that is lost is not.
    pub const TEXT: Self = Self::all(0.5).with(Kind::Name, 0.3);
    /// Rewrites what is personal data once in four times, of names once in seven: little is missed, and more text is
    /// lost.
    pub const RECALL: Self = Self::all(0.25).with(Kind::Name, 0.15);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_names_its_policy_in_code_and_in_json() {
        for policy in Policy::ALL {
            assert_eq!(policy.as_str().parse(), Ok(policy));
            assert_eq!(serde_json::to_value(policy).unwrap(), policy.as_str());
        }
        assert!("hide".parse::<Policy>().unwrap_err().to_string().contains("surrogate"));
    }

    #[test]
    fn a_kind_has_a_policy_of_its_own() {
        let policies = Policies::from(Policy::Tag).with(Kind::Url, Policy::Keep);
        assert_eq!((policies.of(Kind::Url), policies.of(Kind::Name)), (Policy::Keep, Policy::Tag));
    }
}
