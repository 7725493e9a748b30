//! A model family as a file.
//!
//! A new specialised model is a new file in `infra/recipes`, built in. Unknown keys are refused, and every error names
//! the file, the key and the fix.

mod approval;
mod consent;
mod cost;
mod gates;
mod incremental;
mod provider;

use std::collections::{BTreeMap, BTreeSet};

use pii::Kind;
use serde::{Deserialize, Serialize};

use crate::quality::Quality;
use crate::scrub::{self, Scrub};
use crate::split::Split;
use crate::template::{TemplateError, Templates};

pub use approval::{Approval, MOST_APPROVAL_HOURS};
pub use consent::{Consent, LoggedConsent, NoConsent, OwnConsent, RelatedConsent};
pub use cost::{Bill, Model, PerMillion, Price};
pub use gates::Gates;
pub use incremental::Incremental;
pub use provider::{Format, Provider, ProviderKind};

/// A job may be waited for this long: the workflow itself ends after ten days, and a job that is still under way then
/// would be neither cancelled nor recorded.
pub const MOST_DEADLINE_HOURS: u32 = 96;

/// A recipe, as its file says it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// The model family: versions are called `{name}-v1`, `{name}-v2`, …
    pub name: String,
    /// What the model is for; the app asks for it by this word.
    pub purpose: Purpose,
    /// One line for operators.
    pub summary: String,
    /// The model to tune.
    pub model: Model,
    /// How the provider is spoken to.
    #[serde(default)]
    pub provider: Provider,
    /// What it may cost.
    pub price: Price,
    /// How examples are split.
    pub split: Split,
    /// How personal data is replaced.
    #[serde(default)]
    pub scrub: Scrub,
    /// Which examples are left out.
    #[serde(default)]
    pub quality: Quality,
    /// When a run is refused.
    #[serde(default)]
    pub gates: Gates,
    /// When a run waits for an operator.
    #[serde(default)]
    pub approval: Approval,
    /// Whether runs may read only what has changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incremental: Option<Incremental>,
    /// Where rows come from, in the order in which they stand in the dataset.
    pub sources: Vec<Source>,
}

/// What a model is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// Job descriptions.
    Job,
    /// Résumés.
    Resume,
    /// Support answers.
    Support,
    /// Search-engine texts.
    Seo,
    /// Everything.
    General,
}

impl Purpose {
    /// Returns the word the database keeps.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Job => "job",
            Self::Resume => "resume",
            Self::Support => "support",
            Self::Seo => "seo",
            Self::General => "general",
        }
    }
}

/// Where rows come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The source's name in objects and reports. The table's name if left out.
    #[serde(default)]
    pub name: String,
    /// The table.
    pub table: String,
    /// The primary key: unique, not null, a whole number or a UUID.
    pub key: String,
    /// The column that says whose record it is. All rows of one subject are on one side of the split.
    #[serde(default)]
    pub subject: Option<String>,
    /// A column that is split by instead, where people belong together: a company's, a team's, a thread's. A null
    /// falls back to the subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The column that says when a row last changed: a timestamp or a date. `[incremental]` goes by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// The columns that the templates use.
    pub columns: Vec<String>,
    /// Columns that say who the row's person is, and of what kind: their values are removed from prompt and completion.
    /// They are read for that alone; columns of common names (`full_name`, `email`, …) are known without it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub identity: BTreeMap<String, Kind>,
    /// Only rows with these values.
    #[serde(default, rename = "where")]
    pub filter: BTreeMap<String, Equals>,
    /// Who has agreed. There is no default.
    pub consent: Consent,
    /// The system message.
    pub system: String,
    /// The template of what the model is asked.
    pub prompt: String,
    /// The template of what the model should answer.
    pub completion: String,
}

/// A value that a column must have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Equals {
    /// A boolean.
    Bool(bool),
    /// A whole number.
    Number(i64),
    /// A text.
    Text(String),
}

/// A recipe that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("recipe {file}: {problem}")]
pub struct RecipeError {
    /// The recipe's file name.
    pub file: String,
    /// The key and the fix.
    pub problem: String,
}

impl Recipe {
    /// Reads a recipe's file.
    ///
    /// # Errors
    /// [`RecipeError`] for the first key that is missing, unknown or out of range.
    pub fn parse(file: &str, text: &str) -> Result<Self, RecipeError> {
        let fail = |problem: String| RecipeError { file: file.to_owned(), problem };
        let mut recipe: Self = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(0, |span| text[..span.start].matches('\n').count() + 1);
            fail(format!("line {line}: {}", error.message().replace('\n', " ")))
        })?;
        for source in &mut recipe.sources {
            if source.name.is_empty() {
                source.name.clone_from(&source.table);
            }
            source.consent.settle(source.subject.as_deref());
        }
        recipe.check().map_err(fail)?;
        Ok(recipe)
    }

    /// Returns the columns that a run reads or asks by, of each table.
    pub fn used_columns(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let mut used: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for source in &self.sources {
            let own = source.selected().into_iter().chain(source.filter.keys().map(String::as_str));
            let own = own.chain(source.cursor.as_deref());
            used.entry(&source.table).or_default().extend(own);
            let consent = source.consent.table().unwrap_or(&source.table);
            used.entry(consent).or_default().extend(source.consent.columns());
        }
        used
    }

    /// Returns the source of that name.
    pub fn source(&self, name: &str) -> Option<&Source> {
        self.sources.iter().find(|source| source.name == name)
    }

    fn check(&self) -> Result<(), String> {
        let plain = |key: &str, value: &str| {
            let ok = !value.is_empty()
                && value.len() <= 63
                && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
            if ok {
                Ok(())
            } else {
                Err(format!("{key} = {value:?}: use 1 to 63 letters, digits, '-' or '_'"))
            }
        };
        plain("name", &self.name)?;
        let small = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        if !self.name.bytes().next().is_some_and(small)
            || self.name.bytes().any(|byte| byte.is_ascii_uppercase())
        {
            return Err(format!(
                "name = {:?}: use lowercase letters, digits, '-' or '_', and begin with a letter or a digit: versions are registered by it",
                self.name
            ));
        }
        if self.name.len() > 40 {
            return Err(
                "name: use at most 40 characters, the provider's suffix takes 64 with the version".to_owned()
            );
        }
        self.model.check()?;
        self.provider.check(&self.model)?;
        self.price.check(&self.model.base)?;
        self.split.check()?;
        self.gates.check()?;
        self.approval.check()?;
        self.scrub.check()?;
        self.quality.check_settings()?;
        if self.sources.is_empty() {
            return Err("sources: name at least one table".to_owned());
        }
        let mut names = BTreeSet::new();
        for source in &self.sources {
            let name = &source.name;
            plain("sources.name", name)?;
            if !names.insert(name) {
                return Err(format!("sources.name = {name:?}: give each source a name of its own"));
            }
            source.check(&plain).map_err(|problem| format!("source {name}: {problem}"))?;
        }
        incremental::check(self.incremental.as_ref(), &self.sources)
    }
}

impl Source {
    /// Returns the columns that say who the row's person is, with what they say.
    pub fn identities(&self) -> impl Iterator<Item = (&str, Kind)> {
        let own = self.identity.iter().map(|(column, kind)| (column.as_str(), *kind));
        let known = self.columns.iter().filter(|column| !self.identity.contains_key(*column));
        own.chain(known.filter_map(|column| scrub::identity(column).map(|kind| (column.as_str(), kind))))
    }

    /// Returns the columns to select: key, subject, group, those of the templates and of the person, once each.
    pub fn selected(&self) -> Vec<&str> {
        let mut seen = BTreeSet::new();
        [self.key.as_str()]
            .into_iter()
            .chain(self.subject.as_deref())
            .chain(self.group.as_deref())
            .chain(self.columns.iter().chain(self.identity.keys()).map(String::as_str))
            .filter(|column| seen.insert(*column))
            .collect()
    }

    /// Compiles the templates.
    ///
    /// # Errors
    /// [`TemplateError::Template`] when one does not parse or asks for a column that is not selected.
    pub fn templates(&self) -> Result<Templates, TemplateError> {
        Templates::new(&self.prompt, &self.completion, &self.columns)
    }

    fn check(&self, plain: &impl Fn(&str, &str) -> Result<(), String>) -> Result<(), String> {
        plain("table", &self.table)?;
        plain("key", &self.key)?;
        for column in self
            .columns
            .iter()
            .chain(&self.subject)
            .chain(&self.group)
            .chain(&self.cursor)
            .chain(self.filter.keys())
            .chain(self.identity.keys())
        {
            plain("columns", column)?;
        }
        self.consent.check(plain)?;
        if matches!(self.consent, Consent::Logged(_)) && self.subject.is_none() {
            return Err("subject: name the column that consent.person is looked up by".to_owned());
        }
        self.templates().map(|_| ()).map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests;
