use bytes::Bytes;
use stage::StageError;

/// How an object is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Rows as they came: tagged `data=raw`, by which the bucket's lifecycle expires them in days.
    Raw,
    /// Keys of rows by which a later run goes on: tagged `data=keys`, and expired in weeks.
    Keys,
    /// Everything else.
    Derived,
}

/// Reads an object that must be there.
pub trait Get {
    /// Opens an object for reading chunk by chunk.
    ///
    /// # Errors
    /// `Internal` when there is no such object: a step before did not write it. `Unavailable` when the store does not
    /// answer.
    fn open(&self, key: &str) -> impl Future<Output = Result<impl Body, StageError>>;

    /// Reads a whole object. For documents; anything of unknown size is opened.
    ///
    /// # Errors
    /// As [`Get::open`].
    fn get(&self, key: &str) -> impl Future<Output = Result<Bytes, StageError>>;
}

/// Reads an object that may be missing.
pub trait Find {
    /// Reads a whole object, or none.
    ///
    /// # Errors
    /// `Unavailable` when the store does not answer.
    fn find(&self, key: &str) -> impl Future<Output = Result<Option<Bytes>, StageError>>;
}

/// What an object was when it was read, by its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version(pub(crate) String);

/// Writes an object only over what its writer has read, so that of two writers one learns that it is late.
pub trait Swap {
    /// Reads a whole object with its version, or none.
    ///
    /// # Errors
    /// `Unavailable` when the store does not answer.
    fn look(&self, key: &str) -> impl Future<Output = Result<Option<(Bytes, Version)>, StageError>>;

    /// Writes a whole object over the version `over`, or where there is none yet. Returns its version; none when the object
    /// is another by now, and nothing was written.
    ///
    /// # Errors
    /// `Unavailable` when the store does not answer: it may have been written.
    fn swap(
        &self,
        key: &str,
        over: Option<&Version>,
        body: Bytes,
    ) -> impl Future<Output = Result<Option<Version>, StageError>>;
}

/// Lists objects.
pub trait List {
    /// Returns what lies right below a folder, or begins so, in order: objects, and folders with the slash at their end.
    ///
    /// # Errors
    /// `Unavailable` when the store does not answer.
    fn list(&self, folder: &str) -> impl Future<Output = Result<Vec<String>, StageError>>;
}

/// Writes objects. An object becomes visible whole or not at all.
pub trait Put {
    /// Writes a whole object, over what was there.
    ///
    /// # Errors
    /// `Unavailable` when the store does not answer.
    fn put(&self, key: &str, body: Bytes, class: Class) -> impl Future<Output = Result<(), StageError>>;

    /// Starts an object of unknown size.
    ///
    /// # Errors
    /// `Unavailable` when the store does not answer.
    fn begin(&self, key: &str, class: Class) -> impl Future<Output = Result<String, StageError>>;

    /// Writes part `number` (from 1) of a started object: at least 5 MiB, but for the last.
    ///
    /// # Errors
    /// `Unavailable` when the store does not answer.
    fn part(
        &self,
        key: &str,
        upload: &str,
        number: i32,
        body: Bytes,
    ) -> impl Future<Output = Result<String, StageError>>;

    /// Makes a started object visible. `parts` are the answers of [`Put::part`], in order.
    ///
    /// # Errors
    /// `Unavailable` when the store does not answer.
    fn complete(
        &self,
        key: &str,
        upload: &str,
        parts: Vec<String>,
    ) -> impl Future<Output = Result<(), StageError>>;
}

/// Deletes objects.
pub trait Delete {
    /// Deletes an object. One that is not there is deleted.
    ///
    /// # Errors
    /// `Unavailable` when the store does not answer.
    fn delete(&self, key: &str) -> impl Future<Output = Result<(), StageError>>;
}

/// An object being read.
pub trait Body {
    /// Returns the next chunk; none at the end.
    ///
    /// # Errors
    /// `Unavailable` when the store breaks off.
    fn chunk(&mut self) -> impl Future<Output = Result<Option<Bytes>, StageError>>;
}
