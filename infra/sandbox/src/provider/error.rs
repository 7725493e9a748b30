//! Errors in `OpenAI`'s shape: all four fields are always there.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

/// A refused request.
#[derive(Debug)]
pub(crate) struct ProviderError {
    status: StatusCode,
    message: String,
    kind: &'static str,
    param: Option<String>,
    code: Option<&'static str>,
}

impl ProviderError {
    /// 400 about one parameter.
    pub(crate) fn invalid(param: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message).param(param)
    }

    /// Any status, `invalid_request_error`.
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), kind: "invalid_request_error", param: None, code: None }
    }

    /// Names the parameter.
    pub(crate) fn param(mut self, param: &str) -> Self {
        self.param = Some(param.to_owned());
        self
    }

    /// Names the code.
    pub(crate) fn code(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }

    /// 404 for a model this account does not see.
    pub(crate) fn no_model(id: &str) -> Self {
        let message = format!("The model `{id}` does not exist or you do not have access to it.");
        Self::new(StatusCode::NOT_FOUND, message).code("model_not_found")
    }

    /// 404 for a file.
    pub(crate) fn no_file(id: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("No such File object: {id}")).param("id")
    }

    /// 404 for a job.
    pub(crate) fn no_job(id: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("Could not find fine tune: {id}"))
            .param("fine_tuning_job_id")
            .code("fine_tune_not_found")
    }

    /// 500 of our own making.
    pub(crate) fn broken(message: impl Into<String>) -> Self {
        Self { kind: "server_error", ..Self::new(StatusCode::INTERNAL_SERVER_ERROR, message) }
    }
}

impl IntoResponse for ProviderError {
    fn into_response(self) -> Response {
        let error =
            json!({"message": self.message, "type": self.kind, "param": self.param, "code": self.code});
        (self.status, Json(json!({"error": error}))).into_response()
    }
}

/// Why a job failed, as the job's `error` says it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Failure {
    /// Such as `invalid_training_file`.
    pub(crate) code: String,
    /// The provider's words.
    pub(crate) message: String,
    /// The parameter at fault.
    #[serde(default)]
    pub(crate) param: Option<String>,
}
