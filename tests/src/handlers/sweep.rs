//! What the hourly sweep finds, and what it leaves alone.

use stage::arrows::{SweepEvent, Swept};
use stage::plan_file::PlanFile;
use stage::upload_file::UploadFile;
use stage::{ErrorName, StageError, keys};
use store::{Memory, Put as _, get_json, put_json};

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
