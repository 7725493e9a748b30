//! The `plan` function.

use secrets::{OptionalSecret, Secret};
use stage::{Settings, http};
use store::S3;
use supabase::{Gateway, Origin};
use tuning::{Connections, NoFolder};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let settings = Settings::from_env()?;
    let (store, client) = (S3::new(&settings.bucket).await, http::client()?);
    let supabase_key = Secret::new(&settings.supabase_key_secret).await;
    let database_url = OptionalSecret::new(settings.database_url_secret.as_deref()).await;
    let provider_key = Secret::new(&settings.provider_key_secret).await;
    let connections = Connections::new(client.clone(), &settings);
    stage::serve("plan", async |event, _| {
        let host = plan::provider(&event, &settings.default_recipe);
        let models = Gateway::new(client.clone(), &settings.supabase_url, supabase_key.text().await?)?;
        let rows = Origin::new(&models, database_url.text().await?.as_ref())?;
        let provider = connections.to(&host, async || provider_key.text().await, NoFolder).await?;
        let named = connections.name(&host);
        plan::handle(event, &settings.default_recipe, &named, &store, &rows, &models, &provider).await
    })
    .await
}
