//! Faults that pass: the run goes on, and does nothing twice.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use stage::arrows::{Polled, Promoted};

use super::full::first;
use super::world::World;

/// How often each fault was met, by kind.
async fn met(w: &World) -> BTreeMap<String, u64> {
    let mut met = BTreeMap::new();
    for asked in w.asked().await {
        if let Some(fault) = asked["fault"].as_str() {
            *met.entry(fault.to_owned()).or_default() += 1;
        }
    }
    met
}

fn counts(pairs: &[(&str, u64)]) -> BTreeMap<String, u64> {
    pairs.iter().map(|(kind, count)| ((*kind).to_owned(), *count)).collect()
}

fn once(method: &str, path: &str, skip: u64, fault: &Value) -> Value {
    json!({"method": method, "path": path, "skip": skip, "times": 1, "fault": fault})
}

pub(crate) async fn of_the_gateway(w: &World) {
    // Only the export asks for pages below a bound.
    let pages = "/rest/v1/job_posts?*id=lte.*order=id.asc*";
    let rpc = |name: &str| format!("/rest/v1/rpc/{name}");
    w.set_faults(json!([
        once("POST", &rpc("register_model_version"), 0, &json!({"kind": "drop_after"})),
        once("GET", pages, 0, &json!({"kind": "status", "status": 429, "retry_after": 1})),
        once("GET", pages, 1, &json!({"kind": "status", "status": 503})),
        once("GET", pages, 1, &json!({"kind": "drop_before"})),
        once("GET", pages, 1, &json!({"kind": "truncate", "bytes": 900})),
        once("GET", pages, 1, &json!({"kind": "drop_after"})),
        once("POST", &rpc("start_model_version"), 0, &json!({"kind": "status", "status": 502})),
        once("POST", &rpc("promote_model_version"), 0, &json!({"kind": "drop_after"})),
    ]))
    .await;
    let run = "faults-gateway";
    let ended = w.succeed(run, "zion-job-generator").await;
    let wanted = counts(&[("drop_after", 3), ("drop_before", 1), ("status", 3), ("truncate", 1)]);
    assert_eq!(met(w).await, wanted, "every fault was met");
    assert_eq!(w.dataset(run).await, w.dataset(&first("zion-job-generator")).await, "the same dataset");
    let promoted: Promoted = ended.left("promoted");
    // The register's answer was lost after it had been written: a second row would be a version more.
    let rows =
        w.texts("select name from model_versions where family = 'zion-job-generator' order by version").await;
    assert_eq!(rows.last(), Some(&promoted.name), "no version beside it");
    assert_eq!(promoted.version as usize, rows.len());
    let ledger = w.texts(&format!("select name from model_promotions where run_id = '{run}'")).await;
    assert_eq!(ledger, [promoted.name], "promoted once");
}

pub(crate) async fn of_the_provider(w: &World) {
    let (files, jobs) = ("/v1/files", "/v1/fine_tuning/jobs");
    w.set_faults(json!([
        once("GET", "/v1/models/", 0, &json!({"kind": "status", "status": 500})),
        // Training file: refused, then kept although the answer is lost. Validation file: the connection breaks.
        once("POST", files, 0, &json!({"kind": "status", "status": 500})),
        once("POST", files, 0, &json!({"kind": "drop_after"})),
        once("POST", files, 0, &json!({"kind": "drop_before"})),
        // The paid call: slowed down, then done although the answer is lost.
        once("POST", jobs, 0, &json!({"kind": "status", "status": 429, "retry_after": 1})),
        once("POST", jobs, 0, &json!({"kind": "drop_after"})),
        once("GET", "/v1/fine_tuning/jobs/", 0, &json!({"kind": "status", "status": 503})),
        once("GET", "/v1/fine_tuning/jobs/", 0, &json!({"kind": "truncate", "bytes": 40})),
    ]))
    .await;
    w.turn(json!({"next_status_word": "a_word_of_2031"})).await;
    let run = "faults-provider";
    let ended = w.succeed(run, "zion-resume-enhancer").await;
    let wanted = counts(&[("drop_after", 2), ("drop_before", 1), ("status", 4), ("truncate", 1)]);
    assert_eq!(met(w).await, wanted, "every fault was met");
    let created =
        w.asked().await.into_iter().filter(|asked| asked["method"] == "POST" && asked["path"] == jobs);
    assert_eq!(created.count(), 2, "asked once more after the refusal, not after the lost answer");
    assert_eq!(w.jobs(run).await.len(), 1, "one paid job");
    let uploaded =
        w.files().await.into_iter().filter(|file| file["filename"].as_str().unwrap().starts_with(run));
    assert_eq!(uploaded.count(), 2, "the file whose answer was lost was found again");
    assert_eq!(w.dataset(run).await, w.dataset(&first("zion-resume-enhancer")).await, "the same dataset");
    let polled: Polled = ended.left("polled");
    assert_eq!(polled.provider_status, "succeeded");
    let history = w.histories(&ended.execution.arn).await;
    let failed = history.iter().filter(|event| event["type"] == "TaskFailed").count();
    assert_eq!(failed, 4, "four tries of Upload failed, and the workflow repeated them");
}
