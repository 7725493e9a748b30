//! The `scrub` function.

use records::subject::SubjectKeys;
use secrets::{ExposeSecret as _, Secret};
use stage::{Settings, StageError};
use store::S3;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let settings = Settings::from_env()?;
    let store = S3::new(&settings.bucket).await;
    let secret = Secret::new(&settings.subject_key_secret).await;
    stage::serve("scrub", async |event, _| {
        let secret = secret.text().await?;
        let keys = SubjectKeys::parse(secret.expose_secret());
        let keys = keys.map_err(|error| StageError::internal(error.to_string()))?;
        scrub::handle(event, &store, keys.newest()).await
    })
    .await
}
