use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Equals;

/// Where a source says who has agreed. A null is a no, unless the recipe says in words why it is a yes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, untagged)]
pub enum Consent {
    /// An opt-out column of a related table, reached through a foreign key.
    Related(RelatedConsent),
    /// The latest of a person's rows in a log.
    Logged(LoggedConsent),
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
            | Self::Logged(LoggedConsent { null_means_yes, .. })
            | Self::Own(OwnConsent { null_means_yes, .. }) => null_means_yes.as_deref(),
            Self::NotNeeded(_) => None,
        }
    }

    /// The table that says who has agreed, where it is not the source's own.
    pub fn table(&self) -> Option<&str> {
        match self {
            Self::Related(RelatedConsent { table, .. }) | Self::Logged(LoggedConsent { table, .. }) => {
                Some(table)
            }
            Self::Own(_) | Self::NotNeeded(_) => None,
        }
    }

    /// The columns that say who has agreed.
    pub fn columns(&self) -> Vec<&str> {
        match self {
            Self::Related(RelatedConsent { opt_out, .. }) | Self::Own(OwnConsent { opt_out, .. }) => {
                vec![opt_out]
            }
            Self::Logged(log) => {
                let named = [log.column(), &log.person, &log.latest_by];
                named.into_iter().chain(log.filter.keys().map(String::as_str)).collect()
            }
            Self::NotNeeded(_) => Vec::new(),
        }
    }

    /// The reason why somebody is not asked, in words.
    fn reason(&self) -> Option<(&'static str, &str)> {
        match self {
            Self::NotNeeded(NoConsent { not_needed }) => Some(("not_needed", not_needed)),
            _ => self.null_means_yes().map(|reason| ("null_means_yes", reason)),
        }
    }

    /// Reaches a related table by the row's person, where the recipe names no other way.
    pub(super) fn settle(&mut self, subject: Option<&str>) {
        if let Self::Related(RelatedConsent { by: by @ None, .. }) = self {
            *by = subject.map(str::to_owned);
        }
    }

    /// Refuses names that are none, and a reason that is not a sentence.
    pub(super) fn check(&self, plain: &impl Fn(&str, &str) -> Result<(), String>) -> Result<(), String> {
        if let Self::Logged(log) = self
            && log.opt_out.is_some() == log.granted.is_some()
        {
            return Err("consent: name either opt_out or granted, one column of the log".to_owned());
        }
        if let Some(table) = self.table() {
            plain("consent.table", table)?;
        }
        for column in self.columns() {
            plain("consent", column)?;
        }
        if let Self::Related(RelatedConsent { table, by, .. }) = self {
            let by = by.as_deref().ok_or_else(|| {
                format!("consent.by: name the column by which {table} is reached, the source has no subject")
            })?;
            plain("consent.by", by)?;
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
    /// The source's column with the foreign key that is followed, or that key's own name: another key may lead to
    /// another person. The source's `subject` if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Its boolean column: true means left out.
    pub opt_out: String,
    /// Why a null is a yes, in words that a privacy officer accepts. Who has no row there has still not agreed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub null_means_yes: Option<String>,
}

/// The latest of a person's rows in a log of what they said.
///
/// A no that is as late as the latest yes, or has no time, counts: whoever may have refused last has refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoggedConsent {
    /// The log.
    pub table: String,
    /// Its column that says whose row it is: the source's `subject`.
    pub person: String,
    /// Its column that says when; rows without a time can be no yes.
    pub latest_by: String,
    /// Its boolean column, where true means left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opt_out: Option<String>,
    /// Its boolean column, where true means agreed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub granted: Option<String>,
    /// Only rows with these values: a log may hold what people say of other things.
    #[serde(default, rename = "where", skip_serializing_if = "BTreeMap::is_empty")]
    pub filter: BTreeMap<String, Equals>,
    /// Why a null is a yes, in words that a privacy officer accepts. Who has no row has still not agreed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub null_means_yes: Option<String>,
}

impl LoggedConsent {
    /// The boolean column.
    pub fn column(&self) -> &str {
        self.granted.as_deref().or(self.opt_out.as_deref()).unwrap_or_default()
    }

    /// What the column is in a row that is a yes, and in one that is a no, as SQL.
    pub fn yes_and_no(&self) -> (&'static str, &'static str) {
        match (self.granted.is_some(), self.null_means_yes.is_some()) {
            (true, false) => ("is true", "is not true"),
            (true, true) => ("is not false", "is false"),
            (false, false) => ("is false", "is not false"),
            (false, true) => ("is not true", "is true"),
        }
    }
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
