//! The `assemble` function.

use jiff::Timestamp;
use secrets::Secret;
use stage::{Settings, http};
use store::S3;
use supabase::Gateway;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let settings = Settings::from_env()?;
    let (store, client) = (S3::new(&settings.bucket).await, http::client()?);
    let key = Secret::new(&settings.supabase_key_secret).await;
    stage::serve("assemble", async |event, _| {
        let rows = Gateway::new(client.clone(), &settings.supabase_url, key.text().await?)?;
        assemble::handle(event, Timestamp::now(), &store, &rows).await
    })
    .await
}
