//! What runs have left.

use std::collections::BTreeMap;

use records::digest::sha256;
use reqwest::Method;
use serde_json::{Value, json};
use zion::local::Execution;

use super::world::{World, answered};

pub(crate) const SIDES: [&str; 3] = ["train", "validation", "holdout"];

impl World {
    /// An object that must be there.
    pub(crate) async fn bytes(&self, key: &str) -> Vec<u8> {
        self.stack.object(key).await.unwrap().unwrap_or_else(|| panic!("{key} is missing"))
    }

    /// The keys of a run's objects.
    pub(crate) async fn keys(&self, prefix: &str) -> Vec<String> {
        self.stack.objects(prefix).await.unwrap().into_iter().map(|object| object.key).collect()
    }

    /// SHA-256 of each object of a run.
    pub(crate) async fn hashes(&self, run: &str) -> BTreeMap<String, String> {
        let mut hashes = BTreeMap::new();
        for key in self.keys(&format!("runs/{run}/")).await {
            let hash = sha256(&self.bytes(&key).await);
            hashes.insert(key, hash);
        }
        hashes
    }

    /// SHA-256 of train, validation and hold-out.
    pub(crate) async fn dataset(&self, run: &str) -> Vec<String> {
        let mut hashes = Vec::new();
        for side in SIDES {
            hashes.push(sha256(&self.bytes(&stage::keys::dataset(run, side)).await));
        }
        hashes
    }

    /// The keys of all rows a run has exported from one source, sorted.
    pub(crate) async fn exported(&self, run: &str, source: &str) -> Vec<String> {
        let mut found = Vec::new();
        for key in self.keys(&format!("runs/{run}/export/{source}/")).await {
            if is_raw_part(&key) {
                let rows = lines(&self.bytes(&key).await);
                found.extend(rows.iter().map(|row| row["id"].to_string().trim_matches('"').to_owned()));
            }
        }
        found.sort();
        found
    }

    /// The provider's jobs of a run.
    pub(crate) async fn jobs(&self, run: &str) -> Vec<Value> {
        let path = format!("fine_tuning/jobs?limit=100&metadata[zion_run]={run}");
        let text = answered(self.provider(Method::GET, &path)).await;
        data(&text)
    }

    /// The provider's files, and the deleted ones that a job has learned from.
    pub(crate) async fn files(&self) -> Vec<Value> {
        data(&answered(self.ask(Method::GET, "/_sandbox/files")).await)
    }

    /// A file's content.
    pub(crate) async fn content(&self, file: &Value) -> String {
        let path = format!("/_sandbox/files/{}", file["id"].as_str().unwrap());
        answered(self.ask(Method::GET, &path)).await
    }

    /// Every execution there was, those of the parts included, as Step Functions describes them.
    pub(crate) async fn executions(&self) -> Vec<Value> {
        let machine = self.stack.output("WorkflowArn").unwrap();
        let mut found = Vec::new();
        for parent in self.listed("ListExecutions", json!({"stateMachineArn": machine}), "executions").await {
            found.extend(self.children(parent["executionArn"].as_str().unwrap()).await);
            found.push(parent);
        }
        let mut described = Vec::new();
        for execution in found {
            let body = json!({"executionArn": execution["executionArn"]});
            described.push(self.states("DescribeExecution", &body).await);
        }
        described
    }

    /// The child executions of an execution's Distributed Map.
    pub(crate) async fn children(&self, arn: &str) -> Vec<Value> {
        let mut children = Vec::new();
        for map in self.listed("ListMapRuns", json!({"executionArn": arn}), "mapRuns").await {
            children.extend(
                self.listed("ListExecutions", json!({"mapRunArn": map["mapRunArn"]}), "executions").await,
            );
        }
        children
    }

    /// The history of an execution and of its children.
    pub(crate) async fn histories(&self, arn: &str) -> Vec<Value> {
        let mut arns = vec![arn.to_owned()];
        let children = self.children(arn).await;
        arns.extend(children.iter().map(|child| child["executionArn"].as_str().unwrap().to_owned()));
        let mut events = Vec::new();
        for arn in arns {
            events.extend(self.stack.history(&Execution { run: String::new(), arn }).await.unwrap());
        }
        events
    }

    async fn states(&self, action: &str, body: &Value) -> Value {
        self.stack.emulator().call("states", &format!("AWSStepFunctions.{action}"), body).await.unwrap()
    }

    async fn listed(&self, action: &str, mut body: Value, field: &str) -> Vec<Value> {
        let mut found = Vec::new();
        loop {
            let page = self.states(action, &body).await;
            found.extend(page[field].as_array().into_iter().flatten().cloned());
            match page["nextToken"].as_str() {
                Some(token) => body["nextToken"] = token.into(),
                None => return found,
            }
        }
    }
}

fn data(text: &str) -> Vec<Value> {
    let answer: Value = serde_json::from_str(text).unwrap();
    assert_ne!(answer["has_more"], true, "one page holds all");
    answer["data"].as_array().unwrap().clone()
}

/// The objects of a JSONL text.
pub(crate) fn lines(text: &[u8]) -> Vec<Value> {
    let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_slice(line).unwrap()).collect()
}

/// Whether an object holds raw rows.
pub(crate) fn is_raw_part(key: &str) -> bool {
    let documents = [".cursor.json", "/parts.jsonl", "/counts.jsonl"];
    key.contains("/export/") && !documents.iter().any(|end| key.ends_with(end))
}
