//! The `promote` function.

use secrets::Secret;
use stage::arrows::PromoteEvent;
use stage::{ErrorName, Settings, http};
use store::S3;
use supabase::Gateway;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let settings = Settings::from_env()?;
    let (store, client) = (S3::new(&settings.bucket).await, http::client()?);
    let key = Secret::new(&settings.supabase_key_secret).await;
    stage::serve("promote", async |event: PromoteEvent, _| {
        let once = async || {
            let models = Gateway::new(client.clone(), &settings.supabase_url, key.text().await?)?;
            promote::handle(event.clone(), &store, &models).await
        };
        match once().await {
            // The key may be being rotated, and the training is paid for.
            Err(refused) if refused.name() == ErrorName::SourceRefused => {
                if key.renewed().await.unwrap_or(false) { once().await } else { Err(refused) }
            }
            answer => answer,
        }
    })
    .await
}
