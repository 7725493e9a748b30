//! One stateless poll of the job. The workflow waits; this function never does.

mod record;

use std::time::Duration;

use jiff::Timestamp;
use stage::arrows::{JobState, Polled, StatusEvent};
use stage::words::zion_live;
use stage::{ErrorName, StageError};
use store::Put;
use tuning::{Clean, Job, JobStatus, NotThere, Serve, Watch};

/// Looks at the job and says what the workflow does next. A job's end is written into the run, with its events.
///
/// # Errors
/// `TrainingFailed` with the provider's words, `TrainingCancelled`, and `TrainingTimedOut` after the job has been
/// cancelled; `ProviderRefused` of a job that the provider has forgotten, or behind the deadline; `Throttled` and
/// `Unavailable`.
pub async fn handle(
    event: StatusEvent,
    now: Timestamp,
    store: &impl Put,
    provider: &(impl Watch + Serve + Clean),
) -> Result<Polled, StageError> {
    let StatusEvent { job: ref id, submitted_at, deadline, provider: ref host, .. } = event;
    let job = provider.poll(id).await.map_err(|error| patient(error, now, deadline))?;
    let late = !job.status.is_final() && now >= deadline;
    let was = job.word.clone();
    let job = if late {
        provider.cancel(id).await?;
        // It may have ended meanwhile.
        provider.poll(id).await.unwrap_or(job)
    } else {
        job
    };
    let polled = |state, model| Polled {
        state,
        provider_status: job.word.clone(),
        progress: match &job.status {
            JobStatus::Running { progress: Some(progress) } => Some(*progress),
            _ => None,
        },
        wait_seconds: wait_seconds(now, submitted_at, job.estimated_finish),
        model,
        trained_tokens: job.trained_tokens,
    };
    if !job.status.is_final() && !late {
        return Ok(polled(JobState::Waiting, None));
    }
    let mut served = Ok(None);
    if let JobStatus::Succeeded { model } = &job.status {
        served = provider.serve(model).await;
        if matches!(served, Ok(None)) && now < deadline {
            return Ok(polled(JobState::Waiting, None));
        }
    }
    record::record(&event, &job, store, provider).await?;
    let served = served?;
    match job.status {
        JobStatus::Succeeded { ref model } => {
            let Some(served) = served else {
                let text = format!(
                    "model {model} is trained, but not deployed at its deadline {deadline}: wait for its deployment, then {} puts its version live, and raise model.deadline_hours",
                    zion_live("NAME", model)
                );
                return Err(StageError::new(ErrorName::TrainingTimedOut, text));
            };
            if host.clears_files() {
                delete_files(&job, provider).await;
            }
            Ok(polled(JobState::Trained, Some(served)))
        }
        JobStatus::Failed { code, message, retry_helps } if !late => {
            let fix = if retry_helps {
                "the fault is the provider's: start a new run"
            } else {
                "mend what it names, then start a new run"
            };
            let text = format!("the provider says of job {id}: {message} (code {code}); {fix}");
            Err(StageError::new(ErrorName::TrainingFailed, text))
        }
        JobStatus::Cancelled if !late => {
            let text =
                format!("job {id} was cancelled at the provider: start a new run if that was not meant");
            Err(StageError::new(ErrorName::TrainingCancelled, text))
        }
        _ => {
            let text = format!(
                "job {id} was {was} at its deadline {deadline} and has been cancelled: raise model.deadline_hours or ask the provider"
            );
            Err(StageError::new(ErrorName::TrainingTimedOut, text))
        }
    }
}

/// Turns a look that was refused into one that is tried again, until the deadline.
///
/// A key that is being rotated, a firewall's 403 or a gateway's bare 404 say nothing of the job, which is paid for. A job that the
/// provider has forgotten is an end.
pub fn patient(error: StageError, now: Timestamp, deadline: Timestamp) -> StageError {
    let refused = matches!(error.name(), ErrorName::ProviderRefused | ErrorName::RecipeInvalid);
    if !refused || NotThere::caused(&error) || now >= deadline {
        return error;
    }
    tracing::warn!(error.message = error.chain(), "a look was refused, which says nothing of the job");
    let text = "the job can't be looked at: it goes on, and is looked at again";
    StageError::new(ErrorName::Throttled, text).caused_by(error)
}

/// Two files must not use up the time that the function has.
const DELETING: Duration = Duration::from_secs(10);

/// Deletes what the job has learned from at the provider: the dataset is in the bucket. The model is trained, so a failure
/// is no failure of the run.
async fn delete_files(job: &Job, provider: &impl Clean) {
    for file in std::iter::once(&job.training_file).chain(&job.validation_file).filter(|id| !id.is_empty()) {
        let deleted = tokio::time::timeout(DELETING, provider.delete_file(file)).await;
        let failed = match deleted {
            Ok(deleted) => deleted.err().map(|error| error.chain()),
            Err(_) => Some("no answer in time".to_owned()),
        };
        if let Some(error) = failed {
            tracing::warn!(
                file.id = file,
                error.message = error,
                "the provider still has a file of the dataset: delete it by hand"
            );
        }
    }
}

/// Waits a minute for the first ten, then a tenth of the job's age, at most five minutes: a job of four hours costs
/// about 60 polls, and one of two days stays below the 25,000 events an execution may have.
///
/// Where the provider says when it expects the end, half of what is left is waited for, at most a quarter of an hour: its
/// word is a hint, and a job may end long before.
fn wait_seconds(now: Timestamp, submitted_at: Timestamp, finish: Option<Timestamp>) -> u64 {
    let (wait, most) = match finish.map(|finish| finish.duration_since(now).as_secs()) {
        Some(left) if left > 0 => (left / 2, 900),
        _ => (now.duration_since(submitted_at).as_secs() / 10, 300),
    };
    u64::try_from(wait).unwrap_or(0).clamp(60, most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_from_one_minute_to_five() {
        let start: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        let wait = |seconds: i64| wait_seconds(start + jiff::SignedDuration::from_secs(seconds), start, None);
        assert_eq!(
            [wait(-5), wait(0), wait(600), wait(1_200), wait(3_000), wait(99_999)],
            [60, 60, 60, 120, 300, 300]
        );
    }

    #[test]
    fn an_expected_end_is_waited_for_by_halves() {
        let start: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        let wait = |left: i64| {
            let now = start + jiff::SignedDuration::from_secs(3_000);
            wait_seconds(now, start, Some(now + jiff::SignedDuration::from_secs(left)))
        };
        // An end that has passed says nothing any more.
        assert_eq!(
            [wait(7_200), wait(1_000), wait(90), wait(1), wait(0), wait(-60)],
            [900, 500, 60, 60, 300, 300]
        );
    }
}
