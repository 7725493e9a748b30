//! The `approve` function.

use approve::{Audience, StepFunctions};
use jiff::Timestamp;
use notify::Topic;
use secrets::Secret;
use stage::approval_file::Way;
use stage::arrows::{ApproveAnswer, ApproveEvent};
use stage::{Settings, http};
use store::S3;
use supabase::Gateway;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let settings = Settings::from_env()?;
    let (store, client) = (S3::new(&settings.bucket).await, http::client()?);
    let (topic, workflow) = (Topic::new(&settings.approval_topic).await, StepFunctions::new().await);
    let alerts = Topic::new(&settings.alert_topic).await;
    let key = Secret::new(&settings.supabase_key_secret).await;
    stage::serve("approve", async |event, _| match (event, Timestamp::now()) {
        (ApproveEvent::Ask(event), now) => {
            let models = Gateway::new(client.clone(), &settings.supabase_url, key.text().await?)?;
            let told = Audience { operators: &topic, alerts: &alerts, bucket: &settings.bucket };
            let asked = approve::ask(event, now, &store, &models, &told, &workflow).await?;
            Ok(ApproveAnswer::Asked(asked))
        }
        (ApproveEvent::Answer(event), now) => {
            let told = approve::answer(event, Way::Function, now, &store, &workflow).await?;
            Ok(ApproveAnswer::Told(told))
        }
        (ApproveEvent::Web(event), now) => {
            Ok(ApproveAnswer::Web(approve::respond(event, now, &store, &workflow).await))
        }
    })
    .await
}
