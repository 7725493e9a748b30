//! The time that passes while a function is at work.
//!
//! Whatever waits between two requests waits here, so that a test can let hours pass in no time.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

/// A clock in place of the machine's.
pub trait Clock: Send + Sync {
    /// The time.
    fn now(&self) -> Timestamp;

    /// Waits for so long.
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>>;

    /// How long a request is on its way, before it is sent.
    fn latency(&self) -> Duration;

    /// Hears that something else than time is waited for, or not any more.
    fn busy(&self, is_busy: bool);
}

tokio::task_local! {
    static CLOCK: Arc<dyn Clock>;
}

/// Lets a future live by another clock.
pub async fn by<F: Future>(clock: Arc<dyn Clock>, future: F) -> F::Output {
    CLOCK.scope(clock, future).await
}

/// The time.
pub fn now() -> Timestamp {
    CLOCK.try_with(|clock| clock.now()).unwrap_or_else(|_| Timestamp::now())
}

/// Waits. For seconds between two requests: what takes longer is the workflow's, because a function that waits is billed.
#[expect(clippy::disallowed_methods, reason = "the one place that waits")]
pub async fn sleep(duration: Duration) {
    match CLOCK.try_with(Arc::clone) {
        Ok(clock) => clock.sleep(duration).await,
        Err(_) => tokio::time::sleep(duration).await,
    }
}

/// Says that an answer is waited for until it is dropped: no other clock goes on by itself meanwhile.
pub async fn busy() -> Busy {
    let clock = CLOCK.try_with(Arc::clone).ok();
    if let Some(clock) = &clock {
        clock.sleep(clock.latency()).await;
        clock.busy(true);
    }
    Busy(clock)
}

/// See [`busy`].
pub struct Busy(Option<Arc<dyn Clock>>);

impl Drop for Busy {
    fn drop(&mut self) {
        if let Some(clock) = &self.0 {
            clock.busy(false);
        }
    }
}

/// Counts from a time on.
#[derive(Debug, Clone, Copy)]
pub struct Since {
    began: Timestamp,
    at: Instant,
    by_other: Option<Timestamp>,
}

impl Since {
    /// Begins to count: it is `now`.
    pub fn new(now: Timestamp) -> Self {
        Self { began: now, at: Instant::now(), by_other: CLOCK.try_with(|clock| clock.now()).ok() }
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        let by_other = CLOCK.try_with(|clock| clock.now()).ok();
        let passed = match self.by_other.zip(by_other) {
            Some((then, now)) => Duration::try_from(now.duration_since(then)).unwrap_or_default(),
            None => self.at.elapsed(),
        };
        self.began.saturating_add(passed).unwrap_or(Timestamp::MAX)
    }
}
