use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use records::digest::sha256;
use stage::StageError;

use crate::{Body, Class, Delete, Find, Get, List, Put, Swap, Version};

/// A store in memory that remembers which keys were read and written.
#[derive(Default)]
pub struct Memory(Mutex<State>);

#[derive(Default)]
struct State {
    objects: BTreeMap<String, (Class, Bytes)>,
    uploads: BTreeMap<String, (Class, BTreeMap<i32, Bytes>)>,
    touched: Vec<(&'static str, String)>,
}

impl Memory {
    /// Returns the keys of all objects, in order.
    pub fn keys(&self) -> Vec<String> {
        self.state().objects.keys().cloned().collect()
    }

    /// Returns all objects with how they are kept, in order.
    pub fn objects(&self) -> Vec<(String, Class, Bytes)> {
        self.state().objects.iter().map(|(key, (class, body))| (key.clone(), *class, body.clone())).collect()
    }

    /// Removes an object, as the bucket's lifecycle does.
    pub fn remove(&self, key: &str) {
        self.state().objects.remove(key);
    }

    /// Returns which port touched which key, in order.
    pub fn touched(&self) -> Vec<(&'static str, String)> {
        self.state().touched.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panicking test has failed already; its state is still readable.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self, port: &'static str, key: &str) -> Option<Bytes> {
        let mut state = self.state();
        state.touched.push((port, key.to_owned()));
        state.objects.get(key).map(|(_, body)| body.clone())
    }
}

fn missing(key: &str) -> StageError {
    StageError::internal(format!(
        "object {key} is missing: the step before did not write it, or it has expired"
    ))
}

struct Chunks(Bytes);

impl Body for Chunks {
    async fn chunk(&mut self) -> Result<Option<Bytes>, StageError> {
        // Odd on purpose, so that lines are cut.
        let chunk = self.0.split_to(self.0.len().min(1009));
        Ok((!chunk.is_empty()).then_some(chunk))
    }
}

impl Get for Memory {
    async fn open(&self, key: &str) -> Result<impl Body, StageError> {
        self.read("Get", key).map(Chunks).ok_or_else(|| missing(key))
    }

    async fn get(&self, key: &str) -> Result<Bytes, StageError> {
        self.read("Get", key).ok_or_else(|| missing(key))
    }
}

impl Find for Memory {
    async fn find(&self, key: &str) -> Result<Option<Bytes>, StageError> {
        Ok(self.read("Find", key))
    }
}

/// As at S3, an object's version is a digest of its content.
fn version(body: &Bytes) -> Version {
    Version(sha256(body))
}

impl Swap for Memory {
    async fn look(&self, key: &str) -> Result<Option<(Bytes, Version)>, StageError> {
        Ok(self.read("Find", key).map(|body| (body.clone(), version(&body))))
    }

    async fn swap(
        &self,
        key: &str,
        over: Option<&Version>,
        body: Bytes,
    ) -> Result<Option<Version>, StageError> {
        let mut state = self.state();
        state.touched.push(("Put", key.to_owned()));
        if state.objects.get(key).map(|(_, body)| version(body)).as_ref() != over {
            return Ok(None);
        }
        let written = version(&body);
        state.objects.insert(key.to_owned(), (Class::Derived, body));
        Ok(Some(written))
    }
}

impl Delete for Memory {
    async fn delete(&self, key: &str) -> Result<(), StageError> {
        let mut state = self.state();
        state.touched.push(("Delete", key.to_owned()));
        state.objects.remove(key);
        Ok(())
    }
}

impl List for Memory {
    async fn list(&self, folder: &str) -> Result<Vec<String>, StageError> {
        self.state().touched.push(("List", folder.to_owned()));
        let below = |key: &String| {
            let name = key.strip_prefix(folder)?;
            Some(format!("{folder}{}", name.split_inclusive('/').next().unwrap_or_default()))
        };
        let mut names: Vec<String> = self.state().objects.keys().filter_map(below).collect();
        names.dedup();
        Ok(names)
    }
}

impl Put for Memory {
    async fn put(&self, key: &str, body: Bytes, class: Class) -> Result<(), StageError> {
        let mut state = self.state();
        state.touched.push(("Put", key.to_owned()));
        state.objects.insert(key.to_owned(), (class, body));
        Ok(())
    }

    async fn begin(&self, key: &str, class: Class) -> Result<String, StageError> {
        let mut state = self.state();
        let upload = format!("{key}#{}", state.uploads.len());
        state.uploads.insert(upload.clone(), (class, BTreeMap::new()));
        Ok(upload)
    }

    async fn part(&self, _: &str, upload: &str, number: i32, body: Bytes) -> Result<String, StageError> {
        let mut state = self.state();
        let (_, parts) =
            state.uploads.get_mut(upload).ok_or_else(|| StageError::internal("no such upload"))?;
        parts.insert(number, body);
        Ok(number.to_string())
    }

    async fn complete(&self, key: &str, upload: &str, parts: Vec<String>) -> Result<(), StageError> {
        let upload = self.state().uploads.remove(upload);
        let (class, bodies) = upload.ok_or_else(|| StageError::internal("no such upload"))?;
        let expected: Vec<_> = bodies.keys().map(ToString::to_string).collect();
        if parts != expected {
            return Err(StageError::internal("the parts are not those that were written"));
        }
        let body: Vec<u8> = bodies.into_values().flatten().collect();
        self.put(key, body.into(), class).await
    }
}
