//! What a job said, kept in the run: providers forget events, and some forget jobs.

use std::time::Duration;

use stage::arrows::StatusEvent;
use stage::training_file::TrainingFile;
use stage::{StageError, keys};
use store::{Put, put_json};
use tuning::{Job, JobStatus, Told, Watch};

/// Reading must not use up the time that the function has.
const READING: Duration = Duration::from_secs(15);

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
    let (mut events, mut checkpoints) = (Told::default(), Told::default());
    let why = in_time(provider.events(&job.id, None, &mut events)).await;
    note("events", &events, why, &mut unread);
    let why = in_time(provider.checkpoints(&job.id, &mut checkpoints)).await;
    note("checkpoints", &checkpoints, why, &mut unread);
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
        events: events.oldest_first(),
        checkpoints: checkpoints.by_step(),
    };
    put_json(store, &keys::training(&event.run), &file).await.map(drop)
}

/// Reads as long as there is time; else says why not everything was read.
async fn in_time(reading: impl Future<Output = Result<(), StageError>>) -> Option<&'static str> {
    match tokio::time::timeout(READING, reading).await {
        Ok(read) => read.err().map(|error| error.name().as_str()),
        Err(_) => Some("no answer in time"),
    }
}

/// Notes what is missing of a list.
fn note<T>(what: &str, told: &Told<T>, why: Option<&'static str>, unread: &mut Vec<String>) {
    let newest = told.items.len();
    let cut = match why {
        Some(why) if newest > 0 => Some(format!("{what}: {why}, the newest {newest} alone were read")),
        Some(why) => Some(format!("{what}: {why}")),
        None if told.more => Some(format!("{what}: there are more, the newest {newest} alone were read")),
        None => None,
    };
    let odd =
        (told.unreadable > 0).then(|| format!("{what}: {} in a form that can't be read", told.unreadable));
    for note in cut.into_iter().chain(odd) {
        tracing::warn!(training.unread = note, "the job's chronicle is not whole");
        unread.push(note);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use stage::ErrorName;
    use store::{Memory, get_json};
    use tuning::{Checkpoint, Event};

    /// What comes behind the first page of events.
    #[derive(Clone, Copy)]
    enum Behind {
        Nothing,
        More,
        Refusal,
        Silence,
    }

    impl Watch for Behind {
        async fn poll(&self, _: &str) -> Result<Job, StageError> {
            Err(StageError::internal("the job is not looked at again"))
        }

        async fn events(&self, _: &str, _: Option<&str>, into: &mut Told<Event>) -> Result<(), StageError> {
            let event = |second: i64| Event {
                id: format!("e-{second}"),
                created_at: Timestamp::from_second(second).unwrap(),
                level: "info".to_owned(),
                message: String::new(),
                step: None,
                train_loss: None,
                valid_loss: None,
            };
            into.items.extend([event(9), event(8), event(7)]);
            match self {
                Self::Nothing => into.unreadable = 2,
                Self::More => into.more = true,
                Self::Refusal => return Err(StageError::new(ErrorName::Unavailable, "away")),
                Self::Silence => std::future::pending().await,
            }
            Ok(())
        }

        async fn checkpoints(&self, _: &str, into: &mut Told<Checkpoint>) -> Result<(), StageError> {
            let at = |step| Checkpoint { model: "m".to_owned(), step, train_loss: None, valid_loss: None };
            into.items.extend([at(20), at(10)]);
            Ok(())
        }

        async fn cancel(&self, _: &str) -> Result<(), StageError> {
            Err(StageError::internal("a job that has ended is not cancelled"))
        }
    }

    async fn recorded(behind: Behind) -> TrainingFile<Event, Checkpoint> {
        let store = Memory::default();
        let event = StatusEvent {
            run: "run-1".to_owned(),
            job: "job-1".to_owned(),
            submitted_at: Timestamp::UNIX_EPOCH,
            deadline: Timestamp::MAX,
            provider: records::recipe::Provider::default(),
            host: None,
        };
        let job = Job {
            id: "job-1".to_owned(),
            created_at: Timestamp::UNIX_EPOCH,
            status: JobStatus::Cancelled,
            word: "cancelled".to_owned(),
            estimated_finish: None,
            trained_tokens: None,
            training_file: String::new(),
            validation_file: None,
        };
        record(&event, &job, &store, &behind).await.unwrap();
        get_json(&store, &keys::training("run-1")).await.unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_read_is_kept_and_what_was_not_is_said() {
        for (behind, said) in [
            (Behind::Nothing, "events: 2 in a form that can't be read"),
            (Behind::More, "events: there are more, the newest 3 alone were read"),
            (Behind::Refusal, "events: Unavailable, the newest 3 alone were read"),
            (Behind::Silence, "events: no answer in time, the newest 3 alone were read"),
        ] {
            let file = recorded(behind).await;
            assert_eq!(file.unread, [said]);
            let seconds: Vec<_> = file.events.iter().map(|event| event.created_at.as_second()).collect();
            assert_eq!(seconds, [7, 8, 9], "the oldest first: {said}");
            assert_eq!(file.checkpoints.iter().map(|it| it.step).collect::<Vec<_>>(), [10, 20]);
        }
    }
}
