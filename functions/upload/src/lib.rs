//! The provider's file and job, exactly once.

mod approval;
mod clear;
mod consent;
mod files;
mod folder;
mod job;
mod record;
mod sweep;

use jiff::{Timestamp, ToSpan as _};
use records::digest::sha256;
use stage::arrows::{SubmitEvent, Submitted};
use stage::clock::Since;
use stage::manifest::Manifest;
use stage::plan_file::PlanFile;
use stage::upload_file::UploadFile;
use stage::{ErrorName, StageError, keys};
use store::{Find, Get, Put, Swap, get_json};
use supabase::{Models, Rows};
use tuning::{Clean, Files, Host, Jobs, Watch};

pub use crate::clear::{clear, left};
pub use crate::folder::RunFolder;
pub use crate::record::Record;
pub use crate::sweep::{LONGEST_RUN, sweep};

/// A dataset may be assembled again this often because somebody in it took consent back. Whoever is taken out cannot
/// change it a second time, so more than this is a source that does not come to rest.
const MOST_GIVEN_UP: usize = 3;

/// Uploads the dataset and creates the job, if everybody in it may still be used.
///
/// What is about to be done is written before it is done. A replay takes up what the last attempt recorded; where an
/// answer may have been lost, it looks at the provider before it asks again. An attempt that another one has replaced stops
/// at its next write.
///
/// # Errors
/// `ConsentChanged` when somebody in the dataset may not be used any more: it is to be assembled again without them;
/// `ConsentDrifted` when that has happened too often. `DatasetRejected` when manifest or plan is another one than the dataset was assembled by,
/// `ApprovalMissing` when an operator must have approved it and has not; `SourceRefused`, `ConsentUnreadable`, `ProviderRefused`, `BaseModelUnusable`, `DailyLimit`; `Throttled` and
/// `Unavailable`.
pub async fn handle(
    event: SubmitEvent,
    now: Timestamp,
    bucket: &str,
    store: &(impl Get + Find + Put + Swap),
    models: &impl Models,
    rows: &impl Rows,
    provider: &(impl Files + Jobs + Watch + Clean),
) -> Result<Submitted, StageError> {
    let run = &event.run;
    let manifest = assembled(&event, store).await?;
    let plan = planned(run, &manifest, store).await?;
    let approval = approval::given(&plan, &manifest, &event.manifest_sha256, store).await?;
    let time = Since::new(now);
    clear::go_on(run, store).await?;
    let mut record = match Record::take(run, store).await? {
        Some(record) => record,
        None => Record::begin(run, fresh(&event), store).await?,
    };
    if record.file.manifest_sha256 != event.manifest_sha256 {
        if record.file.creating {
            return Err(rejected(format!(
                "run {run} has already asked for a job with another dataset: start a new run"
            )));
        }
        let UploadFile { given_up, lease, sent, .. } = record.file;
        record.file = UploadFile { given_up, lease, sent, ..fresh(&event) };
    }
    record.file.approval.clone_from(&approval);
    // From the call for the job on, what is done cannot be undone by leaving it out.
    if record.file.job.is_none() && !record.file.creating {
        match consent::withdrawn(&plan, &manifest, store, rows).await? {
            0 => record.file.consent_read_at = Some(now),
            withdrawn => {
                record.file.consent_read_at = None;
                record.file.given_up.insert(event.manifest_sha256.clone());
                files::take_back(run, &manifest, &mut record, store, provider).await?;
                return Err(changed(withdrawn, &record.file));
            }
        }
        record.save(store).await?;
    }
    // On the heap: each is kilobytes of state.
    Box::pin(files::ensure(run, &manifest, &mut record, store, provider)).await?;
    let job = Box::pin(job::ensure(&plan, &manifest, &mut record, time, store, provider)).await?;
    let uri = format!("s3://{bucket}/{}", keys::manifest(run));
    models.start(run, &job.id, &event.manifest_sha256, &uri).await?;
    let deadline = job
        .created_at
        .checked_add(i64::from(plan.recipe.model.deadline_hours).hours())
        .map_err(|error| StageError::internal("the deadline is no time").caused_by(error))?;
    Ok(Submitted {
        run: run.clone(),
        job: job.id,
        file: record.file.training_file.unwrap_or_default(),
        submitted_at: job.created_at,
        deadline,
        provider: plan.recipe.provider,
        host: plan.host,
        approval: approval.map(|approval| approval.in_words()),
    })
}

fn fresh(event: &SubmitEvent) -> UploadFile {
    UploadFile { manifest_sha256: event.manifest_sha256.clone(), ..UploadFile::default() }
}

/// Returns how the run's recipe speaks to the provider, and where that was when the run was planned.
///
/// # Errors
/// `Internal` when there is no plan, `Unavailable`.
pub async fn provider(run: &str, store: &impl Get) -> Result<Host, StageError> {
    let plan: PlanFile = get_json(store, &keys::plan(run)).await?;
    Ok(Host { provider: plan.recipe.provider, name: plan.host })
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

/// Reads the plan by which the dataset was assembled: price, approval and base model are those that it names.
async fn planned(run: &str, manifest: &Manifest, store: &impl Get) -> Result<PlanFile, StageError> {
    let key = keys::plan(run);
    let bytes = store.get(&key).await?;
    if sha256(&bytes) != manifest.plan_sha256 {
        let text =
            format!("run {run} has been planned again since its dataset was assembled: start a new run");
        return Err(rejected(text));
    }
    serde_json::from_slice(&bytes)
        .map_err(|error| StageError::internal(format!("{key} is {}", records::jsonl::problem(&error))))
}

/// Reads the manifest as it was assembled: money is spent on no other.
async fn assembled(event: &SubmitEvent, store: &impl Get) -> Result<Manifest, StageError> {
    let key = keys::manifest(&event.run);
    let bytes = store.get(&key).await?;
    if sha256(&bytes) != event.manifest_sha256 {
        return Err(rejected(format!("{key} has changed since the dataset was assembled: start a new run")));
    }
    serde_json::from_slice(&bytes)
        .map_err(|error| StageError::internal(format!("{key} is {}", records::jsonl::problem(&error))))
}
