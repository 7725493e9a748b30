//! Everything that is at work in one run: the workflow, attempts of functions, some of which die or stand still.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use stage::{StageError, clock};
use tokio::sync::oneshot;

use super::clock::Time;

type Work<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// What becomes of an attempt, by how often it has been called upon to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It ends by itself.
    Lives,
    /// It is killed at that point.
    Dies(u32),
    /// It stands still at that point, for so many milliseconds.
    Freezes(u32, i64),
}

struct Member<'a> {
    who: u32,
    work: Work<'a>,
    fate: Fate,
    polled: u32,
    /// When a frozen one goes on.
    thaws: Option<i64>,
}

/// Those who are at work. New ones may join meanwhile.
pub(crate) struct Crew<'a> {
    pub(crate) time: Arc<Time>,
    joining: RefCell<Vec<Member<'a>>>,
    next: RefCell<u32>,
    /// Attempts that were killed, and that stood still.
    pub(crate) harmed: RefCell<[u64; 2]>,
}

impl<'a> Crew<'a> {
    pub(crate) fn new(time: Arc<Time>) -> Rc<Self> {
        Rc::new(Self { time, joining: RefCell::default(), next: RefCell::new(0), harmed: RefCell::default() })
    }

    /// Lets an attempt work. What comes back is its answer; none when it was killed.
    pub(crate) fn attempt<T: 'a>(
        &self,
        fate: Fate,
        work: impl Future<Output = Result<T, StageError>> + 'a,
    ) -> oneshot::Receiver<Result<T, StageError>> {
        let (sender, receiver) = oneshot::channel();
        let who = self.number();
        let work = clock::by(self.time.of(who), work);
        let work = Box::pin(async move {
            // The workflow may have given it up.
            let _unheard = sender.send(work.await);
        });
        self.joining.borrow_mut().push(Member { who, work, fate, polled: 0, thaws: None });
        receiver
    }

    fn number(&self) -> u32 {
        *self.next.borrow_mut() += 1;
        *self.next.borrow()
    }

    /// Waits for so many milliseconds.
    pub(crate) async fn wait(&self, ms: u64) {
        self.time.sleep(0, std::time::Duration::from_millis(ms)).await;
    }

    /// Works until `lead` has ended and everybody else has, too.
    pub(crate) async fn work(&self, lead: impl Future<Output = ()> + 'a) {
        let mut members =
            vec![Member { who: 0, work: Box::pin(lead), fate: Fate::Lives, polled: 0, thaws: None }];
        // It may go on for long without giving way to the runtime, which is nobody else's.
        tokio::task::unconstrained(std::future::poll_fn(|context| {
            let heard = Arc::new(Heard { again: AtomicBool::new(true), outer: context.waker().clone() });
            let waker = Waker::from(Arc::clone(&heard));
            let mut inner = Context::from_waker(&waker);
            loop {
                while heard.again.swap(false, Ordering::Relaxed) {
                    members.append(&mut self.joining.borrow_mut());
                    members.retain_mut(|member| self.stays(member, &mut inner));
                    if !self.joining.borrow().is_empty() {
                        heard.again.store(true, Ordering::Relaxed);
                    }
                }
                if members.is_empty() {
                    return Poll::Ready(());
                }
                if !self.thaw(&mut members) && !self.time.go_on() {
                    return Poll::Pending;
                }
                heard.again.store(true, Ordering::Relaxed);
            }
        }))
        .await;
    }

    /// Lets a member go on; says whether it stays.
    fn stays(&self, member: &mut Member<'a>, context: &mut Context<'_>) -> bool {
        if member.thaws.is_some() {
            return true;
        }
        member.polled += 1;
        match member.fate {
            Fate::Dies(at) if member.polled >= at => {
                self.harmed.borrow_mut()[0] += 1;
                false
            }
            Fate::Freezes(at, ms) if member.polled >= at => {
                self.harmed.borrow_mut()[1] += 1;
                member.fate = Fate::Lives;
                member.thaws = Some(self.time.now_ms() + ms);
                self.time.freeze(member.who, true);
                true
            }
            _ => member.work.as_mut().poll(context).is_pending(),
        }
    }

    /// Lets those go on whose time has come, or, where nobody else wakes before, the next one.
    fn thaw(&self, members: &mut [Member<'a>]) -> bool {
        let Some(first) = members.iter_mut().filter(|it| it.thaws.is_some()).min_by_key(|it| it.thaws) else {
            return false;
        };
        let thaws = first.thaws.unwrap_or_default();
        if !self.time.go_on_before(thaws) {
            return false;
        }
        if self.time.now_ms() >= thaws {
            first.thaws = None;
            self.time.freeze(first.who, false);
        }
        true
    }
}

/// Hears that somebody can go on.
struct Heard {
    again: AtomicBool,
    outer: Waker,
}

impl Wake for Heard {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.again.store(true, Ordering::Relaxed);
        self.outer.wake_by_ref();
    }
}
