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
        Self::with_client(Client::new(&config), arn)
    }

    /// Takes a client with a region, credentials and an address of its own.
    pub fn with_client(client: Client, arn: impl Into<String>) -> Self {
        Self { client, arn: arn.into(), kept: Mutex::new(None) }
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
        let secret = self.read().await?;
        *kept = Some((Instant::now(), secret.clone()));
        Ok(secret)
    }

    /// Reads the text anew, and says whether it is another one: while a key is rotated, the kept one is refused.
    ///
    /// # Errors
    /// As [`Secret::text`].
    pub async fn renewed(&self) -> Result<bool, StageError> {
        let mut kept = self.kept.lock().await;
        let secret = self.read().await?;
        let known = |(_, known): &(Instant, SecretString)| known.expose_secret() == secret.expose_secret();
        let other = !kept.as_ref().is_some_and(known);
        *kept = Some((Instant::now(), secret));
        Ok(other)
    }

    async fn read(&self) -> Result<SecretString, StageError> {
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
        Ok(SecretString::from(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use aws_sdk_secretsmanager::config::{BehaviorVersion, Config, Credentials, Region};
    use axum::Router;
    use axum::routing::post;

    use super::*;

    /// A service whose secret is another one from the third read on.
    async fn secret(reads: Arc<AtomicU32>) -> Secret {
        let answer = async move || {
            let text = if reads.fetch_add(1, Ordering::SeqCst) < 2 { "old" } else { "new" };
            serde_json::json!({"ARN": "arn", "Name": "key", "SecretString": text}).to_string()
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(axum::serve(listener, Router::new().route("/", post(answer))).into_future());
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-central-1"))
            .credentials_provider(Credentials::new("id", "key", None, None, "test"))
            .endpoint_url(address);
        Secret::with_client(Client::from_conf(config.build()), "arn")
    }

    #[tokio::test]
    async fn a_secret_is_kept_until_somebody_asks_whether_it_is_another() {
        let reads = Arc::new(AtomicU32::new(0));
        let secret = secret(Arc::clone(&reads)).await;
        let text = async || secret.text().await.unwrap().expose_secret().to_owned();
        assert_eq!((text().await.as_str(), text().await.as_str()), ("old", "old"));
        assert_eq!(reads.load(Ordering::SeqCst), 1, "kept");
        assert!(!secret.renewed().await.unwrap(), "the same one");
        assert!(secret.renewed().await.unwrap(), "rotated");
        assert_eq!((text().await.as_str(), reads.load(Ordering::SeqCst)), ("new", 3));
    }
}
