//! A store that counts rows' bytes and keeps none of them.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use stage::StageError;
use store::{Body, Class, Find, Get, List, Put};

/// Keeps documents, forgets rows.
#[derive(Default)]
pub(super) struct Nowhere {
    documents: Mutex<BTreeMap<String, Bytes>>,
}

/// The one chunk of a document.
struct Whole(Option<Bytes>);

impl Nowhere {
    fn documents(&self) -> MutexGuard<'_, BTreeMap<String, Bytes>> {
        self.documents.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Body for Whole {
    async fn chunk(&mut self) -> Result<Option<Bytes>, StageError> {
        Ok(self.0.take())
    }
}

impl Get for Nowhere {
    async fn open(&self, key: &str) -> Result<impl Body, StageError> {
        self.get(key).await.map(|body| Whole(Some(body)))
    }

    async fn get(&self, key: &str) -> Result<Bytes, StageError> {
        let found = self.documents().get(key).cloned();
        found.ok_or_else(|| StageError::internal(format!("object {key} is missing")))
    }
}

impl Find for Nowhere {
    async fn find(&self, key: &str) -> Result<Option<Bytes>, StageError> {
        Ok(self.documents().get(key).cloned())
    }
}

impl List for Nowhere {
    async fn list(&self, _: &str) -> Result<Vec<String>, StageError> {
        Ok(Vec::new())
    }
}

impl Put for Nowhere {
    async fn put(&self, key: &str, body: Bytes, class: Class) -> Result<(), StageError> {
        if class == Class::Derived {
            self.documents().insert(key.to_owned(), body);
        }
        Ok(())
    }

    async fn begin(&self, key: &str, _: Class) -> Result<String, StageError> {
        Ok(key.to_owned())
    }

    async fn part(&self, _: &str, _: &str, number: i32, _: Bytes) -> Result<String, StageError> {
        Ok(number.to_string())
    }

    async fn complete(&self, _: &str, _: &str, _: Vec<String>) -> Result<(), StageError> {
        Ok(())
    }
}
