//! Two attempts at one upload.

use std::sync::Mutex;
use std::time::Duration;

use bytes::Bytes;
use stage::arrows::{ClearEvent, Ended};
use stage::upload_file::UploadFile;
use stage::{ErrorName, StageError, clock, keys};
use store::{Body, Class, Find, Get, Memory, Put, Swap, Version, get_json};
use tokio::join;

use super::fakes::{Project, Tuner};
use super::run::{RUN, assemble, clean, now, upload};

async fn assembled() -> (Memory, Project, Tuner, String) {
    let (store, project, tuner) =
        (Memory::default(), Project::new(300).with_job_posts(1_000), Tuner::default());
    clean(&store, &project, &tuner).await.unwrap();
    let manifest_sha256 = assemble(&store, &project).await.unwrap().manifest_sha256;
    (store, project, tuner, manifest_sha256)
}

/// A bucket that writes the intent to ask for a job, and is not heard of for a while.
struct Hung<'a> {
    store: &'a Memory,
    silent: Mutex<Option<Duration>>,
}

impl<'a> Hung<'a> {
    fn of(store: &'a Memory, seconds: u64) -> Self {
        Self { store, silent: Mutex::new(Some(Duration::from_secs(seconds))) }
    }
}

impl Get for Hung<'_> {
    async fn open(&self, key: &str) -> Result<impl Body, StageError> {
        self.store.open(key).await
    }

    async fn get(&self, key: &str) -> Result<Bytes, StageError> {
        self.store.get(key).await
    }
}

impl Find for Hung<'_> {
    async fn find(&self, key: &str) -> Result<Option<Bytes>, StageError> {
        self.store.find(key).await
    }
}

impl Put for Hung<'_> {
    async fn put(&self, key: &str, body: Bytes, class: Class) -> Result<(), StageError> {
        self.store.put(key, body, class).await
    }

    async fn begin(&self, key: &str, class: Class) -> Result<String, StageError> {
        self.store.begin(key, class).await
    }

    async fn part(&self, key: &str, upload: &str, number: i32, body: Bytes) -> Result<String, StageError> {
        self.store.part(key, upload, number, body).await
    }

    async fn complete(&self, key: &str, upload: &str, parts: Vec<String>) -> Result<(), StageError> {
        self.store.complete(key, upload, parts).await
    }
}

impl Swap for Hung<'_> {
    async fn look(&self, key: &str) -> Result<Option<(Bytes, Version)>, StageError> {
        self.store.look(key).await
    }

    async fn swap(
        &self,
        key: &str,
        over: Option<&Version>,
        body: Bytes,
    ) -> Result<Option<Version>, StageError> {
        let intent = serde_json::from_slice::<UploadFile>(&body).unwrap().creating;
        let written = self.store.swap(key, over, body).await;
        let silent = if intent { self.silent.lock().unwrap().take() } else { None };
        clock::sleep(silent.unwrap_or_default()).await;
        written
    }
}

async fn behind<T>(seconds: u64, then: impl Future<Output = T>) -> T {
    clock::sleep(Duration::from_secs(seconds)).await;
    then.await
}

fn is_late(error: &StageError) {
    assert_eq!(error.name(), ErrorName::Unavailable, "retryable");
    assert!(error.chain().contains("another attempt"), "{}", error.chain());
}

#[tokio::test(start_paused = true)]
async fn the_job_that_an_earlier_attempt_is_just_asking_for_is_waited_for() {
    let (store, project, tuner, manifest) = assembled().await;
    *tuner.slow_job.lock().unwrap() = Some(Duration::from_secs(20));
    let (first, second) = join!(
        upload(&manifest, &store, &project, &tuner),
        behind(5, upload(&manifest, &store, &project, &tuner))
    );
    is_late(&first.unwrap_err());
    assert_eq!(second.unwrap().job, "job-0");
    assert_eq!(tuner.jobs.lock().unwrap().len(), 1);
    let record: UploadFile = get_json(&store, &keys::upload(RUN)).await.unwrap();
    assert_eq!((record.lease.number, record.job.unwrap().id.as_str()), (2, "job-0"));
}

#[tokio::test(start_paused = true)]
async fn an_attempt_whose_call_hangs_gives_it_up_before_its_successor_asks() {
    let (store, project, tuner, manifest) = assembled().await;
    *tuner.slow_job.lock().unwrap() = Some(Duration::from_mins(5));
    let (first, second) = join!(
        upload(&manifest, &store, &project, &tuner),
        behind(5, upload(&manifest, &store, &project, &tuner))
    );
    is_late(&first.unwrap_err());
    assert_eq!(second.unwrap().job, "job-0");
    assert_eq!(tuner.jobs.lock().unwrap().len(), 1, "the first call never came through");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_stopped_while_its_job_is_asked_for_has_none_afterwards() {
    let (store, project, tuner, manifest) = assembled().await;
    *tuner.slow_job.lock().unwrap() = Some(Duration::from_secs(20));
    let clear = async {
        let event = ClearEvent { run: RUN.to_owned(), ended: Ended::Aborted };
        let left = upload::left(&event, &store).await.unwrap().unwrap();
        upload::clear(event, left, now(), &store, &tuner).await
    };
    let (uploaded, cleared) = join!(upload(&manifest, &store, &project, &tuner), behind(5, clear));
    is_late(&uploaded.unwrap_err());
    assert_eq!(cleared.unwrap().cancelled, ["job-0"]);
    assert_eq!(tuner.texts(), "");
}

#[tokio::test(start_paused = true)]
async fn a_job_that_comes_to_light_behind_a_second_one_is_the_one_that_is_kept() {
    let (store, project, tuner, manifest) = assembled().await;
    *tuner.lose_answers.lock().unwrap() = 1;
    *tuner.hidden.lock().unwrap() = true;
    upload(&manifest, &store, &project, &tuner).await.unwrap_err();
    // Listed a minute late: the second attempt has bought another by then.
    let listed = behind(60, async { *tuner.hidden.lock().unwrap() = false });
    let (submitted, ()) = join!(upload(&manifest, &store, &project, &tuner), listed);
    assert_eq!(submitted.unwrap().job, "job-0");
    assert_eq!(*tuner.cancelled.lock().unwrap(), ["job-1"]);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_hears_late_of_its_own_intent_does_not_ask() {
    let (store, project, tuner, manifest) = assembled().await;
    // Its successor has looked for the job in vain by then, and has one of its own.
    let hung = Hung::of(&store, 120);
    let (first, second) = join!(
        upload(&manifest, &hung, &project, &tuner),
        behind(5, upload(&manifest, &store, &project, &tuner))
    );
    is_late(&first.unwrap_err());
    assert_eq!(second.unwrap().job, "job-0");
    assert_eq!(tuner.jobs.lock().unwrap().len(), 1, "its successor's");
    assert!(tuner.cancelled.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_call_is_given_up_before_its_lease_ends_however_late_it_began() {
    let (store, project, tuner, manifest) = assembled().await;
    let hung = Hung::of(&store, 10);
    *tuner.slow_job.lock().unwrap() = Some(Duration::from_secs(21));
    let error = upload(&manifest, &hung, &project, &tuner).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::Unavailable);
    assert!(error.chain().contains("not answered in time"), "{}", error.chain());
    // In doubt, so the next attempt looks for it.
    let record: UploadFile = get_json(&store, &keys::upload(RUN)).await.unwrap();
    assert_eq!((record.creating, record.asked), (true, 1));
}

#[tokio::test(start_paused = true)]
async fn a_job_that_was_never_asked_for_is_in_no_doubt() {
    let (store, project, tuner, manifest) = assembled().await;
    let error = upload(&manifest, &Hung::of(&store, 40), &project, &tuner).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::Unavailable, "{}", error.chain());
    let record: UploadFile = get_json(&store, &keys::upload(RUN)).await.unwrap();
    assert_eq!((record.creating, record.asked, record.lease.until), (false, 0, None));
    upload(&manifest, &store, &project, &tuner).await.unwrap();
    assert_eq!(tuner.jobs.lock().unwrap().len(), 1);
}
