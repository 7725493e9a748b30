//! The `upload` function.

use jiff::Timestamp;
use secrets::{OptionalSecret, Secret};
use stage::arrows::{Cleared, UploadAnswer, UploadEvent};
use stage::{Settings, http};
use store::S3;
use supabase::{Gateway, Origin};
use tuning::{Connections, Host};
use upload::RunFolder;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let settings = Settings::from_env()?;
    let (store, client) = (S3::new(&settings.bucket).await, http::client()?);
    let supabase_key = Secret::new(&settings.supabase_key_secret).await;
    let provider_key = Secret::new(&settings.provider_key_secret).await;
    let database_url = OptionalSecret::new(settings.database_url_secret.as_deref()).await;
    let (connections, bucket) = (Connections::new(client.clone(), &settings), &settings.bucket);
    let of_host = async |run: &str, host: &Host| {
        let folder = RunFolder::new(&store, bucket, run);
        connections.back_to(host, async || provider_key.text().await, folder).await
    };
    let provider = async |run: &str| of_host(run, &upload::provider(run, &store).await?).await;
    let once = async |event: &UploadEvent| match event.clone() {
        UploadEvent::Submit(event) => {
            let models = Gateway::new(client.clone(), &settings.supabase_url, supabase_key.text().await?)?;
            let rows = Origin::new(&models, database_url.text().await?.as_ref())?;
            let provider = provider(&event.run).await?;
            let now = Timestamp::now();
            let submitted = upload::handle(event, now, bucket, &store, &models, &rows, &provider);
            // On the heap: it is twenty kilobytes of state.
            let submitted = Box::pin(submitted).await?;
            Ok(UploadAnswer::Submit(submitted))
        }
        UploadEvent::Clear(event) => {
            let Some(left) = upload::left(&event, &store).await? else {
                return Ok(UploadAnswer::Clear(Cleared { run: event.run, ..Cleared::default() }));
            };
            let provider = provider(&event.run).await?;
            Ok(UploadAnswer::Clear(upload::clear(event, left, Timestamp::now(), &store, &provider).await?))
        }
        UploadEvent::Sweep(event) => {
            let of_host = async |run: &str, host: &Host| of_host(run, host).await.map(Box::new);
            let swept = Box::pin(upload::sweep(event, Timestamp::now(), &store, of_host)).await?;
            Ok(UploadAnswer::Sweep(swept))
        }
    };
    stage::serve("upload", async |event, _| {
        tuning::with_fresh_key(async || once(&event).await, async || provider_key.renewed().await).await
    })
    .await
}
