//! The project that a command asks, with the key that its secret holds.

use secrets::Secret;
use stage::http;
use supabase::Gateway;
use url::Url;

use crate::error::{Context as _, Result};

/// Reads the key and names the project; nothing is asked of it yet.
///
/// # Errors
/// When the secret can't be read.
pub(crate) async fn gateway(url: &Url, secret: &str) -> Result<Gateway> {
    let key = Secret::new(secret).await.text().await.context("read the project's key")?;
    let client = http::client().context("prepare the request")?;
    Gateway::new(client, url, key).context("reach the project")
}
