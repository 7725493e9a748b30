//! The provider's file and job, exactly once.

mod clear;
mod consent;
mod files;

use std::time::Duration;

use backon::{Sleeper as _, TokioSleeper};
use jiff::{Timestamp, ToSpan as _};
use records::digest::sha256;
use records::recipe;
use stage::arrows::{SubmitEvent, Submitted};
use stage::manifest::Manifest;
use stage::plan_file::PlanFile;
use stage::upload_file::{SubmittedJob, UploadFile};
use stage::{ErrorName, StageError, keys};
use store::{Find, Get, Put, find_json, get_json, put_json};
use supabase::{Models, Rows};
use tuning::{Clean, Files, Hyperparameters, Job, JobSpec, Jobs, Method, Watch};

pub use crate::clear::{clear, left};

/// A dataset may be assembled again this often because somebody in it took consent back. Whoever is taken out cannot
/// change it a second time, so more than this is a source that does not come to rest.
const MOST_GIVEN_UP: usize = 3;

/// A job whose answer was lost is looked for this long before it counts as not created: lists lag behind.
const LISTED_WITHIN: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// Uploads the dataset and creates the job, if everybody in it may still be used.
///
/// What is about to be done is written before it is done. A replay takes up what the last attempt recorded; where an
/// answer may have been lost, it looks at the provider before it asks again.
///
/// # Errors
/// `ConsentChanged` when somebody in the dataset may not be used any more: it is to be assembled again without them;
/// `ConsentDrifted` when that has happened too often. `DatasetRejected` when the manifest is not the approved one,
/// `SourceRefused`, `ConsentUnreadable`, `ProviderRefused`, `BaseModelUnusable`, `DailyLimit`; `Throttled` and
/// `Unavailable`.
pub async fn handle(
    event: SubmitEvent,
    now: Timestamp,
    bucket: &str,
    store: &(impl Get + Find + Put),
    models: &impl Models,
    rows: &impl Rows,
    provider: &(impl Files + Jobs + Watch + Clean),
) -> Result<Submitted, StageError> {
    let run = &event.run;
    let plan: PlanFile = get_json(store, &keys::plan(run)).await?;
    let manifest = approved(&event, store).await?;
    let upload_key = keys::upload(run);
    clear::go_on(run, store).await?;
    let mut upload = match find_json::<UploadFile>(store, &upload_key).await? {
        Some(upload) if upload.manifest_sha256 == event.manifest_sha256 => upload,
        Some(upload) if upload.creating => {
            return Err(rejected(format!(
                "run {run} has already asked for a job with another dataset: start a new run"
            )));
        }
        before => UploadFile {
            manifest_sha256: event.manifest_sha256.clone(),
            consent_read_at: None,
            given_up: before.map(|upload| upload.given_up).unwrap_or_default(),
            training_file: None,
            validation_file: None,
            creating: false,
            job: None,
        },
    };
    // From the call for the job on, what is done cannot be undone by leaving it out.
    if upload.job.is_none() && !upload.creating {
        match consent::withdrawn(&plan, &manifest, store, rows).await? {
            0 => upload.consent_read_at = Some(now),
            withdrawn => {
                files::take_back(run, &manifest, &mut upload, store, provider).await?;
                upload.consent_read_at = None;
                upload.given_up.insert(event.manifest_sha256.clone());
                put_json(store, &upload_key, &upload).await?;
                return Err(changed(withdrawn, &upload));
            }
        }
        put_json(store, &upload_key, &upload).await?;
    }
    files::ensure(run, &manifest, &mut upload, &upload_key, store, provider).await?;
    let job = match upload.job.clone() {
        Some(job) => job,
        None => create(&plan, &manifest, &mut upload, &upload_key, store, provider).await?,
    };
    let uri = format!("s3://{bucket}/{}", keys::manifest(run));
    models.start(run, &job.id, &event.manifest_sha256, &uri).await?;
    let deadline = job
        .created_at
        .checked_add(i64::from(plan.recipe.model.deadline_hours).hours())
        .map_err(|error| StageError::internal("the deadline is no time").caused_by(error))?;
    Ok(Submitted {
        run: run.clone(),
        job: job.id,
        file: upload.training_file.unwrap_or_default(),
        submitted_at: job.created_at,
        deadline,
        provider: plan.recipe.provider,
    })
}

/// Returns how the run's recipe speaks to the provider.
///
/// # Errors
/// `Internal` when there is no plan, `Unavailable`.
pub async fn provider(run: &str, store: &impl Get) -> Result<recipe::Provider, StageError> {
    let plan: PlanFile = get_json(store, &keys::plan(run)).await?;
    Ok(plan.recipe.provider)
}

fn changed(withdrawn: u64, upload: &UploadFile) -> StageError {
    let text = format!("{withdrawn} examples of the dataset may not be used any more");
    if upload.given_up.len() <= MOST_GIVEN_UP {
        return StageError::new(
            ErrorName::ConsentChanged,
            format!("{text}: it is assembled again without them"),
        );
    }
    let text =
        format!("{text}, and {MOST_GIVEN_UP} datasets before it were given up for that: start a new run");
    StageError::new(ErrorName::ConsentDrifted, text)
}

fn rejected(text: String) -> StageError {
    StageError::new(ErrorName::DatasetRejected, text)
}

/// Reads the manifest that was approved: money is spent on no other.
async fn approved(event: &SubmitEvent, store: &impl Get) -> Result<Manifest, StageError> {
    let key = keys::manifest(&event.run);
    let bytes = store.get(&key).await?;
    if sha256(&bytes) != event.manifest_sha256 {
        return Err(rejected(format!("{key} has changed since the dataset was assembled: start a new run")));
    }
    serde_json::from_slice(&bytes)
        .map_err(|error| StageError::internal(format!("{key} is {}", records::jsonl::problem(&error))))
}

/// The job of a dataset, by which it is also found again.
fn job_spec(plan: &PlanFile, manifest: &Manifest, upload: &UploadFile) -> JobSpec {
    let model = &plan.recipe.model;
    JobSpec {
        base_model: model.base.clone(),
        suffix: plan.model.clone().unwrap_or_else(|| plan.recipe.name.clone()),
        training_file: upload.training_file.clone().unwrap_or_default(),
        validation_file: upload.validation_file.clone(),
        method: Method::Supervised,
        hyperparameters: Hyperparameters {
            epochs: Some(model.epochs(manifest.outputs.get("train").map_or(0, |side| side.lines))),
            batch_size: model.batch_size,
            learning_rate_multiplier: model.learning_rate_multiplier,
        },
        seed: model.seed,
        // The run's name alone may be another stack's on the same account.
        marks: vec![("zion_run", plan.run.clone()), ("zion_manifest_sha256", upload.manifest_sha256.clone())],
    }
}

/// Creates the job, or finds the one whose answer was lost.
async fn create(
    plan: &PlanFile,
    manifest: &Manifest,
    upload: &mut UploadFile,
    upload_key: &str,
    store: &(impl Find + Put),
    provider: &(impl Files + Jobs + Watch + Clean),
) -> Result<SubmittedJob, StageError> {
    let spec = job_spec(plan, manifest, upload);
    let asked_before = upload.creating;
    let found = if asked_before {
        one_of(listed(&spec, provider).await?, provider).await?
    } else {
        upload.creating = true;
        put_json(store, upload_key, upload).await?;
        None
    };
    let job = if let Some(job) = found {
        tracing::warn!(job.id, "adopting the job of an earlier attempt");
        job
    } else {
        // The last look before money is spent: uploading may have taken minutes.
        if let Err(error) = clear::go_on(&plan.run, store).await {
            if error.name() == ErrorName::DatasetRejected {
                // A job that an earlier attempt may have left is still looked for when the run is cleared.
                upload.creating = asked_before;
                files::take_back(&plan.run, manifest, upload, store, provider).await?;
                put_json(store, upload_key, upload).await?;
            }
            return Err(error);
        }
        match provider.create_job(&spec).await {
            Ok(job) => job,
            Err(error) => {
                // Anything but silence proves that there is no job: consent is read again before the next try.
                if error.name() != ErrorName::Unavailable {
                    upload.creating = false;
                    put_json(store, upload_key, upload).await?;
                }
                return Err(error);
            }
        }
    };
    let job = SubmittedJob { id: job.id, created_at: job.created_at };
    upload.job = Some(job.clone());
    put_json(store, upload_key, upload).await?;
    Ok(job)
}

/// Looks for the jobs of a spec, for as long as one that was just created may be missing from the provider's list.
async fn listed(spec: &JobSpec, provider: &impl Jobs) -> Result<Vec<Job>, StageError> {
    let mut looked = Duration::ZERO;
    loop {
        let jobs = provider.find_jobs(spec).await?;
        if !jobs.is_empty() || looked >= LISTED_WITHIN {
            return Ok(jobs);
        }
        TokioSleeper.sleep(LOOK_AGAIN).await;
        looked += LOOK_AGAIN;
    }
}

/// Keeps the oldest of the jobs of one dataset and cancels the others, which nobody waits for.
async fn one_of(jobs: Vec<Job>, provider: &impl Watch) -> Result<Option<Job>, StageError> {
    let mut jobs = jobs.into_iter();
    let oldest = jobs.next();
    for job in jobs.filter(|job| !job.status.is_final()) {
        tracing::warn!(job.id, "cancelling a second job of the same dataset");
        provider.cancel(&job.id).await?;
    }
    Ok(oldest)
}
