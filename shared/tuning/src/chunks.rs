//! A file on its way to the provider.

use bytes::Bytes;
use futures_util::Stream;
use stage::StageError;
use tokio::sync::mpsc;

/// Creates both ends of a file's way: a reader of the store fills one, the request's body drains the other.
///
/// At most two chunks are between them, so memory does not grow with the file.
pub fn channel() -> (Sender, Chunks) {
    let (sender, receiver) = mpsc::channel(2);
    (Sender(sender), Chunks(receiver))
}

/// The filling end.
pub struct Sender(mpsc::Sender<Result<Bytes, StageError>>);

impl Sender {
    /// Hands over the next chunk, or the failure that ends the file. Returns false when nobody reads any more.
    pub async fn send(&self, chunk: Result<Bytes, StageError>) -> bool {
        self.0.send(chunk).await.is_ok()
    }
}

/// The draining end.
pub struct Chunks(mpsc::Receiver<Result<Bytes, StageError>>);

impl Chunks {
    /// Reads the whole file into memory: for providers that take it from there, and for tests.
    ///
    /// # Errors
    /// The failure that ended the file.
    pub async fn collect(mut self) -> Result<Vec<u8>, StageError> {
        let mut bytes = Vec::new();
        while let Some(chunk) = self.0.recv().await {
            bytes.extend_from_slice(&chunk?);
        }
        Ok(bytes)
    }

    /// Returns the next chunk; none at the end. Nothing is lost when it is dropped before it is done.
    pub async fn next(&mut self) -> Option<Result<Bytes, StageError>> {
        self.0.recv().await
    }

    /// Turns the end into a stream.
    pub(crate) fn into_stream(self) -> impl Stream<Item = Result<Bytes, StageError>> + Send + 'static {
        futures_util::stream::unfold(self.0, async |mut receiver| {
            receiver.recv().await.map(|chunk| (chunk, receiver))
        })
    }
}
