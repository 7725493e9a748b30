//! Tells the operators, by a topic of SNS.

use aws_sdk_sns::error::ProvideErrorMetadata as _;
use stage::{ErrorName, StageError};

/// Tells the operators.
pub trait Notify {
    /// Sends a notice: a subject of at most a hundred ASCII characters, and a text.
    ///
    /// # Errors
    /// `Throttled` and `Unavailable`; `Internal` when the role may not.
    fn tell(&self, subject: &str, text: &str) -> impl Future<Output = Result<(), StageError>>;
}

/// Knows whether anybody is told.
pub trait Readers {
    /// Counts who gets the notices: subscriptions that were confirmed.
    ///
    /// # Errors
    /// As [`Notify::tell`].
    fn readers(&self) -> impl Future<Output = Result<u64, StageError>>;
}

/// A topic of SNS.
pub struct Topic {
    client: aws_sdk_sns::Client,
    arn: String,
}

impl Topic {
    /// Names a topic; nothing is sent yet.
    pub async fn new(arn: impl Into<String>) -> Self {
        let config = aws_config::load_from_env().await;
        Self { client: aws_sdk_sns::Client::new(&config), arn: arn.into() }
    }
}

impl Notify for Topic {
    async fn tell(&self, subject: &str, text: &str) -> Result<(), StageError> {
        let sent = self.client.publish().topic_arn(&self.arn).subject(subject).message(text).send().await;
        sent.map(|_| ()).map_err(|error| failed("tell the operators", error.code()))
    }
}

impl Readers for Topic {
    async fn readers(&self) -> Result<u64, StageError> {
        let what = "count who reads the notices";
        let answer = self.client.get_topic_attributes().topic_arn(&self.arn).send().await;
        let answer = answer.map_err(|error| failed(what, error.code()))?;
        let confirmed = answer.attributes().and_then(|it| it.get("SubscriptionsConfirmed"));
        confirmed.and_then(|count| count.parse().ok()).ok_or_else(|| failed(what, Some("no such attribute")))
    }
}

/// Names a call that failed, by its code alone: the service's own words may quote what was sent.
fn failed(what: &str, code: Option<&str>) -> StageError {
    let code = code.unwrap_or("no answer");
    let name = match code {
        "Throttled" | "Throttling" | "ThrottlingException" | "ThrottledException" => ErrorName::Throttled,
        "AuthorizationError" | "AccessDenied" | "AccessDeniedException" | "NotFound" | "InvalidParameter" => {
            ErrorName::Internal
        }
        _ => ErrorName::Unavailable,
    };
    StageError::new(name, format!("cannot {what}: {code}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_no_passing_fault() {
        let name = |code: Option<&str>| failed("tell the operators", code).name();
        assert_eq!(name(Some("AuthorizationError")), ErrorName::Internal);
        assert_eq!(name(Some("Throttled")), ErrorName::Throttled);
        assert_eq!(name(None), ErrorName::Unavailable);
    }
}
