//! What Bedrock's refusals mean, with the fix.

use aws_sdk_bedrock::config::http::HttpResponse;
use aws_sdk_bedrock::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_bedrock::operation::RequestId as _;
use stage::{ErrorName, StageError};

use crate::provider::NotThere;
use crate::refusal::in_brief;

/// What a refusal means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The role, or the account, may not do this.
    Denied,
    /// Too many requests: patience helps.
    Throttled,
    /// A quota of the account: somebody must ask for more, or wait for another job.
    Quota,
    /// The name is taken, or the thing is in a state in which this can't be done.
    Taken,
    /// What was asked for is not there.
    Missing,
    /// The base model can't be tuned.
    NotTunable,
    /// No answer, or a fault on AWS's side. What was asked for may have happened.
    Passing,
    /// The request is wrong.
    Other,
}

/// A request without a useful answer.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) kind: Kind,
    pub(super) error: StageError,
}

impl From<Failed> for StageError {
    fn from(failed: Failed) -> Self {
        failed.error
    }
}

impl Kind {
    fn of(code: &str, status: u16, words: &str) -> Self {
        let words = words.to_ascii_lowercase();
        match code {
            "AccessDeniedException" | "UnrecognizedClientException" | "ExpiredTokenException" => Self::Denied,
            "ThrottlingException" | "TooManyRequestsException" => Self::Throttled,
            "ServiceQuotaExceededException" => Self::Quota,
            "ResourceInUseException" | "ConflictException" => Self::Taken,
            "ResourceNotFoundException" => Self::Missing,
            "InternalServerException" | "ServiceUnavailableException" => Self::Passing,
            "ValidationException" if words.contains("already") => Self::Taken,
            "ValidationException"
                if words.contains("model identifier")
                    || (words.contains("customiz") && words.contains("support")) =>
            {
                Self::NotTunable
            }
            _ if status == 429 => Self::Throttled,
            _ if status >= 500 => Self::Passing,
            _ => Self::Other,
        }
    }
}

/// Names what came of a request instead of an answer.
pub(super) fn failed<E>(what: &str, error: SdkError<E, HttpResponse>) -> Failed
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let id = error.request_id().unwrap_or("without id").to_owned();
    match &error {
        SdkError::ServiceError(service) => {
            let code = service.err().code().unwrap_or_default();
            let words = in_brief(service.err().message().unwrap_or_default());
            let kind = Kind::of(code, service.raw().status().as_u16(), &words);
            Failed { kind, error: named(kind, what, code, &words, &id) }
        }
        SdkError::ConstructionFailure(_) => {
            let text = format!("{what}: the request can't be built, so nothing was asked");
            Failed { kind: Kind::Other, error: StageError::internal(text).caused_by(error) }
        }
        // Its source may quote an answer.
        _ => {
            let text = format!("{what} got no whole answer");
            Failed { kind: Kind::Passing, error: StageError::new(ErrorName::Unavailable, text) }
        }
    }
}

fn named(kind: Kind, what: &str, code: &str, words: &str, id: &str) -> StageError {
    let (name, text) = match kind {
        Kind::Denied => (
            ErrorName::ProviderRefused,
            format!(
                "{what} is denied: {words}; deploy the stack with UseBedrock=yes and allow the model in Bedrock's console"
            ),
        ),
        Kind::Throttled => (ErrorName::Throttled, format!("{what} was throttled")),
        Kind::Quota => (
            ErrorName::ProviderRefused,
            format!(
                "{what} goes beyond a quota: {words}; ask for more under Bedrock in Service Quotas or wait until other jobs have ended, then start a new run"
            ),
        ),
        Kind::NotTunable => (
            ErrorName::BaseModelUnusable,
            format!(
                "Bedrock does not tune this model, {what} was refused: {words}; choose another model.base"
            ),
        ),
        Kind::Passing => (ErrorName::Unavailable, format!("{what} failed on AWS's side ({code})")),
        Kind::Taken | Kind::Missing | Kind::Other => {
            (ErrorName::ProviderRefused, format!("{what} was refused ({code}): {words}"))
        }
    };
    let error = StageError::new(name, format!("{text} (request {id})"));
    if kind == Kind::Missing { error.caused_by(NotThere) } else { error }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_own_way_on() {
        for (code, status, words, expected) in [
            (
                "AccessDeniedException",
                403,
                "is not authorized to perform: bedrock:X",
                ErrorName::ProviderRefused,
            ),
            ("ThrottlingException", 429, "", ErrorName::Throttled),
            ("ServiceQuotaExceededException", 400, "", ErrorName::ProviderRefused),
            ("InternalServerException", 500, "", ErrorName::Unavailable),
            ("", 503, "", ErrorName::Unavailable),
            ("", 429, "", ErrorName::Throttled),
            (
                "ValidationException",
                400,
                "The provided model identifier is invalid.",
                ErrorName::BaseModelUnusable,
            ),
            ("ValidationException", 400, "batchSize must be at least 4", ErrorName::ProviderRefused),
            ("TooManyTagsException", 400, "", ErrorName::ProviderRefused),
        ] {
            let kind = Kind::of(code, status, words);
            assert_eq!(named(kind, "creating the job", code, words, "r").name(), expected, "{code} {words}");
        }
        assert_eq!(Kind::of("ValidationException", 400, "The job name is already in use"), Kind::Taken);
        assert_eq!(
            Kind::of("ValidationException", 400, "model customization job name is invalid"),
            Kind::Other
        );
        let unsupported = "This model does not support customization";
        assert_eq!(Kind::of("ValidationException", 400, unsupported), Kind::NotTunable);
        assert_eq!(Kind::of("ResourceInUseException", 400, ""), Kind::Taken);
        let denied = named(Kind::Denied, "creating the job", "", "bedrock:CreateModelCustomizationJob", "r");
        assert!(
            denied.to_string().contains("UseBedrock=yes") && denied.to_string().contains("bedrock:Create")
        );
        let quota =
            named(Kind::Quota, "creating the job", "", "Customization jobs in progress", "r").to_string();
        assert!(quota.contains("Customization jobs in progress") && quota.contains("Service Quotas"));
    }
}
