//! What a job tells about itself: events and checkpoints, newest first.

use super::job::{Job, losses};
use serde_json::{Value, json};

/// The events up to `now`.
pub(crate) fn events(job: &Job, now: i64, pace: i64) -> Vec<Value> {
    let mut list = told(job, now, pace);
    let tail = job.id.trim_start_matches("ftjob-").to_owned();
    for (n, event) in list.iter_mut().enumerate() {
        event["id"] = Value::from(format!("ftevent-{tail}{n:03}"));
    }
    list.reverse();
    list
}

/// The same, oldest first and without ids.
fn told(job: &Job, now: i64, pace: i64) -> Vec<Value> {
    let (status, since) = job.status(now, pace);
    let mut list = Vec::new();
    let mut say = |ms: i64, level: &str, message: String, kind: &str, data: Value| {
        list.push(json!({
            "object": "fine_tuning.job.event", "id": "", "created_at": ms / 1000,
            "level": level, "message": message, "type": kind, "data": data,
        }));
    };
    let start = job.created_ms;
    say(start, "info", format!("Created fine-tuning job: {}", job.id), "message", json!({}));
    say(start, "info", format!("Validating training file: {}", job.spec.training_file), "message", json!({}));
    let validated =
        job.checked.as_ref().filter(|(_, outcome)| outcome.is_ok()).map(|(at, _)| (*at).max(start + pace));
    let reached = job.clock(if Job::is_final(status) { since } else { now });
    if let Some(at) = validated.filter(|at| reached >= *at) {
        say(at, "info", "Files validated, moving job to queued state".to_owned(), "message", json!({}));
    }
    if let Some(at) = validated.map(|at| at + pace).filter(|at| reached >= *at) {
        say(at, "info", "Fine-tuning job started".to_owned(), "message", json!({}));
        for (step, loss) in losses() {
            let at = at + pace * i64::from(step) / 100;
            if reached >= at {
                let data = json!({"step": step, "total_steps": 100, "train_loss": loss});
                say(at, "info", format!("Step {step}/100: training loss={loss:.2}"), "metrics", data);
            }
        }
    }
    match (status, job.model(), job.failure()) {
        ("succeeded", Some(model), _) => {
            say(since, "info", format!("New fine-tuned model created: {model}"), "message", json!({}));
            say(since, "info", "The job has successfully completed".to_owned(), "message", json!({}));
        }
        ("failed", _, Some(failure)) => {
            say(since, "error", failure.message.clone(), "message", json!({"error_code": failure.code}));
        }
        ("cancelled", ..) => say(since, "info", "Fine-tuning job cancelled".to_owned(), "message", json!({})),
        _ => {}
    }
    list
}

/// The checkpoints of a succeeded job. Without a validation file there is no validation metric.
pub(crate) fn checkpoints(job: &Job, now: i64, pace: i64) -> Vec<Value> {
    let (status, since) = job.status(now, pace);
    let (Some(model), "succeeded") = (job.model(), status) else {
        return vec![];
    };
    let tail = job.id.trim_start_matches("ftjob-");
    let mut list: Vec<Value> = losses()
        .filter(|(step, _)| step % 50 == 0)
        .map(|(step, loss)| {
            let mut metrics = json!({"step": step, "train_loss": loss, "train_mean_token_accuracy": 0.9});
            if job.spec.validation_file.is_some() {
                metrics["valid_loss"] = Value::from(loss);
                metrics["valid_mean_token_accuracy"] = Value::from(0.8);
            }
            json!({
                "object": "fine_tuning.job.checkpoint", "id": format!("ftckpt-{tail}{step:03}"),
                "created_at": since / 1000, "fine_tuned_model_checkpoint": format!("{model}:ckpt-step-{step}"),
                "fine_tuning_job_id": job.id, "metrics": metrics, "step_number": step,
            })
        })
        .collect();
    list.reverse();
    list
}
