//! Our adapter over the file that the SDK has: the same work from the same disk, without a function and without S3.

use std::path::Path;
use std::sync::Mutex;
use std::time::Instant;

use bytes::BytesMut;
use records::recipe;
use secrecy::SecretString;
use stage::{StageError, http};
use tokio::fs::File;
use tokio::io::AsyncReadExt as _;
use tuning::{Begun, Clean as _, FileSpec, Files as _, Ledger, OpenAi, chunks};

use super::Took;
use crate::bench::watch;
use crate::error::{Context as _, Result};
use crate::local::Stack;

/// How much is read at once.
const CHUNK: usize = 256 << 10;

/// Keeps in memory what the function keeps in the bucket.
#[derive(Default)]
struct InMemory(Mutex<Option<Begun>>);

impl Ledger for InMemory {
    async fn read(&self) -> Result<Option<Begun>, StageError> {
        Ok(self.0.lock().ok().and_then(|begun| begun.clone()))
    }

    async fn write(&self, begun: Option<&Begun>) -> Result<(), StageError> {
        if let Ok(mut held) = self.0.lock() {
            *held = begun.cloned();
        }
        Ok(())
    }
}

/// Uploads the file and deletes it again, outside the time. What it needs of memory is the benchmark's own process's.
pub(super) async fn upload(stack: &Stack, path: &Path, md5: Option<&str>) -> Result<Took> {
    let sandbox = stack.sandbox();
    let url = sandbox.provider_url().parse().context("the provider's address")?;
    let host = recipe::Provider { uploads: true, ..recipe::Provider::default() };
    let client = http::client().context("set up HTTP")?;
    let provider = OpenAi::new(client, &url, SecretString::from(sandbox.keys().provider.clone()), &host);
    let provider = provider.context("set up the provider")?;
    let mut file = File::open(path).await.context("open the file")?;
    let bytes = file.metadata().await.context("look at the file")?.len();
    let spec = FileSpec { name: "from-disk.jsonl".to_owned(), bytes, md5: md5.map(str::to_owned) };
    let (sender, chunks) = chunks::channel();
    let ledger = InMemory::default();
    let before = (Instant::now(), watch::core_seconds(std::process::id()));
    let read = async move {
        loop {
            let mut chunk = BytesMut::with_capacity(CHUNK);
            if file.read_buf(&mut chunk).await.context("read the file")? == 0 {
                return Ok(());
            }
            if !sender.send(Ok(chunk.freeze())).await {
                return Ok(());
            }
        }
    };
    let (read, sent): (Result<()>, _) = tokio::join!(read, provider.upload(&spec, chunks, &ledger));
    let seconds = before.0.elapsed().as_secs_f64();
    let core_seconds = watch::core_seconds(std::process::id()) - before.1;
    read?;
    let sent = sent.context("upload the file")?;
    provider.delete_file(&sent).await.context("delete the file")?;
    Ok(Took { bytes, seconds, core_seconds, peak_mib: 0.0 })
}
