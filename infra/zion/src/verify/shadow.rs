//! A bucket that can be written to without being changed.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use stage::StageError;
use store::{Body, Class, Find, Get, Put};

/// Reads go to the bucket; of what is written, a few documents are kept and everything else is forgotten.
pub(super) struct Shadow<'a, S> {
    bucket: &'a S,
    kept: [String; 2],
    documents: Mutex<BTreeMap<String, Bytes>>,
}

impl<'a, S> Shadow<'a, S> {
    /// Keeps what is written to those keys.
    pub(super) fn new(bucket: &'a S, kept: [String; 2]) -> Self {
        Self { bucket, kept, documents: Mutex::default() }
    }

    /// Returns what was written to the kept keys.
    pub(super) fn into_documents(self) -> BTreeMap<String, Bytes> {
        self.documents.into_inner().unwrap_or_else(PoisonError::into_inner)
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
        if self.kept.iter().any(|kept| kept == key) {
            self.documents.lock().unwrap_or_else(PoisonError::into_inner).insert(key.to_owned(), body);
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
