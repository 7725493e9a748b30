//! Jobs: created, found again, watched.

use std::time::Duration;

use reqwest::{Method as Verb, RequestBuilder, StatusCode};
use serde::de::{DeserializeOwned, IgnoredAny};
use stage::arrows::Progress;
use stage::{ErrorName, StageError};

use super::{Failed, OpenAi, READING, time};
use crate::job::{Checkpoint, Event, Job, JobSpec, JobStatus, Method, Told};
use crate::provider::{Jobs, Watch};
use crate::refusal::{Kind, in_brief, is_moderation, retry_helps};
use crate::wire::{self, CreateJob, FineTuningJob, Inside, JobCheckpoint, JobEvent, List};

/// Lists are followed so far.
const MOST_PAGES: usize = 50;

/// The most items of a page that lists of jobs allow.
pub(super) fn a_hundred(request: RequestBuilder) -> RequestBuilder {
    request.query(&[("limit", "100")])
}

/// How a list was followed.
#[derive(Default)]
pub(super) struct Listed {
    /// Items in a form that can't be read.
    pub(super) left_out: usize,
    /// Whether there is more behind the last page that was read.
    pub(super) more: bool,
}

impl OpenAi {
    /// Follows a list from its newest item until `each` has seen enough. What it saw stays with it when a page fails.
    pub(super) async fn pages<T: DeserializeOwned>(
        &self,
        what: &str,
        segments: &[&str],
        with: impl Fn(RequestBuilder) -> RequestBuilder,
        id: impl Fn(&T) -> &str,
        mut each: impl FnMut(T) -> bool,
    ) -> Result<Listed, Failed> {
        let url = self.url(segments).map_err(Failed::before)?;
        let (mut after, mut listed): (Option<String>, Listed) = (None, Listed::default());
        for _ in 0..MOST_PAGES {
            let request = || {
                let request = with(self.request(Verb::GET, url.clone()));
                request.query(&after.as_ref().map(|after| [("after", after)])).timeout(READING)
            };
            let page: List<T> = self.briefly(what, request).await?;
            listed.left_out += page.left_out;
            let next = page.data.last().map(|item| id(item).to_owned());
            let goes_on = page.data.into_iter().all(&mut each);
            listed.more = goes_on && page.has_more;
            // A host that does not know `after` answers the same page for ever.
            if !listed.more || next.is_none() || next == after {
                break;
            }
            after = next;
        }
        Ok(listed)
    }
}

impl Jobs for OpenAi {
    async fn find_jobs(&self, spec: &JobSpec) -> Result<Vec<Job>, StageError> {
        let filters: Vec<_> =
            spec.marks.iter().map(|(key, value)| (format!("metadata[{key}]"), value.as_str())).collect();
        let mut found = Vec::new();
        let keep = |job: FineTuningJob| {
            if is_of(&job, spec) && !found.iter().any(|known: &FineTuningJob| known.id == job.id) {
                found.push(job);
            }
            true
        };
        let segments = ["fine_tuning", "jobs"];
        let Listed { left_out, more } = self
            .pages("listing jobs", &segments, |it| a_hundred(it.query(&filters)), |job| &job.id, keep)
            .await?;
        if found.is_empty() && left_out > 0 {
            // One of them may be the one that is looked for: it must not be bought again.
            let text = format!(
                "the provider lists {left_out} jobs in a form that can't be read: look there whether the run has one"
            );
            return Err(StageError::new(ErrorName::ProviderRefused, text));
        }
        if found.is_empty() && more {
            let text = "the provider's list of jobs goes on behind what could be read: look there whether the run has one";
            return Err(StageError::new(ErrorName::ProviderRefused, text));
        }
        // Lists begin with the newest, which tells apart what was made in one second.
        found.reverse();
        found.sort_by_key(|job| job.created_at);
        found.into_iter().map(job).collect()
    }

    async fn create_job(&self, spec: &JobSpec) -> Result<Job, StageError> {
        let create = CreateJob {
            model: &spec.base_model,
            training_file: &spec.training_file,
            validation_file: spec.validation_file.as_deref(),
            suffix: &spec.suffix,
            seed: spec.seed,
            method: method(spec),
            metadata: spec.marks.iter().map(|(key, value)| (*key, value.as_str())).collect(),
        };
        let url = self.url(&["fine_tuning", "jobs"])?;
        let request = || self.request(Verb::POST, url.clone()).json(&create).timeout(Duration::from_mins(1));
        // These two alone prove that no job was made, and pass.
        let passes = |failed: &Failed| matches!(failed.kind, Some(Kind::RateLimit | Kind::NotReady));
        job(self.while_it_passes("creating the job", request, passes).await?)
    }
}

impl Watch for OpenAi {
    async fn poll(&self, id: &str) -> Result<Job, StageError> {
        job(self.get("looking at the job", &["fine_tuning", "jobs", id]).await?)
    }

    async fn events(&self, id: &str, behind: Option<&str>, into: &mut Told<Event>) -> Result<(), StageError> {
        let keep = |wire: JobEvent| {
            let new = behind != Some(wire.id.as_str());
            match event(wire) {
                Ok(event) if new => into.items.push(event),
                Err(_) if new => into.unreadable += 1,
                _ => {}
            }
            new
        };
        let segments = ["fine_tuning", "jobs", id, "events"];
        let listed =
            self.pages("reading the job's events", &segments, a_hundred, |event| &event.id, keep).await?;
        into.unreadable += listed.left_out;
        into.more = listed.more;
        Ok(())
    }

    async fn checkpoints(&self, id: &str, into: &mut Told<Checkpoint>) -> Result<(), StageError> {
        let keep = |it: JobCheckpoint| {
            into.items.push(Checkpoint {
                model: it.fine_tuned_model_checkpoint,
                step: it.step_number,
                train_loss: it.metrics.train_loss,
                valid_loss: it.metrics.valid_loss,
            });
            true
        };
        let segments = ["fine_tuning", "jobs", id, "checkpoints"];
        match self.pages("reading checkpoints", &segments, a_hundred, |it| &it.id, keep).await {
            Ok(listed) => {
                into.unreadable += listed.left_out;
                into.more = listed.more;
                Ok(())
            }
            Err(Failed { status: Some(StatusCode::NOT_FOUND), .. }) => Ok(()),
            Err(failed) => Err(failed.error),
        }
    }

    async fn cancel(&self, id: &str) -> Result<(), StageError> {
        let url = self.url(&["fine_tuning", "jobs", id, "cancel"])?;
        let request = || self.request(Verb::POST, url.clone()).timeout(READING);
        match self.briefly::<IgnoredAny>("cancelling the job", request).await {
            Ok(_) => Ok(()),
            // A job that has ended cannot be cancelled, and need not be.
            Err(Failed { status: Some(StatusCode::BAD_REQUEST | StatusCode::CONFLICT), error, .. }) => {
                if self.poll(id).await?.status.is_final() { Ok(()) } else { Err(error) }
            }
            Err(failed) => Err(failed.error),
        }
    }
}

/// Says whether a job was created from a spec.
fn is_of(job: &FineTuningJob, spec: &JobSpec) -> bool {
    match job.metadata.as_ref().filter(|metadata| !metadata.is_empty()) {
        Some(metadata) => {
            let says =
                |(key, value): &(&str, String)| metadata.get(*key).is_some_and(|said| said == value.as_str());
            !spec.marks.is_empty() && spec.marks.iter().all(says)
        }
        None => job.training_file.as_deref() == Some(&spec.training_file),
    }
}

fn method(spec: &JobSpec) -> wire::Method {
    let inside = |beta| Inside {
        hyperparameters: wire::Hyperparameters {
            n_epochs: spec.hyperparameters.epochs,
            batch_size: spec.hyperparameters.batch_size,
            learning_rate_multiplier: spec.hyperparameters.learning_rate_multiplier,
            beta,
        },
    };
    match spec.method {
        Method::Supervised => wire::Method { kind: "supervised", supervised: Some(inside(None)), dpo: None },
        Method::Dpo { beta } => wire::Method { kind: "dpo", supervised: None, dpo: Some(inside(beta)) },
    }
}

fn event(wire: JobEvent) -> Result<Event, StageError> {
    Ok(Event {
        id: wire.id,
        created_at: time(wire.created_at)?,
        level: in_brief(&wire.level),
        message: in_brief(&wire.message),
        step: wire.data.step,
        train_loss: wire.data.train_loss,
        valid_loss: wire.data.valid_loss,
    })
}

pub(super) fn job(wire: FineTuningJob) -> Result<Job, StageError> {
    let progress = wire.trained_steps.zip(wire.total_steps).map(|(step, of)| Progress { step, of });
    let running = JobStatus::Running { progress };
    let status = match wire.status.as_str() {
        "validating_files" => JobStatus::Validating,
        "queued" | "pending" => JobStatus::Queued,
        "running" => running,
        "paused" | "pausing" => JobStatus::Paused,
        "succeeded" => match wire.fine_tuned_model {
            Some(model) if !model.is_empty() => JobStatus::Succeeded { model },
            // Seen for a moment at some hosts: the model's id follows.
            _ => running,
        },
        "failed" => {
            let error = wire.error.unwrap_or_default();
            let code = error.code.unwrap_or_else(|| "unknown".to_owned());
            let message = in_brief(&error.message.unwrap_or_default());
            let retry_helps = retry_helps(&code) && !is_moderation(&code, &message);
            JobStatus::Failed { code: in_brief(&code), message, retry_helps }
        }
        "cancelled" => JobStatus::Cancelled,
        other => JobStatus::Unknown { word: in_brief(other) },
    };
    Ok(Job {
        id: wire.id,
        created_at: time(wire.created_at)?,
        status,
        word: in_brief(&wire.status),
        // A hint: one that is no time must not make a paid job unreadable.
        estimated_finish: wire.estimated_finish.and_then(|seconds| time(seconds).ok()),
        trained_tokens: wire.trained_tokens,
        training_file: wire.training_file.unwrap_or_default(),
        validation_file: wire.validation_file,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Hyperparameters;

    fn status(text: &str) -> JobStatus {
        job(serde_json::from_str(text).unwrap()).unwrap().status
    }

    #[test]
    fn every_word_of_the_provider_has_its_place() {
        let running = |progress| JobStatus::Running { progress };
        for (word, expected) in [
            ("validating_files", JobStatus::Validating),
            ("queued", JobStatus::Queued),
            ("running", running(None)),
            ("paused", JobStatus::Paused),
            ("succeeded", running(None)),
            ("cancelled", JobStatus::Cancelled),
            ("a_word_of_2031", JobStatus::Unknown { word: "a_word_of_2031".to_owned() }),
        ] {
            let text = format!(r#"{{"id":"j","created_at":1700000000,"status":"{word}","error":null}}"#);
            let status = status(&text);
            assert_eq!(status.is_final(), word == "cancelled", "{word}");
            assert_eq!(status, expected);
        }
        let odd = r#"{"id":"j","created_at":1,"status":"running","estimated_finish":9000000000000000}"#;
        assert_eq!(job(serde_json::from_str(odd).unwrap()).unwrap().estimated_finish, None, "a hint");
        let counted = r#"{"id":"j","created_at":1,"status":"running","trained_steps":3,"total_steps":9}"#;
        assert_eq!(status(counted), running(Some(Progress { step: 3, of: 9 })));
    }

    #[test]
    fn a_failure_keeps_the_provider_s_words_and_says_whether_to_try_again() {
        let text = r#"{"id":"j","created_at":1,"status":"failed","error":{"code":null,"message":"too\nfew","param":"x"}}"#;
        let failed = |code: &str, message: &str, retry_helps| JobStatus::Failed {
            code: code.to_owned(),
            message: message.to_owned(),
            retry_helps,
        };
        assert_eq!(status(text), failed("unknown", "too few", false));
        let text = r#"{"id":"j","created_at":1,"status":"failed","error":{"code":"server_error","message":"no capacity"}}"#;
        assert_eq!(status(text), failed("server_error", "no capacity", true));
    }

    #[test]
    fn a_job_without_metadata_is_known_by_its_file() {
        let spec = JobSpec {
            base_model: "m".to_owned(),
            suffix: "s".to_owned(),
            training_file: "file-1".to_owned(),
            validation_file: None,
            method: Method::Supervised,
            hyperparameters: Hyperparameters::default(),
            seed: None,
            marks: vec![("run", "r".to_owned()), ("hash", "h".to_owned())],
        };
        let of = |rest: &str| {
            let text = format!(r#"{{"id":"j","created_at":1,"status":"queued",{rest}}}"#);
            is_of(&serde_json::from_str(&text).unwrap(), &spec)
        };
        assert!(of(r#""metadata":{"run":"r","hash":"h","more":1}"#));
        assert!(!of(r#""metadata":{"run":"r"},"training_file":"file-1""#));
        assert!(of(r#""metadata":null,"training_file":"file-1""#));
        assert!(of(r#""training_file":"file-1""#));
        assert!(!of(r#""metadata":{},"training_file":"file-2""#));
    }
}
