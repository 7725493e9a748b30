//! Refusals in a provider's own words, for the fault `refuse`.

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Why {
    /// 429: no credit left.
    Quota,
    /// 429: no more jobs today.
    DailyLimit,
    /// 429: too many requests for a moment.
    RateLimit,
    /// 400: a file that was just uploaded.
    NotReady,
    /// 400: a model that takes no jobs.
    NotTunable,
    /// 403: an organisation that may not train, or not any more.
    NoAccess,
}

impl Why {
    /// Status and body. `code` and `param` are null where the original has none.
    pub(crate) fn answer(self) -> (StatusCode, Value) {
        let (status, kind, param, code, message) = match self {
            Self::Quota => (
                StatusCode::TOO_MANY_REQUESTS,
                "insufficient_quota",
                None,
                Some("insufficient_quota"),
                "You exceeded your current quota, please check your plan and billing details.",
            ),
            Self::DailyLimit => (
                StatusCode::TOO_MANY_REQUESTS,
                "invalid_request_error",
                None,
                Some("daily_rate_limit_exceeded"),
                "You have reached the maximum of 48 fine-tuning requests per day for the model.",
            ),
            Self::RateLimit => (
                StatusCode::TOO_MANY_REQUESTS,
                "requests",
                None,
                Some("rate_limit_exceeded"),
                "Rate limit reached for requests.",
            ),
            Self::NotReady => (
                StatusCode::BAD_REQUEST,
                "invalid_request_error",
                Some("training_file"),
                None,
                "File 'file-x' is not ready.",
            ),
            Self::NotTunable => (
                StatusCode::BAD_REQUEST,
                "invalid_request_error",
                Some("model"),
                Some("model_not_available"),
                "The specified base model does not support fine-tuning.",
            ),
            Self::NoAccess => (
                StatusCode::FORBIDDEN,
                "invalid_request_error",
                None,
                None,
                "Your organization does not have access to fine-tuning.",
            ),
        };
        (status, json!({"error": {"message": message, "type": kind, "param": param, "code": code}}))
    }
}
