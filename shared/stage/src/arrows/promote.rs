use serde::{Deserialize, Serialize};

/// What `promote` is asked to do.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum PromoteEvent {
    /// Makes the trained model live.
    Promote {
        /// The run.
        run: String,
        /// The provider's job id.
        job: String,
        /// The provider's model id.
        model: String,
        /// Tokens billed for, if the provider said.
        #[serde(default)]
        trained_tokens: Option<u64>,
        /// Who has approved the run, when and how, for the ledger.
        #[serde(default)]
        approval: Option<String>,
    },
    /// Records why the run failed.
    Fail {
        /// The run.
        run: String,
        /// The error's name, as the workflow caught it.
        error: String,
        /// The cause, as the workflow caught it: for a Lambda error a JSON text.
        #[serde(default)]
        cause: String,
    },
}

/// What `promote` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum PromoteAnswer {
    /// To [`PromoteEvent::Promote`].
    Promote(Promoted),
    /// To [`PromoteEvent::Fail`].
    Fail(Recorded),
}

/// A model went live.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promoted {
    /// The run.
    pub run: String,
    /// What the app passes to the provider as `model`.
    pub id: String,
    /// The version's name, such as `zion-job-generator-v3`.
    pub name: String,
    /// What the model is for.
    pub purpose: String,
    /// The version's number.
    pub version: u32,
    /// The model that was live before.
    pub previous: Option<String>,
}

/// A failure was recorded. The first failure of a run stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// The error's name.
    pub error: String,
    /// What happened and what to do, in words.
    pub cause: String,
}
