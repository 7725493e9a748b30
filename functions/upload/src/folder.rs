//! The run's folder that Bedrock reads from.

use stage::{StageError, keys};
use store::{Class, Delete, List, Put, Writer};
use tuning::Folder;
use tuning::chunks::Chunks;

/// `runs/{run}/bedrock/` of the run's bucket.
pub struct RunFolder<'a, S> {
    store: &'a S,
    bucket: &'a str,
    folder: String,
}

impl<'a, S> RunFolder<'a, S> {
    /// Names the folder of a run.
    pub fn new(store: &'a S, bucket: &'a str, run: &str) -> Self {
        Self { store, bucket, folder: keys::bedrock(run) }
    }

    fn key(&self, name: &str) -> String {
        format!("{}{name}", self.folder)
    }
}

impl<S: List + Put + Delete> Folder for RunFolder<'_, S> {
    fn address(&self) -> String {
        format!("s3://{}/{}", self.bucket, self.folder)
    }

    async fn holds(&self, name: &str) -> Result<bool, StageError> {
        // Listed: reading a missing object is answered as if it were forbidden, and a large one would be read whole.
        Ok(self.store.list(&self.folder).await?.contains(&self.key(name)))
    }

    async fn write(&self, name: &str, mut chunks: Chunks) -> Result<(), StageError> {
        let mut writer = Writer::new(self.store, self.key(name), Class::Derived);
        while let Some(chunk) = chunks.next().await {
            writer.lines_at_once(&chunk?, 0).await?;
        }
        writer.close().await.map(drop)
    }

    async fn delete(&self, name: &str) -> Result<(), StageError> {
        self.store.delete(&self.key(name)).await
    }
}
