//! The `assemble` function.

use jiff::Timestamp;
use secrets::{OptionalSecret, Secret};
use stage::{Settings, http};
use store::S3;
use supabase::{Gateway, Origin};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let settings = Settings::from_env()?;
    let (store, client) = (S3::new(&settings.bucket).await, http::client()?);
    let key = Secret::new(&settings.supabase_key_secret).await;
    let database_url = OptionalSecret::new(settings.database_url_secret.as_deref()).await;
    stage::serve("assemble", async |event, _| {
        let gateway = Gateway::new(client.clone(), &settings.supabase_url, key.text().await?)?;
        let rows = Origin::new(&gateway, database_url.text().await?.as_ref())?;
        assemble::handle(event, Timestamp::now(), &store, &rows).await
    })
    .await
}
