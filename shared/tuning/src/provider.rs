//! The ports. A handler asks for those it needs:
//!
//! | port | what for | asked by |
//! |---|---|---|
//! | [`Catalogue`] | what the provider accepts, and its models | `plan` |
//! | [`Files`] | files, each uploaded once | `upload` |
//! | [`Jobs`] | the one call that costs money | `upload` |
//! | [`Watch`] | a job under way | `status` |
//! | [`Serve`] | a trained model, made to answer | `status` |
//! | [`Clean`] | what is not needed any more | `upload`, `status` |
//! | [`Inventory`] | everything there is, whosever it is | `upload` |
//!
//! Handles are plain data: polling needs nothing but the job's id.
//!
//! # Errors of every call
//! `Throttled` when the provider asks for patience that is the workflow's, `Unavailable` when no whole answer came,
//! `ProviderRefused` and `BaseModelUnusable` when trying again is of no use, `DailyLimit` when it is tomorrow. Of calls
//! that change something `Unavailable` alone leaves open whether they did; every other failure means that they did not.
//! Messages hold the provider's words in brief and the id of the request, never a key, a body or a record.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use stage::StageError;
use stage::plan_file::Limits;

use crate::chunks::Chunks;
use crate::job::{Checkpoint, Event, Job, JobSpec, Told};

/// What a refusal is caused by when the thing that was asked about is not there.
#[derive(Debug)]
pub struct NotThere;

impl NotThere {
    /// Says whether this caused a failure.
    pub fn caused(error: &StageError) -> bool {
        is_among_causes::<Self>(error)
    }
}

impl fmt::Display for NotThere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the provider has no such thing")
    }
}

impl Error for NotThere {}

/// What a refusal is caused by when the provider does not take the key.
#[derive(Debug)]
pub struct KeyRefused;

impl KeyRefused {
    /// Says whether this caused a failure.
    pub fn caused(error: &StageError) -> bool {
        is_among_causes::<Self>(error)
    }
}

impl fmt::Display for KeyRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the provider does not take the key")
    }
}

impl Error for KeyRefused {}

fn is_among_causes<T: Error + 'static>(error: &StageError) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if error.is::<T>() {
            return true;
        }
        cause = error.source();
    }
    false
}

/// Does something with the provider's key, and once more when the key is refused and has been replaced meanwhile: whoever
/// rotates it does not wait for our copy to expire.
///
/// # Errors
/// Those of `once`.
pub async fn with_fresh_key<T>(
    once: impl AsyncFn() -> Result<T, StageError>,
    renewed: impl AsyncFnOnce() -> Result<bool, StageError>,
) -> Result<T, StageError> {
    match once().await {
        Err(refused) if KeyRefused::caused(&refused) => match renewed().await {
            Ok(true) => once().await,
            // Also where the secret can't be read: what is wrong is the key.
            Ok(false) | Err(_) => Err(refused),
        },
        answer => answer,
    }
}

/// What the provider accepts, and its models.
pub trait Catalogue {
    /// Returns what the provider accepts.
    fn limits(&self) -> Limits;

    /// Looks a base model up; none when the provider does not know it.
    fn base_model(&self, id: &str) -> impl Future<Output = Result<Option<BaseModel>, StageError>>;

    /// Looks up how long a base model lasts, whether or not it can still be tuned: what was tuned from it ends with it.
    fn lifetime(&self, id: &str) -> impl Future<Output = Result<Option<BaseModel>, StageError>> {
        self.base_model(id)
    }

    /// Lists all models that the account sees, tuned ones too. Whether one can be tuned, no list says.
    fn models(&self) -> impl Future<Output = Result<Vec<BaseModel>, StageError>>;
}

/// Files, each uploaded once.
pub trait Files {
    /// Finds an uploaded training file by name and size.
    fn find_file(&self, spec: &FileSpec) -> impl Future<Output = Result<Option<String>, StageError>>;

    /// Returns the ids of all files of those names and sizes: of one there are as many as answers were lost.
    fn copies(&self, of: &BTreeMap<String, u64>) -> impl Future<Output = Result<Told<String>, StageError>>;

    /// Uploads a training file and returns its id.
    ///
    /// The chunks are the whole file from its beginning, also when an earlier try is taken up: what it sent is skipped.
    /// How far it came is kept in the ledger, since no provider tells. After `Unavailable` the file may be there, which
    /// [`Files::find_file`] tells; calling again with fresh chunks is safe in every case.
    fn upload(
        &self,
        spec: &FileSpec,
        chunks: Chunks,
        ledger: &impl Ledger,
    ) -> impl Future<Output = Result<String, StageError>>;

    /// Takes back what an upload that was broken off has sent. One that is complete or gone is left as it is.
    fn abandon(&self, ledger: &impl Ledger) -> impl Future<Output = Result<(), StageError>>;
}

/// Keeps how far an upload in parts has come.
pub trait Ledger {
    /// Returns what was written last.
    ///
    /// # Errors
    /// Those of the store.
    fn read(&self) -> impl Future<Output = Result<Option<Begun>, StageError>>;

    /// Replaces what was written; none forgets it.
    ///
    /// # Errors
    /// Those of the store.
    fn write(&self, begun: Option<&Begun>) -> impl Future<Output = Result<(), StageError>>;
}

/// An upload in parts under way. *Stored data*: another version of us may take it up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begun {
    /// The provider's id.
    pub upload: String,
    /// The file's name.
    pub name: String,
    /// The file's size.
    pub bytes: u64,
    /// The size of each part but the last.
    pub part_bytes: u64,
    /// When the provider forgets it.
    pub expires_at: Timestamp,
    /// Ids of the parts that arrived, by number from 0.
    pub parts: BTreeMap<u64, String>,
}

/// Jobs: the one call that costs money, and how its answer is found again.
pub trait Jobs {
    /// Finds the jobs that were created from a spec, the oldest first: all marks are in their metadata, or they hold no
    /// metadata at all, as at hosts that keep none, and learn from the same file.
    ///
    /// The list is compared here whatever the provider filtered. A job that was just created may be missing from it.
    fn find_jobs(&self, spec: &JobSpec) -> impl Future<Output = Result<Vec<Job>, StageError>>;

    /// Creates a job. Repeated on its own only after an answer that proves that there is none: after `Unavailable`, and
    /// only then, the job may exist, and [`Jobs::find_jobs`] tells.
    fn create_job(&self, spec: &JobSpec) -> impl Future<Output = Result<Job, StageError>>;
}

/// A job under way.
pub trait Watch {
    /// Looks at a job. `ProviderRefused`, caused by [`NotThere`], when the provider has forgotten it.
    fn poll(&self, job: &str) -> impl Future<Output = Result<Job, StageError>>;

    /// Reads what a job has said behind the event of that id; everything if none.
    ///
    /// Each page is kept as it comes: what was read stays when the reading fails, or is given up.
    fn events(
        &self,
        job: &str,
        behind: Option<&str>,
        into: &mut Told<Event>,
    ) -> impl Future<Output = Result<(), StageError>>;

    /// Reads a job's checkpoints, as [`Watch::events`] reads; none at hosts that take none.
    fn checkpoints(
        &self,
        job: &str,
        into: &mut Told<Checkpoint>,
    ) -> impl Future<Output = Result<(), StageError>>;

    /// Cancels a job. A job that has ended is left as it is; one that is forgotten as in [`Watch::poll`].
    fn cancel(&self, job: &str) -> impl Future<Output = Result<(), StageError>>;
}

/// A trained model, made to answer.
pub trait Serve {
    /// Returns the name that a trained model answers under; none while it is being deployed. Asking again does no harm.
    fn serve(&self, model: &str) -> impl Future<Output = Result<Option<String>, StageError>>;
}

/// What is not needed any more.
pub trait Clean {
    /// Deletes an uploaded file. One that is not there is deleted.
    fn delete_file(&self, id: &str) -> impl Future<Output = Result<(), StageError>>;

    /// Deletes a tuned model, with what serves it. One that is not there is deleted.
    fn delete_model(&self, id: &str) -> impl Future<Output = Result<(), StageError>>;
}

/// Everything there is, whosever it is.
pub trait Inventory {
    /// Lists the account's jobs, the newest first, with the marks in their metadata.
    fn jobs(&self) -> impl Future<Output = Result<Told<Marked>, StageError>>;

    /// Lists the account's training files.
    fn files(&self) -> impl Future<Output = Result<Told<Stored>, StageError>>;
}

/// A job and whose it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Marked {
    /// The job.
    pub job: Job,
    /// The texts in its metadata.
    pub marks: BTreeMap<String, String>,
}

/// A file at the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The provider's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its size.
    pub bytes: u64,
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
    /// MD5 of its content, in hex, where it is known: the provider compares it.
    pub md5: Option<String>,
}
