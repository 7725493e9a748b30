//! Follows an execution: states, slices, parts, rows, and what the provider says about the job.

use std::time::Duration;

use serde_json::{Value, json};
use stage::approval_file::Question;
use stage::export_file::ExportCursor;
use stage::keys;
use stage::upload_file::UploadFile;

use crate::error::{Error, Result};
use crate::local::{Execution, Outcome, Stack};
use crate::term::{Board, number};

/// What a person would call the states, in the order of a run; states that only branch belong to none.
const PHASES: [(&str, &[&str]); 9] = [
    ("plan", &["Plan"]),
    ("export", &["Export"]),
    ("gather", &["Gather"]),
    ("scrub", &["Scrub"]),
    ("assemble", &["Assemble"]),
    ("approve", &["Approve"]),
    ("upload", &["Upload"]),
    ("train", &["Status", "WaitForJob"]),
    ("promote", &["Promote"]),
];

/// Follows the execution to its end.
///
/// # Errors
/// When the emulator does not answer.
pub(super) async fn follow(stack: &Stack, execution: &Execution, board: &mut Board) -> Result<Outcome> {
    let mut turn = tokio::time::interval(Duration::from_millis(300));
    let mut phase = "";
    let (mut told, mut answered) = (0, false);
    loop {
        turn.tick().await;
        // Asked before the rest is looked at, so that the last look sees everything.
        let outcome = stack.outcome(execution).await?;
        for next in entered(&stack.history(execution).await?) {
            let later = position(next) > position(phase);
            if later || phase.is_empty() {
                board.event(next);
                phase = next;
            }
        }
        match phase {
            "export" => board.status(&exported(stack, &execution.run).await?),
            "scrub" => board.status(&scrubbed(stack, &execution.run).await?),
            "approve" if !answered => answered = approved(stack, &execution.run, board).await?,
            "upload" | "train" | "promote" => {
                let events = job_events(stack, &execution.run).await?;
                for event in events.iter().skip(told) {
                    board.event(&format!("  provider: {event}"));
                }
                told = told.max(events.len());
                board.status(phase);
            }
            _ => board.status(if phase.is_empty() { "starting" } else { phase }),
        }
        if outcome.status != "RUNNING" {
            return Ok(outcome);
        }
    }
}

/// Answers for the operator, by the same function, once the run has asked; says whether it has.
async fn approved(stack: &Stack, run: &str, board: &mut Board) -> Result<bool> {
    let Some(question) = stack.document::<Question>(&keys::question(run)).await? else {
        return Ok(false);
    };
    let event = json!({"do": "answer", "run": run, "answer": "approve", "by": "zion demo"});
    let invoked = stack.invoke("approve", &event).await?;
    if invoked.function_error.is_some() {
        return Err(Error::new(format!("the run could not be approved: {}", invoked.payload)));
    }
    let facts = &question.facts;
    board.event(&format!(
        "  approved by the demo itself, as an operator would: up to ${:.2}, {}",
        facts.most_usd,
        facts.why.iter().map(|why| why.in_words()).collect::<Vec<_>>().join(", and ")
    ));
    Ok(true)
}

/// How long each phase took, from the history's own times.
pub(super) fn phases(history: &[Value]) -> Vec<(&'static str, Duration)> {
    let end = history.iter().filter_map(|event| event["timestamp"].as_f64()).fold(0.0, f64::max);
    let mut begun: Vec<(&'static str, f64)> = Vec::new();
    for event in history {
        let Some(phase) = state(event).and_then(phase_of) else {
            continue;
        };
        if begun.iter().all(|(name, _)| *name != phase) {
            begun.push((phase, event["timestamp"].as_f64().unwrap_or(end)));
        }
    }
    let ends = begun.iter().skip(1).map(|(_, at)| *at).chain([end]);
    let lengths: Vec<f64> = begun.iter().zip(ends).map(|((_, from), to)| (to - from).max(0.0)).collect();
    begun.iter().zip(lengths).map(|((name, _), length)| (*name, Duration::from_secs_f64(length))).collect()
}

fn entered(history: &[Value]) -> Vec<&'static str> {
    history.iter().filter_map(state).filter_map(phase_of).collect()
}

fn state(event: &Value) -> Option<&str> {
    event["stateEnteredEventDetails"]["name"].as_str()
}

fn phase_of(state: &str) -> Option<&'static str> {
    PHASES.iter().find(|(_, states)| states.contains(&state)).map(|(name, _)| *name)
}

fn position(phase: &str) -> Option<usize> {
    PHASES.iter().position(|(name, _)| *name == phase)
}

async fn exported(stack: &Stack, run: &str) -> Result<String> {
    let objects = stack.objects(&format!("runs/{run}/export/")).await?;
    let (mut slices, mut done, mut parts, mut rows) = (0, 0, 0, 0);
    for object in objects.iter().filter(|object| object.key.ends_with(".cursor.json")) {
        let Some(cursor) = stack.document::<ExportCursor>(&object.key).await? else {
            continue;
        };
        slices += 1;
        done += u64::from(cursor.done);
        parts += cursor.parts.len() as u64;
        rows += cursor.rows();
    }
    Ok(format!(
        "export: {} rows in {} parts, {} of {} slices begun are done",
        number(rows),
        number(parts),
        number(done),
        number(slices)
    ))
}

async fn scrubbed(stack: &Stack, run: &str) -> Result<String> {
    let list = stack.object(&keys::export_parts(run)).await?.unwrap_or_default();
    let parts = list.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).count() as u64;
    let objects = stack.objects(&format!("runs/{run}/scrubbed/")).await?;
    let done = objects.iter().filter(|object| object.key.ends_with(".report.json")).count() as u64;
    Ok(format!("scrub: {} of {} parts", number(done), number(parts)))
}

/// The messages of the job's events, the oldest first; none before there is a job.
async fn job_events(stack: &Stack, run: &str) -> Result<Vec<String>> {
    let upload = stack.document::<UploadFile>(&keys::upload(run)).await?;
    let Some(job) = upload.and_then(|upload| upload.job) else {
        return Ok(Vec::new());
    };
    let answer = stack.provider(&format!("fine_tuning/jobs/{}/events?limit=100", job.id)).await?;
    let events = answer["data"].as_array().map(Vec::as_slice).unwrap_or_default();
    Ok(events.iter().rev().filter_map(|event| event["message"].as_str().map(str::to_owned)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_up_the_time_of_a_loop() {
        let entered =
            |at: f64, name: &str| json!({"timestamp": at, "stateEnteredEventDetails": {"name": name}});
        let history = [
            json!({"timestamp": 10.0, "type": "ExecutionStarted"}),
            entered(10.0, "Plan"),
            entered(11.0, "DryRun"),
            entered(11.0, "Export"),
            entered(14.0, "Status"),
            entered(14.5, "WaitForJob"),
            entered(15.0, "Status"),
            entered(16.0, "Promote"),
            json!({"timestamp": 17.0, "type": "ExecutionSucceeded"}),
        ];
        let lengths: Vec<_> =
            phases(&history).iter().map(|(name, length)| (*name, length.as_millis())).collect();
        assert_eq!(lengths, [("plan", 1000), ("export", 3000), ("train", 2000), ("promote", 1000)]);
    }
}
