//! What a run that ended without a model has left at the provider.

use serde_json::json;
use stage::arrows::{ClearEvent, Cleared};
use stage::manifest::Manifest;
use stage::plan_file::PlanFile;
use stage::upload_file::UploadFile;
use stage::{ErrorName, StageError, keys};
use store::{Find, Get, Put, find_json, get_json, put_json};
use tuning::{Clean, Files, Jobs, Watch};

use crate::{files, job_spec, listed, rejected};

/// Returns what the run has written of its upload; none when it never came so far, and there is nothing to clear.
///
/// The run is marked as ended first: a function of it may still be at work, and asks before it spends.
///
/// # Errors
/// `Unavailable` when the store is.
pub async fn left(event: &ClearEvent, store: &(impl Find + Put)) -> Result<Option<UploadFile>, StageError> {
    put_json(store, &keys::ended(&event.run), &json!({"ended": event.ended})).await?;
    find_json(store, &keys::upload(&event.run)).await
}

/// Refuses to go on with a run that has ended.
pub(crate) async fn go_on(run: &str, store: &impl Find) -> Result<(), StageError> {
    match store.find(&keys::ended(run)).await? {
        Some(_) => Err(rejected(format!("run {run} has ended: start a new run"))),
        None => Ok(()),
    }
}

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
    mut upload: UploadFile,
    store: &(impl Get + Find + Put),
    provider: &(impl Files + Jobs + Watch + Clean),
) -> Result<Cleared, StageError> {
    let run = event.run;
    let plan: PlanFile = get_json(store, &keys::plan(&run)).await?;
    let manifest: Manifest = get_json(store, &keys::manifest(&run)).await?;
    // Also where one is known: an answer that was lost before may have left another.
    let mut jobs = Vec::new();
    if upload.creating {
        jobs = listed(&job_spec(&plan, &manifest, &upload), provider).await?;
    }
    if let Some(known) = upload.job.as_ref().filter(|known| jobs.iter().all(|job| job.id != known.id)) {
        jobs.push(provider.poll(&known.id).await?);
    }
    if upload.creating && jobs.is_empty() {
        let text = format!(
            "run {run} asked for a job that the provider does not list: look for it there by the run's name"
        );
        return Err(StageError::new(ErrorName::Unavailable, text));
    }
    let mut cleared = Cleared { run: run.clone(), ..Cleared::default() };
    for job in jobs.into_iter().filter(|job| !job.status.is_final()) {
        provider.cancel(&job.id).await?;
        cleared.cancelled.push(job.id);
    }
    if !plan.recipe.provider.keep_files {
        cleared.files = upload.training_file.is_some() || upload.validation_file.is_some();
        files::take_back(&run, &manifest, &mut upload, store, provider).await?;
    }
    put_json(store, &keys::upload(&run), &upload).await?;
    tracing::info!(jobs.cancelled = cleared.cancelled.len(), files.deleted = cleared.files, "run cleared");
    Ok(cleared)
}
