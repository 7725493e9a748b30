//! `/uploads`: a file in parts. Neither uploads nor parts can be listed or read, as at the original.

use super::error::ProviderError;
use super::files::{bad_form, missing, save};
use super::fresh::{fresh_id, now_ms};
use super::state::{Provider, State as Everything, StoredFile};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Multipart, Path, State};
use axum::http::StatusCode;
use md5::{Digest as _, Md5};
use serde::Deserialize;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

type Answer = Result<Json<Value>, ProviderError>;

const PURPOSES: [&str; 4] = ["assistants", "batch", "fine-tune", "vision"];
/// What an upload may have.
const LARGEST: u64 = 8 << 30;
/// What a part may have.
const LARGEST_PART: u64 = 64 << 20;

/// An upload.
#[derive(Debug, Clone)]
pub(crate) struct Upload {
    id: String,
    filename: String,
    purpose: String,
    bytes: u64,
    /// Seconds a completed file lives, when an expiry was asked for.
    file_lives: Option<i64>,
    created_ms: i64,
    end: Option<End>,
    parts: Vec<Part>,
}

#[derive(Debug, Clone)]
struct Part {
    id: String,
    path: PathBuf,
    bytes: u64,
}

#[derive(Debug, Clone)]
enum End {
    Cancelled,
    Completed(Value),
}

/// Body of `POST /uploads`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    filename: String,
    purpose: String,
    bytes: u64,
    #[serde(rename = "mime_type")]
    _mime_type: String,
    #[serde(default)]
    expires_after: Option<Expiry>,
}

#[derive(Deserialize)]
struct Expiry {
    seconds: i64,
}

/// Body of `POST /uploads/{id}/complete`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    part_ids: Vec<String>,
    #[serde(default)]
    md5: Option<String>,
}

impl Upload {
    fn status(&self, live_ms: i64) -> &'static str {
        match self.end {
            Some(End::Cancelled) => "cancelled",
            Some(End::Completed(_)) => "completed",
            None if now_ms() >= self.created_ms.saturating_add(live_ms) => "expired",
            None => "pending",
        }
    }

    /// The API's upload object.
    pub(crate) fn object(&self, live_ms: i64) -> Value {
        let mut object = json!({
            "object": "upload", "id": self.id, "filename": self.filename, "purpose": self.purpose,
            "bytes": self.bytes, "created_at": self.created_ms / 1000, "status": self.status(live_ms),
            "expires_at": self.created_ms.saturating_add(live_ms) / 1000,
        });
        if let Some(End::Completed(file)) = &self.end {
            object["file"] = file.clone();
        }
        object
    }
}

impl Everything {
    /// An upload that still takes something.
    fn pending(&mut self, id: &str) -> Result<&mut Upload, ProviderError> {
        let live_ms = self.uploads_live_ms;
        let none =
            || ProviderError::new(StatusCode::NOT_FOUND, format!("No such Upload object: {id}")).param("id");
        let upload = self.uploads.iter_mut().find(|upload| upload.id == id).ok_or_else(none)?;
        match upload.status(live_ms) {
            "pending" => Ok(upload),
            "expired" => {
                let message = format!("Upload {id} has expired.");
                Err(ProviderError::new(StatusCode::BAD_REQUEST, message).code("upload_expired"))
            }
            other => {
                Err(ProviderError::new(StatusCode::BAD_REQUEST, format!("Upload {id} is already {other}.")))
            }
        }
    }
}

fn parsed<T: for<'de> Deserialize<'de>>(body: &Bytes) -> Result<T, ProviderError> {
    serde_json::from_slice(body).map_err(|error| {
        // The parser's words without its position: they name a field.
        let why = error.to_string();
        ProviderError::new(StatusCode::BAD_REQUEST, why.split(" at line").next().unwrap_or_default())
    })
}

/// `POST /uploads`
pub(crate) async fn create(State(provider): State<Arc<Provider>>, body: Bytes) -> Answer {
    let Asked { filename, purpose, bytes, expires_after, .. } = parsed(&body)?;
    if !PURPOSES.contains(&purpose.as_str()) {
        let message = format!("Invalid value: '{purpose}'. Supported values are: {}.", PURPOSES.join(", "));
        return Err(ProviderError::invalid("purpose", message).code("invalid_value"));
    }
    if bytes == 0 || bytes > LARGEST {
        return Err(ProviderError::invalid("bytes", "Invalid 'bytes': an upload has 1 byte to 8 GB."));
    }
    let upload = Upload {
        id: fresh_id("upload_", 24),
        filename,
        purpose,
        bytes,
        file_lives: expires_after.map(|expiry| expiry.seconds),
        created_ms: now_ms(),
        end: None,
        parts: vec![],
    };
    let mut state = provider.state();
    let object = upload.object(state.uploads_live_ms);
    state.uploads.push(upload);
    Ok(Json(object))
}

/// `POST /uploads/{id}/parts`
pub(crate) async fn add_part(
    State(provider): State<Arc<Provider>>,
    Path(id): Path<String>,
    mut form: Multipart,
) -> Answer {
    provider.state().pending(&id)?;
    let part = fresh_id("part_", 24);
    let path = provider.folder.path().join(&part);
    let mut bytes = None;
    while let Some(field) = form.next_field().await.map_err(|e| bad_form(&e))? {
        if field.name() != Some("data") {
            let name = field.name().unwrap_or_default().to_owned();
            return Err(ProviderError::invalid(&name, format!("Unknown parameter: '{name}'.")));
        }
        bytes = Some(save(field, &path, LARGEST_PART).await?);
    }
    let bytes = bytes.ok_or_else(|| missing("data"))?;
    let mut state = provider.state();
    let upload = state.pending(&id)?;
    upload.parts.push(Part { id: part.clone(), path, bytes });
    Ok(Json(json!({"object": "upload.part", "id": part, "upload_id": id, "created_at": now_ms() / 1000})))
}

/// `POST /uploads/{id}/complete`
pub(crate) async fn complete(
    State(provider): State<Arc<Provider>>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    let order: Order = parsed(&body)?;
    let upload = provider.state().pending(&id)?.clone();
    let mut parts = Vec::with_capacity(order.part_ids.len());
    for wanted in &order.part_ids {
        let part = upload.parts.iter().find(|part| part.id == *wanted);
        let message = format!("Part {wanted} is not one of upload {id}.");
        parts.push(part.ok_or_else(|| ProviderError::invalid("part_ids", message))?.clone());
    }
    let found: u64 = parts.iter().map(|part| part.bytes).sum();
    if found != upload.bytes {
        let message = format!("The parts have {found} bytes, the upload was declared with {}.", upload.bytes);
        return Err(ProviderError::new(StatusCode::BAD_REQUEST, message));
    }
    let file = fresh_id("file-", 22);
    let path = provider.folder.path().join(&file);
    let to = path.clone();
    let joined = tokio::task::spawn_blocking(move || join(&parts, &to)).await;
    let md5 = match joined {
        Ok(Ok(md5)) => md5,
        Ok(Err(error)) => {
            return Err(ProviderError::broken(format!("the file could not be kept: {}", error.kind())));
        }
        Err(_) => return Err(ProviderError::broken("the file could not be kept")),
    };
    if order.md5.is_some_and(|asked| !asked.eq_ignore_ascii_case(&md5)) {
        tokio::fs::remove_file(&path).await.unwrap_or_default();
        return Err(ProviderError::invalid("md5", "The MD5 checksum is not that of the uploaded parts."));
    }
    let created_ms = now_ms();
    let stored = StoredFile {
        id: file,
        filename: upload.filename,
        purpose: upload.purpose,
        bytes: upload.bytes,
        created_ms,
        expires_at: upload.file_lives.map(|seconds| created_ms / 1000 + seconds),
        path,
    };
    let (object, parts) = {
        let mut state = provider.state();
        let (live_ms, ready_ms) = (state.uploads_live_ms, state.files_ready_after_ms);
        let upload = state.pending(&id)?;
        upload.end = Some(End::Completed(stored.object(ready_ms)));
        let taken = (upload.object(live_ms), std::mem::take(&mut upload.parts));
        state.files.push(stored);
        taken
    };
    forget(&parts).await;
    Ok(Json(object))
}

/// `POST /uploads/{id}/cancel`
pub(crate) async fn cancel(State(provider): State<Arc<Provider>>, Path(id): Path<String>) -> Answer {
    let (object, parts) = {
        let mut state = provider.state();
        let live_ms = state.uploads_live_ms;
        let upload = state.pending(&id)?;
        upload.end = Some(End::Cancelled);
        (upload.object(live_ms), std::mem::take(&mut upload.parts))
    };
    forget(&parts).await;
    Ok(Json(object))
}

/// Removes what the parts were kept in; a leftover goes with the folder.
async fn forget(parts: &[Part]) {
    for part in parts {
        tokio::fs::remove_file(&part.path).await.unwrap_or_default();
    }
}

/// Writes the parts behind one another; answers the MD5 in hex.
fn join(parts: &[Part], to: &FilePath) -> io::Result<String> {
    let (mut out, mut md5, mut buffer) = (File::create(to)?, Md5::new(), vec![0; 1 << 20]);
    for part in parts {
        let mut from = File::open(&part.path)?;
        loop {
            let read = from.read(&mut buffer)?;
            if read == 0 {
                break;
            }
            md5.update(&buffer[..read]);
            out.write_all(&buffer[..read])?;
        }
    }
    let mut hex = String::with_capacity(32);
    for byte in md5.finalize() {
        write!(hex, "{byte:02x}").unwrap_or_default();
    }
    Ok(hex)
}
