use aws_sdk_sfn::error::ProvideErrorMetadata as _;
use serde_json::Value;
use stage::{ErrorName, StageError};

use crate::ports::Workflow;

/// Step Functions, of which tasks wait for a token.
pub struct StepFunctions {
    client: aws_sdk_sfn::Client,
}

impl StepFunctions {
    /// Connects with the process's own region and credentials.
    pub async fn new() -> Self {
        let config = aws_config::load_from_env().await;
        Self::with_client(aws_sdk_sfn::Client::new(&config))
    }

    /// Takes a client with a region, credentials and an address of its own.
    pub fn with_client(client: aws_sdk_sfn::Client) -> Self {
        Self { client }
    }
}

impl Workflow for StepFunctions {
    async fn go_on(&self, token: &str, output: &Value) -> Result<bool, StageError> {
        let request = self.client.send_task_success().task_token(token).output(output.to_string());
        taken(request.send().await.map(|_| ()).map_err(|error| error.code().map(str::to_owned)))
    }

    async fn end(&self, token: &str, error: ErrorName, cause: &str) -> Result<bool, StageError> {
        let request = self.client.send_task_failure().task_token(token).error(error.as_str()).cause(cause);
        taken(request.send().await.map(|_| ()).map_err(|error| error.code().map(str::to_owned)))
    }
}

/// A task that has ended takes no answer: somebody else gave one, or it waited too long.
fn taken(sent: Result<(), Option<String>>) -> Result<bool, StageError> {
    match sent {
        Ok(()) => Ok(true),
        Err(Some(code)) if matches!(code.as_str(), "TaskTimedOut" | "TaskDoesNotExist") => Ok(false),
        Err(code) => Err(failed("answer the workflow", code.as_deref())),
    }
}

/// Names a call that failed, by its code alone: the service's own words may quote what was sent.
fn failed(what: &str, code: Option<&str>) -> StageError {
    let code = code.unwrap_or("no answer");
    let name = match code {
        "Throttled" | "Throttling" | "ThrottlingException" | "ThrottledException" => ErrorName::Throttled,
        "AuthorizationError"
        | "AccessDenied"
        | "AccessDeniedException"
        | "NotFound"
        | "InvalidToken"
        | "InvalidParameter"
        | "InvalidOutput" => ErrorName::Internal,
        _ => ErrorName::Unavailable,
    };
    StageError::new(name, format!("cannot {what}: {code}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ended_task_is_an_answer_and_a_refusal_is_no_passing_fault() {
        assert!(taken(Ok(())).unwrap());
        for gone in ["TaskTimedOut", "TaskDoesNotExist"] {
            assert!(!taken(Err(Some(gone.to_owned()))).unwrap());
        }
        let name = |code: Option<&str>| taken(Err(code.map(str::to_owned))).unwrap_err().name();
        assert_eq!(name(Some("InvalidToken")), ErrorName::Internal);
        assert_eq!(name(Some("AccessDeniedException")), ErrorName::Internal);
        assert_eq!(name(Some("ThrottlingException")), ErrorName::Throttled);
        assert_eq!(name(None), ErrorName::Unavailable);
    }
}
