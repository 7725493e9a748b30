//! The `status` function.

use jiff::Timestamp;
use secrets::Secret;
use stage::arrows::StatusEvent;
use stage::{Settings, http};
use store::S3;
use tuning::{Connections, Host, NoFolder};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let settings = Settings::from_env()?;
    let (store, connections) =
        (S3::new(&settings.bucket).await, Connections::new(http::client()?, &settings));
    let key = Secret::new(&settings.provider_key_secret).await;
    stage::serve("status", async |event: StatusEvent, _| {
        let host = Host { provider: event.provider.clone(), name: event.host.clone() };
        let look = async || {
            let now = Timestamp::now();
            let provider = connections.back_to(&host, async || key.text().await, NoFolder).await;
            let provider = provider.map_err(|error| status::patient(error, now, event.deadline))?;
            status::handle(event.clone(), now, &store, &provider).await
        };
        tuning::with_fresh_key(look, async || key.renewed().await).await
    })
    .await
}
