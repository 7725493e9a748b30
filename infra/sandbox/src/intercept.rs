//! The middleware around both services: applies faults, keeps the request log.

use crate::faults::{Fault, Faults};
use crate::recorder::{Entry, Recorder, without_keys};
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::stream;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// Marks an answer whose connection the server must close instead of sending it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dropped;

/// JSON bodies and forms up to this size are in the log.
const LOGGED_BODY: usize = 64 << 10;
/// A JSON body larger than this is refused.
const LARGEST_BODY: usize = 256 << 20;
const CREDENTIALS: [&str; 4] = ["apikey", "authorization", "cookie", "x-api-key"];

/// Answers one request, with its fault if a rule matches.
pub(crate) async fn watch(
    State((faults, recorder)): State<(Arc<Faults>, Arc<Recorder>)>,
    request: Request,
    next: Next,
) -> Response {
    let method = request.method().as_str().to_owned();
    let path = request.uri().path().to_owned();
    let logged = without_keys(&path, request.uri().query());
    let content_type = text(request.headers(), header::CONTENT_TYPE.as_str());
    let (headers, credentials) = describe(request.headers());
    let (request, body, raw) = match buffered(request, content_type.as_deref()).await {
        Ok(parts) => parts,
        Err(answer) => return answer,
    };
    let fault = faults.take(&method, &path, &logged);
    let name = fault.as_ref().map(Fault::name);
    let response = answer(fault, request, next, &path).await;
    let dropped = response.extensions().get::<Dropped>().is_some();
    let status = (!dropped).then(|| response.status().as_u16());
    recorder.keep(Entry {
        method,
        path: logged,
        status,
        content_type,
        headers,
        credentials,
        body,
        raw,
        fault: name,
    });
    response
}

async fn answer(fault: Option<Fault>, request: Request, next: Next, path: &str) -> Response {
    match fault {
        None => next.run(request).await,
        Some(Fault::Delay { ms }) => {
            wait(ms).await;
            next.run(request).await
        }
        Some(Fault::Status { status, retry_after, body, after }) => {
            if after {
                finish(next.run(request).await).await;
            }
            refuse(path, status, retry_after, body)
        }
        Some(Fault::Refuse { why, retry_after }) => {
            let (status, body) = why.answer();
            refuse(path, status.as_u16(), retry_after, Some(body))
        }
        Some(Fault::DropBefore {}) => dropped(),
        Some(Fault::DropAfter {}) => {
            finish(next.run(request).await).await;
            dropped()
        }
        Some(Fault::Truncate { bytes }) => truncate(next.run(request).await, bytes).await,
    }
}

/// Reads an answer to its end: the effect is complete, only the news of it is lost.
async fn finish(response: Response) {
    drop(axum::body::to_bytes(response.into_body(), usize::MAX).await);
}

fn dropped() -> Response {
    let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
    response.extensions_mut().insert(Dropped);
    response
}

/// Waits so many milliseconds.
pub(crate) async fn wait(ms: u64) {
    // A pause a test asked for, or between two looks; the timeout of a future that never ends is the way to one here.
    tokio::time::timeout(Duration::from_millis(ms), std::future::pending::<()>()).await.unwrap_or_default();
}

fn refuse(path: &str, status: u16, retry_after: Option<u64>, body: Option<Value>) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let words = status.canonical_reason().unwrap_or("fault");
    let body = body.unwrap_or_else(|| {
        if path.starts_with("/v1") {
            let kind = if status == StatusCode::TOO_MANY_REQUESTS { "requests" } else { "server_error" };
            json!({"error": {"message": words, "type": kind, "param": null, "code": null}})
        } else {
            json!({"message": words})
        }
    });
    let mut response = (status, axum::Json(body)).into_response();
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

async fn truncate(response: Response, bytes: usize) -> Response {
    let (mut parts, body) = response.into_parts();
    let Ok(whole) = axum::body::to_bytes(body, usize::MAX).await else {
        return dropped();
    };
    parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(whole.len()));
    let kept = whole.slice(..bytes.min(whole.len()));
    let pieces = stream::unfold(Some(kept), |kept| async move {
        if let Some(kept) = kept {
            return Some((Ok::<Bytes, io::Error>(kept), None));
        }
        // The first bytes must have left before the connection breaks.
        wait(20).await;
        Some((Err(io::Error::other("truncated by a fault")), None))
    });
    Response::from_parts(parts, Body::from_stream(pieces))
}

/// Reads a JSON body or a small form into memory, for the log; other bodies stay streams.
async fn buffered(
    request: Request,
    content_type: Option<&str>,
) -> Result<(Request, Option<Value>, Option<String>), Response> {
    let form = content_type.is_some_and(|t| t.starts_with("multipart/form-data"));
    let declared = text(request.headers(), header::CONTENT_LENGTH.as_str());
    let small =
        declared.and_then(|length| length.parse().ok()).is_some_and(|length: usize| length <= LOGGED_BODY);
    let json = content_type.is_some_and(|t| t.contains("json"));
    if !json && (!form || !small) {
        return Ok((request, None, None));
    }
    let (parts, body) = request.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, LARGEST_BODY).await else {
        return Err(StatusCode::PAYLOAD_TOO_LARGE.into_response());
    };
    if form {
        let raw = STANDARD.encode(&bytes);
        return Ok((Request::from_parts(parts, Body::from(bytes)), None, Some(raw)));
    }
    let logged = if bytes.len() > LOGGED_BODY {
        Some(json!({"left_out_bytes": bytes.len()}))
    } else {
        serde_json::from_slice(&bytes).ok()
    };
    Ok((Request::from_parts(parts, Body::from(bytes)), logged, None))
}

fn describe(headers: &HeaderMap) -> (BTreeMap<String, String>, Vec<String>) {
    let mut plain = BTreeMap::new();
    let mut credentials = Vec::new();
    for name in headers.keys() {
        let name = name.as_str();
        if CREDENTIALS.contains(&name) {
            credentials.push(name.to_owned());
        } else if let Some(value) = text(headers, name) {
            plain.insert(name.to_owned(), value);
        }
    }
    credentials.sort();
    (plain, credentials)
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|v| v.to_str().ok()).map(ToOwned::to_owned)
}
