//! Steps that run again: after a kill, by a retry, in a redrive.

use bytes::Bytes;
use stage::StageError;
use stage::upload_file::{Lease, UploadFile};
use store::{Class, Failing, Get as _, Memory};

use super::fakes::{Project, Tuner};
use super::run::{RUN, all, assemble, gather, parts, plan, scrub, slice, upload};

/// A first try that may have met the failure.
trait FirstTry<T> {
    /// Takes its answer, or counts the failure and takes the second try's.
    async fn or_again(self, failures: &mut u32, again: impl Future<Output = Self>) -> T;
}

impl<T> FirstTry<T> for Result<T, StageError> {
    async fn or_again(self, failures: &mut u32, again: impl Future<Output = Self>) -> T {
        if let Ok(answer) = self {
            return answer;
        }
        *failures += 1;
        again.await.unwrap()
    }
}

fn world() -> (Memory, Project, Tuner) {
    (Memory::default(), Project::new(100).with_job_posts(700), Tuner::default())
}

/// Everything that was written, but for who holds the record of the upload, which is another with each attempt.
fn written(store: &Memory) -> Vec<(String, Class, Bytes)> {
    let mut objects = store.objects();
    for (key, _, body) in &mut objects {
        if *key == stage::keys::upload(RUN) {
            let mut upload: UploadFile = serde_json::from_slice(body).unwrap();
            assert!(upload.asked_at.is_some() && upload.lease.number > 0);
            (upload.lease, upload.asked_at) = (Lease::default(), None);
            (upload.asked, upload.settled) = (0, false);
            *body = serde_json::to_vec(&upload).unwrap().into();
        }
    }
    objects
}

#[tokio::test(start_paused = true)]
async fn every_step_replayed_leaves_the_same_bytes() {
    let (store, project, tuner) = world();
    let (planned, _, assembled, submitted) = all(&store, &project, &tuner).await.unwrap();
    let before = written(&store);
    assert_eq!(plan("zion-job-generator", &store, &project, &tuner).await.unwrap(), planned);
    for asked in &planned.slices {
        slice(asked, &store, &project).await.unwrap();
    }
    gather(&store, &project).await.unwrap();
    for part in parts(&store).await {
        scrub(part, &store).await.unwrap();
    }
    assert_eq!(assemble(&store, &project).await.unwrap(), assembled);
    assert_eq!(upload(&assembled.manifest_sha256, &store, &project, &tuner).await.unwrap(), submitted);
    assert_eq!(written(&store), before);
    assert_eq!(tuner.jobs.lock().unwrap().len(), 1, "one paid job");
    assert_eq!(tuner.files.lock().unwrap().len(), 2, "no file twice");
}

#[tokio::test(start_paused = true)]
async fn the_same_rows_give_the_same_dataset_in_another_run() {
    let (store, project, tuner) = world();
    all(&store, &project, &tuner).await.unwrap();
    let (again, ..) = world();
    all(&again, &project, &Tuner::default()).await.unwrap();
    assert_eq!(written(&store), written(&again));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_goes_away_at_any_call_costs_nothing_but_a_retry() {
    let (reference, project, tuner) = world();
    all(&reference, &project, &tuner).await.unwrap();
    // Each round lets one call more through before the store fails, until a round never meets the failure.
    for calls in 0.. {
        assert!(calls < 200, "the steps never end");
        let (store, project, tuner) = world();
        let mut failures = 0;
        let failing = Failing::after(calls, &store);
        let first = plan("zion-job-generator", &failing, &project, &tuner).await;
        let planned =
            first.or_again(&mut failures, plan("zion-job-generator", &store, &project, &tuner)).await;
        for asked in &planned.slices {
            while slice(asked, &failing, &project)
                .await
                .or_again(&mut failures, slice(asked, &store, &project))
                .await
                .more
            {}
        }
        gather(&failing, &project).await.or_again(&mut failures, gather(&store, &project)).await;
        for part in parts(&store).await {
            scrub(part.clone(), &failing).await.or_again(&mut failures, scrub(part, &store)).await;
        }
        let assembled =
            assemble(&failing, &project).await.or_again(&mut failures, assemble(&store, &project)).await;
        let manifest = &assembled.manifest_sha256;
        let first = upload(manifest, &failing, &project, &tuner).await;
        first.or_again(&mut failures, upload(manifest, &store, &project, &tuner)).await;
        assert_eq!(written(&store), written(&reference), "after {calls} calls");
        assert_eq!(tuner.jobs.lock().unwrap().len(), 1, "after {calls} calls: one paid job");
        if failures == 0 {
            return;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_buys_no_second_job() {
    let (store, project, tuner) = world();
    *tuner.lose_answers.lock().unwrap() = 1;
    let error = all(&store, &project, &tuner).await.unwrap_err();
    assert!(error.name().is_retryable(), "{error}");
    let manifest: serde_json::Value = {
        use store::Get as _;
        serde_json::from_slice(&store.get(&stage::keys::upload(RUN)).await.unwrap()).unwrap()
    };
    let sha256 = manifest["manifest_sha256"].as_str().unwrap();
    let submitted = upload(sha256, &store, &project, &tuner).await.unwrap();
    assert_eq!(submitted.job, "job-0");
    assert_eq!(tuner.jobs.lock().unwrap().len(), 1);
}

/// What the issue of the manifest asks for, by the names that are stored: a change of one is a breaking change.
#[tokio::test(start_paused = true)]
async fn the_manifest_is_canonical_and_names_everything() {
    let (store, project, tuner) =
        (Memory::default(), Project::new(300).with_job_posts(600), Tuner::default());
    all(&store, &project, &tuner).await.unwrap();
    let bytes = store.get(&stage::keys::manifest(RUN)).await.unwrap();
    let manifest: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    for path in [
        "/schema",
        "/recipe_sha256",
        "/plan_sha256",
        "/code_version",
        "/scrubber_version",
        "/recall/email/recall",
        "/recall/email/floor",
        "/consent/sha256",
        "/consent/read_at",
        "/split_seed",
        "/holdout_percent",
        "/quarantined",
        "/counts/near_duplicates",
        "/boilerplate/passages",
        "/lengths/train/histogram/0/up_to",
        "/sides/job_posts/train",
        "/bill/tokens/most",
        "/inputs/0/sha256",
        "/inputs/0/bytes",
        "/inputs/0/lines",
        "/outputs/holdout/sha256",
        "/members/sha256",
        "/lineage/sha256",
    ] {
        assert!(manifest.pointer(path).is_some_and(|value| !value.is_null()), "{path}");
    }
    assert_eq!(String::from_utf8(bytes.to_vec()).unwrap(), canonical(&manifest));
}

/// Another writer's form of a document: objects by name, no space.
fn canonical(value: &serde_json::Value) -> String {
    let join = |parts: Vec<String>| parts.join(",");
    match value {
        serde_json::Value::Object(map) => {
            let sorted: std::collections::BTreeMap<_, _> = map.iter().collect();
            let field = |(name, value): (&String, &serde_json::Value)| {
                format!("{}:{}", serde_json::json!(name), canonical(value))
            };
            format!("{{{}}}", join(sorted.into_iter().map(field).collect()))
        }
        serde_json::Value::Array(list) => format!("[{}]", join(list.iter().map(canonical).collect())),
        serde_json::Value::Number(number) => {
            number.as_f64().map_or_else(String::new, |number| number.to_string())
        }
        other => other.to_string(),
    }
}
