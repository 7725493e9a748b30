//! `/models`.

use super::error::ProviderError;
use super::state::{Provider, State as Everything};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use std::sync::Arc;

/// A base model.
struct Base {
    id: &'static str,
    owner: &'static str,
    /// Day it stops, if announced.
    shutdown: Option<&'static str>,
    /// Whether it is gone already.
    retired: bool,
}

/// Two open-weight bases without an end, one with the date of the hosted original, one long gone.
const BASES: [Base; 4] = [
    Base { id: "openai/gpt-oss-20b", owner: "openai", shutdown: None, retired: false },
    Base { id: "Qwen/Qwen3-32B", owner: "qwen", shutdown: None, retired: false },
    Base { id: "gpt-4.1-mini-2025-04-14", owner: "system", shutdown: Some("2027-01-14"), retired: false },
    Base { id: "retired-base-2024", owner: "system", shutdown: Some("2024-06-30"), retired: true },
];
/// 2025-08-05, the day the open weights came out.
const CREATED: i64 = 1_754_352_000;

/// Whether a job may start from it: a base, or nothing. Tuning a tuned model is not offered.
pub(crate) fn is_tunable(state: &Everything, id: &str) -> bool {
    BASES.iter().any(|base| base.id == id && !base.retired) && !is_shut_down(state, id)
}

/// Whether a base answers.
pub(crate) fn is_serving(state: &Everything, id: &str) -> bool {
    is_tunable(state, id)
}

/// Whether the day has come on which a base, and every model tuned from it, stops.
pub(crate) fn is_shut_down(state: &Everything, base: &str) -> bool {
    let day = shutdown(state, base);
    day.is_some_and(|day| day <= today())
}

/// The day a base shuts down: a knob's, or the one it came with.
fn shutdown(state: &Everything, base: &str) -> Option<String> {
    let own = || BASES.iter().find(|b| b.id == base).and_then(|b| b.shutdown).map(ToOwned::to_owned);
    state.shutdown_dates.get(base).cloned().unwrap_or_else(own)
}

/// Today in UTC, as the API writes a day.
fn today() -> String {
    Timestamp::now().to_zoned(TimeZone::UTC).date().to_string()
}

fn object(id: &str, created: i64, owner: &str, shutdown: Option<&str>) -> Value {
    json!({"id": id, "object": "model", "created": created, "owned_by": owner, "shutdown_date": shutdown})
}

fn all(state: &Everything) -> Vec<Value> {
    let bases = BASES.iter().map(|b| object(b.id, CREATED, b.owner, shutdown(state, b.id).as_deref()));
    let tuned = state
        .tuned
        .iter()
        .map(|t| object(&t.id, t.created, "org-sandbox", shutdown(state, &t.base).as_deref()));
    bases.chain(tuned).collect()
}

/// `GET /models`
pub(crate) async fn list(State(provider): State<Arc<Provider>>) -> Json<Value> {
    let models = all(&provider.state());
    Json(json!({"object": "list", "data": models}))
}

/// `GET /models/{id}`
pub(crate) async fn get(
    State(provider): State<Arc<Provider>>,
    Path(id): Path<String>,
) -> Result<Json<Value>, ProviderError> {
    let found = all(&provider.state()).into_iter().find(|model| model["id"] == id.as_str());
    found.map(Json).ok_or_else(|| ProviderError::no_model(&id))
}

/// `DELETE /models/{id}`
pub(crate) async fn delete(
    State(provider): State<Arc<Provider>>,
    Path(id): Path<String>,
) -> Result<Json<Value>, ProviderError> {
    if BASES.iter().any(|base| base.id == id) {
        let message = "Only fine-tuned models of your organization can be deleted.";
        return Err(ProviderError::new(StatusCode::FORBIDDEN, message));
    }
    let mut state = provider.state();
    let before = state.tuned.len();
    state.tuned.retain(|tuned| tuned.id != id);
    if state.tuned.len() == before {
        return Err(ProviderError::no_model(&id));
    }
    drop(state);
    Ok(Json(json!({"id": id, "object": "model", "deleted": true})))
}
