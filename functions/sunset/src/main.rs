//! The `sunset` function.

use jiff::Timestamp;
use notify::Topic;
use secrets::Secret;
use stage::arrows::SunsetEvent;
use stage::{Settings, http};
use store::S3;
use supabase::Gateway;
use tuning::{Connections, NoFolder};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let settings = Settings::from_env()?;
    let (store, client) = (S3::new(&settings.bucket).await, http::client()?);
    let (supabase_key, provider_key) =
        (Secret::new(&settings.supabase_key_secret).await, Secret::new(&settings.provider_key_secret).await);
    let topic = Topic::new(&settings.alert_topic).await;
    let connections = Connections::new(client.clone(), &settings);
    stage::serve("sunset", async |SunsetEvent {}, _| {
        let models = Gateway::new(client.clone(), &settings.supabase_url, supabase_key.text().await?)?;
        let name = |host: &_| connections.name(host);
        let connect =
            async |host: &_| connections.to(host, async || provider_key.text().await, NoFolder).await;
        let look = async || sunset::handle(Timestamp::now(), &store, &models, name, connect, &topic).await;
        tuning::with_fresh_key(look, async || provider_key.renewed().await).await
    })
    .await
}
