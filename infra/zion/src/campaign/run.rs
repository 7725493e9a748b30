//! One run, from its upload to the end of its job, and whatever becomes of it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use stage::arrows::{AssembleEvent, ClearEvent, Ended, JobState, StatusEvent, SubmitEvent, SweepEvent};
use stage::{ErrorName, StageError, clock};
use tokio::sync::oneshot::Receiver;
use url::Url;

use super::crew::{Crew, Fate};
use super::faults::Faults;
use super::shaky::Shaky;
use super::source::{OWNERS, Source, owner};
use super::workflow::{Task, Workflow};
use super::world;

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// With a model, by that job.
    Trained(String),
    /// A step failed for good, by that name.
    Failed(String),
    /// Somebody stopped it.
    Stopped,
}

/// Everything that a run's parts share.
pub(crate) struct Run<'a> {
    pub(crate) name: String,
    pub(crate) workflow: &'a Workflow,
    pub(crate) faults: Faults,
    pub(crate) store: Shaky,
    pub(crate) source: Source,
    pub(crate) client: &'a reqwest::Client,
    pub(crate) base: Url,
    pub(crate) random: RefCell<ChaCha8Rng>,
    pub(crate) ended: Cell<bool>,
    /// What the last failure said.
    pub(crate) last_words: RefCell<String>,
    /// Whether the hourly rule is there.
    pub(crate) sweeps: bool,
}

const HOUR: u64 = 3_600_000;
const MINUTE: u64 = 60_000;

impl<'a> Run<'a> {
    fn draw<T>(&self, draw: impl FnOnce(&mut ChaCha8Rng) -> T) -> T {
        draw(&mut self.random.borrow_mut())
    }

    fn provider(&self) -> Result<tuning::OpenAi, StageError> {
        world::provider(self.client, &self.base, &self.faults.host)
    }

    /// Lets everything happen that happens to the run, until hours behind its end.
    pub(crate) async fn live(&'a self, manifest_sha256: String, crew: &Rc<Crew<'a>>) -> Outcome {
        let outcome = Rc::new(RefCell::new(Outcome::Stopped));
        let (lead, written) = (Rc::clone(crew), Rc::clone(&outcome));
        let lead = async move {
            let minds = self.minds_change(&lead);
            let execution = async {
                let states = self.states(manifest_sha256, &lead);
                *written.borrow_mut() = match self.faults.stopped_after {
                    None => states.await,
                    Some(ms) => tokio::select! {
                        outcome = states => outcome,
                        () = lead.wait(ms) => Outcome::Stopped,
                    },
                };
                let ended = match *written.borrow() {
                    Outcome::Trained(_) => None,
                    Outcome::Failed(_) => Some(Ended::Failed),
                    Outcome::Stopped => Some(Ended::Aborted),
                };
                if let Some(ended) = ended {
                    self.clear(ended, &lead).await;
                }
                self.ended.set(true);
            };
            tokio::join!(minds, execution, self.sweeps(&lead));
        };
        crew.work(lead).await;
        outcome.replace(Outcome::Stopped)
    }

    /// People take consent back.
    async fn minds_change(&self, crew: &Crew<'a>) {
        let mut passed = 0;
        let mut times = self.faults.withdrawn_after.clone();
        times.sort_unstable();
        for at in times {
            crew.wait(at - passed).await;
            passed = at;
            let number = self.draw(|random| random.random_range(0..OWNERS));
            self.source.withdrawn.borrow_mut().insert(owner(number));
        }
    }

    /// From `Upload` to `Trained`.
    async fn states(&'a self, mut manifest_sha256: String, crew: &Rc<Crew<'a>>) -> Outcome {
        let submitted = loop {
            let attempt = || {
                let event = SubmitEvent { run: self.name.clone(), manifest_sha256: manifest_sha256.clone() };
                crew.attempt(self.draw(|random| self.faults.fate(random)), async move {
                    let provider = self.provider()?;
                    let (store, source) = (&self.store, &self.source);
                    Box::pin(upload::handle(event, clock::now(), "bucket", store, source, source, &provider))
                        .await
                })
            };
            match self.task(&self.workflow.upload, attempt, crew).await {
                Ok(submitted) => break submitted,
                Err(error) if self.workflow.upload.next(&error) == Some("Assemble") => {
                    // Its own deaths are another campaign's.
                    let event = AssembleEvent { run: self.name.clone() };
                    let made = assemble::handle(event, clock::now(), &self.store.inner, &self.source).await;
                    match made {
                        Ok(assembled) => manifest_sha256 = assembled.manifest_sha256,
                        Err(error) => return Outcome::Failed(error.name().as_str().to_owned()),
                    }
                }
                Err(error) => return Outcome::Failed(error),
            }
        };
        crew.wait(self.workflow.first_wait * 1_000).await;
        loop {
            let attempt = || {
                let event = StatusEvent {
                    run: self.name.clone(),
                    job: submitted.job.clone(),
                    submitted_at: submitted.submitted_at,
                    deadline: submitted.deadline,
                    provider: submitted.provider.clone(),
                    host: submitted.host.clone(),
                };
                crew.attempt(self.draw(|random| self.faults.fate(random)), async move {
                    Box::pin(status::handle(event, clock::now(), &self.store, &self.provider()?)).await
                })
            };
            match self.task(&self.workflow.status, attempt, crew).await {
                Ok(polled) if polled.state == JobState::Trained => return Outcome::Trained(submitted.job),
                Ok(polled) => crew.wait(polled.wait_seconds * 1_000).await,
                Err(error) => return Outcome::Failed(error),
            }
        }
    }

    /// Calls a function as a state of the workflow does, and again as its retriers say.
    async fn task<T>(
        &self,
        task: &Task,
        attempt: impl Fn() -> Receiver<Result<T, StageError>>,
        crew: &Crew<'a>,
    ) -> Result<T, String> {
        let mut used = task.unused();
        loop {
            let (given_up, name) = match self.draw(|random| self.faults.unheard_after(random)) {
                Some(ms) => (ms, "Lambda.SdkClientException"),
                None => (task.timeout_seconds * 1_000, "States.Timeout"),
            };
            let error = tokio::select! {
                answer = attempt() => match answer {
                    Ok(Ok(answer)) => return Ok(answer),
                    Ok(Err(error)) => {
                        *self.last_words.borrow_mut() = error.chain();
                        error.name().as_str()
                    }
                    Err(_) => "Runtime.ExitError",
                },
                () = crew.wait(given_up) => name,
            };
            let again = self.draw(|random| task.again(error, &mut used, random));
            crew.wait(again.ok_or_else(|| error.to_owned())?).await;
        }
    }

    /// Calls a function as an event does: three times within minutes.
    async fn event<T>(
        &self,
        attempt: impl Fn() -> Receiver<Result<T, StageError>>,
        crew: &Crew<'a>,
    ) -> Result<T, StageError> {
        let mut answer = Err(StageError::new(ErrorName::Unavailable, "it was killed each time"));
        for wait in [0, MINUTE, 2 * MINUTE] {
            crew.wait(wait).await;
            if let Ok(heard) = attempt().await {
                answer = heard;
            }
            if answer.is_ok() {
                break;
            }
        }
        answer
    }

    /// The rule that hears of the end.
    async fn clear(&'a self, ended: Ended, crew: &Rc<Crew<'a>>) {
        crew.wait(self.draw(|random| random.random_range(0..5_000))).await;
        let attempt = || {
            let event = ClearEvent { run: self.name.clone(), ended };
            crew.attempt(self.draw(|random| self.faults.fate(random)), async move {
                match upload::left(&event, &self.store).await? {
                    Some(left) => {
                        let provider = self.provider()?;
                        Box::pin(upload::clear(event, left, clock::now(), &self.store, &provider))
                            .await
                            .map(drop)
                    }
                    None => Ok(()),
                }
            })
        };
        // What could not be cleared is the sweep's.
        let _failed = self.event(attempt, crew).await;
    }

    /// The hourly rule, until two hours behind the end.
    async fn sweeps(&'a self, crew: &Rc<Crew<'a>>) {
        crew.wait(self.draw(|random| random.random_range(0..HOUR))).await;
        let mut behind = 0;
        while behind < 2 {
            if !self.sweeps {
                crew.wait(HOUR).await;
                behind += u32::from(self.ended.get());
                continue;
            }
            let _failed = self
                .event(|| self.sweep(self.draw(|random| self.faults.fate(random)), true, crew), crew)
                .await;
            crew.wait(HOUR).await;
            behind += u32::from(self.ended.get());
        }
    }

    /// One look at what is left; the number of runs that have left something.
    pub(crate) fn sweep(
        &'a self,
        fate: Fate,
        remove: bool,
        crew: &Rc<Crew<'a>>,
    ) -> Receiver<Result<usize, StageError>> {
        crew.attempt(fate, async move {
            let of_host = async |_: &str, _: &tuning::Host| self.provider().map(Box::new);
            let swept =
                Box::pin(upload::sweep(SweepEvent { remove }, clock::now(), &self.store, of_host)).await?;
            Ok(swept.left.len())
        })
    }

    /// What the janitor does when everything is calm again; the number of runs that still have something left.
    pub(crate) async fn tidy(&'a self, crew: &Rc<Crew<'a>>) -> Result<usize, StageError> {
        let left = Rc::new(RefCell::new(Ok(0)));
        let (lead, written) = (Rc::clone(crew), Rc::clone(&left));
        let work = async move {
            lead.wait(HOUR).await;
            let unheard = |_| StageError::internal("it was killed");
            let swept = self.event(|| self.sweep(Fate::Lives, self.sweeps, &lead), &lead).await;
            *written.borrow_mut() = match swept {
                Ok(_) => self.sweep(Fate::Lives, false, &lead).await.map_err(unheard).flatten(),
                Err(error) => Err(error),
            };
        };
        crew.work(work).await;
        left.replace(Ok(0))
    }
}

/// The draws of one part of a run, so that one part's do not move another's.
pub(crate) fn draws(seed: u64, part: u64) -> ChaCha8Rng {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(part);
    random
}
