//! The port, and a job as plain data.

use jiff::{Timestamp, civil::Date};
use stage::StageError;
use stage::plan_file::Limits;

use crate::chunks::Chunks;

/// A fine-tuning provider. Handles are plain data: polling needs nothing but the job's id.
///
/// # Errors
/// Every call: `Throttled` and `Unavailable` when a later try may work, `ProviderRefused` when not.
pub trait Provider {
    /// Returns what the provider accepts.
    fn limits(&self) -> Limits;

    /// Looks a base model up; none when the provider does not know it.
    fn base_model(&self, id: &str) -> impl Future<Output = Result<Option<BaseModel>, StageError>>;

    /// Finds an uploaded training file by name and size.
    fn find_file(&self, spec: &FileSpec) -> impl Future<Output = Result<Option<String>, StageError>>;

    /// Uploads a training file and returns its id. Never repeated on its own: the chunks are gone.
    fn upload(&self, spec: &FileSpec, chunks: Chunks) -> impl Future<Output = Result<String, StageError>>;

    /// Deletes an uploaded file. One that is not there is deleted.
    fn delete_file(&self, id: &str) -> impl Future<Output = Result<(), StageError>>;

    /// Finds the job that a run created for a manifest; of several the oldest.
    fn find_job(
        &self,
        run: &str,
        manifest_sha256: &str,
    ) -> impl Future<Output = Result<Option<Job>, StageError>>;

    /// Creates a job: the one call that costs money, and the one that is never repeated on its own. After
    /// `Unavailable` the job may exist: [`Provider::find_job`] tells.
    fn create_job(&self, spec: &JobSpec) -> impl Future<Output = Result<Job, StageError>>;

    /// Looks at a job.
    fn poll(&self, job: &str) -> impl Future<Output = Result<Job, StageError>>;

    /// Cancels a job. A job that has ended is left as it is.
    fn cancel(&self, job: &str) -> impl Future<Output = Result<(), StageError>>;
}

/// A base model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseModel {
    /// Its id.
    pub id: String,
    /// When it is shut down, with every model tuned from it; none when not announced.
    pub shutdown_date: Option<Date>,
}

/// A file to upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSpec {
    /// Its name, unique for its content.
    pub name: String,
    /// Its size.
    pub bytes: u64,
}

/// A job to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobSpec {
    /// The run; kept in the job's metadata, which is how a lost answer is found again.
    pub run: String,
    /// The base model.
    pub base_model: String,
    /// Stands in the tuned model's id: 1 to 64 characters.
    pub suffix: String,
    /// The training file's id.
    pub training_file: String,
    /// The validation file's id.
    pub validation_file: Option<String>,
    /// Passes over the training file.
    pub epochs: u32,
    /// SHA-256 of the manifest; kept in the job's metadata.
    pub manifest_sha256: String,
}

/// A job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// The provider's id.
    pub id: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// Where it stands.
    pub status: JobStatus,
    /// The provider's own word for it.
    pub word: String,
    /// Tokens billed for, once known.
    pub trained_tokens: Option<u64>,
    /// The file it learns from.
    pub training_file: String,
}

/// Where a job stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobStatus {
    /// Not at its end. A word that we do not know counts as this: new states must not lose a paid job.
    UnderWay,
    /// Trained, with the model's id.
    Succeeded {
        /// The model's id.
        model: String,
    },
    /// Failed, with the provider's code and words.
    Failed {
        /// The provider's code.
        code: String,
        /// The provider's words.
        message: String,
    },
    /// Cancelled.
    Cancelled,
}
