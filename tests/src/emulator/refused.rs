//! Runs that must fail, each by its name and with what to do.

use reqwest::Method;
use serde_json::{Value, json};

use super::world::{Ended, World};

/// Runs `recipe`, which must end as a failed execution with a failed row, and leave the live model alone.
async fn fails(w: &World, run: &str, recipe: &str, error: &str, words: &[&str]) -> Ended {
    let purpose = w.texts(&format!("select purpose from model_versions where family = '{recipe}'")).await;
    let live = w.live(&purpose[0]).await;
    let ended = named(w, run, json!({"recipe": recipe}), error, words).await;
    let row = w.version(run).await.unwrap_or_else(|| panic!("{run} has left no row"));
    assert_eq!(row["training_status"], "failed", "{run}: {row}");
    assert_eq!(row["error_name"], error, "{run}");
    assert_eq!(row["error_message"].as_str(), ended.outcome.cause.as_deref(), "{run}");
    assert_eq!((&row["active"], &row["promoted_at"]), (&json!(false), &Value::Null), "{run}");
    assert_eq!(w.live(&purpose[0]).await, live, "{run}: what was live stays live");
    ended
}

/// Runs `input`, which must end as a failed execution of that name, with these words in its cause.
async fn named(w: &World, run: &str, input: Value, error: &str, words: &[&str]) -> Ended {
    let ended = w.execute(run, input).await;
    assert_eq!(ended.outcome.status, "FAILED", "{run}: {:?}", ended.outcome);
    assert_eq!(ended.outcome.error.as_deref(), Some(error), "{run}: {:?}", ended.outcome.cause);
    let cause = ended.outcome.cause.as_deref().unwrap();
    for word in words {
        assert!(cause.contains(word), "{run}: «{word}» is not in: {cause}");
    }
    ended
}

/// Runs the statement that a message gives between backticks.
async fn do_as_told(w: &World, ended: &Ended) {
    let statement = ended.outcome.cause.as_deref().unwrap().split('`').nth(1).unwrap().to_owned();
    w.sql(&statement).await;
}

async fn plans_again(w: &World, run: &str, recipe: &str) {
    let ended = w.execute(run, json!({"recipe": recipe, "dry_run": true})).await;
    assert!(ended.outcome.succeeded(), "{run}: {:?}", ended.outcome);
}

/// Whether the run has no object but the one that says that it has ended, which comes a moment later.
async fn left_nothing(w: &World, run: &str) -> bool {
    w.keys(&format!("runs/{run}/")).await.iter().all(|key| *key == stage::keys::ended(run))
}

/// Neither a family nor a purpose is known, so there is no row to fail: the execution alone tells.
pub(crate) async fn input(w: &World) {
    let words = ["zion-jobs", "zion-job-generator", "zion-seo-generator"];
    named(w, "no-such-recipe", json!({"recipe": "zion-jobs"}), "RecipeInvalid", &words).await;
    let words = ["unknown field `recipee`", "expected one of `recipe`, `dry_run`"];
    named(w, "no-such-key", json!({"recipee": "zion-support"}), "RecipeInvalid", &words).await;
    for run in ["no-such-recipe", "no-such-key"] {
        assert_eq!(w.version(run).await, None);
        assert!(left_nothing(w, run).await);
    }
}

pub(crate) async fn grant(w: &World) {
    w.sql("revoke select on public.resumes from service_role").await;
    let told = ["grant select on public.resumes to service_role;"];
    let ended = fails(w, "no-grant", "zion-resume-enhancer", "SourceRefused", &told).await;
    do_as_told(w, &ended).await;
    plans_again(w, "granted", "zion-resume-enhancer").await;
}

pub(crate) async fn consent(w: &World) {
    w.sql("revoke select on public.profiles from service_role").await;
    let told = ["grant select on public.profiles to service_role;"];
    let ended = fails(w, "consent-denied", "zion-job-generator", "ConsentUnreadable", &told).await;
    do_as_told(w, &ended).await;
    plans_again(w, "consent-granted", "zion-job-generator").await;

    w.sql("alter table public.profiles rename column training_opt_out to was_opt_out").await;
    // Whether the plan compares with the last run's columns or the query is refused: the gateway may not have looked yet.
    let told = ["training_opt_out", "mend the"];
    fails(w, "consent-gone", "zion-resume-enhancer", "ConsentUnreadable", &told).await;
    w.sql("alter table public.profiles rename column was_opt_out to training_opt_out").await;

    w.sql("alter table public.support_logs rename column training_opt_out to was_opt_out").await;
    fails(w, "consent-gone-own", "zion-support", "ConsentUnreadable", &told).await;
    w.sql("alter table public.support_logs rename column was_opt_out to training_opt_out").await;
    plans_again(w, "consent-back", "zion-support").await;
    for run in ["consent-denied", "consent-gone", "consent-gone-own"] {
        assert!(left_nothing(w, run).await, "{run}: fails closed, nothing is read");
    }
}

pub(crate) async fn too_few_rows(w: &World) {
    w.sql(
        "create temp table kept as select id, training_opt_out, answer from support_logs;
           update support_logs set training_opt_out = true where id > (select min(id) + 4 from support_logs)",
    )
    .await;
    let told = ["10 are needed", "of 600", "wait for more rows or lower gates.min_examples"];
    fails(w, "too-few-rows", "zion-support", "TooFewExamples", &told).await;
    // Enough rows, yet hardly one of them is usable: known only when they have been scrubbed.
    w.sql(
        "update support_logs l set training_opt_out = k.training_opt_out from kept k where k.id = l.id;
           update support_logs set answer = null where id > (select min(id) + 4 from support_logs)",
    )
    .await;
    let told = ["unusable", "wait for more rows or lower gates.min_examples"];
    fails(w, "too-few-usable", "zion-support", "TooFewExamples", &told).await;
    assert!(w.keys("runs/too-few-usable/scrubbed/").await.len() > 1, "its parts were scrubbed");
    w.sql("update support_logs l set answer = k.answer from kept k where k.id = l.id; drop table kept").await;

    w.sql("create temp table kept as select * from seo_contents; delete from seo_contents").await;
    fails(w, "emptied-table", "zion-seo-generator", "TooFewExamples", &["0 rows may be used", "faqs 0 of 0"])
        .await;
    w.sql("insert into seo_contents select * from kept; drop table kept").await;
    for run in ["too-few-rows", "too-few-usable", "emptied-table"] {
        assert!(w.jobs(run).await.is_empty(), "{run}: nothing is paid");
    }
}

pub(crate) async fn base_model(w: &World) {
    let answer = |status: u16, body: Value| json!([{"method": "GET", "path": "/v1/models/", "fault": {"kind": "status", "status": status, "body": body}}]);
    let unknown = json!({"error": {"message": "The model does not exist", "type": "invalid_request_error", "code": "model_not_found"}});
    let soon = jiff::Timestamp::now().checked_add(jiff::SignedDuration::from_hours(24 * 20)).unwrap();
    let soon = soon.strftime("%Y-%m-%d").to_string();
    let closing = json!({"id": "openai/gpt-oss-20b", "object": "model", "created": 1, "owned_by": "openai", "shutdown_date": soon});
    let refused = json!({"error": {"message": "Incorrect API key provided: sk-loc***9", "type": "invalid_request_error", "code": "invalid_api_key"}});
    let told_of_unknown = ["knows no model openai/gpt-oss-20b", "set model.base of recipe zion-support"];
    let told_of_end = [soon.as_str(), "set model.base to another one"];
    for (run, rules, error, told) in [
        ("base-unknown", answer(404, unknown), "BaseModelUnusable", &told_of_unknown[..]),
        ("base-closing", answer(200, closing), "BaseModelUnusable", &told_of_end[..]),
        (
            "key-refused",
            answer(401, refused),
            "ProviderRefused",
            &["put a valid key into the provider key secret"][..],
        ),
    ] {
        w.set_faults(rules).await;
        let ended = fails(w, run, "zion-support", error, told).await;
        assert!(
            !ended.outcome.cause.unwrap().contains("sk-loc"),
            "{run}: the provider's words on a key are not quoted"
        );
        w.calm().await;
    }
}

pub(crate) async fn job(w: &World) {
    let words = "The job failed due to an invalid training file. Line 7 has no assistant message.";
    w.turn(json!({"fail_next_job": {"code": "invalid_training_file", "message": words, "param": "training_file"}})).await;
    let told = [words, "code invalid_training_file", "job ftjob-"];
    fails(w, "file-rejected", "zion-support", "TrainingFailed", &told).await;

    w.turn(json!({"cancel_next_job": true})).await;
    let told = ["was cancelled at the provider", "start a new run if that was not meant"];
    fails(w, "job-cancelled", "zion-support", "TrainingCancelled", &told).await;

    // Refused when it is asked for: a request of ours is wrong, and asking again is of no use.
    let body = json!({"error": {"message": "Invalid value for suffix", "type": "invalid_request_error", "code": "invalid_value"}});
    w.set_faults(json!([{"method": "POST", "path": "/v1/fine_tuning/jobs", "fault": {"kind": "status", "status": 400, "body": body}}])).await;
    fails(
        w,
        "job-refused",
        "zion-support",
        "ProviderRefused",
        &["creating the job was refused", "Invalid value for suffix"],
    )
    .await;
    let created =
        w.asked().await.into_iter().filter(|asked| {
            asked["method"] == Method::POST.as_str() && asked["path"] == "/v1/fine_tuning/jobs"
        });
    assert_eq!(created.count(), 1 + 2, "one request a run, none repeated");
    for (run, jobs) in [("file-rejected", 1), ("job-cancelled", 1), ("job-refused", 0)] {
        assert_eq!(w.jobs(run).await.len(), jobs, "{run}");
    }
}

/// The database cannot be told either: the execution still ends by the name of what failed first.
pub(crate) async fn unrecorded(w: &World) {
    let refusal = |method: &str, path: &str, status: u16| json!({"method": method, "path": path, "fault": {"kind": "status", "status": status, "body": {}}});
    w.set_faults(json!([
        refusal("GET", "/v1/models/", 403),
        refusal("POST", "/rest/v1/rpc/fail_model_version", 400),
    ]))
    .await;
    let run = "unrecorded";
    named(w, run, json!({"recipe": "zion-support"}), "ProviderRefused", &["denies access"]).await;
    assert_eq!(w.version(run).await.unwrap()["training_status"], "queued");
}
