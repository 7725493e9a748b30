//! `/files`: uploads go to disk as they arrive.

use super::error::ProviderError;
use super::fresh::{fresh_id, now_ms};
use super::job::Job;
use super::page::{self, Page};
use super::state::{Provider, StoredFile};
use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{Multipart, Path, RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use serde_json::{Value, json};
use std::path::Path as FilePath;
use std::sync::Arc;
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

type Answer = Result<Json<Value>, ProviderError>;

const PURPOSES: [&str; 6] = ["assistants", "batch", "fine-tune", "vision", "user_data", "evals"];
/// What one file may have.
const LARGEST: u64 = 512 << 20;

/// `POST /files`
pub(crate) async fn upload(State(provider): State<Arc<Provider>>, mut form: Multipart) -> Answer {
    let id = fresh_id("file-", 22);
    let path = provider.folder.path().join(&id);
    let (mut file, mut purpose, mut seconds) = (None, None, None);
    while let Some(field) = form.next_field().await.map_err(|e| bad_form(&e))? {
        match field.name().unwrap_or_default() {
            "file" => {
                let name = field.file_name().unwrap_or_default().to_owned();
                file = Some((name, save(field, &path, LARGEST).await?));
            }
            "purpose" => purpose = Some(field.text().await.map_err(|e| bad_form(&e))?),
            "expires_after[seconds]" => {
                seconds = field.text().await.map_err(|e| bad_form(&e))?.parse::<i64>().ok();
            }
            _ => drop(field.bytes().await.map_err(|e| bad_form(&e))?),
        }
    }
    let refused = match (&purpose, &file) {
        (None, _) => Some(missing("purpose")),
        (Some(word), _) if !PURPOSES.contains(&word.as_str()) => {
            let message = format!("Invalid value: '{word}'. Supported values are: {}.", PURPOSES.join(", "));
            Some(ProviderError::invalid("purpose", message).code("invalid_value"))
        }
        (_, None) => Some(missing("file")),
        (_, Some((_, 0))) => Some(ProviderError::invalid("file", "File is empty.").code("empty_file")),
        _ => None,
    };
    if let Some(refused) = refused {
        // What arrived is of no use; a leftover goes with the folder.
        tokio::fs::remove_file(&path).await.unwrap_or_default();
        return Err(refused);
    }
    let (filename, bytes) = file.unwrap_or_default();
    let created_ms = now_ms();
    let purpose = purpose.unwrap_or_default();
    let expires_at = seconds.map(|s| created_ms / 1000 + s);
    let stored = StoredFile { id, filename, purpose, bytes, created_ms, expires_at, path };
    let mut state = provider.state();
    let object = stored.object(state.files_ready_after_ms);
    state.files.push(stored);
    Ok(Json(object))
}

/// 400 about a parameter that is not there.
pub(crate) fn missing(name: &str) -> ProviderError {
    ProviderError::invalid(name, format!("Missing required parameter: '{name}'."))
        .code("missing_required_parameter")
}

/// Writes a field to disk as it arrives; answers its size.
pub(crate) async fn save(mut field: Field<'_>, path: &FilePath, most: u64) -> Result<u64, ProviderError> {
    let disk = |e: std::io::Error| ProviderError::broken(format!("the file could not be kept: {}", e.kind()));
    let mut file = File::create(path).await.map_err(disk)?;
    let mut bytes = 0;
    while let Some(chunk) = field.chunk().await.map_err(|e| bad_form(&e))? {
        bytes += chunk.len() as u64;
        if bytes > most {
            let message = format!("File size exceeds the maximum of {} MB.", most >> 20);
            return Err(ProviderError::new(StatusCode::PAYLOAD_TOO_LARGE, message).param("file"));
        }
        file.write_all(&chunk).await.map_err(disk)?;
    }
    file.flush().await.map_err(disk)?;
    Ok(bytes)
}

/// 400 about a form that does not parse.
pub(crate) fn bad_form(error: &MultipartError) -> ProviderError {
    ProviderError::new(StatusCode::BAD_REQUEST, format!("Could not parse multipart form: {}", error.status()))
}

/// `GET /files`
pub(crate) async fn list(State(provider): State<Arc<Provider>>, RawQuery(query): RawQuery) -> Answer {
    let page = Page::new(query.as_deref(), 10_000, 10_000)?;
    let state = provider.state();
    let (ignore, odd, ready_after_ms) = (state.ignore_filters, state.odd_items, state.files_ready_after_ms);
    let listed = now_ms() - state.listed_after_ms;
    let fits = |file: &&StoredFile| {
        file.created_ms <= listed
            && (ignore || page.value("purpose").is_none_or(|purpose| file.purpose == purpose))
    };
    let mut files: Vec<Value> =
        state.files.iter().filter(fits).map(|file| file.object(ready_after_ms)).collect();
    drop(state);
    if page.value("order") != Some("asc") {
        files.reverse();
    }
    let mut answer = page.of(files)?;
    if odd {
        page::add_odd_items(&mut answer);
    }
    // The API's description wants text here, also for an empty list.
    for end in ["first_id", "last_id"] {
        if answer[end].is_null() {
            answer[end] = Value::from("");
        }
    }
    Ok(Json(answer))
}

/// `GET /files/{id}`
pub(crate) async fn get(State(provider): State<Arc<Provider>>, Path(id): Path<String>) -> Answer {
    let state = provider.state();
    Ok(Json(state.file(&id)?.object(state.files_ready_after_ms)))
}

/// `DELETE /files/{id}`
pub(crate) async fn delete(State(provider): State<Arc<Provider>>, Path(id): Path<String>) -> Answer {
    let file = {
        let mut state = provider.state();
        let file = state.file(&id)?.clone();
        state.files.retain(|f| f.id != id);
        let uses = |job: &Job| {
            job.spec.training_file == id || job.spec.validation_file.as_deref() == Some(id.as_str())
        };
        if state.jobs.iter().any(uses) {
            state.used.push(file);
            None
        } else {
            Some(file)
        }
    };
    // A leftover goes with the folder.
    if let Some(file) = file {
        tokio::fs::remove_file(&file.path).await.unwrap_or_default();
    }
    Ok(Json(json!({"id": id, "object": "file", "deleted": true})))
}

/// `GET /files/{id}/content`
pub(crate) async fn content(
    State(provider): State<Arc<Provider>>,
    Path(id): Path<String>,
) -> Result<Response, ProviderError> {
    let stored = provider.state().file(&id)?.clone();
    send(&stored).await
}

/// Streams what a file holds.
pub(crate) async fn send(stored: &StoredFile) -> Result<Response, ProviderError> {
    let file = File::open(&stored.path).await.map_err(|_| ProviderError::no_file(&stored.id))?;
    let chunks = stream::try_unfold(file, |mut file| async move {
        let mut chunk = vec![0; 64 << 10];
        let read = file.read(&mut chunk).await?;
        chunk.truncate(read);
        Ok::<_, std::io::Error>((read > 0).then(|| (Bytes::from(chunk), file)))
    });
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_LENGTH, stored.bytes.to_string()),
    ];
    Ok((headers, Body::from_stream(chunks)).into_response())
}
