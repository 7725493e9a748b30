//! Whether an operator is asked before a run costs anything, what they are asked, and what they said.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::manifest::Manifest;
use crate::plan_file::PlanFile;
use crate::{ErrorName, StageError};

/// Why an operator is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// No run of the recipe has been approved yet.
    FirstRun,
    /// The run may cost more than the recipe allows without asking.
    AboveBudget,
}

impl Why {
    /// Says it to an operator.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::FirstRun => "it is the first run of its recipe",
            Self::AboveBudget => "it may cost more than the recipe allows without asking",
        }
    }
}

/// What the plan knows about approval.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Planned {
    /// Whether no run of the recipe had been approved when this one was planned, and the recipe asks then.
    pub first_run: bool,
    /// What whoever started the run has approved in advance, in US dollars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_usd: Option<f64>,
}

/// Says why an operator is asked about a run that may cost that much; nothing where nobody is.
///
/// By the plan alone, so that every step of the run comes to the same answer.
pub fn why(plan: &PlanFile, most_usd: f64) -> Vec<Why> {
    let first = plan.approval.first_run.then_some(Why::FirstRun);
    // Not a number is not below either.
    let within = most_usd <= plan.recipe.price.max_usd;
    first.into_iter().chain((!within).then_some(Why::AboveBudget)).collect()
}

/// Refuses what nobody may approve.
///
/// # Errors
/// `BudgetExceeded` when the price is above the recipe's hard limit.
pub fn not_above_the_limit(plan: &PlanFile, most_usd: f64, price: &str) -> Result<(), StageError> {
    let Some(limit) = plan.recipe.price.refuse_above_usd.filter(|limit| most_usd > *limit) else {
        return Ok(());
    };
    let text = format!(
        "{price}, recipe {} refuses above {limit:.2}: raise price.refuse_above_usd or take fewer rows",
        plan.recipe.name
    );
    Err(StageError::new(ErrorName::BudgetExceeded, text))
}

/// The token by which the workflow is told to go on. Whoever may answer for the workflow can use it, so it is shown nowhere.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskToken(String);

impl TaskToken {
    /// Takes a token.
    pub fn new(token: impl Into<String>) -> Self {
        Self(token.into())
    }

    /// Returns the token, for the request that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for TaskToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TaskToken")
    }
}

/// What is asked about a dataset: everything that an answer binds, and what the operator is shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// The run.
    pub run: String,
    /// SHA-256 of the manifest that is asked about, in hex.
    pub manifest_sha256: String,
    /// What a later dataset of the run must have in common with this one to be covered by the answer.
    pub basis: Basis,
    /// SHA-256 of the number in the link, in hex.
    pub nonce_sha256: String,
    /// By which the workflow is told.
    pub token: TaskToken,
    /// When it was asked.
    pub asked_at: Timestamp,
    /// From when on no answer is taken.
    pub expires_at: Timestamp,
    /// Whether the notices had no reader when it was asked: nobody has got the link.
    #[serde(default)]
    pub unheard: bool,
    /// What the operator is shown.
    pub facts: Facts,
}

/// What two datasets of a run have in common when they differ by withdrawals alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Basis {
    /// SHA-256 of the plan.
    pub plan_sha256: String,
    /// Version of this bundle.
    pub code_version: String,
    /// Version of the scrubber.
    pub scrubber_version: String,
    /// SHA-256 over the clean parts, in order.
    pub inputs_sha256: String,
    /// SHA-256 of what consent was found; none in a manifest that is older than that field.
    pub withdrawn_sha256: Option<String>,
    /// The most that the job may be billed, in US dollars.
    pub most_usd: f64,
}

impl Basis {
    /// Takes it from a manifest.
    pub fn of(manifest: &Manifest) -> Self {
        let parts = manifest.inputs.iter().map(|part| format!("{} {}\n", part.key, part.sha256));
        let inputs = parts.collect::<String>().into_bytes();
        Self {
            plan_sha256: manifest.plan_sha256.clone(),
            code_version: manifest.code_version.clone(),
            scrubber_version: manifest.scrubber_version.clone(),
            inputs_sha256: records::digest::sha256(&inputs),
            withdrawn_sha256: manifest.consent.as_ref().map(|consent| consent.withdrawn.sha256.clone()),
            most_usd: most_usd(manifest),
        }
    }

    /// Says whether an answer about this dataset holds for a later one of the run: the same parts by the same code, at no
    /// higher price, of which more was withdrawn and nothing came back. The bits are those that the hashes name.
    pub fn covers(&self, later: &Self, withdrawn: &[u8], later_withdrawn: &[u8]) -> bool {
        let same = |basis: &Self| Self { withdrawn_sha256: None, most_usd: 0.0, ..basis.clone() };
        let mut bits = withdrawn.iter().zip(later_withdrawn);
        same(self) == same(later)
            && self.withdrawn_sha256.is_some()
            && later.most_usd <= self.most_usd
            && withdrawn.len() == later_withdrawn.len()
            && bits.all(|(before, after)| before & !after == 0)
    }
}

/// Returns the most that a dataset's job may be billed, in US dollars.
pub fn most_usd(manifest: &Manifest) -> f64 {
    manifest.bill.map_or(manifest.usd, |bill| bill.most_usd)
}

/// What an operator is shown. Counts, names and prices: nothing of a person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// The recipe.
    pub recipe: String,
    /// The version that the run would make.
    pub model: String,
    /// What the model is for.
    pub purpose: String,
    /// The model that is tuned.
    pub base_model: String,
    /// Where it is tuned, and so who gets the examples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// What of the app it serves.
    pub features: Vec<String>,
    /// The model that is live for the purpose now.
    pub replaces: Option<String>,
    /// Why an operator is asked.
    pub why: Vec<Why>,
    /// US dollars for the fewest tokens that the provider may count.
    pub least_usd: f64,
    /// US dollars for the most.
    pub most_usd: f64,
    /// What the recipe allows without asking.
    pub max_usd: f64,
    /// Passes over the training file.
    pub epochs: u32,
    /// Tokens billed, as commonly counted.
    pub billed_tokens: u64,
    /// Rows that were taken.
    pub rows: u64,
    /// Rows left out because their person has opted out or never agreed.
    pub opted_out: u64,
    /// Examples taken out because somebody opted out, or a row was deleted, since.
    pub withdrawn: u64,
    /// Examples that the model learns from.
    pub train: u64,
    /// Examples that the provider validates on.
    pub validation: u64,
    /// Examples that the provider never sees.
    pub holdout: u64,
    /// Where the page about the dataset lies in the bucket.
    pub report_key: String,
}

impl Facts {
    /// Names the base model, and who gets the examples.
    pub fn base(&self) -> String {
        match &self.host {
            Some(host) => format!("{} at {host}", self.base_model),
            None => self.base_model.clone(),
        }
    }
}

/// What an operator says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The run goes on, and costs what was shown.
    Approve,
    /// The run ends.
    Refuse,
}

/// How an answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// Through the link of the notice.
    Link,
    /// By calling the function, as in the AWS console.
    Function,
    /// By `zion approve`.
    CommandLine,
    /// With the input of the execution, before it began.
    InAdvance,
    /// By an earlier answer of the run, of which only withdrawals make this dataset differ.
    Earlier,
}

impl Way {
    /// Says it to an operator.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Link => "by the link of the notice",
            Self::Function => "by calling the function",
            Self::CommandLine => "by zion approve",
            Self::InAdvance => "in advance, with the input of the execution",
            Self::Earlier => "by the answer about an earlier dataset of the run",
        }
    }
}

/// An answer about one dataset. It stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// The run.
    pub run: String,
    /// SHA-256 of the manifest that was asked about, in hex.
    pub manifest_sha256: String,
    /// What was said.
    pub answer: Answer,
    /// Who said it, as they wrote it themselves.
    pub by: String,
    /// Why, where somebody wrote it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// When.
    pub at: Timestamp,
    /// How it came.
    pub how: Way,
    /// The most that the job may be billed, in US dollars.
    pub most_usd: f64,
}

impl Decision {
    /// Says who decided what, when and how, in one clause.
    pub fn in_words(&self) -> String {
        let said = if self.answer == Answer::Approve { "approved" } else { "refused" };
        let second = self.at.round(jiff::Unit::Second).unwrap_or(self.at);
        format!("{said} by {} on {second}, {}", self.by, self.how.in_words())
    }
}

/// Returns when a question that is asked now expires.
pub fn expires_at(now: Timestamp, hours: u32) -> Timestamp {
    now.checked_add(SignedDuration::from_hours(hours.into())).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn basis(most_usd: f64) -> Basis {
        Basis {
            plan_sha256: "p".to_owned(),
            code_version: "c".to_owned(),
            scrubber_version: "s".to_owned(),
            inputs_sha256: "i".to_owned(),
            withdrawn_sha256: Some("w".to_owned()),
            most_usd,
        }
    }

    #[test]
    fn an_answer_covers_withdrawals_at_no_higher_price_and_nothing_else() {
        let (asked, later) = (basis(2.0), Basis { withdrawn_sha256: Some("v".to_owned()), ..basis(1.5) });
        assert!(asked.covers(&later, &[0b0001], &[0b0101]));
        assert!(asked.covers(&asked, &[0b0001], &[0b0001]));
        assert!(!asked.covers(&later, &[0b0001], &[0b0100]), "somebody came back");
        assert!(!asked.covers(&later, &[0b0001], &[0b0001, 0]), "other parts");
        assert!(!asked.covers(&Basis { most_usd: 2.01, ..later.clone() }, &[0], &[0]), "dearer");
        assert!(!asked.covers(&Basis { most_usd: f64::NAN, ..later.clone() }, &[0], &[0]), "no price");
        assert!(!asked.covers(&Basis { plan_sha256: "q".to_owned(), ..later.clone() }, &[0], &[0]));
        assert!(!asked.covers(&Basis { scrubber_version: "t".to_owned(), ..later.clone() }, &[0], &[0]));
        assert!(!asked.covers(&Basis { inputs_sha256: String::new(), ..later.clone() }, &[0], &[0]));
        let old = Basis { withdrawn_sha256: None, ..basis(2.0) };
        assert!(!old.covers(&later, &[0], &[0]), "consent of an older manifest is not known");
    }

    #[test]
    fn a_token_is_not_printed() {
        assert_eq!(format!("{:?}", TaskToken::new("secret")), "TaskToken");
    }
}
