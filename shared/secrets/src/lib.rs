//! Secrets Manager values, read when first needed and kept for a while.
//!
//! A value is never an environment variable: those are readable by everybody who may look at a function.

use std::time::{Duration, Instant};

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::ProvideErrorMetadata as _;
pub use secrecy::{ExposeSecret, SecretString};
use stage::{ErrorName, StageError};
use tokio::sync::Mutex;

/// One secret of Secrets Manager.
pub struct Secret {
    client: Client,
    arn: String,
    kept: Mutex<Option<(Instant, SecretString)>>,
}

/// A secret that a deployment may do without.
pub struct OptionalSecret(Option<Secret>);

impl OptionalSecret {
    /// Names a secret, or none.
    pub async fn new(arn: Option<&str>) -> Self {
        match arn {
            Some(arn) => Self(Some(Secret::new(arn).await)),
            None => Self(None),
        }
    }

    /// Returns the secret's text, if there is one.
    ///
    /// # Errors
    /// As [`Secret::text`].
    pub async fn text(&self) -> Result<Option<SecretString>, StageError> {
        match &self.0 {
            Some(secret) => secret.text().await.map(Some),
            None => Ok(None),
        }
    }
}

impl Secret {
    /// A rotated key is picked up within this time by environments that are warm.
    const TIME_TO_LIVE: Duration = Duration::from_mins(5);

    /// Names a secret; nothing is read yet.
    pub async fn new(arn: impl Into<String>) -> Self {
        let config = aws_config::load_from_env().await;
        Self { client: Client::new(&config), arn: arn.into(), kept: Mutex::new(None) }
    }

    /// Returns the secret's text.
    ///
    /// # Errors
    /// `Internal` when the role may not read it or it holds no text, `Unavailable` when the service does not answer.
    pub async fn text(&self) -> Result<SecretString, StageError> {
        let mut kept = self.kept.lock().await;
        if let Some((read, secret)) = &*kept
            && read.elapsed() < Self::TIME_TO_LIVE
        {
            return Ok(secret.clone());
        }
        let answer = self.client.get_secret_value().secret_id(&self.arn).send().await.map_err(|error| {
            // Code and message alone: the SDK's full context quotes the raw answer.
            let code = error.code().unwrap_or("no answer");
            let last =
                matches!(code, "AccessDeniedException" | "ResourceNotFoundException" | "DecryptionFailure");
            let name = if last { ErrorName::Internal } else { ErrorName::Unavailable };
            let message = error.message().unwrap_or_default();
            StageError::new(name, format!("cannot read secret {}: {code} {message}", self.arn))
        })?;
        let text =
            answer.secret_string().map(str::trim).filter(|text| !text.is_empty()).ok_or_else(|| {
                StageError::internal(format!(
                    "secret {} holds no text: put the key there as plain text",
                    self.arn
                ))
            })?;
        let secret = SecretString::from(text.to_owned());
        *kept = Some((Instant::now(), secret.clone()));
        Ok(secret)
    }
}
