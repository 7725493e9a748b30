use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::SliceRef;
use crate::approval_file::Why;
use crate::serve::contract_problem;
use crate::{ErrorName, StageError};

/// Starts a run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PlanEvent {
    /// The execution's name; names every object of the run.
    pub run: String,
    /// When the execution started. Taken from the workflow so that a replay writes the same plan.
    pub started_at: Timestamp,
    /// What the operator, the schedule or the app gave: a [`PlanInput`], not yet checked, so that a slip of the pen is
    /// answered as one.
    #[serde(default)]
    pub input: Value,
}

/// The execution's input. `{}` runs the default recipe.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanInput {
    /// A file name under `infra/recipes`, without `.toml`.
    #[serde(default)]
    pub recipe: Option<String>,
    /// Stops after the plan, with the estimate.
    #[serde(default)]
    pub dry_run: bool,
    /// Takes the tables as they are now, whatever the last run saw.
    #[serde(default)]
    pub accept_schema: bool,
    /// What whoever starts the run approves in advance, in US dollars: they have seen what it costs. No schedule does.
    #[serde(default)]
    pub approved_usd: Option<f64>,
    /// Reads everything, also where the recipe would read what has changed alone.
    #[serde(default)]
    pub full: bool,
}

impl PlanEvent {
    /// Reads the input.
    ///
    /// # Errors
    /// `RecipeInvalid` with the key that is unknown or has another type.
    pub fn checked_input(&self) -> Result<PlanInput, StageError> {
        // An execution started without input may hand on null.
        if self.input.is_null() {
            return Ok(PlanInput::default());
        }
        let invalid = |problem: &str| {
            let text = format!(
                r#"the execution's input is not understood: {problem}; give {{}}, {{"recipe": "…"}} or {{"dry_run": true}}"#
            );
            StageError::new(ErrorName::RecipeInvalid, text)
        };
        let input: PlanInput =
            serde_json::from_value(self.input.clone()).map_err(|error| invalid(&contract_problem(&error)))?;
        match input.approved_usd {
            Some(usd) if !(usd.is_finite() && usd >= 0.0) => Err(invalid("approved_usd is no amount")),
            _ => Ok(input),
        }
    }
}

/// The plan, in counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Planned {
    /// The run.
    pub run: String,
    /// The recipe's name.
    pub recipe: String,
    /// What the model is for: `job`, `resume`, `support`, `seo` or `general`.
    pub purpose: String,
    /// Whether the run stops here.
    pub dry_run: bool,
    /// The registered version, such as `zion-job-generator-v3`; none in a dry run.
    pub model: Option<String>,
    /// What `Export` maps over.
    pub slices: Vec<SliceRef>,
    /// What is read, and why; none where the recipe has no `[incremental]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reading: Option<String>,
    /// Rows that may be used.
    pub rows: u64,
    /// Rows left out because consent is missing.
    pub opted_out: u64,
    /// What the run will cost.
    pub estimate: Estimate,
    /// Why an operator will be asked, by the estimate; nothing where nobody will be.
    pub approval: Vec<Why>,
    /// Where the plan lies.
    pub plan_key: String,
    /// SHA-256 of the plan, in hex.
    pub plan_sha256: String,
}

/// Examples, tokens and price before anything is spent. Estimated from a sample of each table.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// Examples in the training file.
    pub examples: u64,
    /// Billed tokens: training tokens times epochs.
    pub tokens: u64,
    /// US dollars, by the recipe's price.
    pub usd: f64,
}
