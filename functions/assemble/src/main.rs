//! The `assemble` function.

use stage::Settings;
use store::S3;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let settings = Settings::from_env()?;
    let store = S3::new(&settings.bucket).await;
    stage::serve("assemble", async |event, _| assemble::handle(event, &store).await).await
}
