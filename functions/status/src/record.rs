//! What a job said, kept in the run: providers forget events, and some forget jobs.

use std::time::Duration;

use stage::arrows::StatusEvent;
use stage::training_file::TrainingFile;
use stage::{StageError, keys};
use store::{Put, put_json};
use tuning::{Job, JobStatus, Watch};

/// Reading must not use up the minute that the function has.
const READING: Duration = Duration::from_secs(15);
/// The last of them are kept: a job of days may say more than a person reads, or memory holds.
const MOST_EVENTS: usize = 10_000;

/// Writes the job's end, its events and its checkpoints into the run.
///
/// What the provider does not tell is noted and left out: the model is trained, and no chronicle is worth another job.
///
/// # Errors
/// Those of the store: the same poll may be made again.
pub(crate) async fn record(
    event: &StatusEvent,
    job: &Job,
    store: &impl Put,
    provider: &impl Watch,
) -> Result<(), StageError> {
    let mut unread = Vec::new();
    let mut events = told(provider.events(&job.id, None), "events", &mut unread).await;
    let checkpoints = told(provider.checkpoints(&job.id), "checkpoints", &mut unread).await;
    if events.len() > MOST_EVENTS {
        unread.push(format!("{} older events", events.len() - MOST_EVENTS));
        events.drain(..events.len() - MOST_EVENTS);
    }
    let model = match &job.status {
        JobStatus::Succeeded { model } => Some(model.clone()),
        _ => None,
    };
    let file = TrainingFile {
        schema: 1,
        run: event.run.clone(),
        job: job.id.clone(),
        provider_status: job.word.clone(),
        model,
        submitted_at: event.submitted_at,
        trained_tokens: job.trained_tokens,
        unread,
        events,
        checkpoints,
    };
    put_json(store, &keys::training(&event.run), &file).await.map(drop)
}

/// Takes what comes in time; else notes why not.
async fn told<T>(
    asked: impl Future<Output = Result<Vec<T>, StageError>>,
    what: &str,
    unread: &mut Vec<String>,
) -> Vec<T> {
    let why = match tokio::time::timeout(READING, asked).await {
        Ok(Ok(told)) => return told,
        Ok(Err(error)) => error.name().as_str(),
        Err(_) => "no answer in time",
    };
    tracing::warn!(training.unread = what, error.name = why, "the job's chronicle is not whole");
    unread.push(format!("{what}: {why}"));
    Vec::new()
}
