//! The one call that costs money.

use std::time::Duration;

use jiff::Timestamp;
use records::digest::sha256;
use records::split::SideName;
use serde_json::json;
use stage::clock::{self, Since};
use stage::manifest::Manifest;
use stage::plan_file::PlanFile;
use stage::upload_file::{SubmittedJob, UploadFile};
use stage::{ErrorName, StageError};
use store::{Find, Put, Swap};
use tuning::{Clean, Files, Hyperparameters, Job, JobSpec, JobStatus, Jobs, Method, Watch};

use crate::record::Record;
use crate::{clear, files};

/// Nobody else asks for so long behind an intent: what its attempt has asked for is on its way for no longer.
const LEASE: Duration = Duration::from_secs(35);
/// So long before that the call is given up, and a request that is just leaving still arrives.
const MARGIN: Duration = Duration::from_secs(5);
/// A call that has less time than this is not begun: most answers would be lost.
const SHORTEST_CALL: Duration = Duration::from_secs(10);
/// A job whose answer was lost is looked for this long before it counts as not created: lists lag behind.
const LISTED_WITHIN: Duration = Duration::from_secs(30);
/// Where a job was asked for more than once, the list is watched for so long behind the one that is known.
const SETTLED_WITHIN: Duration = Duration::from_mins(10);
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// The job of a dataset, by which it is also found again.
pub(crate) fn spec(plan: &PlanFile, manifest: &Manifest, upload: &UploadFile) -> JobSpec {
    let model = &plan.recipe.model;
    let mut spec = JobSpec {
        base_model: model.base.clone(),
        suffix: plan.model.clone().unwrap_or_else(|| plan.recipe.name.clone()),
        training_file: upload.training_file.clone().unwrap_or_default(),
        validation_file: upload.validation_file.clone(),
        method: Method::Supervised,
        hyperparameters: Hyperparameters {
            epochs: Some(model.epochs(manifest.lines(SideName::Train))),
            batch_size: model.batch_size,
            learning_rate_multiplier: model.learning_rate_multiplier,
        },
        seed: model.seed,
        marks: Vec::new(),
    };
    // The run's name alone may be another stack's on the same account; the key says what is learned, and how.
    spec.marks = vec![
        ("zion_run", plan.run.clone()),
        ("zion_manifest_sha256", upload.manifest_sha256.clone()),
        ("zion_key", key(&upload.manifest_sha256, &spec)),
    ];
    spec
}

/// The hash of everything that makes two jobs the same purchase.
fn key(dataset: &str, spec: &JobSpec) -> String {
    let (method, beta) = match spec.method {
        Method::Supervised => ("supervised", None),
        Method::Dpo { beta } => ("dpo", beta),
    };
    let purchase = json!({
        "dataset": dataset, "base": spec.base_model, "method": method, "beta": beta,
        "epochs": spec.hyperparameters.epochs, "batch_size": spec.hyperparameters.batch_size,
        "learning_rate_multiplier": spec.hyperparameters.learning_rate_multiplier, "seed": spec.seed,
    });
    sha256(purchase.to_string().as_bytes())
}

/// Creates the job, or finds the one whose answer was lost.
pub(crate) async fn ensure(
    plan: &PlanFile,
    manifest: &Manifest,
    record: &mut Record,
    time: Since,
    store: &(impl Find + Put + Swap),
    provider: &(impl Files + Jobs + Watch + Clean),
) -> Result<SubmittedJob, StageError> {
    let spec = spec(plan, manifest, &record.file);
    if let Some(job) = record.file.job.clone() {
        return settle(&spec, job, false, record, time, store, provider).await;
    }
    let asked_before = record.file.creating;
    if asked_before {
        let jobs = listed(&spec, record.quiet_from(time.now()), time, provider).await?;
        if let Some(kept) = kept(&jobs) {
            tracing::warn!(job.id = kept.id, "adopting the job of an earlier attempt");
            let job = remember(kept, record, store, provider).await?;
            cancel_others(&jobs, &job.id, provider).await?;
            return settle(&spec, job, false, record, time, store, provider).await;
        }
    }
    // The last look before money is spent: uploading may have taken minutes. Who ends the run later takes the record over,
    // and the intent can't be written any more.
    if let Err(error) = clear::go_on(&plan.run, store).await {
        if error.name() == ErrorName::DatasetRejected {
            // A job that an earlier attempt may have left is still looked for when the run is cleared.
            files::take_back(&plan.run, manifest, record, store, provider).await?;
        }
        return Err(error);
    }
    let job = ask(&spec, record, time, store, provider).await?;
    let job = remember(&job, record, store, provider).await?;
    settle(&spec, job, true, record, time, store, provider).await
}

/// Writes that the job is asked for, and asks while that holds.
///
/// The time is counted from before the write: its answer may be long in coming, and then another attempt may be asking by
/// now. A call that can't be answered in time is not begun.
async fn ask(
    spec: &JobSpec,
    record: &mut Record,
    time: Since,
    store: &impl Swap,
    provider: &impl Jobs,
) -> Result<Job, StageError> {
    record.file.creating = true;
    record.file.asked += 1;
    record.file.asked_at = Some(time.now());
    let until = time.now().saturating_add(LEASE).unwrap_or(Timestamp::MAX);
    record.file.lease.until = Some(until);
    record.save(store).await?;
    let left = Duration::try_from(until.duration_since(time.now())).unwrap_or_default();
    let left = left.saturating_sub(MARGIN);
    if left < SHORTEST_CALL {
        withdraw(record);
        record.save(store).await?;
        let text = "writing down that the job is asked for took too long: it was not asked for";
        return Err(StageError::new(ErrorName::Unavailable, text));
    }
    let asked = tokio::select! {
        // First: a process that was paused since must not ask any more.
        biased;
        () = clock::sleep(left) => {
            Err(StageError::new(ErrorName::Unavailable, "the call for the job was not answered in time"))
        }
        asked = provider.create_job(spec) => asked,
    };
    let error = match asked {
        Ok(job) => return Ok(job),
        Err(error) => error,
    };
    // Anything but silence proves that there is no job: consent is read again before the next try.
    // What an earlier try may have left stays in doubt.
    if error.name() == ErrorName::Unavailable {
        record.file.lease.until = None;
    } else {
        withdraw(record);
    }
    record.save(store).await?;
    Err(error)
}

/// Takes an intent back of which it is certain that no job came.
fn withdraw(record: &mut Record) {
    record.file.asked = record.file.asked.saturating_sub(1);
    record.file.creating = record.file.asked > 0;
    record.file.lease.until = None;
}

/// Writes down which job the run has.
///
/// An attempt that is late may hold a job that nobody will wait for: it cancels it where the record names another.
async fn remember(
    job: &Job,
    record: &mut Record,
    store: &impl Swap,
    provider: &impl Watch,
) -> Result<SubmittedJob, StageError> {
    let submitted = SubmittedJob { id: job.id.clone(), created_at: job.created_at };
    record.file.job = Some(submitted.clone());
    let Err(late) = record.save(store).await else {
        return Ok(submitted);
    };
    let known = record.now_there(store).await?.and_then(|file| file.job);
    if known.is_some_and(|known| known.id != job.id) {
        tracing::warn!(job.id, "cancelling a job that another attempt has not waited for");
        provider.cancel(&job.id).await?;
    }
    Err(late)
}

/// Looks for all jobs that may be there when one was asked for more than once. The oldest is the run's, the others are
/// cancelled.
///
/// The list is watched until it shows as many as were asked for, or the `newest`, if the known one is that: a list that shows
/// a job shows what was made before it.
async fn settle(
    spec: &JobSpec,
    known: SubmittedJob,
    newest: bool,
    record: &mut Record,
    time: Since,
    store: &impl Swap,
    provider: &(impl Jobs + Watch),
) -> Result<SubmittedJob, StageError> {
    if record.file.asked < 2 || record.file.settled {
        return Ok(known);
    }
    let until = time.now().saturating_add(SETTLED_WITHIN).unwrap_or(Timestamp::MAX);
    let mut run_s = known.clone();
    loop {
        let mut jobs = provider.find_jobs(spec).await?;
        let is_listed = jobs.iter().any(|job| job.id == known.id);
        let all = jobs.len() >= record.file.asked as usize || (newest && is_listed);
        if !is_listed {
            jobs.push(provider.poll(&known.id).await?);
        }
        if let Some(kept) = kept(&jobs).filter(|kept| kept.id != run_s.id) {
            // Written first: a job that is cancelled must not be the one that is waited for.
            run_s = remember(kept, record, store, provider).await?;
        }
        cancel_others(&jobs, &run_s.id, provider).await?;
        if all || time.now() >= until {
            record.file.settled = true;
            record.save(store).await?;
            return Ok(run_s);
        }
        clock::sleep(LOOK_AGAIN).await;
    }
}

/// Looks for the jobs of a spec, for as long as one may be missing from the provider's list that was asked for until
/// `asked_until`.
pub(crate) async fn listed(
    spec: &JobSpec,
    asked_until: Timestamp,
    time: Since,
    provider: &impl Jobs,
) -> Result<Vec<Job>, StageError> {
    let until = asked_until.saturating_add(LISTED_WITHIN).unwrap_or(Timestamp::MAX);
    loop {
        let jobs = provider.find_jobs(spec).await?;
        if !jobs.is_empty() || time.now() >= until {
            return Ok(jobs);
        }
        clock::sleep(LOOK_AGAIN).await;
    }
}

/// The job that a run keeps: the oldest, of those that may still come to something.
fn kept(jobs: &[Job]) -> Option<&Job> {
    let lost = |job: &&Job| matches!(job.status, JobStatus::Cancelled | JobStatus::Failed { .. });
    jobs.iter().find(|job| !lost(job)).or(jobs.first())
}

/// Cancels the jobs of a dataset but one: nobody waits for them.
async fn cancel_others(jobs: &[Job], kept: &str, provider: &impl Watch) -> Result<(), StageError> {
    for job in jobs.iter().filter(|job| job.id != kept && !job.status.is_final()) {
        tracing::warn!(job.id, "cancelling a second job of the same dataset");
        provider.cancel(&job.id).await?;
    }
    Ok(())
}
