//! The time that passes while a function is at work.
//!
//! Whatever waits between two requests waits here, so that a test can let minutes pass in no time.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

/// A clock in place of the machine's.
pub trait Clock: Send + Sync {
    /// The time that has passed on it.
    fn passed(&self) -> Duration;

    /// Waits for so long.
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}

tokio::task_local! {
    static CLOCK: Arc<dyn Clock>;
}

/// Lets a future live by another clock.
pub async fn by<F: Future>(clock: Arc<dyn Clock>, future: F) -> F::Output {
    CLOCK.scope(clock, future).await
}

/// Waits. For seconds between two requests: what takes longer is the workflow's, because a function that waits is billed.
#[expect(clippy::disallowed_methods, reason = "the one place that waits")]
pub async fn sleep(duration: Duration) {
    match CLOCK.try_with(Arc::clone) {
        Ok(clock) => clock.sleep(duration).await,
        Err(_) => tokio::time::sleep(duration).await,
    }
}

/// Counts from a time on.
#[derive(Debug, Clone, Copy)]
pub struct Since {
    began: Timestamp,
    at: Instant,
    passed: Duration,
}

impl Since {
    /// Begins to count: it is `now`.
    pub fn new(now: Timestamp) -> Self {
        let passed = CLOCK.try_with(|clock| clock.passed()).unwrap_or_default();
        Self { began: now, at: Instant::now(), passed }
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        let passed = CLOCK.try_with(|clock| clock.passed().saturating_sub(self.passed));
        let passed = passed.unwrap_or_else(|_| self.at.elapsed());
        self.began.saturating_add(passed).unwrap_or(Timestamp::MAX)
    }
}
