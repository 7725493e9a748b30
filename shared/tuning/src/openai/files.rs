//! Files: found, uploaded in one request or in parts, deleted.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use reqwest::multipart::{Form, Part};
use reqwest::{Body, Method, StatusCode};
use serde::de::IgnoredAny;
use stage::StageError;
use url::Url;

use super::{Failed, OpenAi, READING};
use crate::chunks::Chunks;
use crate::job::Told;
use crate::provider::{Clean, FileSpec, Files, Ledger, Stored};
use crate::wire::{Expiry, File};

/// What an upload declares its content to be.
pub(super) const MIME: &str = "application/jsonl";
pub(super) const PURPOSE: &str = "fine-tune";

impl OpenAi {
    /// When the host is to delete a file by itself.
    pub(super) fn expiry(&self) -> Option<Expiry> {
        let seconds = self.host.files_expire_days?.saturating_mul(86_400);
        Some(Expiry { anchor: "created_at", seconds })
    }

    /// Uploads a file in one request, never more than two chunks of it in memory. The chunks are gone behind it, so it is
    /// not repeated here.
    async fn in_one(&self, spec: &FileSpec, chunks: Chunks) -> Result<String, StageError> {
        let body = Body::wrap_stream(chunks.into_stream());
        let part = Part::stream_with_length(body, spec.bytes).file_name(spec.name.clone());
        let part = part.mime_str(MIME).map_err(|error| {
            StageError::internal("the file's type is refused").caused_by(error.without_url())
        })?;
        let mut form = Form::new().text("purpose", PURPOSE);
        if let Some(Expiry { anchor, seconds }) = self.expiry() {
            form = form
                .text("expires_after[anchor]", anchor)
                .text("expires_after[seconds]", seconds.to_string());
        }
        // 512 MB in 15 minutes is 0.6 MB/s; a function is killed then anyway.
        let request = self.request(Method::POST, self.url(&["files"])?);
        let request = request.multipart(form.part("file", part)).timeout(Duration::from_mins(15));
        let file: File = self.once("uploading the training file", request).await?;
        Ok(file.id)
    }

    /// Deletes what an address names. What is not there is deleted.
    async fn delete(&self, what: &str, url: Url) -> Result<(), StageError> {
        let request = || self.request(Method::DELETE, url.clone()).timeout(READING);
        match self.briefly::<IgnoredAny>(what, request).await {
            Ok(_) | Err(Failed { status: Some(StatusCode::NOT_FOUND), .. }) => Ok(()),
            Err(failed) => Err(failed.error),
        }
    }
}

impl OpenAi {
    /// Lists training files. Those of other purposes are there, too, where a host passes over the filter.
    pub(super) async fn stored(&self) -> Result<Told<Stored>, StageError> {
        let (mut told, mut seen) = (Told::default(), BTreeSet::new());
        let keep = |file: File| {
            // A host that turns pages while files are made repeats some.
            if seen.insert(file.id.clone())
                && let (Some(name), Some(bytes)) = (file.filename, file.bytes)
            {
                told.items.push(Stored { id: file.id, name, bytes });
            }
            true
        };
        let query = [("purpose", PURPOSE), ("limit", "10000")];
        let listed =
            self.pages("listing files", &["files"], |it| it.query(&query), |file| &file.id, keep).await?;
        (told.more, told.unreadable) = (listed.more, listed.left_out);
        Ok(told)
    }
}

impl Files for OpenAi {
    async fn find_file(&self, spec: &FileSpec) -> Result<Option<String>, StageError> {
        // Files carry no metadata: the name holds run and hash.
        let same = |file: &Stored| file.name == spec.name && file.bytes == spec.bytes;
        // Of a list that is cut off it may be missing: another copy costs nothing, and is taken back with the first.
        Ok(self.stored().await?.items.into_iter().find(same).map(|file| file.id))
    }

    async fn copies(&self, of: &BTreeMap<String, u64>) -> Result<Told<String>, StageError> {
        let Told { items, more, unreadable } = self.stored().await?;
        let ours = items.into_iter().filter(|file| of.get(&file.name) == Some(&file.bytes));
        Ok(Told { items: ours.map(|file| file.id).collect(), more, unreadable })
    }

    async fn upload(
        &self,
        spec: &FileSpec,
        chunks: Chunks,
        ledger: &impl Ledger,
    ) -> Result<String, StageError> {
        // Two parts are the fewest that gain anything.
        if self.host.uploads && spec.bytes > 2 * self.part_bytes {
            self.in_parts(spec, chunks, ledger).await
        } else {
            self.in_one(spec, chunks).await
        }
    }

    async fn abandon(&self, ledger: &impl Ledger) -> Result<(), StageError> {
        let Some(begun) = ledger.read().await? else { return Ok(()) };
        let url = self.url(&["uploads", &begun.upload, "cancel"])?;
        let request = || self.request(Method::POST, url.clone()).timeout(READING);
        match self.patiently::<IgnoredAny>("cancelling an upload", request).await {
            Ok(_) => {}
            // Completed, cancelled or expired; as a file it is found by its name.
            Err(failed) if failed.is_gone() => {}
            Err(failed) => return Err(failed.error),
        }
        ledger.write(None).await
    }
}

impl Clean for OpenAi {
    async fn delete_file(&self, id: &str) -> Result<(), StageError> {
        self.delete("deleting a file", self.url(&["files", id])?).await
    }

    async fn delete_model(&self, id: &str) -> Result<(), StageError> {
        self.delete("deleting a model", self.url(&["models", id])?).await
    }
}
