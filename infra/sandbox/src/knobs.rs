//! `/_sandbox/*`: what a test turns and reads.

use crate::faults::{Faults, Rule};
use crate::provider::control::{Change, Control};
use crate::recorder::Recorder;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use std::sync::Arc;

#[derive(Clone)]
struct Knobs {
    faults: Arc<Faults>,
    recorder: Arc<Recorder>,
    control: Control,
}

/// The routes below `/_sandbox`.
pub(crate) fn router(faults: Arc<Faults>, recorder: Arc<Recorder>, control: Control) -> Router {
    Router::new()
        .route("/health", get(async || Json(json!({"ok": true}))))
        .route("/faults", post(add_faults).delete(clear_faults))
        .route("/requests", get(requests).delete(clear_requests))
        .route("/provider", post(change_provider))
        .route("/files", get(files))
        .route("/files/{id}", get(content))
        .route("/uploads", get(uploads))
        .with_state(Knobs { faults, recorder, control })
}

async fn add_faults(State(knobs): State<Knobs>, Json(body): Json<Value>) -> Response {
    match serde_json::from_value::<Vec<Rule>>(body) {
        Ok(rules) => Json(json!({"rules": knobs.faults.add(rules)})).into_response(),
        Err(error) => bad(&error),
    }
}

async fn clear_faults(State(knobs): State<Knobs>) -> StatusCode {
    knobs.faults.clear();
    StatusCode::NO_CONTENT
}

async fn requests(State(knobs): State<Knobs>) -> Response {
    Json(knobs.recorder.all()).into_response()
}

async fn clear_requests(State(knobs): State<Knobs>) -> StatusCode {
    knobs.recorder.clear();
    StatusCode::NO_CONTENT
}

/// Every file that was left or that a job was made from; deleted ones, too.
async fn files(State(knobs): State<Knobs>) -> Response {
    Json(json!({"data": knobs.control.files()})).into_response()
}

/// Every upload, which no provider lists.
async fn uploads(State(knobs): State<Knobs>) -> Response {
    Json(json!({"data": knobs.control.uploads()})).into_response()
}

async fn content(State(knobs): State<Knobs>, Path(id): Path<String>) -> Response {
    knobs.control.content(&id).await.into_response()
}

async fn change_provider(State(knobs): State<Knobs>, Json(body): Json<Value>) -> Response {
    match serde_json::from_value::<Change>(body) {
        Ok(change) => {
            knobs.control.apply(change);
            StatusCode::NO_CONTENT.into_response()
        }
        Err(error) => bad(&error),
    }
}

fn bad(error: &serde_json::Error) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({"message": error.to_string()}))).into_response()
}
