use serde::{Deserialize, Serialize};

/// Where a source says who has agreed. A null is a no, unless the recipe says in words why it is a yes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, untagged)]
pub enum Consent {
    /// An opt-out column of a related table, reached through a foreign key.
    Related(RelatedConsent),
    /// An opt-out column of the row itself.
    Own(OwnConsent),
    /// Nobody's consent is needed, for a reason.
    NotNeeded(NoConsent),
}

impl Consent {
    /// Why a null is a yes; none where it is a no.
    pub fn null_means_yes(&self) -> Option<&str> {
        match self {
            Self::Related(RelatedConsent { null_means_yes, .. })
            | Self::Own(OwnConsent { null_means_yes, .. }) => null_means_yes.as_deref(),
            Self::NotNeeded(_) => None,
        }
    }

    /// The columns that say who has agreed, and their table where it is not the source's own.
    pub(super) fn columns(&self) -> Option<(Option<&str>, Vec<&str>)> {
        match self {
            Self::Related(RelatedConsent { table, opt_out, .. }) => Some((Some(table), vec![opt_out])),
            Self::Own(OwnConsent { opt_out, .. }) => Some((None, vec![opt_out])),
            Self::NotNeeded(_) => None,
        }
    }

    /// The reason why somebody is not asked, in words.
    fn reason(&self) -> Option<(&'static str, &str)> {
        match self {
            Self::NotNeeded(NoConsent { not_needed }) => Some(("not_needed", not_needed)),
            _ => self.null_means_yes().map(|reason| ("null_means_yes", reason)),
        }
    }

    /// Refuses names that are none, and a reason that is not a sentence.
    pub(super) fn check(&self, plain: &impl Fn(&str, &str) -> Result<(), String>) -> Result<(), String> {
        match self {
            Self::Related(RelatedConsent { table, opt_out, .. }) => {
                plain("consent.table", table)?;
                plain("consent.opt_out", opt_out)?;
            }
            Self::Own(OwnConsent { opt_out, .. }) => plain("consent.opt_out", opt_out)?,
            Self::NotNeeded(_) => {}
        }
        match self.reason() {
            Some((key, reason)) if reason.trim().len() < 10 => {
                Err(format!("consent.{key}: say why, in a sentence"))
            }
            _ => Ok(()),
        }
    }
}

/// An opt-out column of a related table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RelatedConsent {
    /// The table.
    pub table: String,
    /// Its boolean column: true means left out.
    pub opt_out: String,
    /// Why a null is a yes, in words that a privacy officer accepts. Who has no row there has still not agreed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub null_means_yes: Option<String>,
}

/// An opt-out column of the row itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnConsent {
    /// The boolean column: true means left out.
    pub opt_out: String,
    /// Why a null is a yes, in words that a privacy officer accepts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub null_means_yes: Option<String>,
}

/// Nobody's consent is needed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoConsent {
    /// Why, in words that a privacy officer accepts.
    pub not_needed: String,
}
