//! Rows and models over the REST gateway.

mod description;

use std::time::Duration;

use backon::Retryable as _;
use jiff::Timestamp;
use jiff::civil::Date;
use records::recipe::{Consent, LoggedConsent, Source};
use records::row::Row;
use reqwest::{RequestBuilder, Response};
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stage::arrows::Recorded;
use stage::schema_file::Tables;
use stage::{ErrorName, StageError, http};
use url::Url;

use crate::key::{authorize, check};
use crate::models::{LiveModel, Models, NewVersion, Promotion, Registered, Version};
use crate::patience::{LONGEST_WAIT, patience};
use crate::refusal::{Asked, Refusal, refused};
use crate::rows::{Page, Range, Rows, parameters};

/// A project's REST gateway.
#[derive(Clone)]
pub struct Gateway {
    client: reqwest::Client,
    base: Url,
    key: SecretString,
}

/// A page that takes too long is asked for again so many times, each time a quarter of it.
const SMALLER: u32 = 3;

/// A request that did not work, and how long to wait before the next try.
struct Attempt {
    error: StageError,
    wait: Option<Duration>,
    /// The project's time limit ended the statement.
    timed_out: bool,
}

impl Attempt {
    /// One that is not made better by waiting, or whose wait is ours to choose.
    fn failed(error: StageError) -> Self {
        Self { error, wait: None, timed_out: false }
    }

    fn error(self) -> StageError {
        self.error
    }
}

impl Gateway {
    /// Whom a project's secret key acts as.
    const ROLE: &str = "service_role";
    /// The gateway ends statements after 8 s; a page must also travel.
    const TIMEOUT: Duration = Duration::from_secs(30);

    /// Names a project; nothing is asked yet. The client is the caller's, so that connections outlive an invocation.
    ///
    /// # Errors
    /// `SourceRefused` for a key that is not the project's secret one; `Internal` when the address cannot be extended.
    pub fn new(client: reqwest::Client, project: &Url, key: SecretString) -> Result<Self, StageError> {
        check(&key)?;
        let base =
            Url::parse(&format!("{}/rest/v1/", project.as_str().trim_end_matches('/'))).map_err(|error| {
                StageError::internal("the project's address cannot be extended").caused_by(error)
            })?;
        Ok(Self { client, base, key })
    }

    fn url(&self, path: &str) -> Result<Url, StageError> {
        self.base
            .join(path)
            .map_err(|error| StageError::internal(format!("{path} is no path")).caused_by(error))
    }

    /// Sends a request that may be repeated, with patience: up to five more tries, growing waits with jitter, `Retry-After`.
    /// One that took too long is tried once more alone: then what it reads is at hand, or it takes as long again.
    async fn send(&self, asked: Asked<'_>, build: impl Fn() -> RequestBuilder) -> Result<Answer, Attempt> {
        let once = async || self.once(asked, build()).await;
        let mut timeouts = 0;
        once.retry(patience())
            .when(|attempt| {
                timeouts += u32::from(attempt.timed_out);
                let is_soon = attempt.wait.is_none_or(|wait| wait <= LONGEST_WAIT);
                attempt.error.name().is_retryable() && is_soon && timeouts < 2
            })
            .adjust(|attempt, wait| wait.map(|wait| attempt.wait.unwrap_or(wait)))
            .notify(|attempt, wait| {
                tracing::warn!(
                    source.asked = asked.what,
                    error.message = attempt.error.chain(),
                    wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
                    "trying again"
                );
            })
            .await
    }

    async fn once(&self, asked: Asked<'_>, request: RequestBuilder) -> Result<Answer, Attempt> {
        let what = asked.what;
        let unanswered = |error| Attempt::failed(http::unanswered(what, error));
        let response =
            authorize(request, &self.key).timeout(Self::TIMEOUT).send().await.map_err(unanswered)?;
        let status = response.status();
        if status.is_success() {
            let (total, time) = (total(&response), time(&response));
            let body = response.bytes().await.map_err(unanswered)?;
            return Ok(Answer { total, time, body: body.into() });
        }
        let wait = http::retry_after(response.headers());
        let refusal: Refusal = response.json().await.unwrap_or_default();
        match http::retryable(status).filter(|_| !refusal.is_final()) {
            Some(name) => {
                let text = if refusal.is_timeout() {
                    format!(
                        "{what} took longer than the project's statement timeout: index its key and its filter, or deploy with ReadFromDatabase=yes, where statements may take minutes"
                    )
                } else {
                    format!("{what} answered HTTP {status}")
                };
                let timed_out = refusal.is_timeout();
                Err(Attempt { error: StageError::new(name, text), wait, timed_out })
            }
            None => Err(Attempt::failed(refused(Some(status), &refusal, asked))),
        }
    }

    pub(crate) async fn rpc<T: DeserializeOwned>(
        &self,
        function: &str,
        arguments: &impl Serialize,
    ) -> Result<T, StageError> {
        let what = format!("rpc/{function}");
        let url = self.url(&what)?;
        let answer = self
            .send(Asked { what: &what, consent: None, role: Self::ROLE }, || {
                self.client.post(url.clone()).json(arguments)
            })
            .await
            .map_err(Attempt::error)?;
        serde_json::from_slice(&answer.body).map_err(|_| {
            StageError::internal(format!(
                "{what} answered another shape: apply the migrations of this version"
            ))
        })
    }

    async fn rows(
        &self,
        range: Range<'_>,
        columns: &[&str],
        consented: bool,
        more: &[(&str, &str)],
        exact: bool,
    ) -> Result<Answer, Attempt> {
        let source = range.source;
        let consent = Some(&source.consent).filter(|_| consented);
        if let Some(Consent::Logged(LoggedConsent { table, .. })) = consent {
            let text = format!(
                "source {}: the gateway cannot ask for a person's latest row of {table}: deploy with ReadFromDatabase=yes, or keep the latest in a boolean column of the person's own table, by a trigger, and name that",
                source.name
            );
            return Err(Attempt::failed(StageError::new(ErrorName::ConsentUnreadable, text)));
        }
        let url = self.url(&source.table).map_err(Attempt::failed)?;
        let query = parameters(range, columns, consented);
        self.send(Asked { what: &source.table, consent, role: Self::ROLE }, || {
            let request = self.client.get(url.clone()).query(&query).query(more);
            if exact { request.header("Prefer", "count=exact") } else { request }
        })
        .await
    }

    /// Asks for the next rows; for fewer where that takes too long.
    async fn next(&self, range: Range<'_>, columns: &[&str], limit: u32) -> Result<Page, StageError> {
        let order = format!("{}.asc", range.source.key);
        let mut limits = (0..=SMALLER).map(|times| limit >> (2 * times)).filter(|limit| *limit > 0);
        let mut limit = limits.next().unwrap_or(1);
        loop {
            let more = [("order", order.as_str()), ("limit", &limit.to_string())];
            let answer = self.rows(range, columns, true, &more, false).await;
            limit = match (answer, limits.next()) {
                (Err(attempt), Some(smaller)) if attempt.timed_out => smaller,
                (answer, _) => return Ok(Page::new(answer.map_err(Attempt::error)?.body)),
            };
        }
    }

    async fn edge(&self, range: Range<'_>, order: &str) -> Result<Option<String>, StageError> {
        let source = range.source;
        let key = source.key.as_str();
        let order = format!("{key}.{order}");
        let answer = self
            .rows(range, &[key], false, &[("order", &order), ("limit", "1")], false)
            .await
            .map_err(Attempt::error)?;
        let page = Page::new(answer.body);
        let Some(row) = page.rows()?.pop().map(|row| Row::parse(row.get().as_bytes())) else {
            return Ok(None);
        };
        let key = row.ok().and_then(|row| row.raw(key).map(str::to_owned));
        key.map(Some).ok_or_else(|| {
            StageError::new(ErrorName::SourceRefused, format!("{} has no {}", source.table, source.key))
        })
    }
}

struct Answer {
    total: Option<u64>,
    time: Option<Timestamp>,
    body: Vec<u8>,
}

/// Reads the total out of `Content-Range: 0-4/1000`.
fn total(response: &Response) -> Option<u64> {
    response.headers().get("content-range")?.to_str().ok()?.rsplit_once('/')?.1.parse().ok()
}

/// Reads when it was answered, in whole seconds: earlier than it was, if anything.
fn time(response: &Response) -> Option<Timestamp> {
    let date = response.headers().get("date")?.to_str().ok()?;
    jiff::fmt::rfc2822::parse(date).ok().map(|time| time.timestamp())
}

impl Rows for Gateway {
    async fn page(&self, range: Range<'_>, limit: u32) -> Result<Page, StageError> {
        self.next(range, &range.source.selected(), limit).await
    }

    async fn keys(&self, range: Range<'_>, limit: u32) -> Result<Vec<String>, StageError> {
        let key = range.source.key.as_str();
        self.next(range, &[key], limit).await?.column(range.source, key)
    }

    async fn reach_consent(&self, source: &Source) -> Result<(), StageError> {
        self.one_way_to_consent(source).await
    }

    async fn count(&self, range: Range<'_>, consented: bool) -> Result<u64, StageError> {
        let key = range.source.key.as_str();
        let answer =
            self.rows(range, &[key], consented, &[("limit", "1")], true).await.map_err(Attempt::error)?;
        answer.total.ok_or_else(|| {
            StageError::new(
                ErrorName::SourceRefused,
                format!("{} answered without a count", range.source.table),
            )
        })
    }

    async fn now(&self, source: &Source) -> Result<Option<Timestamp>, StageError> {
        let answer = self
            .rows(Range::all(source), &[&source.key], false, &[("limit", "1")], false)
            .await
            .map_err(Attempt::error)?;
        Ok(answer.time)
    }

    async fn tables(&self, names: &[&str]) -> Result<Option<Tables>, StageError> {
        let tables = self.description().await?.types(names);
        if tables.is_empty() {
            tracing::warn!("the gateway does not say of what types columns are: they are not compared");
            return Ok(None);
        }
        Ok(Some(tables))
    }

    async fn bounds(&self, range: Range<'_>) -> Result<Option<(String, String)>, StageError> {
        let (first, last) = (self.edge(range, "asc").await?, self.edge(range, "desc").await?);
        Ok(first.zip(last))
    }
}

impl Gateway {
    /// Asks for rows of `model_versions`.
    pub(crate) async fn versions<T: DeserializeOwned>(
        &self,
        query: &[(&str, &str)],
    ) -> Result<Vec<T>, StageError> {
        let what = "model_versions";
        let url = self.url(what)?;
        let asked = Asked { what, consent: None, role: Self::ROLE };
        let answer =
            self.send(asked, || self.client.get(url.clone()).query(query)).await.map_err(Attempt::error)?;
        serde_json::from_slice(&answer.body).map_err(|_| {
            StageError::internal(format!("{what} has another shape: apply the migrations of this version"))
        })
    }
}

#[derive(Deserialize)]
struct Changed {
    changed: u64,
}

impl Models for Gateway {
    async fn register(&self, version: &NewVersion<'_>) -> Result<Registered, StageError> {
        self.rpc("register_model_version", version).await
    }

    async fn start(
        &self,
        run: &str,
        job: &str,
        dataset_sha256: &str,
        manifest: &str,
    ) -> Result<(), StageError> {
        let arguments = json!({"p_run_id": run, "p_job_id": job, "p_dataset_sha256": dataset_sha256, "p_manifest_uri": manifest});
        self.rpc::<Value>("start_model_version", &arguments).await.map(|_| ())
    }

    async fn fail(&self, run: &str, error: &str, cause: &str) -> Result<Recorded, StageError> {
        self.rpc("fail_model_version", &json!({"p_run_id": run, "p_error": error, "p_cause": cause})).await
    }

    async fn of_runs(&self, runs: &[&str]) -> Result<Vec<Version>, StageError> {
        let runs: Vec<String> = runs.iter().map(|run| format!("\"{run}\"")).collect();
        let runs = format!("in.({})", runs.join(","));
        self.versions(&[("select", "run_id,name,id,job_id,training_status,active"), ("run_id", &runs)]).await
    }

    async fn live_models(&self) -> Result<Vec<LiveModel>, StageError> {
        // One a purpose: never so many that the gateway would cut them off.
        let query =
            [("select", "name,purpose,base_model,provider,base_shutdown_date"), ("active", "is.true")];
        self.versions(&query).await
    }

    async fn note_base_shutdown(
        &self,
        base_model: &str,
        provider: &str,
        day: Option<Date>,
    ) -> Result<u64, StageError> {
        let arguments =
            json!({"p_base_model": base_model, "p_provider": provider, "p_base_shutdown_date": day});
        self.rpc::<Changed>("note_base_shutdown", &arguments).await.map(|noted| noted.changed)
    }

    async fn last_succeeded(&self, family: &str) -> Result<Option<String>, StageError> {
        #[derive(Deserialize)]
        struct Version {
            run_id: String,
        }
        let family = format!("eq.{family}");
        let query = [
            ("select", "run_id"),
            ("family", &family),
            ("training_status", "eq.succeeded"),
            ("run_id", "not.is.null"),
            ("order", "version.desc"),
            ("limit", "1"),
        ];
        let versions: Vec<Version> = self.versions(&query).await?;
        Ok(versions.into_iter().next().map(|version| version.run_id))
    }

    async fn promote(
        &self,
        run: &str,
        provider_model: &str,
        metrics: &Value,
        reason: &str,
    ) -> Result<Promotion, StageError> {
        let arguments = json!({"p_run_id": run, "p_provider_model": provider_model, "p_metrics": metrics, "p_reason": reason});
        self.rpc("promote_model_version", &arguments).await
    }
}
