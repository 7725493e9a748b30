//! What a run that ended without a model has left at the provider.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use stage::arrows::{ClearEvent, Cleared};
use stage::clock::Since;
use stage::manifest::Manifest;
use stage::plan_file::PlanFile;
use stage::{ErrorName, StageError, keys};
use store::{Find, Get, Put, Swap, get_json, put_json};
use tuning::{Clean, Files, Jobs, NotThere, Watch};

use crate::record::Record;
use crate::{files, job, rejected};

/// Takes over what the run has written of its upload; none when it never came so far, and there is nothing to clear.
///
/// The run is marked as ended first: a function of it may still be at work, and asks before it spends. One that has asked
/// already finds its record taken over.
///
/// # Errors
/// `Unavailable` when the store is, or when the function has written in the same moment.
pub async fn left(event: &ClearEvent, store: &(impl Put + Swap)) -> Result<Option<Record>, StageError> {
    put_json(store, &keys::ended(&event.run), &json!({"ended": event.ended})).await?;
    Record::take(&event.run, store).await
}

/// Refuses to go on with a run that has ended.
pub(crate) async fn go_on(run: &str, store: &impl Find) -> Result<(), StageError> {
    match store.find(&keys::ended(run)).await? {
        Some(_) => Err(rejected(format!("run {run} has ended: start a new run"))),
        None => Ok(()),
    }
}

/// Cancels a job, unless the provider has forgotten it.
pub(crate) async fn cancel(job: &str, provider: &impl Watch) -> Result<(), StageError> {
    match provider.cancel(job).await {
        Err(error) if NotThere::caused(&error) => Ok(()),
        cancelled => cancelled,
    }
}

/// A job that was asked for so long ago and is not listed was never made.
const DOUBT: SignedDuration = SignedDuration::from_hours(1);

/// Cancels the run's job and deletes its files. Doing it again does nothing.
///
/// A model that was trained already stays: it is paid for, and an operator may still want it. So do files of a recipe
/// that keeps them.
///
/// # Errors
/// `Unavailable` while a job that was asked for can't be found: it may be listed later, so try again. `ProviderRefused`,
/// `Throttled`.
pub async fn clear(
    event: ClearEvent,
    mut record: Record,
    now: Timestamp,
    store: &(impl Get + Find + Put + Swap),
    provider: &(impl Files + Jobs + Watch + Clean),
) -> Result<Cleared, StageError> {
    let run = event.run;
    let plan: PlanFile = get_json(store, &keys::plan(&run)).await?;
    let manifest: Manifest = get_json(store, &keys::manifest(&run)).await?;
    // Also where one is known: an answer that was lost before may have left another.
    let mut jobs = Vec::new();
    if record.file.creating {
        let (time, spec) = (Since::new(now), job::spec(&plan, &manifest, &record.file));
        jobs = job::listed(&spec, record.quiet_from(now), time, provider).await?;
    }
    if let Some(known) = record.file.job.as_ref().filter(|known| jobs.iter().all(|job| job.id != known.id)) {
        match provider.poll(&known.id).await {
            Err(error) if NotThere::caused(&error) => {
                tracing::warn!(job.id = known.id, "the provider has forgotten the run's job");
            }
            job => jobs.push(job?),
        }
    }
    let asked_long_ago = record.file.asked_at.is_some_and(|asked| now.duration_since(asked) > DOUBT);
    if record.file.creating && record.file.job.is_none() && jobs.is_empty() && !asked_long_ago {
        let text = format!(
            "run {run} asked for a job that the provider does not list: look for it there by the run's name"
        );
        return Err(StageError::new(ErrorName::Unavailable, text));
    }
    let mut cleared = Cleared { run: run.clone(), ..Cleared::default() };
    for job in jobs.into_iter().filter(|job| !job.status.is_final()) {
        cancel(&job.id, provider).await?;
        cleared.cancelled.push(job.id);
    }
    if !plan.recipe.provider.keep_files {
        cleared.files = record.file.training_file.is_some() || record.file.validation_file.is_some();
        files::take_back(&run, &manifest, &mut record, store, provider).await?;
    }
    record.file.cleared = true;
    record.save(store).await?;
    tracing::info!(jobs.cancelled = cleared.cancelled.len(), files.deleted = cleared.files, "run cleared");
    Ok(cleared)
}
