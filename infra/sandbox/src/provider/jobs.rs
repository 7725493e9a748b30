//! `/fine_tuning/jobs`.

use super::error::{Failure, ProviderError};
use super::events;
use super::fresh::{self, now_ms};
use super::job::{self, Job, Planned};
use super::models;
use super::page::{self, Page};
use super::spec::Spec;
use super::state::{Provider, State as Everything};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use serde_json::{Map, Value};
use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::Ordering;

type Answer = Result<Json<Value>, ProviderError>;

/// `POST /fine_tuning/jobs`
pub(crate) async fn create(State(provider): State<Arc<Provider>>, body: Bytes) -> Answer {
    let body: Map<String, Value> = serde_json::from_slice(&body).map_err(|_| {
        ProviderError::new(StatusCode::BAD_REQUEST, "We could not parse the JSON body of your request.")
    })?;
    let spec = Spec::parse(&body)?;
    let ((id, given_up), object, training, validation, method) = {
        let mut state = provider.state();
        if !models::is_tunable(&state, &spec.model) {
            let message = format!("Model {} is not available for fine-tuning or does not exist.", spec.model);
            return Err(ProviderError::invalid("model", message).code("model_not_available"));
        }
        let training = open(&state, "training_file", &spec.training_file)?;
        let validation =
            spec.validation_file.as_ref().map(|id| open(&state, "validation_file", id)).transpose()?;
        let method = spec.method;
        let planned = match (state.fail_next_job.take(), std::mem::take(&mut state.cancel_next_job)) {
            (Some(failure), _) => Planned::Failure(failure),
            (None, true) => Planned::Cancel,
            (None, false) => Planned::Success,
        };
        let job = Job::new(spec, planned);
        let object = job.object(job.created_ms, state.pace_ms, None);
        let known_as = (job.id.clone(), job.given_up.clone());
        state.jobs.push(job);
        drop(state);
        (known_as, object, training, validation, method)
    };
    let clock = fresh::clock();
    tokio::task::spawn_blocking(move || {
        fresh::sync_by(clock, || {
            let outcome: Result<_, Failure> =
                job::check(training, validation, method, &given_up).map(Arc::new);
            let mut state = provider.state();
            if let Ok(job) = state.job(&id) {
                job.checked = Some((now_ms(), outcome));
            }
        });
    });
    Ok(Json(object))
}

/// Opens a file now: deleting it later does not disturb the job.
fn open(state: &Everything, param: &str, id: &str) -> Result<File, ProviderError> {
    let missing =
        || ProviderError::invalid(param, format!("File '{id}' does not exist.")).code("file_not_found");
    let file = state.files.iter().find(|f| f.id == id).ok_or_else(missing)?;
    if file.purpose != "fine-tune" {
        let message = format!("File '{id}' has purpose '{}', expected 'fine-tune'.", file.purpose);
        return Err(ProviderError::invalid(param, message).code("invalid_file_purpose"));
    }
    if !file.is_ready(state.files_ready_after_ms) {
        return Err(ProviderError::invalid(param, format!("File '{id}' is not ready.")));
    }
    File::open(&file.path).map_err(|_| missing())
}

/// `GET /fine_tuning/jobs`
pub(crate) async fn list(State(provider): State<Arc<Provider>>, RawQuery(query): RawQuery) -> Answer {
    let page = Page::new(query.as_deref(), 20, 100)?;
    let without = page.value("metadata") == Some("null");
    let state = provider.state();
    let (now, odd) = (now_ms(), state.odd_items);
    let fits = |job: &&Job| {
        let metadata = &job.spec.metadata;
        let filtered = (!without || metadata.is_empty())
            && page.map("metadata").all(|(k, v)| metadata.get(k).and_then(Value::as_str) == Some(v));
        job.created_ms + state.listed_after_ms <= now && (filtered || state.ignore_filters)
    };
    let jobs = state.jobs.iter().rev().filter(fits).map(|job| job.object(now, state.pace_ms, None)).collect();
    drop(state);
    let mut answer = page.of(jobs)?;
    if odd {
        page::add_odd_items(&mut answer);
    }
    if let Some(answer) = answer.as_object_mut() {
        answer.retain(|key, _| !matches!(key.as_str(), "first_id" | "last_id"));
    }
    Ok(Json(answer))
}

/// `GET /fine_tuning/jobs/{id}`
pub(crate) async fn get(State(provider): State<Arc<Provider>>, Path(id): Path<String>) -> Answer {
    let mut state = provider.state();
    let pace = state.pace_ms;
    // Looked up first: a wrong id must not use the word up.
    state.job(&id)?;
    let word = state.next_status_word.take();
    Ok(Json(state.job(&id)?.object(now_ms(), pace, word.as_deref())))
}

/// `POST /fine_tuning/jobs/{id}/cancel`
pub(crate) async fn cancel(State(provider): State<Arc<Provider>>, Path(id): Path<String>) -> Answer {
    let cancelled = {
        let mut state = provider.state();
        let (now, pace) = (now_ms(), state.pace_ms);
        let job = state.job(&id)?;
        let (status, _) = job.status(now, pace);
        if Job::is_final(status) {
            let message = format!("Job {id} is already in a final state: {status}.");
            return Err(ProviderError::new(StatusCode::BAD_REQUEST, message));
        }
        job.cancelled_ms = Some(now);
        job.given_up.store(true, Ordering::Relaxed);
        id
    };
    // Taken anew: the end is noticed, so `finished_at` is set.
    get_plain(&provider, &cancelled)
}

/// `POST /fine_tuning/jobs/{id}/pause`
pub(crate) async fn pause(State(provider): State<Arc<Provider>>, Path(id): Path<String>) -> Answer {
    turn(&provider, &id, Job::pause)
}

/// `POST /fine_tuning/jobs/{id}/resume`
pub(crate) async fn resume(State(provider): State<Arc<Provider>>, Path(id): Path<String>) -> Answer {
    turn(&provider, &id, Job::resume)
}

fn turn(provider: &Provider, id: &str, turned: impl FnOnce(&mut Job, i64) -> bool) -> Answer {
    let mut state = provider.state();
    let (now, pace) = (now_ms(), state.pace_ms);
    let job = state.job(id)?;
    let (status, _) = job.status(now, pace);
    if Job::is_final(status) || !turned(job, now) {
        let message = format!("Job {id} can't do that in the state: {status}.");
        return Err(ProviderError::new(StatusCode::BAD_REQUEST, message));
    }
    Ok(Json(job.object(now, pace, None)))
}

fn get_plain(provider: &Provider, id: &str) -> Answer {
    let mut state = provider.state();
    let pace = state.pace_ms;
    Ok(Json(state.job(id)?.object(now_ms(), pace, None)))
}

/// `GET /fine_tuning/jobs/{id}/events`
pub(crate) async fn list_events(
    State(provider): State<Arc<Provider>>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Answer {
    let asked = Page::new(query.as_deref(), 20, 100)?;
    let mut state = provider.state();
    let pace = state.pace_ms;
    let items = events::events(state.job(&id)?, now_ms(), pace);
    drop(state);
    asked.of(items).map(Json)
}

/// `GET /fine_tuning/jobs/{id}/checkpoints`
pub(crate) async fn list_checkpoints(
    State(provider): State<Arc<Provider>>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Answer {
    let asked = Page::new(query.as_deref(), 10, 100)?;
    let mut state = provider.state();
    let pace = state.pace_ms;
    let items = events::checkpoints(state.job(&id)?, now_ms(), pace);
    drop(state);
    asked.of(items).map(Json)
}
