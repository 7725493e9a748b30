//! A run that trains at what stands in for Bedrock.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use stage::arrows::{Assembled, Polled, Submitted};
use stage::manifest::Manifest;

use super::evidence::lines;
use super::world::World;

const JOBS: &str = "POST /model-customization-jobs";

pub(crate) async fn trains_there(w: &World) {
    let bedrock = w.stack.bedrock().unwrap();
    bedrock.fail(&json!([])).await.unwrap();
    let run = "at-bedrock";
    let ended = w.succeed(run, "zion-support-bedrock").await;
    let (assembled, submitted, polled): (Assembled, Submitted, Polled) =
        (ended.left("assembled"), ended.left("submitted"), ended.left("polled"));
    assert!(submitted.job.starts_with("zion-zion-support-bedrock-v1-"), "{}", submitted.job);
    let served = polled.model.unwrap();
    assert!(served.contains(":custom-model-deployment/"), "{served}");
    let version = w.version(run).await.unwrap();
    assert_eq!((&version["provider"], &version["id"]), (&json!("bedrock"), &json!(served)), "{version}");
    assert_eq!(w.live("support").await.as_deref(), Some("zion-support-bedrock-v1"));
    // What Bedrock read is the dataset, line by line, and the hold-out is not among it.
    let manifest: Manifest = w.stack.document(&stage::keys::manifest(run)).await.unwrap().unwrap();
    let hashes = w.hashes(run).await;
    let files: Vec<_> = hashes.keys().filter(|key| key.starts_with("runs/at-bedrock/bedrock/")).collect();
    assert_eq!(files.len(), 2, "{files:?}");
    for (file, side) in files.iter().zip(["train", "validation"]) {
        assert!(file.contains(&manifest.outputs[side].sha256[..16]), "{file}");
        let (rendered, dataset) =
            (lines(&w.bytes(file).await), lines(&w.bytes(&stage::keys::dataset(run, side)).await));
        assert_eq!(rendered.len(), dataset.len());
        for (rendered, example) in rendered.iter().zip(&dataset) {
            assert_eq!(rendered["schemaVersion"], "bedrock-conversation-2024");
            assert_eq!(rendered["messages"][1]["content"][0]["text"], example["messages"][2]["content"]);
        }
    }
    assert_eq!(asked(w).await, 1, "one job was asked for");
    // The same events once more: the same answers, and no second job.
    let event = json!({"do": "submit", "run": run, "manifest_sha256": assembled.manifest_sha256});
    let output = &ended.outcome.output;
    let host: &Value = &output["submitted"]["provider"];
    let status = json!({"run": run, "job": submitted.job, "submitted_at": submitted.submitted_at, "deadline": submitted.deadline, "provider": host});
    for (function, event, answer) in
        [("upload", event, &output["submitted"]), ("status", status, &output["polled"])]
    {
        let invoked = w.stack.invoke(function, &event).await.unwrap();
        assert_eq!((invoked.function_error, &invoked.payload), (None, answer), "{function}");
    }
    assert_eq!(asked(w).await, 1, "a replay asks for no job");
    // The record of attempts and the chronicle hold when they were written.
    let lasting = |hashes: BTreeMap<String, String>| -> Vec<_> {
        let dated = |key: &str| key.ends_with("/upload.json") || key.ends_with("/training.json");
        hashes.into_iter().filter(|(key, _)| !dated(key)).collect()
    };
    assert_eq!(lasting(w.hashes(run).await), lasting(hashes), "a replay changes no byte of the dataset");
}

async fn asked(w: &World) -> usize {
    let asked = w.stack.bedrock().unwrap().asked().await.unwrap();
    asked.iter().filter(|request| *request == JOBS).count()
}
