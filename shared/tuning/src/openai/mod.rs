//! The adapter for everything that speaks `OpenAI`'s wire format.

mod files;
mod inventory;
mod jobs;
mod parts;

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable as _};
use jiff::Timestamp;
use records::recipe;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, RequestBuilder, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;
use stage::plan_file::Limits;
use stage::{ErrorName, StageError, clock, http};
use url::Url;

use crate::provider::{BaseModel, Catalogue, NotThere, Serve};
use crate::refusal::{Kind, refused};
use crate::wire::{ErrorEnvelope, List, Model};

/// A provider by its base address, such as `https://api.openai.com/v1`.
pub struct OpenAi {
    client: reqwest::Client,
    base: Url,
    key: SecretString,
    headers: HeaderMap,
    host: recipe::Provider,
    part_bytes: u64,
}

/// Longer waits are the workflow's: a Lambda that sleeps is billed.
const LONGEST_WAIT: Duration = Duration::from_secs(8);
/// A question and all its tries take no longer, also where the host hangs: see [`OpenAi::briefly`].
const TOGETHER: Duration = Duration::from_secs(45);

/// A request without a useful answer.
struct Failed {
    error: StageError,
    /// None when no whole answer came.
    kind: Option<Kind>,
    status: Option<StatusCode>,
    /// How long the provider asks us to wait.
    wait: Option<Duration>,
}

impl From<Failed> for StageError {
    fn from(failed: Failed) -> Self {
        failed.error
    }
}

impl OpenAi {
    /// Names a provider as a recipe speaks to it; nothing is asked yet. The client is the caller's, so that connections
    /// outlive an invocation.
    ///
    /// # Errors
    /// `Internal` when the address cannot be extended, `RecipeInvalid` when a header of the recipe is none.
    pub fn new(
        client: reqwest::Client,
        base: &Url,
        key: SecretString,
        host: &recipe::Provider,
    ) -> Result<Self, StageError> {
        let base = Url::parse(&format!("{}/", base.as_str().trim_end_matches('/'))).map_err(|error| {
            StageError::internal("the provider's address cannot be extended").caused_by(error)
        })?;
        let own = [("openai-organization", &host.organization), ("openai-project", &host.project)];
        let own = own.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?)));
        let more = host.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let mut headers = HeaderMap::new();
        for (name, value) in own.chain(more) {
            let parsed = HeaderName::try_from(name).ok().zip(HeaderValue::try_from(value).ok());
            let (header, value) = parsed.ok_or_else(|| {
                StageError::new(
                    ErrorName::RecipeInvalid,
                    format!("provider.headers: {name:?} is no HTTP header"),
                )
            })?;
            headers.insert(header, value);
        }
        Ok(Self { client, base, key, headers, host: host.clone(), part_bytes: parts::PART_BYTES })
    }

    /// Cuts files into parts of another size: so that a test of uploads in parts needs no gigabytes.
    #[must_use]
    pub fn with_part_bytes(self, part_bytes: u64) -> Self {
        Self { part_bytes, ..self }
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

    /// Begins a request with the headers of every request.
    fn request(&self, method: Method, url: Url) -> RequestBuilder {
        self.client.request(method, url).headers(self.headers.clone()).bearer_auth(self.key.expose_secret())
    }

    /// Sends a request once.
    async fn once<T: DeserializeOwned>(&self, what: &str, request: RequestBuilder) -> Result<T, Failed> {
        let unanswered = |error: reqwest::Error| Failed {
            error: http::unanswered(what, error),
            kind: None,
            status: None,
            wait: None,
        };
        let _waits_for_the_provider = clock::busy().await;
        let response = request.send().await.map_err(unanswered)?;
        let status = response.status();
        let request_id = response.headers().get("x-request-id").and_then(|id| id.to_str().ok());
        let request_id = request_id.unwrap_or("without id").to_owned();
        if !status.is_success() {
            let wait = http::retry_after(response.headers());
            let body: ErrorEnvelope = response.json().await.unwrap_or_default();
            return Err(Failed {
                error: refused(what, status, &body.error, &request_id),
                kind: Some(Kind::of(status, &body.error)),
                status: Some(status),
                wait,
            });
        }
        let body = response.bytes().await.map_err(unanswered)?;
        serde_json::from_slice(&body).map_err(|error| {
            let problem = records::jsonl::problem(&error);
            let text = format!("{what} answered {problem} (request {request_id})");
            Failed {
                error: StageError::new(ErrorName::Unavailable, text),
                kind: None,
                status: Some(status),
                wait: None,
            }
        })
    }

    /// Sends a request with patience: for what costs nothing and may be repeated, as reading, cancelling, deleting and
    /// the parts of an upload.
    async fn patiently<T: DeserializeOwned>(
        &self,
        what: &str,
        request: impl Fn() -> RequestBuilder,
    ) -> Result<T, Failed> {
        let mut answer =
            self.while_it_passes(what, request, |failed| failed.error.name().is_retryable()).await;
        // Jobs alone are counted by the day for whole runs: a host's daily cap on requests is patience like any other.
        if let Err(failed) = &mut answer
            && failed.error.name() == ErrorName::DailyLimit
        {
            failed.error = StageError::new(ErrorName::Throttled, failed.error.to_string());
        }
        answer
    }

    /// Sends a request again while `passes` says so, with growing waits and jitter. A wait that the provider asks for is
    /// kept to, with the jitter on top, if it is short; a longer one is the workflow's.
    async fn while_it_passes<T: DeserializeOwned>(
        &self,
        what: &str,
        request: impl Fn() -> RequestBuilder,
        passes: impl Fn(&Failed) -> bool,
    ) -> Result<T, Failed> {
        let once = async || self.once(what, request()).await;
        let patience = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(300))
            .with_max_delay(Duration::from_secs(4))
            .with_max_times(4)
            .with_jitter();
        once.retry(patience)
            .sleep(clock::sleep)
            .when(|failed| passes(failed) && failed.wait.is_none_or(|wait| wait <= LONGEST_WAIT))
            .adjust(|failed, planned| {
                planned.map(|planned| {
                    failed.wait.map_or(planned, |asked| asked + planned.min(Duration::from_secs(1)))
                })
            })
            .notify(|failed, wait| {
                tracing::warn!(
                    provider.asked = what,
                    error.message = failed.error.chain(),
                    wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
                    "trying again"
                );
            })
            .await
    }

    /// Asks for something by its address, with patience.
    async fn get<T: DeserializeOwned>(&self, what: &str, segments: &[&str]) -> Result<T, Failed> {
        let url = self.url(segments).map_err(Failed::before)?;
        self.briefly(what, || self.request(Method::GET, url.clone()).timeout(READING)).await
    }

    /// Asks with patience, for so long that a function lives to tell what came of it.
    async fn briefly<T: DeserializeOwned>(
        &self,
        what: &str,
        request: impl Fn() -> RequestBuilder,
    ) -> Result<T, Failed> {
        tokio::select! {
            answer = self.patiently(what, request) => answer,
            () = clock::sleep(TOGETHER) => {
                let text = format!("{what} got no whole answer within {} s", TOGETHER.as_secs());
                Err(Failed::before(StageError::new(ErrorName::Unavailable, text)))
            }
        }
    }
}

/// An answer to a question is small.
const READING: Duration = Duration::from_secs(30);

impl Failed {
    /// Nothing was sent.
    fn before(error: StageError) -> Self {
        Self { error, kind: None, status: None, wait: None }
    }
}

fn time(seconds: i64) -> Result<Timestamp, StageError> {
    Timestamp::from_second(seconds).map_err(|error| {
        StageError::new(ErrorName::Unavailable, "a time of the provider is no time").caused_by(error)
    })
}

fn base(model: Model) -> BaseModel {
    BaseModel { id: model.id, shutdown_date: model.shutdown_date }
}

/// What is accepted: one request carries what `CHAT` says, an upload in parts 8 GB.
pub(crate) fn limits(host: &recipe::Provider) -> Limits {
    let max_file_bytes = if host.uploads { 8_000_000_000 } else { Limits::CHAT.max_file_bytes };
    Limits { max_file_bytes, ..Limits::CHAT }
}

impl Catalogue for OpenAi {
    fn limits(&self) -> Limits {
        limits(&self.host)
    }

    async fn base_model(&self, id: &str) -> Result<Option<BaseModel>, StageError> {
        match self.get::<Model>("looking up the base model", &["models", id]).await {
            Ok(model) => Ok(Some(base(model))),
            Err(Failed { status: Some(StatusCode::NOT_FOUND), kind, error, .. }) => {
                if kind != Some(Kind::Missing) || NotThere::caused(&error) {
                    return Ok(None);
                }
                // No API says nothing at all: the address itself may be wrong.
                let text = format!(
                    "the provider has no page below {}: look whether ProviderUrl ends in its version, as https://api.openai.com/v1 does",
                    self.base.path()
                );
                Err(StageError::new(error.name(), text).caused_by(error))
            }
            Err(failed) => Err(failed.error),
        }
    }

    async fn models(&self) -> Result<Vec<BaseModel>, StageError> {
        let models: List<Model> = self.get("listing models", &["models"]).await?;
        Ok(models.data.into_iter().map(base).collect())
    }
}

impl Serve for OpenAi {
    /// A model answers under its own id, at once.
    async fn serve(&self, model: &str) -> Result<Option<String>, StageError> {
        Ok(Some(model.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_id_with_slashes_is_one_segment() {
        let client = http::client().unwrap();
        let base = Url::parse("https://example.com/v1").unwrap();
        let provider =
            OpenAi::new(client, &base, SecretString::from("k"), &recipe::Provider::default()).unwrap();
        let url = provider.url(&["models", "openai/gpt-oss-20b"]).unwrap();
        assert_eq!(url.as_str(), "https://example.com/v1/models/openai%2Fgpt-oss-20b");
    }
}
