//! What the hourly sweep finds, and what it leaves alone.

use std::cell::Cell;

use jiff::SignedDuration;
use stage::arrows::{SweepEvent, Swept};
use stage::plan_file::PlanFile;
use stage::upload_file::UploadFile;
use stage::{ErrorName, StageError, keys};
use store::{Memory, Put as _, get_json, put_json};
use tuning::{FileSpec, Host, JobStatus};

use super::fakes::{Project, Tuner};
use super::run::{RUN, all, now};

async fn trained() -> (Memory, Tuner) {
    let (store, project, tuner) =
        (Memory::default(), Project::new(300).with_job_posts(1_000), Tuner::default());
    all(&store, &project, &tuner).await.unwrap();
    (store, tuner)
}

async fn end(run: &str, store: &Memory) {
    put_json(store, &keys::ended(run), &serde_json::json!({"ended": "FAILED"})).await.unwrap();
}

/// Lets a copy of the first file be there, as when an answer was lost.
fn copy(tuner: &Tuner) {
    let mut files = tuner.files.lock().unwrap();
    let copy = files[0].clone();
    files.push(copy);
}

fn kept(tuner: &Tuner) -> Vec<String> {
    let (files, deleted) = (tuner.files.lock().unwrap().len(), tuner.deleted.lock().unwrap());
    (0..files).map(|at| format!("file-{at}")).filter(|id| !deleted.contains(id)).collect()
}

async fn sweep(store: &Memory, tuner: &Tuner) -> Result<Swept, StageError> {
    let to = async |run: &str, _: &_| match run {
        RUN => Ok(tuner),
        _ => Err(StageError::new(ErrorName::Unavailable, "the host is away")),
    };
    upload::sweep(SweepEvent { remove: true }, now(), store, to).await
}

#[tokio::test]
async fn a_run_that_is_choosing_among_its_jobs_keeps_them_all() {
    let (store, tuner) = trained().await;
    let second = tuner.jobs.lock().unwrap()[0].clone();
    tuner.jobs.lock().unwrap().push(second);
    let key = keys::upload(RUN);
    let mut record: UploadFile = get_json(&store, &key).await.unwrap();
    // While the provider is asked, the run finds that its job is the other one.
    let known = record.job.clone();
    record.job.as_mut().unwrap().id = "job-1".to_owned();
    let to = async |_: &str, _: &_| {
        put_json(&store, &key, &record).await?;
        Ok(&tuner)
    };
    upload::sweep(SweepEvent { remove: true }, now(), &store, to).await.unwrap();
    record.job = known;
    (record.asked, record.settled) = (2, false);
    put_json(&store, &key, &record).await.unwrap();
    sweep(&store, &tuner).await.unwrap();
    assert!(tuner.cancelled.lock().unwrap().is_empty());
    record.settled = true;
    put_json(&store, &key, &record).await.unwrap();
    sweep(&store, &tuner).await.unwrap();
    assert_eq!(*tuner.cancelled.lock().unwrap(), ["job-1"]);
}

#[tokio::test]
async fn a_host_that_is_away_and_a_record_that_is_broken_keep_no_other_run_from_being_swept() {
    let (store, tuner) = trained().await;
    end(RUN, &store).await;
    // Listed before the good one.
    let mut plan: PlanFile = get_json(&store, &keys::plan(RUN)).await.unwrap();
    plan.recipe.provider.project = Some("another".to_owned());
    put_json(&store, &keys::plan("run-0-away"), &plan).await.unwrap();
    put_json(&store, &keys::upload("run-0-away"), &UploadFile::default()).await.unwrap();
    let broken = "run-0-broken";
    store.put(&keys::upload(broken), "{".into(), store::Class::Derived).await.unwrap();
    let error = sweep(&store, &tuner).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::Unavailable);
    assert!(error.to_string().contains(broken) && error.to_string().contains("run-0-away"), "{error}");
    assert!(!error.to_string().contains(RUN), "{error}");
    assert_eq!(
        (tuner.cancelled.lock().unwrap().as_slice(), tuner.texts().as_str()),
        (["job-0".to_owned()].as_slice(), "")
    );
}

#[tokio::test]
async fn a_living_run_keeps_its_job_and_the_files_that_it_uses_and_no_other_copy() {
    let (store, tuner) = trained().await;
    let swept = sweep(&store, &tuner).await.unwrap();
    assert!(swept.left.is_empty() && swept.unknown.is_empty(), "{swept:?}");
    copy(&tuner);
    let swept = sweep(&store, &tuner).await.unwrap();
    assert_eq!((swept.left.len(), &swept.left[RUN].files), (1, &vec!["file-2".to_owned()]));
    assert!(swept.left[RUN].jobs.is_empty() && tuner.cancelled.lock().unwrap().is_empty());
    assert_eq!(kept(&tuner), ["file-0", "file-1"]);
    assert!(sweep(&store, &tuner).await.unwrap().left.is_empty(), "nothing is found twice");
}

#[tokio::test]
async fn a_run_that_has_no_job_yet_keeps_every_copy() {
    let (store, tuner) = trained().await;
    let mut record: UploadFile = get_json(&store, &keys::upload(RUN)).await.unwrap();
    record.job = None;
    put_json(&store, &keys::upload(RUN), &record).await.unwrap();
    copy(&tuner);
    assert!(sweep(&store, &tuner).await.unwrap().left.is_empty());
    assert_eq!((kept(&tuner).len(), tuner.cancelled.lock().unwrap().len()), (3, 0));
}

#[tokio::test]
async fn a_dead_run_s_job_is_cancelled_and_its_files_go_and_a_second_look_finds_nothing() {
    let (store, tuner) = trained().await;
    end(RUN, &store).await;
    copy(&tuner);
    let listed =
        upload::sweep(SweepEvent { remove: false }, now(), &store, async |_, _| Ok(&tuner)).await.unwrap();
    assert!(!listed.removed && tuner.cancelled.lock().unwrap().is_empty(), "only listed");
    assert_eq!(kept(&tuner).len(), 3);
    let swept = sweep(&store, &tuner).await.unwrap();
    assert!(swept.removed);
    assert_eq!((&swept.left, &swept.left[RUN].jobs), (&listed.left, &vec!["job-0".to_owned()]));
    assert_eq!(swept.left[RUN].files, ["file-0", "file-1", "file-2"]);
    assert!(kept(&tuner).is_empty(), "{:?}", kept(&tuner));
    assert_eq!(*tuner.cancelled.lock().unwrap(), ["job-0"]);
    let record: UploadFile = get_json(&store, &keys::upload(RUN)).await.unwrap();
    assert!(record.cleared);
    let again = sweep(&store, &tuner).await.unwrap();
    assert!(again.left.is_empty(), "{again:?}");
    assert_eq!(tuner.cancelled.lock().unwrap().len(), 1, "nothing is cancelled twice");
}

#[tokio::test]
async fn files_of_a_run_whose_job_is_trained_go_and_its_model_stays() {
    let (store, tuner) = trained().await;
    *tuner.status.lock().unwrap() = JobStatus::Succeeded { model: "m".to_owned() };
    let swept = sweep(&store, &tuner).await.unwrap();
    assert_eq!((swept.left[RUN].jobs.len(), swept.left[RUN].files.len()), (0, 2));
    assert!(kept(&tuner).is_empty() && tuner.cancelled.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_no_run_of_this_stack_has_asked_for_is_told_and_left_alone() {
    let (store, tuner) = trained().await;
    end(RUN, &store).await;
    let name = |name: &str| (FileSpec { name: name.to_owned(), bytes: 1, md5: None }, b"x".to_vec());
    let ours = tuner.files.lock().unwrap()[0].0.name.clone();
    tuner.files.lock().unwrap().extend([
        name("another-train-0123456789abcdef.jsonl"),
        name("somebody's notes.jsonl"),
        // Of a run that is known, by a name that it has never sent, and of another size than it has.
        name("run-1-train-ffffffffffffffff.jsonl"),
        name(&ours),
    ]);
    {
        let mut jobs = tuner.jobs.lock().unwrap();
        let mut stranger = jobs[0].clone();
        stranger.marks[0].1 = "another".to_owned();
        // Of another stack's run by the same name: what it learns from is none of this one's.
        let mut namesake = jobs[0].clone();
        namesake.marks[1].1 = "another dataset".to_owned();
        jobs.extend([stranger, namesake]);
    }
    let swept = sweep(&store, &tuner).await.unwrap();
    assert_eq!(
        (swept.unknown.jobs.as_slice(), swept.unknown.files.as_slice()),
        (["job-1".to_owned()].as_slice(), ["file-2".to_owned()].as_slice())
    );
    assert_eq!(swept.left[RUN].jobs, ["job-0"]);
    assert_eq!(*tuner.cancelled.lock().unwrap(), ["job-0"]);
    assert_eq!(kept(&tuner), ["file-2", "file-3", "file-4", "file-5"]);
}

#[tokio::test]
async fn a_file_that_the_provider_keeps_keeps_nothing_else_there() {
    let (store, tuner) = trained().await;
    end(RUN, &store).await;
    copy(&tuner);
    *tuner.clings_to.lock().unwrap() = Some("file-0".to_owned());
    let error = sweep(&store, &tuner).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::Unavailable, "so that it is tried again");
    assert!(error.to_string().contains(RUN), "{error}");
    assert_eq!(kept(&tuner), ["file-0"], "the others are gone");
    assert_eq!(*tuner.cancelled.lock().unwrap(), ["job-0"]);
    *tuner.clings_to.lock().unwrap() = None;
    sweep(&store, &tuner).await.unwrap();
    assert!(kept(&tuner).is_empty());
    assert!(sweep(&store, &tuner).await.unwrap().left.is_empty());
}

/// A look so many hours later, at a stack whose `ProviderUrl` leads to `host`; and how often that was asked for.
async fn later(hours: i64, host: &str, store: &Memory, tuner: &Tuner) -> (Result<Swept, StageError>, u32) {
    let asked = Cell::new(0);
    let to = async |_: &str, planned: &Host| {
        asked.set(asked.get() + 1);
        let error = || StageError::new(ErrorName::ProviderRefused, "planned for another host");
        (planned.name.as_deref() == Some(host)).then_some(tuner).ok_or_else(error)
    };
    let at = now() + SignedDuration::from_hours(hours);
    let swept = upload::sweep(SweepEvent { remove: true }, at, store, to).await;
    (swept, asked.get())
}

#[tokio::test]
async fn a_provider_that_has_left_the_stack_is_asked_about_no_run_that_was_found_clean() {
    let host = "provider.example";
    for ended in [false, true] {
        let (store, tuner) = trained().await;
        *tuner.status.lock().unwrap() = JobStatus::Succeeded { model: "m".to_owned() };
        if ended {
            end(RUN, &store).await;
        }
        let (swept, _) = later(0, host, &store, &tuner).await;
        assert_eq!(swept.unwrap().left[RUN].files.len(), 2);
        assert!(later(1, host, &store, &tuner).await.0.unwrap().left.is_empty());
        // For some hours it is looked at all the same: lists lag behind.
        let (swept, asked) = later(6, "another.example", &store, &tuner).await;
        assert!(swept.is_err() && asked == 1);
        copy(&tuner);
        assert_eq!(later(6, host, &store, &tuner).await.0.unwrap().left[RUN].files.len(), 1);
        later(7, host, &store, &tuner).await.0.unwrap();
        assert_eq!(later(13, "another.example", &store, &tuner).await.1, 1, "counted from anew");
        let (swept, asked) = later(14, "another.example", &store, &tuner).await;
        assert_eq!((swept.unwrap().left.len(), asked), (0, 0));
    }
}

#[tokio::test]
async fn a_run_of_another_host_is_not_called_cleared() {
    let (store, tuner) = trained().await;
    end(RUN, &store).await;
    for hours in [0, 24] {
        let error = later(hours, "another.example", &store, &tuner).await.0.unwrap_err();
        assert!(error.to_string().contains(RUN), "{error}");
    }
    let record: UploadFile = get_json(&store, &keys::upload(RUN)).await.unwrap();
    assert!(!record.cleared && record.clean_since.is_none());
    assert!(later(25, "provider.example", &store, &tuner).await.0.unwrap().left[RUN].jobs.len() == 1);
}

#[tokio::test]
async fn a_list_that_is_cut_off_is_no_proof_that_nothing_is_left() {
    let (store, tuner) = trained().await;
    end(RUN, &store).await;
    *tuner.lists_are_cut.lock().unwrap() = true;
    let error = sweep(&store, &tuner).await.unwrap_err();
    assert!(error.to_string().contains("behind the end of what provider.example listed"), "{error}");
    assert!(kept(&tuner).is_empty(), "what was seen is gone");
    let record: UploadFile = get_json(&store, &keys::upload(RUN)).await.unwrap();
    assert!(!record.cleared);
    *tuner.lists_are_cut.lock().unwrap() = false;
    sweep(&store, &tuner).await.unwrap();
    let record: UploadFile = get_json(&store, &keys::upload(RUN)).await.unwrap();
    assert!(record.cleared);
}
