//! What the provider's refusals mean, with the fix.

use reqwest::StatusCode;
use stage::{ErrorName, StageError, http};

use crate::provider::{KeyRefused, NotThere};
use crate::wire::ErrorBody;

/// What a refusal means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// No credit left: nothing helps but money.
    Quota,
    /// No more jobs today: tomorrow helps.
    DailyLimit,
    /// Too many requests, or too many jobs at a time: patience helps.
    RateLimit,
    /// A file that was just uploaded is not ready: patience helps.
    NotReady,
    /// The provider's moderation takes offence at the dataset.
    Moderation,
    /// The model takes no jobs, or no more.
    NotTunable,
    /// The key is not valid.
    Key,
    /// The organisation or the key may not do this.
    NoAccess,
    /// What was asked for is not there.
    Missing,
    /// A fault that passes, on the provider's side. What was asked for may have happened.
    Passing,
    /// Anything else.
    Other,
}

impl Kind {
    /// Reads a refusal. Codes first: words are nobody's contract, and hosts have other ones.
    pub fn of(status: StatusCode, error: &ErrorBody) -> Self {
        let field = |text: &Option<String>| text.as_deref().unwrap_or_default().to_ascii_lowercase();
        let (code, kind, words) = (field(&error.code), field(&error.kind), field(&error.message));
        let param = field(&error.param);
        // Two kinds of 429 are no throttling: trying again today is of no use.
        if kind == "insufficient_quota"
            || code == "insufficient_quota"
            || code == "billing_hard_limit_reached"
        {
            return Self::Quota;
        }
        if code == "daily_rate_limit_exceeded" || (status.as_u16() == 429 && words.contains("per day")) {
            return Self::DailyLimit;
        }
        match status.as_u16() {
            429 => return Self::RateLimit,
            401 => return Self::Key,
            403 => return Self::NoAccess,
            _ => {}
        }
        if http::retryable(status).is_some() {
            return Self::Passing;
        }
        if words.contains("not ready") || words.contains("still being processed") {
            return Self::NotReady;
        }
        if is_moderation(&code, &words) {
            return Self::Moderation;
        }
        let tunable =
            ["does not support fine-tuning", "not available for fine-tuning", "cannot be fine-tuned"];
        if code == "model_not_available"
            || (code == "model_not_found" && param == "model")
            || tunable.iter().any(|said| words.contains(said))
        {
            return Self::NotTunable;
        }
        if status == StatusCode::NOT_FOUND { Self::Missing } else { Self::Other }
    }
}

/// Says whether the provider's moderation spoke, in a refusal or in a job's error.
pub(crate) fn is_moderation(code: &str, words: &str) -> bool {
    let (code, words) = (code.to_ascii_lowercase(), words.to_ascii_lowercase());
    ["moderation", "unsafe", "content_policy"].iter().any(|word| code.contains(word))
        || ["moderation", "usage policies", "unsafe training file"].iter().any(|word| words.contains(word))
}

/// Turns a refusal into a named failure that says what to do.
pub fn refused(what: &str, status: StatusCode, error: &ErrorBody, request_id: &str) -> StageError {
    let code = error.code.as_deref().unwrap_or("");
    let words = in_brief(error.message.as_deref().unwrap_or(""));
    let named =
        |name: ErrorName, text: String| StageError::new(name, format!("{text} (request {request_id})"));
    let refused = |text: String| named(ErrorName::ProviderRefused, text);
    match Kind::of(status, error) {
        Kind::Quota => refused(format!(
            "the provider's quota is used up, {what} was refused: add credit, then start a new run"
        )),
        Kind::DailyLimit => named(
            ErrorName::DailyLimit,
            format!(
                "the provider's daily number of jobs is used up, {what} was refused: it is tried again until tomorrow"
            ),
        ),
        Kind::RateLimit => named(ErrorName::Throttled, format!("{what} answered HTTP {status}: {words}")),
        // It is proven that nothing was made, so this is no `Unavailable`.
        Kind::NotReady => named(ErrorName::Throttled, format!("{what}: the file is not ready yet")),
        Kind::Moderation => refused(format!(
            "the provider's moderation takes offence at the dataset, {what} was refused: {words}; take the examples out at their source"
        )),
        Kind::NotTunable => named(
            ErrorName::BaseModelUnusable,
            format!(
                "the provider does not tune this model, {what} was refused: {words}; choose another model.base"
            ),
        ),
        // The words of a 401 quote a part of the key.
        Kind::Key => refused(format!(
            "the provider refuses the key, {what} failed: put a valid key into the provider key secret"
        ))
        .caused_by(KeyRefused),
        Kind::NoAccess => refused(format!(
            "the provider denies access, {what} failed: {words}; ask it whether this organisation may still train, or set another ProviderUrl"
        )),
        Kind::Passing => named(
            http::retryable(status).unwrap_or(ErrorName::Unavailable),
            format!("{what} answered HTTP {status}"),
        ),
        kind @ (Kind::Missing | Kind::Other) => {
            let error = refused(format!("{what} was refused (HTTP {status}, code {code:?}): {words}"));
            // An answer without words is no API's: the address may be wrong.
            if kind == Kind::Missing && !words.is_empty() { error.caused_by(NotThere) } else { error }
        }
    }
}

/// Says whether the same job may succeed another time, by the code it failed with.
pub(crate) fn retry_helps(code: &str) -> bool {
    let code = code.to_ascii_lowercase();
    ["server_error", "internal", "timeout", "capacity", "overloaded", "unavailable"]
        .iter()
        .any(|word| code.contains(word))
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
            param: None,
        };
        let error = refused("creating the job", StatusCode::from_u16(status).unwrap(), &body, "req_1");
        (error.name(), error.to_string())
    }

    #[test]
    fn each_kind_has_its_own_way_on() {
        for (status, kind, code, message, expected) in [
            (429, "requests", "rate_limit_exceeded", "", ErrorName::Throttled),
            (429, "insufficient_quota", "", "", ErrorName::ProviderRefused),
            (429, "invalid_request_error", "daily_rate_limit_exceeded", "", ErrorName::DailyLimit),
            (429, "", "", "You reached the maximum of 48 requests per day", ErrorName::DailyLimit),
            (503, "", "", "", ErrorName::Unavailable),
            (408, "", "", "", ErrorName::Unavailable),
            (400, "", "", "File 'file-1' is not ready", ErrorName::Throttled),
            (
                400,
                "",
                "",
                "The specified base model does not support fine-tuning.",
                ErrorName::BaseModelUnusable,
            ),
            (400, "", "model_not_available", "", ErrorName::BaseModelUnusable),
            (403, "", "", "no fine-tuning for you", ErrorName::ProviderRefused),
            (400, "", "", "blocked by our moderation system", ErrorName::ProviderRefused),
            (400, "", "", "", ErrorName::ProviderRefused),
            (404, "", "", "", ErrorName::ProviderRefused),
        ] {
            assert_eq!(name(status, kind, code, message).0, expected, "{status} {kind} {code} {message}");
        }
        assert!(name(403, "", "", "").1.contains("may still train"));
        assert!(name(400, "", "unsafe_file", "").1.contains("moderation"));
    }

    #[test]
    fn a_page_that_is_not_there_says_nothing_of_a_job() {
        let of = |message: Option<&str>| {
            let body = ErrorBody { message: message.map(str::to_owned), ..ErrorBody::default() };
            NotThere::caused(&refused("looking at the job", StatusCode::NOT_FOUND, &body, "req_1"))
        };
        assert!(of(Some("Could not find fine tune: ftjob-1")) && !of(Some("")) && !of(None));
    }

    #[test]
    fn a_refused_key_is_not_quoted() {
        let (name, text) = name(401, "", "invalid_api_key", "Incorrect API key provided: sk-abc***xyz");
        assert_eq!(name, ErrorName::ProviderRefused);
        assert!(!text.contains("sk-abc"), "{text}");
        let refused = |status| refused("looking at the job", status, &ErrorBody::default(), "req_1");
        assert!(KeyRefused::caused(&refused(StatusCode::UNAUTHORIZED)), "so that it is read again");
        assert!(!KeyRefused::caused(&refused(StatusCode::FORBIDDEN)));
    }

    #[test]
    fn only_the_provider_s_own_faults_pass() {
        assert!(retry_helps("server_error") && retry_helps("InternalError"));
        assert!(!retry_helps("invalid_training_file") && !retry_helps("unknown"));
    }
}
