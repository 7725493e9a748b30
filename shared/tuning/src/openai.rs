//! The adapter for everything that speaks `OpenAI`'s wire format.

use std::collections::HashMap;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable as _};
use jiff::Timestamp;
use reqwest::multipart::{Form, Part};
use reqwest::{Body, RequestBuilder, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;
use stage::plan_file::Limits;
use stage::{ErrorName, StageError, http};
use url::Url;

use crate::chunks::Chunks;
use crate::provider::{BaseModel, FileSpec, Job, JobSpec, JobStatus, Provider};
use crate::refusal::{in_brief, refused};
use crate::wire::{
    CreateJob, ErrorEnvelope, File, FineTuningJob, Hyperparameters, List, Method, Model, Supervised,
};

/// A provider by its base address, such as `https://api.openai.com/v1`.
pub struct OpenAi {
    client: reqwest::Client,
    base: Url,
    key: SecretString,
}

/// The metadata key by which a run's job is found again.
const RUN: &str = "zion_run";
const MANIFEST: &str = "zion_manifest_sha256";

impl OpenAi {
    /// Names a provider; nothing is asked yet. The client is the caller's, so that connections outlive an invocation.
    ///
    /// # Errors
    /// `Internal` when the address cannot be extended.
    pub fn new(client: reqwest::Client, base: &Url, key: SecretString) -> Result<Self, StageError> {
        let base = Url::parse(&format!("{}/", base.as_str().trim_end_matches('/'))).map_err(|error| {
            StageError::internal("the provider's address cannot be extended").caused_by(error)
        })?;
        Ok(Self { client, base, key })
    }

    fn url(&self, segments: &[&str]) -> Result<Url, StageError> {
        let mut url = self.base.clone();
        // Segments are escaped: a model's id holds colons and may hold slashes.
        url.path_segments_mut()
            .map_err(|()| StageError::internal("the provider's address has no path"))?
            .pop_if_empty()
            .extend(segments);
        Ok(url)
    }

    /// Sends a request once.
    async fn once<T: DeserializeOwned>(
        &self,
        what: &str,
        request: RequestBuilder,
    ) -> Result<T, (StatusCode, StageError)> {
        let unanswered = |error: reqwest::Error| {
            (error.status().unwrap_or(StatusCode::BAD_GATEWAY), http::unanswered(what, error))
        };
        let response = request.bearer_auth(self.key.expose_secret()).send().await.map_err(unanswered)?;
        let status = response.status();
        let request_id = response.headers().get("x-request-id").and_then(|id| id.to_str().ok());
        let request_id = request_id.unwrap_or("without id").to_owned();
        if !status.is_success() {
            let body: ErrorEnvelope = response.json().await.unwrap_or_default();
            return Err((status, refused(what, status, &body.error, &request_id)));
        }
        let body = response.bytes().await.map_err(unanswered)?;
        serde_json::from_slice(&body).map_err(|error| {
            let problem = records::jsonl::problem(&error);
            (
                status,
                StageError::new(
                    ErrorName::Unavailable,
                    format!("{what} answered {problem} (request {request_id})"),
                ),
            )
        })
    }

    /// Reads with patience: reading costs nothing and may be repeated. So may cancelling and deleting.
    async fn read<T: DeserializeOwned>(
        &self,
        what: &str,
        request: impl Fn() -> RequestBuilder,
    ) -> Result<T, (StatusCode, StageError)> {
        let once = async || self.once(what, request().timeout(Duration::from_secs(30))).await;
        let patience = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(300))
            .with_max_delay(Duration::from_secs(4))
            .with_max_times(3)
            .with_jitter();
        once.retry(patience).when(|(_, error)| error.name().is_retryable()).await
    }
}

fn only_error((_, error): (StatusCode, StageError)) -> StageError {
    error
}

impl Provider for OpenAi {
    fn limits(&self) -> Limits {
        Limits::CHAT
    }

    async fn base_model(&self, id: &str) -> Result<Option<BaseModel>, StageError> {
        let url = self.url(&["models", id])?;
        match self.read::<Model>("looking up the base model", || self.client.get(url.clone())).await {
            Ok(model) => Ok(Some(BaseModel { id: model.id, shutdown_date: model.shutdown_date })),
            Err((StatusCode::NOT_FOUND, _)) => Ok(None),
            Err((_, error)) => Err(error),
        }
    }

    async fn find_file(&self, spec: &FileSpec) -> Result<Option<String>, StageError> {
        let url = self.url(&["files"])?;
        let request = || self.client.get(url.clone()).query(&[("purpose", "fine-tune"), ("limit", "10000")]);
        let files: List<File> = self.read("listing files", request).await.map_err(only_error)?;
        // Files carry no metadata: the name holds run and hash.
        let same =
            |file: &File| file.filename.as_deref() == Some(&spec.name) && file.bytes == Some(spec.bytes);
        Ok(files.data.into_iter().find(same).map(|file| file.id))
    }

    async fn upload(&self, spec: &FileSpec, chunks: Chunks) -> Result<String, StageError> {
        let body = Body::wrap_stream(chunks.into_stream());
        let part = Part::stream_with_length(body, spec.bytes)
            .file_name(spec.name.clone())
            .mime_str("application/jsonl")
            .map_err(|error| {
                StageError::internal("the file's type is refused").caused_by(error.without_url())
            })?;
        let form = Form::new().text("purpose", "fine-tune").part("file", part);
        // 512 MB in 15 minutes is 0.6 MB/s; a function is killed then anyway.
        let request =
            self.client.post(self.url(&["files"])?).multipart(form).timeout(Duration::from_mins(15));
        let file: File = self.once("uploading the training file", request).await.map_err(only_error)?;
        Ok(file.id)
    }

    async fn delete_file(&self, id: &str) -> Result<(), StageError> {
        let url = self.url(&["files", id])?;
        match self.read::<serde_json::Value>("deleting a file", || self.client.delete(url.clone())).await {
            Ok(_) | Err((StatusCode::NOT_FOUND, _)) => Ok(()),
            Err((_, error)) => Err(error),
        }
    }

    async fn find_job(&self, run: &str, manifest_sha256: &str) -> Result<Option<Job>, StageError> {
        let url = self.url(&["fine_tuning", "jobs"])?;
        let filter = format!("metadata[{RUN}]");
        let mut after: Option<String> = None;
        let mut oldest: Option<FineTuningJob> = None;
        // Some hosts ignore the filter, so it is applied here again; 50 pages are 5,000 jobs.
        for _ in 0..50 {
            let request = || {
                let request = self.client.get(url.clone()).query(&[(filter.as_str(), run), ("limit", "100")]);
                request.query(&after.as_ref().map(|after| [("after", after)]))
            };
            let page: List<FineTuningJob> = self.read("listing jobs", request).await.map_err(only_error)?;
            let next = page.data.last().map(|job| job.id.clone());
            let says = |job: &FineTuningJob, key: &str, value: &str| {
                job.metadata.as_ref().and_then(|metadata| metadata.get(key)).is_some_and(|said| said == value)
            };
            // The run's name alone may be another stack's on the same account.
            let ours = |job: &FineTuningJob| says(job, RUN, run) && says(job, MANIFEST, manifest_sha256);
            for job in page.data.into_iter().filter(ours) {
                if oldest
                    .as_ref()
                    .is_none_or(|oldest| (job.created_at, &job.id) < (oldest.created_at, &oldest.id))
                {
                    oldest = Some(job);
                }
            }
            if !page.has_more || next.is_none() {
                break;
            }
            after = next;
        }
        oldest.map(job).transpose()
    }

    async fn create_job(&self, spec: &JobSpec) -> Result<Job, StageError> {
        let create = CreateJob {
            model: &spec.base_model,
            training_file: &spec.training_file,
            validation_file: spec.validation_file.as_deref(),
            suffix: &spec.suffix,
            method: Method {
                kind: "supervised",
                supervised: Supervised { hyperparameters: Hyperparameters { n_epochs: spec.epochs } },
            },
            metadata: HashMap::from([(RUN, spec.run.as_str()), (MANIFEST, spec.manifest_sha256.as_str())]),
        };
        let request = self
            .client
            .post(self.url(&["fine_tuning", "jobs"])?)
            .json(&create)
            .timeout(Duration::from_mins(1));
        job(self.once("creating the job", request).await.map_err(only_error)?)
    }

    async fn poll(&self, id: &str) -> Result<Job, StageError> {
        let url = self.url(&["fine_tuning", "jobs", id])?;
        job(self.read("looking at the job", || self.client.get(url.clone())).await.map_err(only_error)?)
    }

    async fn cancel(&self, id: &str) -> Result<(), StageError> {
        let url = self.url(&["fine_tuning", "jobs", id, "cancel"])?;
        match self.read::<serde_json::Value>("cancelling the job", || self.client.post(url.clone())).await {
            // A job that has ended cannot be cancelled, and need not be.
            Ok(_) | Err((StatusCode::BAD_REQUEST | StatusCode::CONFLICT, _)) => Ok(()),
            Err((_, error)) => Err(error),
        }
    }
}

fn job(wire: FineTuningJob) -> Result<Job, StageError> {
    let created_at = Timestamp::from_second(wire.created_at).map_err(|error| {
        StageError::new(ErrorName::Unavailable, "the job's creation time is no time").caused_by(error)
    })?;
    let status = match wire.status.as_str() {
        "succeeded" => match wire.fine_tuned_model {
            Some(model) if !model.is_empty() => JobStatus::Succeeded { model },
            // Seen for a moment at some hosts: the model's id follows.
            _ => JobStatus::UnderWay,
        },
        "failed" => {
            let error = wire.error.unwrap_or_default();
            let code = error.code.unwrap_or_else(|| "unknown".to_owned());
            JobStatus::Failed { code: in_brief(&code), message: in_brief(&error.message.unwrap_or_default()) }
        }
        "cancelled" => JobStatus::Cancelled,
        _ => JobStatus::UnderWay,
    };
    Ok(Job {
        id: wire.id,
        created_at,
        status,
        word: in_brief(&wire.status),
        trained_tokens: wire.trained_tokens,
        training_file: wire.training_file.unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(text: &str) -> JobStatus {
        job(serde_json::from_str(text).unwrap()).unwrap().status
    }

    #[test]
    fn an_unknown_status_is_not_an_end() {
        for word in ["validating_files", "queued", "running", "paused", "a_word_of_2031"] {
            let text = format!(r#"{{"id":"j","created_at":1700000000,"status":"{word}","error":null}}"#);
            assert_eq!(status(&text), JobStatus::UnderWay, "{word}");
        }
    }

    #[test]
    fn a_failure_keeps_the_provider_s_words() {
        let text = r#"{"id":"j","created_at":1,"status":"failed","error":{"code":null,"message":"too\nfew","param":"x"}}"#;
        assert_eq!(
            status(text),
            JobStatus::Failed { code: "unknown".to_owned(), message: "too few".to_owned() }
        );
    }

    #[test]
    fn a_model_id_with_slashes_is_one_segment() {
        let client = http::client().unwrap();
        let provider =
            OpenAi::new(client, &Url::parse("https://example.com/v1").unwrap(), SecretString::from("k"))
                .unwrap();
        let url = provider.url(&["models", "openai/gpt-oss-20b"]).unwrap();
        assert_eq!(url.as_str(), "https://example.com/v1/models/openai%2Fgpt-oss-20b");
    }
}
