//! The clock and random ids.

use rand::Rng as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

tokio::task_local! {
    static CLOCK: Arc<AtomicI64>;
}

/// Lets a future live by another clock, in milliseconds since 1970.
pub(crate) async fn by<F: Future>(clock: Option<Arc<AtomicI64>>, future: F) -> F::Output {
    match clock {
        Some(clock) => CLOCK.scope(clock, future).await,
        None => future.await,
    }
}

/// The clock that this task lives by, to take along to another.
pub(crate) fn clock() -> Option<Arc<AtomicI64>> {
    CLOCK.try_with(Arc::clone).ok()
}

/// Lets a function live by another clock.
pub(crate) fn sync_by<T>(clock: Option<Arc<AtomicI64>>, function: impl FnOnce() -> T) -> T {
    match clock {
        Some(clock) => CLOCK.sync_scope(clock, function),
        None => function(),
    }
}

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> i64 {
    if let Ok(now) = CLOCK.try_with(|clock| clock.load(Ordering::Relaxed)) {
        return now;
    }
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Random letters and digits behind a prefix.
pub(crate) fn fresh_id(prefix: &str, length: usize) -> String {
    let mut random = rand::rng();
    let tail: String =
        (&mut random).sample_iter(rand::distr::Alphanumeric).take(length).map(char::from).collect();
    format!("{prefix}{tail}")
}
