//! The `upload` function.

use jiff::Timestamp;
use secrets::Secret;
use stage::{Settings, http};
use store::S3;
use supabase::Gateway;
use tuning::OpenAi;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let settings = Settings::from_env()?;
    let (store, client) = (S3::new(&settings.bucket).await, http::client()?);
    let supabase_key = Secret::new(&settings.supabase_key_secret).await;
    let provider_key = Secret::new(&settings.provider_key_secret).await;
    stage::serve("upload", async |event, _| {
        let source = Gateway::new(client.clone(), &settings.supabase_url, supabase_key.text().await?)?;
        let provider = OpenAi::new(client.clone(), &settings.provider_url, provider_key.text().await?)?;
        upload::handle(event, Timestamp::now(), &settings.bucket, &store, &source, &source, &provider).await
    })
    .await
}
