//! An OpenAI-compatible fine-tuning provider, in memory.
//!
//! Field sets follow `OpenAI`'s API description. Jobs pass through their states by the clock; a tuned
//! model answers with what its training file says ([`learn`]), a base answers generically.

mod chat;
pub(crate) mod control;
mod error;
mod events;
mod examples;
mod files;
pub(crate) mod fresh;
mod job;
mod jobs;
mod learn;
mod models;
mod page;
mod spec;
mod state;
mod uploads;
mod webhooks;

use crate::cli::Cli;
use crate::start::StartError;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use control::Control;
use error::ProviderError;
use fresh::fresh_id;
use sha2::{Digest as _, Sha256};
use state::Provider;
use std::sync::Arc;

/// The routes below `/v1`, and their knobs.
pub(crate) fn router(cli: &Cli) -> Result<(Router, Control), StartError> {
    let provider = Arc::new(Provider::new(&cli.provider_key, cli.pace_ms).map_err(StartError::Files)?);
    let router = Router::new()
        .route("/files", get(files::list).post(files::upload))
        .route("/files/{id}", get(files::get).delete(files::delete))
        .route("/files/{id}/content", get(files::content))
        .route("/uploads", post(uploads::create))
        .route("/uploads/{id}/parts", post(uploads::add_part))
        .route("/uploads/{id}/complete", post(uploads::complete))
        .route("/uploads/{id}/cancel", post(uploads::cancel))
        .route("/fine_tuning/jobs", get(jobs::list).post(jobs::create))
        .route("/fine_tuning/jobs/{id}", get(jobs::get))
        .route("/fine_tuning/jobs/{id}/events", get(jobs::list_events))
        .route("/fine_tuning/jobs/{id}/checkpoints", get(jobs::list_checkpoints))
        .route("/fine_tuning/jobs/{id}/cancel", post(jobs::cancel))
        .route("/fine_tuning/jobs/{id}/pause", post(jobs::pause))
        .route("/fine_tuning/jobs/{id}/resume", post(jobs::resume))
        .route("/models", get(models::list))
        .route("/models/{id}", get(models::get).delete(models::delete))
        .route("/chat/completions", post(chat::complete))
        .fallback(unknown)
        .layer(DefaultBodyLimit::disable())
        .layer(middleware::from_fn_with_state(provider.clone(), admit))
        .with_state(provider.clone());
    Ok((router, Control(provider)))
}

/// Lets requests with the right key in and numbers every answer.
async fn admit(State(provider): State<Arc<Provider>>, request: Request, next: Next) -> Response {
    let bearer = request.headers().get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
    let key = bearer.and_then(|v| v.strip_prefix("Bearer "));
    let mut response = match key {
        None => ProviderError::new(
            StatusCode::UNAUTHORIZED,
            "You didn't provide an API key. Provide it in an Authorization header using Bearer auth.",
        )
        .into_response(),
        // By digest, so the time taken tells nothing about where two keys differ.
        Some(key) if Sha256::digest(key) == Sha256::digest(&provider.key) => next.run(request).await,
        Some(_) => ProviderError::new(StatusCode::UNAUTHORIZED, "Incorrect API key provided.")
            .code("invalid_api_key")
            .into_response(),
    };
    if let Ok(id) = HeaderValue::from_str(&fresh_id("req_", 24)) {
        response.headers_mut().insert("x-request-id", id);
    }
    response
}

async fn unknown(method: Method, uri: Uri) -> ProviderError {
    ProviderError::new(StatusCode::NOT_FOUND, format!("Unknown request URL: {method} /v1{}.", uri.path()))
        .code("unknown_url")
}
