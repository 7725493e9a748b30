//! Runs that are refused, each by its name and with what to do.

use jiff::Timestamp;
use records::recipe;
use stage::arrows::{JobState, Progress, PromoteAnswer, PromoteEvent, StatusEvent};
use stage::training_file::TrainingFile;
use stage::{ErrorName, keys};
use store::{Class, Memory, Put as _, get_json};
use tuning::{Checkpoint, Event, JobStatus};

use super::fakes::{Project, Tuner};
use super::run::{RUN, all, assemble, gather, parts, plan, scrub, slice, upload};

fn world(rows: u64) -> (Memory, Project, Tuner) {
    (Memory::default(), Project::new(100).with_job_posts(rows), Tuner::default())
}

#[tokio::test]
async fn an_unknown_recipe_is_answered_with_those_there_are() {
    let (store, project, tuner) = world(100);
    let error = plan("zion-nope", &store, &project, &tuner).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::RecipeInvalid);
    assert!(error.chain().contains("zion-support"), "{}", error.chain());
}

#[tokio::test]
async fn a_base_model_that_is_shut_down_soon_is_refused_with_the_date() {
    let (store, project, mut tuner) = world(1_000);
    tuner.shutdown_date = Some("2027-01-14".parse().unwrap());
    let error = plan("zion-job-generator", &store, &project, &tuner).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::BaseModelUnusable);
    assert!(error.chain().contains("2027-01-14") && error.chain().contains("53 days"), "{}", error.chain());
    assert!(error.chain().ends_with("the provider lists another-base"), "{}", error.chain());
    assert_eq!(project.version(RUN)["status"], "queued", "the refused run has a row to fail");
    tuner.shutdown_date = Some("2027-06-01".parse().unwrap());
    plan("zion-job-generator", &store, &project, &tuner).await.unwrap();
}

#[tokio::test]
async fn too_few_rows_are_refused_before_anything_is_read() {
    for rows in [0, 1, 10] {
        let (store, project, tuner) = world(rows);
        let error = plan("zion-job-generator", &store, &project, &tuner).await.unwrap_err();
        assert_eq!(error.name(), ErrorName::TooFewExamples, "{rows} rows");
        assert!(store.keys().is_empty());
    }
}

#[tokio::test]
async fn too_few_usable_rows_are_refused_before_anything_is_uploaded() {
    let (store, mut project, tuner) = world(100);
    for row in project.tables.get_mut("job_posts").unwrap().iter_mut().skip(9) {
        row["description"] = serde_json::Value::Null;
    }
    let error = all(&store, &project, &tuner).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::TooFewExamples);
    assert!(error.chain().contains("unusable"), "{}", error.chain());
    assert!(tuner.files.lock().unwrap().is_empty());
}

#[tokio::test]
async fn rows_that_vanish_during_the_scan_are_a_named_failure() {
    let (store, mut project, tuner) = world(1_000);
    let planned = plan("zion-job-generator", &store, &project, &tuner).await.unwrap();
    // The first page is read, then a tenth of the table goes: what was written no longer matches.
    let asked = planned.slices[0].clone();
    slice(&asked, &store, &project).await.unwrap();
    let key = stage::keys::export_cursor(RUN, &asked.table, asked.slice);
    let mut cursor: stage::export_file::ExportCursor = store::get_json(&store, &key).await.unwrap();
    cursor.done = false;
    store::put_json(&store, &key, &cursor).await.unwrap();
    project.tables.get_mut("job_posts").unwrap().truncate(800);
    let error = slice(&asked, &store, &project).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::CountsDiffer);
    assert!(error.chain().contains("900") && error.chain().contains("720"), "{}", error.chain());
}

#[tokio::test]
async fn rows_that_went_between_plan_and_export_are_a_named_failure_beyond_the_tolerance() {
    // Of 1,800 rows that may be used, 90 may be withdrawn; every tenth row counts for nothing.
    for (gone, name) in [(100, None), (101, Some(ErrorName::CountsDiffer))] {
        let (store, mut project, tuner) = world(2_000);
        let planned = plan("zion-job-generator", &store, &project, &tuner).await.unwrap();
        project.tables.get_mut("job_posts").unwrap().drain(100..100 + gone);
        let exported = slice(&planned.slices[0], &store, &project).await;
        assert_eq!(exported.as_ref().err().map(stage::StageError::name), name, "{gone} rows");
        if let Err(error) = exported {
            let text = error.chain();
            for count in ["1709 rows were written", "counts 1709", "counted 1800"] {
                assert!(text.contains(count), "{text}");
            }
        }
    }
}

#[tokio::test]
async fn each_slice_s_counts_stand_in_the_manifest_and_add_up() {
    let (store, mut project, tuner) = world(2_000);
    let planned = plan("zion-job-generator", &store, &project, &tuner).await.unwrap();
    // Somebody goes between plan and export: the counts say so.
    project.tables.get_mut("job_posts").unwrap().remove(0);
    for asked in &planned.slices {
        slice(asked, &store, &project).await.unwrap();
    }
    gather(&store, &project).await.unwrap();
    for part in parts(&store).await {
        scrub(part, &store).await.unwrap();
    }
    super::run::assemble(&store, &project).await.unwrap();
    let manifest: stage::manifest::Manifest =
        store::get_json(&store, &stage::keys::manifest(RUN)).await.unwrap();
    let [slice] = manifest.slices.as_slice() else { panic!("{:?}", manifest.slices) };
    let planned = slice.counts.planned.unwrap();
    assert_eq!((planned.rows, planned.consented), (2_000, 1_800));
    assert_eq!((slice.counts.counted.rows, slice.counts.counted.consented), (1_999, 1_799));
    assert_eq!((slice.counts.left_out, slice.counts.written), (200, 1_799));
    assert_eq!(slice.examples + slice.quarantined, 1_799);
    assert!(slice.quarantined > 100, "{slice:?}");

    // A row that is counted nowhere.
    let key = stage::keys::export_counts(RUN);
    let counts = String::from_utf8(store::Get::get(&store, &key).await.unwrap().to_vec()).unwrap();
    let changed = counts.replace(r#""written":1799"#, r#""written":1800"#);
    store.put(&key, changed.into(), Class::Derived).await.unwrap();
    let error = super::run::assemble(&store, &project).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::CountsDiffer);
    assert!(error.chain().contains("slice 0 of job_posts: 1800 rows"), "{}", error.chain());
}

#[tokio::test]
async fn a_clean_part_that_was_changed_is_refused() {
    let (store, project, tuner) = world(1_000);
    let planned = plan("zion-job-generator", &store, &project, &tuner).await.unwrap();
    for asked in &planned.slices {
        slice(asked, &store, &project).await.unwrap();
    }
    gather(&store, &project).await.unwrap();
    for part in parts(&store).await {
        scrub(part, &store).await.unwrap();
    }
    let key = stage::keys::scrubbed_part(RUN, "job_posts", 0, 0);
    let line = br#"{"source":"job_posts","key":"k","prompt":"a","completion":"b"}"#;
    store.put(&key, line.to_vec().into(), Class::Derived).await.unwrap();
    assert_eq!(assemble(&store, &project).await.unwrap_err().name(), ErrorName::CountsDiffer);
}

#[tokio::test]
async fn personal_data_that_is_left_stops_the_run_without_being_quoted() {
    let (store, project, tuner) = world(1_000);
    all(&store, &project, &tuner).await.unwrap();
    let (scrubbed, report) = (
        stage::keys::scrubbed_part(RUN, "job_posts", 0, 0),
        stage::keys::scrubbed_report(RUN, "job_posts", 0, 0),
    );
    let text = String::from_utf8(store::Get::get(&store, &scrubbed).await.unwrap().to_vec()).unwrap();
    let leaking = text.replacen("[email]", "ann.lee@example.com", 1);
    let mut changed: stage::scrub_file::ScrubReport = store::get_json(&store, &report).await.unwrap();
    changed.sha256 = records::digest::sha256(leaking.as_bytes());
    store.put(&scrubbed, leaking.into(), Class::Derived).await.unwrap();
    store::put_json(&store, &report, &changed).await.unwrap();
    let error = assemble(&store, &project).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::ResidualPersonalData);
    assert!(error.chain().contains("email") && !error.chain().contains("ann.lee"), "{}", error.chain());
}

#[tokio::test]
async fn a_dataset_that_was_changed_behind_its_manifest_never_becomes_a_file() {
    let (store, project, tuner) = world(1_000);
    let (_, _, assembled, _) = all(&store, &project, &tuner).await.unwrap();
    // Another run of the same step: nothing is recorded, and the provider knows nothing yet.
    let fresh = Memory::default();
    for (key, class, body) in store.objects().into_iter().filter(|(key, ..)| !key.ends_with("upload.json")) {
        let body = if key.ends_with("dataset/train.jsonl") {
            let text = String::from_utf8(body.to_vec()).unwrap();
            text.replacen("Care for people", "Fear for people", 1).into()
        } else {
            body
        };
        fresh.put(&key, body, class).await.unwrap();
    }
    let untouched = Tuner::default();
    let error = upload(&assembled.manifest_sha256, &fresh, &project, &untouched).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::DatasetRejected);
    assert!(error.chain().contains("train.jsonl"), "{}", error.chain());
    assert!(untouched.files.lock().unwrap().is_empty() && untouched.jobs.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_consent_table_with_several_rows_a_record_is_refused() {
    let (store, mut project, tuner) = world(1_000);
    for (consent, refused) in [
        (serde_json::json!({"training_opt_out": false}), false),
        (serde_json::json!([{"training_opt_out": false}, {"training_opt_out": true}]), true),
    ] {
        for row in project.tables.get_mut("job_posts").unwrap() {
            row["zion_consent"] = consent.clone();
        }
        let planned = plan("zion-job-generator", &store, &project, &tuner).await;
        let name = planned.err().map(|error| error.name());
        assert_eq!(name, refused.then_some(ErrorName::ConsentUnreadable), "{consent}");
    }
}

#[tokio::test]
async fn a_manifest_that_was_not_approved_is_not_paid_for() {
    let (store, project, tuner) = world(1_000);
    all(&store, &project, &tuner).await.unwrap();
    let error = upload("another", &store, &project, &tuner).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::DatasetRejected);
    assert_eq!(tuner.jobs.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_job_s_end_is_an_answer_or_a_named_failure() {
    let (store, tuner) = (Memory::default(), Tuner::default());
    let submitted_at: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
    let deadline: Timestamp = "2026-11-23T10:00:00Z".parse().unwrap();
    let event = StatusEvent {
        run: RUN.to_owned(),
        job: "job-0".to_owned(),
        submitted_at,
        deadline,
        provider: recipe::Provider::default(),
        host: None,
    };
    let poll = async |now: &str, status: JobStatus| {
        *tuner.status.lock().unwrap() = status;
        status::handle(event.clone(), now.parse().unwrap(), &store, &tuner).await
    };
    let early = "2026-11-22T10:05:00Z";
    assert_eq!(poll(early, JobStatus::Queued).await.unwrap().state, JobState::Waiting);
    let unknown = JobStatus::Unknown { word: "a_word_of_2031".to_owned() };
    assert_eq!(poll(early, unknown).await.unwrap().state, JobState::Waiting);
    let running = JobStatus::Running { progress: Some(Progress { step: 7, of: 9 }) };
    assert_eq!(poll(early, running).await.unwrap().progress, Some(Progress { step: 7, of: 9 }));
    assert!(store.touched().is_empty(), "a job under way leaves nothing");
    assert!(tuner.deleted.lock().unwrap().is_empty());
    let trained = poll(early, JobStatus::Succeeded { model: "m".to_owned() }).await.unwrap();
    assert_eq!((trained.state, trained.model.as_deref()), (JobState::Trained, Some("m")));
    let deleted: Vec<_> = tuner.deleted.lock().unwrap().iter().cloned().collect();
    assert_eq!(deleted, ["file-0", "file-1"], "the provider keeps no file of the dataset");
    let kept =
        async || -> TrainingFile<Event, Checkpoint> { get_json(&store, &keys::training(RUN)).await.unwrap() };
    let whole = kept().await;
    assert_eq!((whole.model.as_deref(), whole.unread.len()), (Some("m"), 0));
    assert_eq!(whole.events[1].message, "2 examples were skipped");
    assert_eq!((whole.events[1].train_loss, whole.checkpoints[0].step), (Some(0.5), 7));
    let failed = JobStatus::Failed {
        code: "invalid_training_file".to_owned(),
        message: "too few".to_owned(),
        retry_helps: false,
    };
    let error = poll(early, failed).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::TrainingFailed);
    assert!(error.chain().contains("too few"));
    assert_eq!(kept().await.model, None, "also a failed job's words are kept");
    assert_eq!(poll(early, JobStatus::Cancelled).await.unwrap_err().name(), ErrorName::TrainingCancelled);
    assert!(tuner.cancelled.lock().unwrap().is_empty());
    let late = poll("2026-11-23T10:00:01Z", JobStatus::Paused).await.unwrap_err();
    assert_eq!(late.name(), ErrorName::TrainingTimedOut);
    assert_eq!(*tuner.cancelled.lock().unwrap(), ["job-0"], "a job that is given up is not paid for");

    // A provider that keeps its words to itself costs no trained model.
    *tuner.mute.lock().unwrap() = true;
    let trained = poll(early, JobStatus::Succeeded { model: "m".to_owned() }).await.unwrap();
    assert_eq!(trained.state, JobState::Trained);
    let partly = kept().await;
    assert_eq!(partly.unread, ["events: ProviderRefused", "checkpoints: ProviderRefused"]);
    assert!(partly.events.is_empty() && partly.checkpoints.is_empty());
}

#[tokio::test]
async fn a_failure_is_recorded_in_words() {
    let (store, project, tuner) = world(1_000);
    plan("zion-job-generator", &store, &project, &tuner).await.unwrap();
    let event = PromoteEvent::Fail {
        run: RUN.to_owned(),
        error: "TrainingFailed".to_owned(),
        cause: r#"{"errorType":"TrainingFailed","errorMessage":"the provider says: too few"}"#.to_owned(),
    };
    let PromoteAnswer::Fail(recorded) = promote::handle(event, &store, &project).await.unwrap() else {
        unreachable!()
    };
    assert_eq!(recorded.cause, "the provider says: too few");
    assert_eq!(project.version(RUN)["status"], "failed");
}
