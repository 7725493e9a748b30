//! A run that an operator stops while its job is under way.

use reqwest::Method;
use serde_json::json;

use super::kills::until;
use super::world::{World, answered};

pub(crate) async fn while_training(w: &World) {
    // A job that would go on for long after the test.
    w.turn(json!({"pace_ms": 600_000})).await;
    let run = "stopped-while-training";
    let execution = w.start(run, json!({"recipe": "zion-support"})).await;
    until("the job is under way", async || w.jobs(run).await.len() == 1).await;
    until("the row knows it", async || {
        w.version(run).await.is_some_and(|row| row["training_status"] == "running")
    })
    .await;
    let stop = w.stack.workflow().stop_execution().execution_arn(&execution.arn);
    stop.send().await.unwrap();
    until("the job is cancelled", async || w.jobs(run).await[0]["status"] == "cancelled").await;
    until("its files are deleted", async || {
        let files = answered(w.provider(Method::GET, "files?limit=100")).await;
        !files.contains(run)
    })
    .await;
    until("the row says why", async || {
        let row = w.version(run).await.unwrap();
        row["training_status"] == "failed" && row["error_name"] == "ABORTED"
    })
    .await;
    let words = w.version(run).await.unwrap()["error_message"].to_string();
    assert!(words.contains("stopped by hand"), "{words}");
    w.turn(json!({"pace_ms": 60})).await;
}
