//! What the provider's refusals mean, with the fix.

use reqwest::StatusCode;
use stage::{ErrorName, StageError, http};

use crate::wire::ErrorBody;

/// Turns a refusal into a named failure that says what to do.
pub fn refused(what: &str, status: StatusCode, error: &ErrorBody, request_id: &str) -> StageError {
    let code = error.code.as_deref().unwrap_or("");
    let kind = error.kind.as_deref().unwrap_or("");
    let words = in_brief(error.message.as_deref().unwrap_or(""));
    let refused =
        |text: String| StageError::new(ErrorName::ProviderRefused, format!("{text} (request {request_id})"));
    // Two kinds of 429 are no throttling: trying again today is of no use.
    if kind == "insufficient_quota" || code == "insufficient_quota" {
        return refused(format!(
            "the provider's quota is used up, {what} was refused: add credit, then start a new run"
        ));
    }
    if code == "daily_rate_limit_exceeded" {
        return refused(format!(
            "the provider's daily number of jobs is used up, {what} was refused: start a new run tomorrow"
        ));
    }
    if let Some(name) = http::retryable(status) {
        return StageError::new(name, format!("{what} answered HTTP {status} (request {request_id})"));
    }
    // A file that was just uploaded may not be ready; the workflow's next try finds it so.
    if words.contains("not ready") {
        return StageError::new(
            ErrorName::Unavailable,
            format!("{what}: the file is not ready yet (request {request_id})"),
        );
    }
    match status.as_u16() {
        // The words of a 401 quote a part of the key.
        401 => refused(format!(
            "the provider refuses the key, {what} failed: put a valid key into the provider key secret"
        )),
        403 => refused(format!("the provider denies access, {what} failed: {words}")),
        _ => refused(format!("{what} was refused (HTTP {status}, code {code:?}): {words}")),
    }
}

/// One line of at most 300 characters, without control characters.
pub(crate) fn in_brief(words: &str) -> String {
    words.chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(status: u16, kind: &str, code: &str, message: &str) -> (ErrorName, String) {
        let body = ErrorBody {
            code: Some(code.to_owned()),
            kind: Some(kind.to_owned()),
            message: Some(message.to_owned()),
        };
        let error = refused("creating the job", StatusCode::from_u16(status).unwrap(), &body, "req_1");
        (error.name(), error.to_string())
    }

    #[test]
    fn only_throttling_is_tried_again() {
        assert_eq!(name(429, "requests", "rate_limit_exceeded", "").0, ErrorName::Throttled);
        assert_eq!(name(429, "insufficient_quota", "", "").0, ErrorName::ProviderRefused);
        assert_eq!(
            name(429, "invalid_request_error", "daily_rate_limit_exceeded", "").0,
            ErrorName::ProviderRefused
        );
        assert_eq!(name(503, "", "", "").0, ErrorName::Unavailable);
        assert_eq!(name(400, "", "", "File 'file-1' is not ready").0, ErrorName::Unavailable);
    }

    #[test]
    fn a_refused_key_is_not_quoted() {
        let (name, text) = name(401, "", "invalid_api_key", "Incorrect API key provided: sk-abc***xyz");
        assert_eq!(name, ErrorName::ProviderRefused);
        assert!(!text.contains("sk-abc"), "{text}");
    }
}
