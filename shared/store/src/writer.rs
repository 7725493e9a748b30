use bytes::{Bytes, BytesMut};
use records::digest::Digest;
use stage::StageError;
use stage::manifest::Object;

use crate::{Class, Put};

/// Writes an object of unknown size, holding back at most one part of it.
///
/// Small objects are one `PutObject`, larger ones a multipart upload: 10,000 parts of 8 MiB are 78 GiB. Nothing is
/// visible before [`Writer::close`]; what is dropped before that is cleaned up by the bucket's lifecycle.
pub struct Writer<'a, P> {
    store: &'a P,
    key: String,
    class: Class,
    held: BytesMut,
    upload: Option<String>,
    parts: Vec<String>,
    digest: Digest,
    lines: u64,
}

/// A written object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// Its lines.
    pub lines: u64,
    /// Its size.
    pub bytes: u64,
    /// SHA-256, in hex.
    pub sha256: String,
}

impl Closed {
    /// Names the object for a manifest.
    pub fn into_object(self, key: String) -> Object {
        Object { key, lines: self.lines, bytes: self.bytes, sha256: self.sha256 }
    }
}

impl<'a, P: Put> Writer<'a, P> {
    /// S3 refuses parts below 5 MiB; 8 MiB is its client's own default.
    const PART_BYTES: usize = 8 << 20;

    /// Starts an object.
    pub fn new(store: &'a P, key: impl Into<String>, class: Class) -> Self {
        Self {
            store,
            key: key.into(),
            class,
            held: BytesMut::new(),
            upload: None,
            parts: Vec::new(),
            digest: Digest::default(),
            lines: 0,
        }
    }

    /// Lines written so far.
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// Appends one line; the line break is the caller's.
    ///
    /// # Errors
    /// As [`Put::part`].
    pub async fn line(&mut self, line: &[u8]) -> Result<(), StageError> {
        self.lines_at_once(line, 1).await
    }

    /// Appends that many lines, or records of a fixed length.
    ///
    /// # Errors
    /// As [`Put::part`].
    pub async fn lines_at_once(&mut self, line: &[u8], count: u64) -> Result<(), StageError> {
        self.digest.update(line);
        self.lines += count;
        if self.held.is_empty() && self.upload.is_some() {
            // Once and whole: a buffer that doubles leaves holes behind in the heap.
            self.held.reserve(Self::PART_BYTES + line.len());
        }
        self.held.extend_from_slice(line);
        if self.held.len() >= Self::PART_BYTES {
            let part = self.held.split().freeze();
            self.flush(part).await?;
        }
        Ok(())
    }

    /// Makes the object visible.
    ///
    /// # Errors
    /// As [`Put::put`] and [`Put::complete`].
    pub async fn close(mut self) -> Result<Closed, StageError> {
        let rest = std::mem::take(&mut self.held).freeze();
        if self.upload.is_none() {
            self.store.put(&self.key, rest, self.class).await?;
        } else {
            if !rest.is_empty() {
                self.flush(rest).await?;
            }
            let upload = self.upload.take().unwrap_or_default();
            self.store.complete(&self.key, &upload, self.parts).await?;
        }
        Ok(Closed { lines: self.lines, bytes: self.digest.bytes(), sha256: self.digest.finish() })
    }

    async fn flush(&mut self, body: Bytes) -> Result<(), StageError> {
        let upload = match &self.upload {
            Some(upload) => upload.clone(),
            None => self.upload.insert(self.store.begin(&self.key, self.class).await?).clone(),
        };
        let number = i32::try_from(self.parts.len() + 1).unwrap_or(i32::MAX);
        self.parts.push(self.store.part(&self.key, &upload, number, body).await?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Get as _, Memory};

    async fn written(lines: usize, length: usize) -> (Closed, Bytes) {
        let store = Memory::default();
        let mut writer = Writer::new(&store, "k", Class::Derived);
        let mut line = vec![b'x'; length];
        line.push(b'\n');
        for _ in 0..lines {
            writer.line(&line).await.unwrap();
        }
        assert!(store.keys().is_empty(), "nothing may be visible before it is whole");
        let closed = writer.close().await.unwrap();
        (closed, store.get("k").await.unwrap())
    }

    #[tokio::test]
    async fn small_and_large_objects_hold_what_was_written() {
        for (lines, length) in [(0, 0), (3, 10), (200, 100_000)] {
            let (closed, bytes) = written(lines, length).await;
            assert_eq!((closed.lines, closed.bytes), (lines as u64, bytes.len() as u64));
            assert_eq!(bytes.len(), lines * (length + 1));
            assert_eq!(closed.sha256, records::digest::sha256(&bytes));
        }
    }
}
