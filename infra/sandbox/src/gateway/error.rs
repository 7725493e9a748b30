//! Errors in `PostgREST`'s shape, with its codes and its mapping of SQLSTATE to HTTP.

use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use deadpool_postgres::PoolError;
use serde_json::{Value, json};

/// A refused request.
#[derive(Debug)]
pub(crate) struct ApiError {
    /// HTTP status.
    pub(crate) status: StatusCode,
    body: Value,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl ApiError {
    /// `PostgREST`'s four fields.
    pub(crate) fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        let body = json!({"code": code, "details": null, "hint": null, "message": message.into()});
        Self { status, body, headers: Vec::new() }
    }

    /// Adds details.
    pub(crate) fn details(mut self, details: impl Into<String>) -> Self {
        self.body["details"] = Value::String(details.into());
        self
    }

    /// Adds a hint.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.body["hint"] = Value::String(hint.into());
        self
    }

    /// Adds a header.
    pub(crate) fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }

    /// The gateway in front of `PostgREST`: it knows a message and a hint, no code.
    pub(crate) fn gateway(message: &str, hint: &str) -> Self {
        let body = json!({"message": message, "hint": hint});
        Self { status: StatusCode::UNAUTHORIZED, body, headers: Vec::new() }
    }

    /// PGRST100: a query parameter that can't be parsed.
    pub(crate) fn parse(what: &str, near: &str, details: &str) -> Self {
        let message = format!("\"failed to parse {what} ({near})\" (line 1, column 1)");
        Self::new(StatusCode::BAD_REQUEST, "PGRST100", message).details(details)
    }

    /// PGRST116: not exactly one row where one was asked for.
    pub(crate) fn not_single(rows: usize) -> Self {
        Self::new(StatusCode::NOT_ACCEPTABLE, "PGRST116", "Cannot coerce the result to a single JSON object")
            .details(format!("The result contains {rows} rows"))
    }

    /// PGRST205: a table the schema cache does not know.
    pub(crate) fn no_table(table: &str) -> Self {
        let message = format!("Could not find the table 'public.{table}' in the schema cache");
        Self::new(StatusCode::NOT_FOUND, "PGRST205", message)
    }

    /// PGRST102: a body that is not what the call needs.
    pub(crate) fn body(message: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "PGRST102", message)
    }

    /// What Postgres said, for a request in the role `role`.
    pub(crate) fn database(error: &tokio_postgres::Error, role: &str) -> Self {
        let Some(db) = error.as_db_error() else {
            return Self::unreachable();
        };
        let code = db.code().code();
        let mut answer = Self::new(status_of(code, role), code, db.message());
        if let Some(details) = db.detail() {
            answer = answer.details(details);
        }
        match (db.hint(), db.message().strip_prefix("permission denied for table ")) {
            (Some(hint), _) => answer.hint(hint),
            (None, Some(table)) => answer.hint(format!(
                "Grant the required privileges to the current role with: GRANT SELECT ON public.{table} TO {role};"
            )),
            (None, None) => answer,
        }
    }

    fn unreachable() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "PGRST000",
            "Database connection error. Retrying the connection.",
        )
    }
}

impl From<PoolError> for ApiError {
    fn from(_: PoolError) -> Self {
        Self::unreachable()
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (self.status, axum::Json(self.body)).into_response();
        response.headers_mut().extend(self.headers);
        response
    }
}

/// `PostgREST`'s table, from its reference page "Errors", section "HTTP Status Codes".
fn status_of(code: &str, role: &str) -> StatusCode {
    if let Some(status) = code.strip_prefix("PT").and_then(|s| s.parse().ok()) {
        return StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    }
    let exact = match code {
        "23503" | "23505" => Some(409),
        "25006" => Some(405),
        "42883" | "42P01" => Some(404),
        "42501" if role == "anon" => Some(401),
        "42501" => Some(403),
        "42P17" | "53400" => Some(500),
        "57P01" => Some(503),
        "P0001" => Some(400),
        _ => None,
    };
    let status = exact.unwrap_or_else(|| match code.get(..2).unwrap_or_default() {
        "08" | "53" => 503,
        "0L" | "0P" | "28" => 403,
        "09" | "25" | "2D" | "38" | "39" | "3B" | "40" | "54" | "55" | "57" | "58" | "F0" | "HV" | "P0"
        | "XX" => 500,
        _ => 400,
    });
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_sqlstate_to_http_as_postgrest_does() {
        let cases = [
            ("42501", "service_role", 403),
            ("42501", "anon", 401),
            ("23505", "service_role", 409),
            ("22P02", "service_role", 400),
            ("P0001", "service_role", 400),
            ("57014", "service_role", 500),
            ("PT418", "anon", 418),
            ("42703", "anon", 400),
        ];
        for (code, role, status) in cases {
            assert_eq!(status_of(code, role).as_u16(), status, "{code}");
        }
    }
}
