//! An upload in parts: several at a time, each repeated alone, taken up where an earlier try was broken off.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use jiff::SignedDuration;
use reqwest::multipart::{Form, Part};
use reqwest::{Body, Method, StatusCode};
use stage::{ErrorName, StageError, clock};

use super::files::{MIME, PURPOSE};
use super::{Failed, OpenAi, READING, time};
use crate::chunks::Chunks;
use crate::provider::{Begun, FileSpec, Files as _, Ledger};
use crate::wire::{self, CompleteUpload, CreateUpload, Upload};

/// Size of a part. Providers take 64 MB; this one fits a function's memory several times, and 8 GB are 500 of them.
pub(super) const PART_BYTES: u64 = 16_000_000;
/// Parts on their way at a time, beside the one that is being filled.
const AT_A_TIME: usize = 3;
/// An upload that ends sooner than this is not taken up: a part may take as long.
const LEFT: SignedDuration = SignedDuration::from_mins(5);

impl Failed {
    /// Says whether an upload takes nothing more: it was not found, or is completed, cancelled or expired, for which
    /// providers have no common code.
    pub(super) fn is_gone(&self) -> bool {
        let gone = [StatusCode::BAD_REQUEST, StatusCode::NOT_FOUND, StatusCode::CONFLICT, StatusCode::GONE];
        self.status.is_some_and(|status| gone.contains(&status))
    }
}

impl OpenAi {
    /// Uploads a file in parts.
    pub(super) async fn in_parts(
        &self,
        spec: &FileSpec,
        chunks: Chunks,
        ledger: &impl Ledger,
    ) -> Result<String, StageError> {
        let known = ledger.read().await?.filter(|begun| self.is_usable(begun, spec));
        let fresh = known.is_none();
        let mut begun = match known {
            Some(begun) => {
                tracing::info!(
                    upload.id = begun.upload,
                    upload.parts = begun.parts.len(),
                    "taking up an upload"
                );
                begun
            }
            None => self.begin(spec, ledger).await?,
        };
        match self.fill(&mut begun, chunks, ledger).await {
            Ok(()) => self.complete(spec, &begun, ledger).await,
            // What was begun a moment ago is not lost: the provider refuses what it was sent.
            Err(failed) if failed.is_gone() && fresh && clock::now() < begun.expires_at => {
                ledger.write(None).await?;
                Err(failed.error)
            }
            Err(failed) if failed.is_gone() => Err(lost(ledger, failed.error).await),
            Err(failed) => Err(failed.error),
        }
    }

    async fn begin(&self, spec: &FileSpec, ledger: &impl Ledger) -> Result<Begun, StageError> {
        let create = CreateUpload {
            filename: &spec.name,
            purpose: PURPOSE,
            bytes: spec.bytes,
            mime_type: MIME,
            expires_after: self.expiry(),
        };
        let url = self.url(&["uploads"])?;
        // Repeated freely: an upload that nobody completes is forgotten within the hour, and costs nothing.
        let request = || self.request(Method::POST, url.clone()).json(&create).timeout(READING);
        let upload: Upload = self.patiently("beginning an upload", request).await?;
        let begun = Begun {
            upload: upload.id,
            name: spec.name.clone(),
            bytes: spec.bytes,
            part_bytes: self.part_bytes,
            expires_at: time(upload.expires_at)?,
            parts: BTreeMap::new(),
        };
        ledger.write(Some(&begun)).await?;
        Ok(begun)
    }

    /// Sends what is missing. Every chunk is read, also of parts that have arrived: whoever checks the file on its way here
    /// needs them.
    async fn fill(&self, begun: &mut Begun, chunks: Chunks, ledger: &impl Ledger) -> Result<(), Failed> {
        let (upload, most) = (begun.upload.clone(), begun.part_bytes);
        let mut cutter = Cutter::new(chunks, most).map_err(Failed::before)?;
        let mut all_read = false;
        let mut under_way = FuturesUnordered::new();
        // One write at a time, of all that has arrived by then. Parts don't wait for it: what it does not say yet is sent
        // again by whoever takes the upload up.
        let (mut writes, mut unwritten) = (FuturesUnordered::new(), false);
        loop {
            if unwritten && writes.is_empty() {
                let begun = begun.clone();
                writes.push(async move { ledger.write(Some(&begun)).await });
                unwritten = false;
            }
            // All go on side by side; a chunk that arrives meanwhile stays in the cutter.
            tokio::select! {
                part = cutter.next(), if !all_read && under_way.len() < AT_A_TIME => {
                    let Some((number, part)) = part.map_err(Failed::before)? else {
                        all_read = true;
                        continue;
                    };
                    if begun.parts.contains_key(&number) {
                        cutter.take_back(part);
                    } else {
                        under_way.push(self.send(&upload, number, part));
                    }
                }
                Some(sent) = under_way.next() => {
                    let (number, id, part) = sent?;
                    cutter.take_back(part);
                    begun.parts.insert(number, id);
                    unwritten = true;
                }
                Some(written) = writes.next() => written.map_err(Failed::before)?,
                else => break,
            }
        }
        let bytes = cutter.bytes;
        if bytes != begun.bytes {
            let text =
                format!("{} has {bytes} bytes, not the {} that were declared", begun.name, begun.bytes);
            return Err(Failed::before(StageError::internal(text)));
        }
        Ok(())
    }

    /// Sends one part, with patience; returns its number, its id and its bytes.
    async fn send(&self, upload: &str, number: u64, part: Bytes) -> Result<(u64, String, Bytes), Failed> {
        let url = self.url(&["uploads", upload, "parts"]).map_err(Failed::before)?;
        let request = || {
            // The bytes are shared and not copied.
            let data = Part::stream_with_length(Body::from(part.clone()), part.len() as u64);
            let form = Form::new().part("data", data.file_name("part"));
            self.request(Method::POST, url.clone()).multipart(form).timeout(Duration::from_mins(4))
        };
        let sent: wire::Part = self.patiently("sending a part of the training file", request).await?;
        Ok((number, sent.id, part))
    }

    /// Makes the parts a file. An answer may be lost, and the second try is refused then: the file is there.
    async fn complete(
        &self,
        spec: &FileSpec,
        begun: &Begun,
        ledger: &impl Ledger,
    ) -> Result<String, StageError> {
        let part_ids = begun.parts.values().map(String::as_str).collect();
        let order = CompleteUpload { part_ids, md5: spec.md5.as_deref() };
        let url = self.url(&["uploads", &begun.upload, "complete"])?;
        // The provider joins and checks gigabytes before it answers.
        let request = || self.request(Method::POST, url.clone()).json(&order).timeout(Duration::from_mins(3));
        let completed = self.patiently::<Upload>("completing the upload", request).await;
        let (file, refused) = match completed {
            Ok(Upload { file: Some(file), .. }) => (Some(file.id), None),
            Ok(Upload { file: None, .. }) => (self.find_file(spec).await?, None),
            Err(failed) if failed.is_gone() => (self.find_file(spec).await?, Some(failed.error)),
            Err(failed) => return Err(failed.error),
        };
        match (file, refused) {
            // The ledger stays as it is: should this answer get lost on its way, the next try comes here again.
            (Some(file), _) => Ok(file),
            (None, Some(error)) => Err(lost(ledger, error).await),
            (None, None) => {
                let text = format!("the provider completed {} but does not list it yet", spec.name);
                Err(StageError::new(ErrorName::Unavailable, text))
            }
        }
    }
}

/// Forgets an upload, so that the next try begins anew; the failure says so.
async fn lost(ledger: &impl Ledger, error: StageError) -> StageError {
    match ledger.write(None).await {
        Ok(()) => StageError::new(ErrorName::Unavailable, "the upload in parts was lost and is begun anew")
            .caused_by(error),
        Err(error) => error,
    }
}

impl OpenAi {
    fn is_usable(&self, begun: &Begun, spec: &FileSpec) -> bool {
        begun.name == spec.name
            && begun.bytes == spec.bytes
            && begun.part_bytes == self.part_bytes
            && begun.expires_at.duration_since(clock::now()) > LEFT
    }
}

/// Cuts chunks into parts.
///
/// Chunks are copied: as they are, each would hold its whole read buffer, which may be several times its size, until its
/// part has arrived. The copies go to the memory of parts that have: to touch fresh pages costs more than to copy.
struct Cutter {
    chunks: Chunks,
    /// What is left of the last chunk.
    rest: Bytes,
    /// The part that is being filled.
    held: BytesMut,
    part_bytes: usize,
    next: u64,
    spare: Vec<BytesMut>,
    /// Bytes so far.
    bytes: u64,
}

impl Cutter {
    fn new(chunks: Chunks, part_bytes: u64) -> Result<Self, StageError> {
        let part_bytes = usize::try_from(part_bytes)
            .map_err(|error| StageError::internal("a part does not fit into memory").caused_by(error))?;
        let (rest, held, spare) = (Bytes::new(), BytesMut::new(), Vec::new());
        Ok(Self { chunks, rest, held, part_bytes, next: 0, spare, bytes: 0 })
    }

    /// Returns the next part with its number. Nothing is lost when it is dropped before it is done.
    async fn next(&mut self) -> Result<Option<(u64, Bytes)>, StageError> {
        while self.held.len() < self.part_bytes {
            if self.rest.is_empty() {
                let Some(chunk) = self.chunks.next().await else { break };
                self.rest = chunk?;
                self.bytes += self.rest.len() as u64;
            }
            if self.held.capacity() == 0 {
                let fresh = || BytesMut::with_capacity(self.part_bytes);
                self.held = self.spare.pop().unwrap_or_else(fresh);
            }
            let room = self.part_bytes - self.held.len();
            let piece = self.rest.split_to(room.min(self.rest.len()));
            self.held.extend_from_slice(&piece);
        }
        if self.held.is_empty() {
            return Ok(None);
        }
        self.next += 1;
        Ok(Some((self.next - 1, std::mem::take(&mut self.held).freeze())))
    }

    /// Keeps the memory of a part that has arrived, if nobody else does, for one to come.
    fn take_back(&mut self, part: Bytes) {
        if let Ok(mut memory) = part.try_into_mut() {
            memory.clear();
            self.spare.push(memory);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::chunks;

    #[tokio::test]
    async fn cuts_chunks_of_any_size_into_parts_of_one() {
        let text: Vec<u8> = (0..250_u8).cycle().take(1_000).collect();
        let (sender, chunks) = chunks::channel();
        let mut cutter = Cutter::new(chunks, 100).unwrap();
        let sent = text.clone();
        tokio::spawn(async move {
            let mut rest = &sent[..];
            for size in [1, 350, 0, 99, 100, 450] {
                let (chunk, after) = rest.split_at(size);
                assert!(sender.send(Ok(Bytes::copy_from_slice(chunk))).await);
                rest = after;
            }
        });
        let (mut joined, mut memory) = (Vec::new(), BTreeSet::new());
        while let Some((number, part)) = cutter.next().await.unwrap() {
            assert_eq!((number, part.len()), (joined.len() as u64 / 100, 100));
            joined.extend_from_slice(&part);
            memory.insert(part.as_ptr());
            cutter.take_back(part);
        }
        assert_eq!((joined, cutter.bytes), (text, 1_000));
        assert_eq!(memory.len(), 1, "a part that has arrived lends its memory to the next");
    }
}
