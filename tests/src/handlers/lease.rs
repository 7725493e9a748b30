//! Two attempts at one upload.

use std::time::Duration;

use stage::arrows::{ClearEvent, Ended};
use stage::upload_file::UploadFile;
use stage::{ErrorName, StageError, clock, keys};
use store::{Memory, get_json};
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
