//! The `upload` function.

use jiff::Timestamp;
use secrets::{OptionalSecret, Secret};
use stage::{Settings, http};
use store::S3;
use supabase::{Gateway, Origin};
use tuning::OpenAi;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let settings = Settings::from_env()?;
    let (store, client) = (S3::new(&settings.bucket).await, http::client()?);
    let supabase_key = Secret::new(&settings.supabase_key_secret).await;
    let provider_key = Secret::new(&settings.provider_key_secret).await;
    let database_url = OptionalSecret::new(settings.database_url_secret.as_deref()).await;
    stage::serve("upload", async |event, _| {
        let models = Gateway::new(client.clone(), &settings.supabase_url, supabase_key.text().await?)?;
        let rows = Origin::new(&models, database_url.text().await?.as_ref())?;
        let host = upload::provider(&event, &store).await?;
        let provider =
            OpenAi::new(client.clone(), &settings.provider_url, provider_key.text().await?, &host)?;
        upload::handle(event, Timestamp::now(), &settings.bucket, &store, &models, &rows, &provider).await
    })
    .await
}
