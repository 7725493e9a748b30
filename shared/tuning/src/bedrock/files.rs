//! Training files: rendered copies of the dataset in a folder of our own bucket, which Bedrock reads from there.

use std::collections::BTreeMap;

use bytes::{Bytes, BytesMut};
use records::jsonl::{Line, Lines};
use records::recipe::Format;
use stage::{ErrorName, StageError};

use super::{Bedrock, render};
use crate::chunks::{self, Chunks, Sender};
use crate::job::Told;
use crate::provider::{Clean, FileSpec, Files, Ledger};

/// A folder of the run's own bucket, for a provider that reads files from there.
pub trait Folder {
    /// Returns its address, with a slash at its end.
    fn address(&self) -> String;

    /// Says whether it holds a file of that name.
    ///
    /// # Errors
    /// Those of the store.
    fn holds(&self, name: &str) -> impl Future<Output = Result<bool, StageError>>;

    /// Writes a file, over what was there. It becomes visible whole, and not at all when a chunk is a failure.
    ///
    /// # Errors
    /// The failure among the chunks, or those of the store.
    fn write(&self, name: &str, chunks: Chunks) -> impl Future<Output = Result<(), StageError>>;

    /// Deletes a file. One that is not there is deleted.
    ///
    /// # Errors
    /// Those of the store.
    fn delete(&self, name: &str) -> impl Future<Output = Result<(), StageError>>;
}

/// No folder: for functions that send no file, and whose role may not.
#[derive(Debug, Clone, Copy)]
pub struct NoFolder;

impl NoFolder {
    fn none<T>() -> Result<T, StageError> {
        Err(StageError::internal("this function keeps no files for Bedrock"))
    }
}

impl Folder for NoFolder {
    fn address(&self) -> String {
        String::new()
    }

    async fn holds(&self, _name: &str) -> Result<bool, StageError> {
        Self::none()
    }

    async fn write(&self, _name: &str, _chunks: Chunks) -> Result<(), StageError> {
        Self::none()
    }

    async fn delete(&self, _name: &str) -> Result<(), StageError> {
        Self::none()
    }
}

/// Lines are gathered into chunks of about this size; three of them are in memory at a time.
const CHUNK_BYTES: usize = 256 << 10;
/// Far above the longest example that any limit lets through.
const LONGEST_LINE: usize = 64 << 20;

/// Renders a file's lines. What broke the file off is handed on, so that it is not taken for its end.
async fn rendered(format: Format, mut chunks: Chunks, sender: Sender) -> Result<(), StageError> {
    let (mut lines, mut ready) = (Lines::new(LONGEST_LINE), BytesMut::new());
    let take = |line: Line<'_>, ready: &mut BytesMut| match line {
        Line::Whole(line) => {
            ready.extend_from_slice(&render::line(format, line)?);
            Ok(())
        }
        Line::TooLong => Err(StageError::internal("a line of the dataset is too long to be rendered")),
    };
    let outcome = async {
        while let Some(chunk) = chunks.next().await {
            lines.feed(&chunk?, |line| take(line, &mut ready))?;
            if ready.len() >= CHUNK_BYTES && !sender.send(Ok(ready.split().freeze())).await {
                return Ok(Bytes::new());
            }
        }
        lines.finish(|line| take(line, &mut ready))?;
        Ok(ready.freeze())
    };
    match outcome.await {
        Ok(rest) => {
            if !rest.is_empty() {
                sender.send(Ok(rest)).await;
            }
            Ok(())
        }
        Err(error) => {
            sender.send(Err(StageError::internal("the file broke off"))).await;
            Err(error)
        }
    }
}

impl<F: Folder> Bedrock<F> {
    fn file(&self, name: &str) -> String {
        format!("{}{name}", self.folder.address())
    }
}

impl<F: Folder> Files for Bedrock<F> {
    async fn find_file(&self, spec: &FileSpec) -> Result<Option<String>, StageError> {
        // An object is whole or not there, and its name holds run and hash.
        Ok(self.folder.holds(&spec.name).await?.then(|| self.file(&spec.name)))
    }

    async fn copies(&self, of: &BTreeMap<String, u64>) -> Result<Told<String>, StageError> {
        let mut copies = Told::default();
        for name in of.keys() {
            if self.folder.holds(name).await? {
                copies.items.push(self.file(name));
            }
        }
        Ok(copies)
    }

    async fn upload(
        &self,
        spec: &FileSpec,
        chunks: Chunks,
        _ledger: &impl Ledger,
    ) -> Result<String, StageError> {
        let (sender, receiver) = chunks::channel();
        let render = rendered(self.format()?, chunks, sender);
        let (rendered, written) = tokio::join!(render, self.folder.write(&spec.name, receiver));
        rendered.and(written)?;
        Ok(self.file(&spec.name))
    }

    async fn abandon(&self, _ledger: &impl Ledger) -> Result<(), StageError> {
        // Parts of an object that was broken off are removed by the bucket's own rule.
        Ok(())
    }
}

impl<F: Folder> Clean for Bedrock<F> {
    async fn delete_file(&self, id: &str) -> Result<(), StageError> {
        let name = id.strip_prefix(&self.folder.address()).filter(|name| !name.contains('/'));
        let other = || {
            StageError::new(ErrorName::ProviderRefused, format!("{id} is not in {}", self.folder.address()))
        };
        self.folder.delete(name.ok_or_else(other)?).await
    }

    async fn delete_model(&self, id: &str) -> Result<(), StageError> {
        self.remove_model(id).await
    }
}
