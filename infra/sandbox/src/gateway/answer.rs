//! Answers: rows as Postgres wrote them, in the form asked for.

use super::error::ApiError;
use super::prefer::Prefer;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;

/// What the `Accept` header asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// An array of rows.
    Array,
    /// Exactly one row, as an object.
    Object,
}

const OBJECT: &str = "application/vnd.pgrst.object+json";

impl Form {
    /// Reads `Accept`; PGRST107 for what is not spoken here.
    pub(crate) fn new(headers: &HeaderMap) -> Result<Self, ApiError> {
        let Some(accept) = headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()) else {
            return Ok(Self::Array);
        };
        for kind in accept.split(',').map(|part| part.split(';').next().unwrap_or_default().trim()) {
            match kind {
                OBJECT | "application/vnd.pgrst.object" => return Ok(Self::Object),
                "*/*" | "application/*" | "application/json" | "application/vnd.pgrst.array+json" | "" => {
                    return Ok(Self::Array);
                }
                _ => {}
            }
        }
        let message = format!("None of these media types are available: {accept}");
        Err(ApiError::new(StatusCode::NOT_ACCEPTABLE, "PGRST107", message))
    }

    /// Joins rows; an object needs exactly one.
    pub(crate) fn body(self, rows: &[String]) -> Result<String, ApiError> {
        match (self, rows) {
            (Self::Array, _) => Ok(format!("[{}]", rows.join(", \n "))),
            (Self::Object, [row]) => Ok(row.clone()),
            (Self::Object, _) => Err(ApiError::not_single(rows.len())),
        }
    }

    fn content_type(self) -> &'static str {
        match self {
            Self::Array => "application/json; charset=utf-8",
            Self::Object => "application/vnd.pgrst.object+json; charset=utf-8",
        }
    }
}

/// Puts an answer together; no body means none is sent.
pub(crate) fn respond(
    status: StatusCode,
    form: Form,
    body: Option<String>,
    content_range: Option<&str>,
    prefer: Prefer,
) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    if body.is_some() {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(form.content_type()));
    }
    if let Some(Ok(range)) = content_range.map(HeaderValue::from_str) {
        headers.insert(header::CONTENT_RANGE, range);
    }
    let applied = prefer.applied();
    if let (false, Ok(applied)) = (applied.is_empty(), HeaderValue::from_str(&applied)) {
        headers.insert("preference-applied", applied);
    }
    if let Some(body) = body {
        *response.body_mut() = Body::from(body);
    }
    response
}
