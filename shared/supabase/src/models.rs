//! The port to `model_versions`.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use stage::StageError;
use stage::arrows::Recorded;

/// Registers, updates and promotes versions. Every call may be repeated: the run's name makes it idempotent.
pub trait Models {
    /// Registers the run's version as `queued`, with the next number of its family.
    ///
    /// # Errors
    /// `SourceRefused` when the migrations or a grant are missing; `Throttled` and `Unavailable`.
    fn register(&self, version: &NewVersion<'_>) -> impl Future<Output = Result<Registered, StageError>>;

    /// Marks the run's version as `running`.
    ///
    /// # Errors
    /// As [`Models::register`].
    fn start(
        &self,
        run: &str,
        job: &str,
        dataset_sha256: &str,
        manifest: &str,
    ) -> impl Future<Output = Result<(), StageError>>;

    /// Marks the run's version as `failed` and returns the first failure recorded for the run.
    ///
    /// # Errors
    /// As [`Models::register`].
    fn fail(&self, run: &str, error: &str, cause: &str)
    -> impl Future<Output = Result<Recorded, StageError>>;

    /// Returns the versions of those runs, of a few dozen at once.
    ///
    /// # Errors
    /// As [`Models::register`].
    fn of_runs(&self, runs: &[&str]) -> impl Future<Output = Result<Vec<Version>, StageError>>;

    /// Returns the run of the family's newest version that succeeded; none before one has.
    ///
    /// # Errors
    /// As [`Models::register`].
    fn last_succeeded(&self, family: &str) -> impl Future<Output = Result<Option<String>, StageError>>;

    /// Returns all versions that are live.
    ///
    /// # Errors
    /// As [`Models::register`].
    fn live_models(&self) -> impl Future<Output = Result<Vec<LiveModel>, StageError>>;

    /// Writes the day on which a provider's base model is shut down to its versions; returns how many changed.
    ///
    /// # Errors
    /// As [`Models::register`].
    fn note_base_shutdown(
        &self,
        base_model: &str,
        provider: &str,
        day: Option<Date>,
    ) -> impl Future<Output = Result<u64, StageError>>;

    /// Makes the run's version live for its purpose, in one transaction with the ledger.
    ///
    /// # Errors
    /// `PromotionRefused` when the database says no; otherwise as [`Models::register`].
    fn promote(
        &self,
        run: &str,
        provider_model: &str,
        metrics: &serde_json::Value,
        reason: &str,
    ) -> impl Future<Output = Result<Promotion, StageError>>;
}

/// A version to register. Field names are the database function's parameters.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct NewVersion<'a> {
    /// The run.
    #[serde(rename = "p_run_id")]
    pub run: &'a str,
    /// The model family.
    #[serde(rename = "p_family")]
    pub family: &'a str,
    /// What the model is for.
    #[serde(rename = "p_purpose")]
    pub purpose: &'a str,
    /// The base model.
    #[serde(rename = "p_base_model")]
    pub base_model: &'a str,
    /// Where it is tuned.
    #[serde(rename = "p_provider")]
    pub provider: &'a str,
    /// When the base model is shut down.
    #[serde(rename = "p_base_shutdown_date")]
    pub base_shutdown_date: Option<Date>,
}

/// A registered version.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Registered {
    /// Its name, such as `zion-job-generator-v3`.
    pub name: String,
    /// Its number.
    pub version: u32,
}

/// A version as the database has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// The run.
    #[serde(rename = "run_id")]
    pub run: String,
    /// Its name.
    pub name: String,
    /// What the app passes to the provider as `model`, once it was promoted.
    pub id: String,
    /// The provider's job; none before there was one.
    pub job_id: Option<String>,
    /// `queued`, `running`, `succeeded` or `failed`.
    pub training_status: String,
    /// Whether it is live.
    pub active: bool,
}

/// A version that is live.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct LiveModel {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub purpose: String,
    /// The model it was tuned from; none in an app's own row of before this bundle.
    pub base_model: Option<String>,
    /// Where it was tuned, as far as is known.
    pub provider: Option<String>,
    /// When its base model is shut down, as far as is known.
    pub base_shutdown_date: Option<Date>,
}

/// A version that went live.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Promotion {
    /// What the app passes to the provider as `model`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub purpose: String,
    /// Its number.
    pub version: u32,
    /// The model that was live before.
    pub previous: Option<String>,
}
