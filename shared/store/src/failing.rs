use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use stage::{ErrorName, StageError};

use crate::{Body, Class, Find, Get, List, Put, Swap, Version};

/// A store whose calls fail from the n-th on, as a store that goes away in mid-work.
pub struct Failing<S> {
    inner: S,
    calls_left: AtomicUsize,
}

impl<S> Failing<S> {
    /// Lets `calls` calls through to `inner`, then fails every one.
    pub fn after(calls: usize, inner: S) -> Self {
        Self { inner, calls_left: AtomicUsize::new(calls) }
    }

    fn call(&self) -> Result<&S, StageError> {
        let left =
            self.calls_left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        left.map(|_| &self.inner).map_err(|_| StageError::new(ErrorName::Unavailable, "the store went away"))
    }
}

impl<S: Get> Get for Failing<&S> {
    async fn open(&self, key: &str) -> Result<impl Body, StageError> {
        self.call()?.open(key).await
    }

    async fn get(&self, key: &str) -> Result<Bytes, StageError> {
        self.call()?.get(key).await
    }
}

impl<S: Find> Find for Failing<&S> {
    async fn find(&self, key: &str) -> Result<Option<Bytes>, StageError> {
        self.call()?.find(key).await
    }
}

impl<S: List> List for Failing<&S> {
    async fn list(&self, folder: &str) -> Result<Vec<String>, StageError> {
        self.call()?.list(folder).await
    }
}

impl<S: Swap> Swap for Failing<&S> {
    async fn look(&self, key: &str) -> Result<Option<(Bytes, Version)>, StageError> {
        self.call()?.look(key).await
    }

    async fn swap(
        &self,
        key: &str,
        over: Option<&Version>,
        body: Bytes,
    ) -> Result<Option<Version>, StageError> {
        self.call()?.swap(key, over, body).await
    }
}

impl<S: Put> Put for Failing<&S> {
    async fn put(&self, key: &str, body: Bytes, class: Class) -> Result<(), StageError> {
        self.call()?.put(key, body, class).await
    }

    async fn begin(&self, key: &str, class: Class) -> Result<String, StageError> {
        self.call()?.begin(key, class).await
    }

    async fn part(&self, key: &str, upload: &str, number: i32, body: Bytes) -> Result<String, StageError> {
        self.call()?.part(key, upload, number, body).await
    }

    async fn complete(&self, key: &str, upload: &str, parts: Vec<String>) -> Result<(), StageError> {
        self.call()?.complete(key, upload, parts).await
    }
}
