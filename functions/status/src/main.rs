//! The `status` function.

use jiff::Timestamp;
use secrets::Secret;
use stage::arrows::StatusEvent;
use stage::{Settings, http};
use store::S3;
use tuning::OpenAi;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let settings = Settings::from_env()?;
    let (store, client) = (S3::new(&settings.bucket).await, http::client()?);
    let key = Secret::new(&settings.provider_key_secret).await;
    stage::serve("status", async |event: StatusEvent, _| {
        let provider =
            OpenAi::new(client.clone(), &settings.provider_url, key.text().await?, &event.provider)?;
        status::handle(event, Timestamp::now(), &store, &provider).await
    })
    .await
}
