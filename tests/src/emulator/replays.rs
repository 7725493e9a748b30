//! Each handler gets its last event of a finished run once more.

use serde_json::{Value, json};
use stage::arrows::{JobState, PartRef, Planned, Polled};
use stage::plan_file::PlanFile;

use super::evidence::lines;
use super::world::{APPROVED_USD, Ended, World};

pub(crate) async fn each_handler(w: &World) {
    let run = "replayed";
    let ended = w.succeed(run, "zion-gpt").await;
    // The record of the upload names its last holder; all else in it stays.
    let record = async || {
        let mut record: Value = w.stack.document(&stage::keys::upload(run)).await.unwrap().unwrap();
        record.as_object_mut().unwrap().remove("lease").unwrap();
        record
    };
    let hashes = async || {
        let mut hashes = w.hashes(run).await;
        hashes.remove(&stage::keys::upload(run)).unwrap();
        hashes
    };
    let (before, recorded) = (hashes().await, record().await);
    let (row, files) = (w.version(run).await, w.files().await);
    assert!(before.len() > 12 && before.contains_key("runs/replayed/training.json"), "{before:?}");
    for (function, event, answer) in events(w, &ended).await {
        let what = format!("{function} {event}");
        let invoked = w.stack.invoke(function, &event).await.unwrap();
        assert_eq!(invoked.function_error, None, "{what}: {}", invoked.payload);
        if let Some(answer) = answer {
            assert_eq!(invoked.payload, answer, "{what}: answers the same");
        }
        assert_eq!(hashes().await, before, "{what}: an object has changed");
        assert_eq!(record().await, recorded, "{what}: the record of the upload has changed");
        assert_eq!(w.jobs(run).await.len(), 1, "{what}: one job");
        assert_eq!(w.files().await.len(), files.len(), "{what}: no file more");
        assert_eq!(w.version(run).await, row, "{what}: the version's row has changed");
    }
    let promotions = w.texts(&format!("select name from model_promotions where run_id = '{run}'")).await;
    assert_eq!(promotions.len(), 1);
}

/// The events as the workflow builds them, in its order, with the answer it got.
async fn events(w: &World, ended: &Ended) -> Vec<(&'static str, Value, Option<Value>)> {
    let (run, output) = (&ended.run, &ended.outcome.output);
    let plan: PlanFile = w.stack.document(&stage::keys::plan(run)).await.unwrap().unwrap();
    let planned: Planned = ended.left("planned");
    let input = json!({"recipe": planned.recipe, "approved_usd": APPROVED_USD});
    let mut events = vec![(
        "plan",
        json!({"run": run, "started_at": plan.started_at, "input": input}),
        Some(output["planned"].clone()),
    )];
    for slice in &planned.slices {
        events.push(("export", json!({"do": "slice", "run": run, "slice": slice}), None));
    }
    events.push(("export", json!({"do": "gather", "run": run}), Some(output["gathered"].clone())));
    for part in lines(&w.bytes(&stage::keys::export_parts(run)).await) {
        let part: PartRef = serde_json::from_value(part).unwrap();
        events.push(("scrub", json!({"run": run, "part": part}), None));
    }
    events.push(("assemble", json!({"run": run}), Some(output["assembled"].clone())));
    let (submitted, polled): (&Value, Polled) = (&output["submitted"], ended.left("polled"));
    assert_eq!(polled.state, JobState::Trained);
    events.extend([
        (
            "upload",
            json!({"do": "submit", "run": run, "manifest_sha256": output["assembled"]["manifest_sha256"]}),
            Some(submitted.clone()),
        ),
        (
            "status",
            json!({"run": run, "job": submitted["job"], "submitted_at": submitted["submitted_at"], "deadline": submitted["deadline"]}),
            Some(output["polled"].clone()),
        ),
        (
            "promote",
            json!({"do": "promote", "run": run, "job": submitted["job"], "model": polled.model, "trained_tokens": polled.trained_tokens, "approval": submitted["approval"]}),
            Some(output["promoted"].clone()),
        ),
        // A late failure does not take back what is live.
        ("promote", json!({"do": "fail", "run": run, "error": "States.Timeout", "cause": ""}), None),
    ]);
    events
}
