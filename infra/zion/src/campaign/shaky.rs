//! A bucket that goes away now and then, before or behind what it was asked to do.

use std::cell::{Cell, RefCell};
use std::task::Poll;

use bytes::Bytes;
use rand::Rng as _;
use rand_chacha::ChaCha8Rng;
use stage::{ErrorName, StageError};
use store::{Body, Class, Find, Get, List, Memory, Put, Swap, Version};

/// A bucket.
pub(crate) struct Shaky {
    pub(crate) inner: Memory,
    random: RefCell<ChaCha8Rng>,
    /// Of a thousand calls, so many fail.
    pub(crate) fails: Cell<u32>,
    pub(crate) failed: Cell<u64>,
    /// Lets everybody write over everything, as if there were no lease: for the proof that the campaign would see it.
    no_lease: bool,
}

fn away() -> StageError {
    StageError::new(ErrorName::Unavailable, "the store went away")
}

impl Shaky {
    pub(crate) fn new(inner: Memory, random: ChaCha8Rng, fails: u32, no_lease: bool) -> Self {
        let (random, fails) = (RefCell::new(random), Cell::new(fails));
        Self { inner, random, fails, failed: Cell::new(0), no_lease }
    }

    fn draw(&self) -> bool {
        let fails = self.random.borrow_mut().random_range(0..2_000) < self.fails.get();
        self.failed.set(self.failed.get() + u64::from(fails));
        fails
    }

    async fn call<T>(&self, call: impl Future<Output = Result<T, StageError>>) -> Result<T, StageError> {
        on_its_way().await;
        if self.draw() {
            return Err(away());
        }
        let answer = call.await;
        on_its_way().await;
        if self.draw() { Err(away()) } else { answer }
    }
}

/// A request or its answer: others go on first, and here an attempt may die or stand still.
async fn on_its_way() {
    let mut went_on = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut went_on, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

impl Get for Shaky {
    async fn open(&self, key: &str) -> Result<impl Body, StageError> {
        self.call(self.inner.open(key)).await
    }

    async fn get(&self, key: &str) -> Result<Bytes, StageError> {
        self.call(self.inner.get(key)).await
    }
}

impl Find for Shaky {
    async fn find(&self, key: &str) -> Result<Option<Bytes>, StageError> {
        self.call(self.inner.find(key)).await
    }
}

impl Swap for Shaky {
    async fn look(&self, key: &str) -> Result<Option<(Bytes, Version)>, StageError> {
        self.call(self.inner.look(key)).await
    }

    async fn swap(
        &self,
        key: &str,
        over: Option<&Version>,
        body: Bytes,
    ) -> Result<Option<Version>, StageError> {
        if self.no_lease {
            let there = self.inner.look(key).await?.map(|(_, version)| version);
            return self.call(self.inner.swap(key, there.as_ref(), body)).await;
        }
        self.call(self.inner.swap(key, over, body)).await
    }
}

impl List for Shaky {
    async fn list(&self, folder: &str) -> Result<Vec<String>, StageError> {
        self.call(self.inner.list(folder)).await
    }
}

impl Put for Shaky {
    async fn put(&self, key: &str, body: Bytes, class: Class) -> Result<(), StageError> {
        self.call(self.inner.put(key, body, class)).await
    }

    async fn begin(&self, key: &str, class: Class) -> Result<String, StageError> {
        self.call(self.inner.begin(key, class)).await
    }

    async fn part(&self, key: &str, upload: &str, number: i32, body: Bytes) -> Result<String, StageError> {
        self.call(self.inner.part(key, upload, number, body)).await
    }

    async fn complete(&self, key: &str, upload: &str, parts: Vec<String>) -> Result<(), StageError> {
        self.call(self.inner.complete(key, upload, parts)).await
    }
}
