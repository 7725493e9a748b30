//! What a run that ended without a model leaves at the provider.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use stage::arrows::{ClearEvent, Cleared, Ended};
use stage::upload_file::UploadFile;
use stage::{ErrorName, StageError, keys};
use store::{Find as _, Memory};
use tokio::join;
use tokio::time::timeout;
use tuning::JobStatus;

use super::fakes::{Project, Tuner};
use super::run::{RUN, all, assemble, clean, now, upload};

fn world() -> (Memory, Project, Tuner) {
    (Memory::default(), Project::new(300).with_job_posts(1_000), Tuner::default())
}

async fn clear(ended: Ended, store: &Memory, tuner: &Tuner) -> Result<Option<Cleared>, StageError> {
    let event = ClearEvent { run: RUN.to_owned(), ended };
    match upload::left(&event, store).await? {
        Some(left) => upload::clear(event, left, now(), store, tuner).await.map(Some),
        None => Ok(None),
    }
}

#[tokio::test]
async fn a_stopped_run_s_job_is_cancelled_and_its_files_are_deleted_once() {
    let (store, project, tuner) = world();
    all(&store, &project, &tuner).await.unwrap();
    assert!(!tuner.texts().is_empty());
    let cleared = clear(Ended::Aborted, &store, &tuner).await.unwrap().unwrap();
    assert_eq!(cleared, Cleared { run: RUN.to_owned(), cancelled: vec!["job-0".to_owned()], files: true });
    assert_eq!(tuner.texts(), "");
    let again = clear(Ended::Aborted, &store, &tuner).await.unwrap().unwrap();
    assert_eq!(again, Cleared { run: RUN.to_owned(), ..Cleared::default() });
    assert_eq!(*tuner.cancelled.lock().unwrap(), ["job-0"]);
}

#[tokio::test]
async fn every_copy_of_a_file_is_deleted_by_one_look_at_the_list_and_none_is_taken_for_gone_behind_its_end() {
    let (store, project, tuner) = world();
    all(&store, &project, &tuner).await.unwrap();
    {
        let mut files = tuner.files.lock().unwrap();
        let copy = files[0].clone();
        files.extend((0..7).map(|_| copy.clone()));
    }
    *tuner.lists_are_cut.lock().unwrap() = true;
    let error = clear(Ended::Aborted, &store, &tuner).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::Unavailable, "so that it is tried again");
    assert!(error.chain().contains(RUN), "{}", error.chain());
    assert_eq!((tuner.texts().as_str(), *tuner.listings.lock().unwrap()), ("", 1));
    let record: UploadFile = store::get_json(&store, &keys::upload(RUN)).await.unwrap();
    assert!(!record.cleared);
    *tuner.lists_are_cut.lock().unwrap() = false;
    clear(Ended::Aborted, &store, &tuner).await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_job_that_the_provider_has_forgotten_keeps_no_files_there() {
    let (store, project, tuner) = world();
    all(&store, &project, &tuner).await.unwrap();
    *tuner.hidden.lock().unwrap() = true;
    *tuner.forgetful.lock().unwrap() = true;
    let cleared = clear(Ended::Failed, &store, &tuner).await.unwrap().unwrap();
    assert_eq!((cleared.cancelled.len(), cleared.files, tuner.texts().as_str()), (0, true, ""));
}

#[tokio::test]
async fn a_run_that_never_uploaded_has_nothing_to_clear() {
    let (store, project, tuner) = world();
    clean(&store, &project, &tuner).await.unwrap();
    assert_eq!(clear(Ended::Failed, &store, &tuner).await.unwrap(), None);
    assert!(store.find(&keys::ended(RUN)).await.unwrap().is_some(), "and spends nothing from now on");
}

#[tokio::test]
async fn a_model_that_is_trained_stays_and_its_files_go() {
    let (store, project, tuner) = world();
    all(&store, &project, &tuner).await.unwrap();
    *tuner.status.lock().unwrap() = JobStatus::Succeeded { model: "m".to_owned() };
    let cleared = clear(Ended::Failed, &store, &tuner).await.unwrap().unwrap();
    assert_eq!((cleared.cancelled.len(), cleared.files), (0, true));
    assert!(tuner.cancelled.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_job_whose_answer_was_lost_is_looked_for_until_it_is_listed() {
    let (store, project, tuner) = world();
    clean(&store, &project, &tuner).await.unwrap();
    let assembled = assemble(&store, &project).await.unwrap();
    *tuner.lose_answers.lock().unwrap() = 1;
    *tuner.hidden.lock().unwrap() = true;
    let error = upload(&assembled.manifest_sha256, &store, &project, &tuner).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::Unavailable);
    let error = clear(Ended::Aborted, &store, &tuner).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::Unavailable, "so that it is tried again");
    assert!(error.chain().contains(RUN) && !tuner.texts().is_empty());
    // A function that is still at work neither buys another nor forgets the first.
    let error = upload(&assembled.manifest_sha256, &store, &project, &tuner).await.unwrap_err();
    assert!(error.chain().contains("has ended"), "{}", error.chain());
    *tuner.hidden.lock().unwrap() = false;
    let cleared = clear(Ended::Aborted, &store, &tuner).await.unwrap().unwrap();
    assert_eq!((cleared.cancelled, tuner.texts().as_str()), (vec!["job-0".to_owned()], ""));
}

/// Lets some seconds pass of a clock that stands still otherwise.
async fn seconds(count: u64) {
    timeout(Duration::from_secs(count), pending::<()>()).await.unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn a_job_that_is_listed_some_seconds_late_is_not_bought_again() {
    let (store, project, tuner) = world();
    clean(&store, &project, &tuner).await.unwrap();
    let assembled = assemble(&store, &project).await.unwrap();
    *tuner.lose_answers.lock().unwrap() = 1;
    *tuner.hidden.lock().unwrap() = true;
    upload(&assembled.manifest_sha256, &store, &project, &tuner).await.unwrap_err();
    let listing = async {
        seconds(12).await;
        *tuner.hidden.lock().unwrap() = false;
    };
    let (submitted, ()) = join!(upload(&assembled.manifest_sha256, &store, &project, &tuner), listing);
    assert_eq!(submitted.unwrap().job, "job-0");
    assert_eq!(tuner.jobs.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_ends_while_its_job_is_looked_for_keeps_the_doubt() {
    let (store, project, tuner) = world();
    clean(&store, &project, &tuner).await.unwrap();
    let assembled = assemble(&store, &project).await.unwrap();
    *tuner.lose_answers.lock().unwrap() = 1;
    *tuner.hidden.lock().unwrap() = true;
    upload(&assembled.manifest_sha256, &store, &project, &tuner).await.unwrap_err();
    let ending = async {
        seconds(12).await;
        let event = ClearEvent { run: RUN.to_owned(), ended: Ended::Aborted };
        upload::left(&event, &store).await.unwrap();
    };
    let (answer, ()) = join!(upload(&assembled.manifest_sha256, &store, &project, &tuner), ending);
    let error = answer.unwrap_err();
    assert!(error.chain().contains("has taken over"), "{}", error.chain());
    assert_eq!(tuner.jobs.lock().unwrap().len(), 1);
    *tuner.hidden.lock().unwrap() = false;
    assert_eq!(clear(Ended::Aborted, &store, &tuner).await.unwrap().unwrap().cancelled, ["job-0"]);
    assert_eq!(tuner.texts(), "");
}

#[tokio::test]
async fn a_function_that_is_still_at_work_spends_nothing_for_a_stopped_run() {
    let (store, project, tuner) = world();
    clean(&store, &project, &tuner).await.unwrap();
    let assembled = assemble(&store, &project).await.unwrap();
    // The training file is there, the next upload breaks off: then the run is stopped.
    *tuner.uploads_left.lock().unwrap() = Some(1);
    upload(&assembled.manifest_sha256, &store, &project, &tuner).await.unwrap_err();
    clear(Ended::TimedOut, &store, &tuner).await.unwrap().unwrap();
    let error = upload(&assembled.manifest_sha256, &store, &project, &tuner).await.unwrap_err();
    assert!(error.chain().contains("has ended: start a new run"), "{}", error.chain());
    assert!(tuner.jobs.lock().unwrap().is_empty());
    assert_eq!(tuner.texts(), "");
}

#[tokio::test]
async fn a_run_that_is_stopped_while_its_files_are_sent_takes_them_back() {
    let (store, project, tuner) = world();
    clean(&store, &project, &tuner).await.unwrap();
    let assembled = assemble(&store, &project).await.unwrap();
    let store = Arc::new(store);
    *tuner.stop_with_file.lock().unwrap() = Some(Arc::clone(&store));
    let error = upload(&assembled.manifest_sha256, &*store, &project, &tuner).await.unwrap_err();
    assert!(error.chain().contains("has ended"), "{}", error.chain());
    assert_eq!((tuner.jobs.lock().unwrap().len(), tuner.texts().as_str()), (0, ""));
    assert_eq!(tuner.files.lock().unwrap().len(), 2, "both had been sent");
}

#[tokio::test(start_paused = true)]
async fn of_two_jobs_the_oldest_is_kept() {
    let (store, project, tuner) = world();
    clean(&store, &project, &tuner).await.unwrap();
    let assembled = assemble(&store, &project).await.unwrap();
    // Both answers are lost, and the first job is not listed for as long as it is looked for.
    *tuner.lose_answers.lock().unwrap() = 2;
    *tuner.hidden.lock().unwrap() = true;
    for _ in 0..2 {
        upload(&assembled.manifest_sha256, &store, &project, &tuner).await.unwrap_err();
    }
    *tuner.hidden.lock().unwrap() = false;
    let submitted = upload(&assembled.manifest_sha256, &store, &project, &tuner).await.unwrap();
    assert_eq!(submitted.job, "job-0");
    assert_eq!(*tuner.cancelled.lock().unwrap(), ["job-1"]);
}

#[tokio::test(start_paused = true)]
async fn a_second_job_that_was_bought_unseen_is_cancelled_with_the_run() {
    let (store, project, tuner) = world();
    clean(&store, &project, &tuner).await.unwrap();
    let assembled = assemble(&store, &project).await.unwrap();
    *tuner.lose_answers.lock().unwrap() = 1;
    *tuner.hidden.lock().unwrap() = true;
    upload(&assembled.manifest_sha256, &store, &project, &tuner).await.unwrap_err();
    let submitted = upload(&assembled.manifest_sha256, &store, &project, &tuner).await.unwrap();
    assert_eq!(submitted.job, "job-1", "the list lags for longer than is waited");
    *tuner.hidden.lock().unwrap() = false;
    let cleared = clear(Ended::Failed, &store, &tuner).await.unwrap().unwrap();
    assert_eq!(cleared.cancelled, ["job-0", "job-1"]);
}
