//! Executions on the stack: start one as an operator would, follow it, look at what it left.

use std::time::Duration;

use aws_sdk_sfn::types::ExecutionStatus;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{Invoked, Stack};
use crate::error::{Context as _, Error, Result};

/// A started execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Execution {
    /// Its name, which is the run.
    pub run: String,
    /// Its ARN.
    pub arn: String,
}

/// How an execution stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// `RUNNING`, `SUCCEEDED`, `FAILED`, `TIMED_OUT` or `ABORTED`.
    pub status: String,
    /// The named error of a failed execution.
    pub error: Option<String>,
    /// Its cause.
    pub cause: Option<String>,
    /// The output of one that succeeded, else null.
    pub output: Value,
}

impl Outcome {
    /// True when it ended well.
    pub fn succeeded(&self) -> bool {
        self.status == "SUCCEEDED"
    }
}

/// An object in the run's bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its key.
    pub key: String,
    /// Its size in bytes.
    pub bytes: u64,
}

/// What one process or function wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// The file's or the log group's name.
    pub name: String,
    /// All of it.
    pub text: String,
}

impl Stack {
    /// Starts the workflow with `input`, under a name of its own.
    ///
    /// # Errors
    /// When Step Functions refuses.
    pub async fn start(&self, input: &Value) -> Result<Execution> {
        let now = Timestamp::now();
        let name = format!("run-{}-{:03}", now.strftime("%Y%m%d-%H%M%S"), now.subsec_millisecond());
        self.start_as(&name, input).await
    }

    /// Starts the workflow with `input` as the run `name`.
    ///
    /// # Errors
    /// When Step Functions refuses, as it does for a name it has seen.
    pub async fn start_as(&self, name: &str, input: &Value) -> Result<Execution> {
        let request = self.workflow().start_execution().state_machine_arn(self.output("WorkflowArn")?);
        let started =
            request.name(name).input(input.to_string()).send().await.context("start the execution")?;
        Ok(Execution { run: name.to_owned(), arn: started.execution_arn })
    }

    /// How the execution stands now.
    ///
    /// # Errors
    /// When Step Functions does not know it.
    pub async fn outcome(&self, execution: &Execution) -> Result<Outcome> {
        let asked = self.workflow().describe_execution().execution_arn(&execution.arn).send().await;
        let described = asked.context("describe the execution")?;
        let succeeded = described.status == ExecutionStatus::Succeeded;
        let output = described.output.as_deref().filter(|_| succeeded).map(serde_json::from_str).transpose();
        Ok(Outcome {
            status: described.status.as_str().to_owned(),
            error: described.error,
            cause: described.cause,
            output: output.context("read the execution's output")?.unwrap_or_default(),
        })
    }

    /// Waits until the execution has ended.
    ///
    /// # Errors
    /// When Step Functions does not answer, or the execution runs for longer than `patience`.
    pub async fn wait(&self, execution: &Execution, patience: Duration) -> Result<Outcome> {
        let ended = async {
            let mut turn = tokio::time::interval(Duration::from_millis(250));
            loop {
                turn.tick().await;
                let outcome = self.outcome(execution).await?;
                if outcome.status != "RUNNING" {
                    return Ok(outcome);
                }
            }
        };
        let late =
            |_| Error::new(format!("run {} has not ended after {} s", execution.run, patience.as_secs()));
        tokio::time::timeout(patience, ended).await.map_err(late)?
    }

    /// The execution's history, every event as Step Functions tells it.
    ///
    /// # Errors
    /// When Step Functions does not know it.
    pub async fn history(&self, execution: &Execution) -> Result<Vec<Value>> {
        let mut events = Vec::new();
        let mut body =
            json!({"executionArn": execution.arn, "maxResults": 1000, "includeExecutionData": true});
        loop {
            let mut page =
                self.emulator().call("states", "AWSStepFunctions.GetExecutionHistory", &body).await?;
            if let Some(Value::Array(found)) = page.get_mut("events").map(Value::take) {
                events.extend(found);
            }
            match page.get("nextToken").and_then(Value::as_str) {
                Some(token) => body["nextToken"] = token.into(),
                None => return Ok(events),
            }
        }
    }

    /// The objects whose key begins with `prefix`.
    ///
    /// # Errors
    /// When the bucket can't be listed.
    pub async fn objects(&self, prefix: &str) -> Result<Vec<Object>> {
        let request = self.s3().list_objects_v2().bucket(self.output("Bucket")?).prefix(prefix);
        let mut pages = request.into_paginator().send();
        let mut objects = Vec::new();
        while let Some(page) = pages.next().await {
            for object in page.context("list the bucket")?.contents.unwrap_or_default() {
                let bytes = object.size.and_then(|size| u64::try_from(size).ok()).unwrap_or(0);
                objects.push(Object { key: object.key.unwrap_or_default(), bytes });
            }
        }
        Ok(objects)
    }

    /// An object's bytes; none when it is not there.
    ///
    /// # Errors
    /// When the bucket can't be read.
    pub async fn object(&self, key: &str) -> Result<Option<Vec<u8>>> {
        let asked = self.s3().get_object().bucket(self.output("Bucket")?).key(key).send().await;
        match asked {
            Ok(object) => {
                let body = object.body.collect().await.context(format!("read {key}"))?;
                Ok(Some(body.to_vec()))
            }
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(aws_sdk_s3::operation::get_object::GetObjectError::is_no_such_key) =>
            {
                Ok(None)
            }
            Err(error) => Err(error).context(format!("read {key}")),
        }
    }

    /// A JSON object of the bucket; none when it is not there.
    ///
    /// # Errors
    /// When the bucket can't be read or the object is not what it should be.
    pub async fn document<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>> {
        let bytes = self.object(key).await?;
        bytes.map(|bytes| serde_json::from_slice(&bytes).context(format!("parse {key}"))).transpose()
    }

    /// Calls a function of the bundle directly with `event`: `plan`, `export`, …
    ///
    /// # Errors
    /// When the emulator does not answer; a failure of the function is a value.
    pub async fn invoke(&self, function: &str, event: &Value) -> Result<Invoked> {
        self.emulator().invoke(&self.function(function), event).await
    }

    /// Asks the provider with its key: `fine_tuning/jobs/…`.
    ///
    /// # Errors
    /// When the sandbox does not answer with JSON.
    pub async fn provider(&self, path: &str) -> Result<Value> {
        let url = format!("{}/{path}", self.sandbox().provider_url());
        let request = self.emulator().http().get(url).bearer_auth(&self.sandbox().keys().provider);
        let response = request.send().await.context("ask the provider")?;
        response.json().await.context("read the provider's answer")
    }

    /// Everything that was logged: each process's output and each function's log group.
    ///
    /// # Errors
    /// When a log can't be read.
    pub async fn logs(&self) -> Result<Vec<Log>> {
        let mut logs = Vec::new();
        for child in [self.emulator().child(), self.sandbox().child(), self.postgres().child()] {
            logs.push(Log { name: format!("{}.out", child.name()), text: child.output() });
            logs.push(Log { name: format!("{}.err", child.name()), text: child.errors() });
        }
        let groups = self.emulator().call("logs", "Logs_20140328.DescribeLogGroups", &json!({})).await?;
        for group in groups["logGroups"].as_array().into_iter().flatten() {
            let name = group["logGroupName"].as_str().unwrap_or_default().to_owned();
            logs.push(Log { text: self.log_group(&name).await?, name });
        }
        Ok(logs)
    }

    /// A log group, all of it.
    pub(crate) async fn log_group(&self, name: &str) -> Result<String> {
        let mut text = String::new();
        let mut body = json!({"logGroupName": name, "limit": 10_000});
        loop {
            let page = self.emulator().call("logs", "Logs_20140328.FilterLogEvents", &body).await?;
            for event in page["events"].as_array().into_iter().flatten() {
                text.push_str(event["message"].as_str().unwrap_or_default());
                text.push('\n');
            }
            match page.get("nextToken").and_then(Value::as_str) {
                Some(token) if body["nextToken"] != *token => body["nextToken"] = token.into(),
                _ => return Ok(text),
            }
        }
    }
}
