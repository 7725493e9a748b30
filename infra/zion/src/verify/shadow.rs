//! A bucket that can be written to without being changed.

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use stage::StageError;
use store::{Body, Class, Find, Get, Put};

/// Reads go to the bucket; of what is written, one document is kept and everything else is forgotten.
pub(super) struct Shadow<'a, S> {
    bucket: &'a S,
    kept: String,
    document: Mutex<Option<Bytes>>,
}

impl<'a, S> Shadow<'a, S> {
    /// Keeps what is written to that key.
    pub(super) fn new(bucket: &'a S, kept: String) -> Self {
        Self { bucket, kept, document: Mutex::default() }
    }

    /// Returns what was written to the kept key.
    pub(super) fn into_document(self) -> Option<Bytes> {
        self.document.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Get> Get for Shadow<'_, S> {
    async fn open(&self, key: &str) -> Result<impl Body, StageError> {
        self.bucket.open(key).await
    }

    async fn get(&self, key: &str) -> Result<Bytes, StageError> {
        self.bucket.get(key).await
    }
}

impl<S: Find> Find for Shadow<'_, S> {
    async fn find(&self, key: &str) -> Result<Option<Bytes>, StageError> {
        self.bucket.find(key).await
    }
}

impl<S> Put for Shadow<'_, S> {
    async fn put(&self, key: &str, body: Bytes, _: Class) -> Result<(), StageError> {
        if key == self.kept {
            *self.document.lock().unwrap_or_else(PoisonError::into_inner) = Some(body);
        }
        Ok(())
    }

    async fn begin(&self, _: &str, _: Class) -> Result<String, StageError> {
        Ok(String::new())
    }

    async fn part(&self, _: &str, _: &str, _: i32, _: Bytes) -> Result<String, StageError> {
        Ok(String::new())
    }

    async fn complete(&self, _: &str, _: &str, _: Vec<String>) -> Result<(), StageError> {
        Ok(())
    }
}
