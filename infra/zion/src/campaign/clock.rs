//! A clock that goes on by itself when nothing else is waited for.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use jiff::Timestamp;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use stage::clock::Clock;

/// The time of one run and of the provider that it speaks to.
pub(crate) struct Time {
    /// Milliseconds since 1970; the provider reads it, too.
    pub(crate) ms: Arc<AtomicI64>,
    state: Mutex<State>,
}

struct State {
    random: ChaCha8Rng,
    next: u64,
    /// Who sleeps, by when and number: whose it is, and how it is woken.
    sleepers: BTreeMap<(i64, u64), (u32, Waker)>,
    /// Answers that are waited for, by whom.
    busy: BTreeMap<u32, u32>,
    /// Who stands still, as a process that is paused.
    frozen: Vec<u32>,
}

impl Time {
    pub(crate) fn new(began: Timestamp, seed: u64) -> Arc<Self> {
        let ms = Arc::new(AtomicI64::new(began.as_millisecond()));
        let state = State {
            random: ChaCha8Rng::seed_from_u64(seed),
            next: 0,
            sleepers: BTreeMap::new(),
            busy: BTreeMap::new(),
            frozen: Vec::new(),
        };
        Arc::new(Self { ms, state: Mutex::new(state) })
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.ms.load(Ordering::Relaxed)
    }

    /// The clock in the hands of somebody.
    pub(crate) fn of(self: &Arc<Self>, who: u32) -> Arc<dyn Clock> {
        Arc::new(Hand { time: Arc::clone(self), who })
    }

    /// Waits for so long.
    pub(crate) fn sleep(self: &Arc<Self>, who: u32, duration: Duration) -> Sleep {
        let wait = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 4);
        Sleep { time: Arc::clone(self), who, due: self.now_ms().saturating_add(wait), number: None }
    }

    /// Lets somebody stand still, or go on.
    pub(crate) fn freeze(&self, who: u32, is_frozen: bool) {
        let mut state = self.state();
        state.frozen.retain(|other| *other != who);
        if is_frozen {
            state.frozen.push(who);
        }
    }

    /// Goes on to when the next one wakes; false while an answer is waited for, or nobody sleeps.
    pub(crate) fn go_on(&self) -> bool {
        self.go_on_to(None)
    }

    /// Goes on to when the next one wakes, or to `limit` if that is sooner; false while an answer is waited for.
    pub(crate) fn go_on_before(&self, limit: i64) -> bool {
        self.go_on_to(Some(limit))
    }

    fn go_on_to(&self, limit: Option<i64>) -> bool {
        let mut state = self.state();
        let State { busy, frozen, sleepers, .. } = &mut *state;
        if busy.iter().any(|(who, answers)| *answers > 0 && !frozen.contains(who)) {
            return false;
        }
        let next = sleepers.iter().find(|(_, (who, _))| !frozen.contains(who)).map(|((due, _), _)| *due);
        let Some(due) = next.into_iter().chain(limit).min() else { return false };
        self.ms.fetch_max(due, Ordering::Relaxed);
        sleepers.retain(|(at, _), (who, waker)| {
            let wakes = *at <= due && !frozen.contains(who);
            if wakes {
                waker.wake_by_ref();
            }
            !wakes
        });
        true
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Hand {
    time: Arc<Time>,
    who: u32,
}

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.time.now_ms()).unwrap_or(Timestamp::MAX)
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(self.time.sleep(self.who, duration))
    }

    fn latency(&self) -> Duration {
        let ms = self.time.state().random.random_range(10..400);
        Duration::from_millis(ms)
    }

    fn busy(&self, is_busy: bool) {
        let mut state = self.time.state();
        let answers = state.busy.entry(self.who).or_default();
        *answers = if is_busy { *answers + 1 } else { answers.saturating_sub(1) };
    }
}

/// A wait.
pub(crate) struct Sleep {
    time: Arc<Time>,
    who: u32,
    due: i64,
    number: Option<u64>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        if this.time.now_ms() >= this.due {
            return Poll::Ready(());
        }
        let mut state = this.time.state();
        let number = *this.number.get_or_insert_with(|| {
            state.next += 1;
            state.next
        });
        state.sleepers.insert((this.due, number), (this.who, context.waker().clone()));
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            self.time.state().sleepers.remove(&(self.due, number));
        }
    }
}
