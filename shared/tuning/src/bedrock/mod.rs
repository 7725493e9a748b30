//! The adapter for Amazon Bedrock's model customisation.
//!
//! Files are objects of our own bucket. A job is named after what it is made of, so asking twice for one finds the name
//! taken; and the request's token has Bedrock do it once at most. Its client asks for a job once all the same: what the last
//! of several tries was answered says nothing of the ones before.
//! Names are used wherever Bedrock takes one in the place of an ARN.

mod files;
mod jobs;
mod models;
mod refusal;
mod render;

use std::time::Duration;

use aws_sdk_bedrock::Client;
use aws_sdk_bedrock::config::retry::RetryConfig;
use aws_sdk_bedrock::config::timeout::TimeoutConfig;
use aws_sdk_bedrock::primitives::DateTime;
use jiff::Timestamp;
use records::recipe::{self, Format};
use stage::{ErrorName, StageError};

pub use files::{Folder, NoFolder};
pub(crate) use models::limits;

/// Bedrock in the account and region of the process's own role.
pub struct Bedrock<F = NoFolder> {
    client: Client,
    host: recipe::Provider,
    role: String,
    folder: F,
}

impl<F> Bedrock<F> {
    /// Names Bedrock as a recipe speaks to it; nothing is asked yet. `role` is what Bedrock reads the folder with.
    pub fn new(client: Client, host: &recipe::Provider, role: String, folder: F) -> Self {
        Self { client, host: host.clone(), role, folder }
    }

    fn format(&self) -> Result<Format, StageError> {
        self.host.format.ok_or_else(|| StageError::internal("a recipe for Bedrock has no format"))
    }
}

/// Makes Bedrock's client, as patient as one request of a function may be.
pub async fn client() -> Client {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(5))
        .operation_attempt_timeout(Duration::from_secs(15))
        // `status` has three minutes, and asks some things one after the other.
        .operation_timeout(Duration::from_secs(25));
    let config = aws_config::from_env().timeout_config(timeouts.build());
    let config = config.retry_config(RetryConfig::standard().with_max_attempts(4)).load().await;
    Client::new(&config)
}

fn time(time: &DateTime) -> Result<Timestamp, StageError> {
    let nanoseconds = i32::try_from(time.subsec_nanos()).unwrap_or_default();
    Timestamp::new(time.secs(), nanoseconds).map_err(|error| {
        StageError::new(ErrorName::Unavailable, "a time of Bedrock's is no time").caused_by(error)
    })
}
