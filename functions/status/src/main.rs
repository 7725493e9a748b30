//! The `status` function.

use jiff::Timestamp;
use secrets::Secret;
use stage::arrows::StatusEvent;
use stage::{Settings, http};
use store::S3;
use tuning::{Connections, NoFolder};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let settings = Settings::from_env()?;
    let (store, connections) =
        (S3::new(&settings.bucket).await, Connections::new(http::client()?, &settings));
    let key = Secret::new(&settings.provider_key_secret).await;
    stage::serve("status", async |event: StatusEvent, _| {
        let provider = connections.to(&event.provider, async || key.text().await, NoFolder).await?;
        status::handle(event, Timestamp::now(), &store, &provider).await
    })
    .await
}
