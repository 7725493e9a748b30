//! A fine-tuning job: its state is a function of the clock, so nothing runs in the background but
//! the reading of its file.

use super::error::Failure;
use super::examples::{self, Example};
use super::fresh::{fresh_id, now_ms};
use super::learn::{Learned, Tuned};
use super::spec::{Method, Spec};
use serde_json::{Value, json};
use std::fs::File;
use std::io::BufReader;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Fewest examples a training file may have.
pub(crate) const FEWEST: usize = 10;

/// A job.
#[derive(Debug)]
pub(crate) struct Job {
    /// `ftjob-…`
    pub(crate) id: String,
    /// What was asked.
    pub(crate) spec: Spec,
    /// Milliseconds since 1970.
    pub(crate) created_ms: i64,
    /// When and how the check of its files ended.
    pub(crate) checked: Option<(i64, Result<Arc<Learned>, Failure>)>,
    /// The end a knob decided on.
    pub(crate) planned: Planned,
    /// When somebody cancelled it.
    pub(crate) cancelled_ms: Option<i64>,
    /// Set then: nobody reads on in its files.
    pub(crate) given_up: Arc<AtomicBool>,
    /// Since when it stands still.
    paused_ms: Option<i64>,
    /// How long it stood still before.
    stood_ms: i64,
    /// When it ended, once noticed.
    ended: Option<(&'static str, i64)>,
    model: Option<String>,
    result_file: Option<String>,
}

/// How a job will end if its files are good.
#[derive(Debug)]
pub(crate) enum Planned {
    /// With a model.
    Success,
    /// With this error.
    Failure(Failure),
    /// As if somebody had cancelled it.
    Cancel,
}

/// What a succeeded job made.
pub(crate) struct Made {
    /// The model.
    pub(crate) model: Tuned,
    /// Id of the metrics file.
    pub(crate) result_file: String,
    /// Its content.
    pub(crate) metrics: String,
}

impl Job {
    /// A job that begins now.
    pub(crate) fn new(spec: Spec, planned: Planned) -> Self {
        Self {
            id: fresh_id("ftjob-", 24),
            spec,
            created_ms: now_ms(),
            checked: None,
            planned,
            cancelled_ms: None,
            given_up: Arc::default(),
            paused_ms: None,
            stood_ms: 0,
            ended: None,
            model: None,
            result_file: None,
        }
    }

    /// Its status at `now`, and since when.
    pub(crate) fn status(&self, now: i64, pace: i64) -> (&'static str, i64) {
        // An end is an end, even when the pace is changed later.
        if let Some(ended) = self.ended {
            return ended;
        }
        if let Some(at) = self.cancelled_ms {
            return ("cancelled", at);
        }
        if let Some(at) = self.paused_ms {
            return ("paused", at);
        }
        let Some((checked, outcome)) = &self.checked else {
            return ("validating_files", self.created_ms);
        };
        let now = self.clock(now);
        let validated = (*checked).max(self.created_ms + pace);
        let ended = validated + 2 * pace;
        let (status, since) = match now {
            _ if now < validated => ("validating_files", self.created_ms),
            _ if outcome.is_err() => ("failed", validated),
            _ if now < validated + pace => ("queued", validated),
            _ if now < ended => ("running", validated + pace),
            _ => match self.planned {
                Planned::Success => ("succeeded", ended),
                Planned::Failure(_) => ("failed", ended),
                Planned::Cancel => ("cancelled", ended),
            },
        };
        (status, since + self.stood_ms)
    }

    /// The time on the job's own clock, which stands still while it is paused.
    pub(crate) fn clock(&self, now: i64) -> i64 {
        self.paused_ms.unwrap_or(now) - self.stood_ms
    }

    /// Stands still from now on; false when it does already.
    pub(crate) fn pause(&mut self, now: i64) -> bool {
        let running = self.paused_ms.is_none();
        self.paused_ms = self.paused_ms.or(Some(now));
        running
    }

    /// Goes on; false when it was not paused.
    pub(crate) fn resume(&mut self, now: i64) -> bool {
        let Some(since) = self.paused_ms.take() else {
            return false;
        };
        self.stood_ms += now - since;
        true
    }

    /// Whether a status is final.
    pub(crate) fn is_final(status: &str) -> bool {
        matches!(status, "succeeded" | "failed" | "cancelled")
    }

    /// Its final status and since when, once its end was noticed.
    pub(crate) fn ended(&self) -> Option<(&'static str, i64)> {
        self.ended
    }

    /// Notices its end, once; a success answers what it made.
    pub(crate) fn settle(&mut self, now: i64, pace: i64) -> Option<Made> {
        let (status, since) = self.status(now, pace);
        if self.ended.is_some() || !Self::is_final(status) {
            return None;
        }
        self.ended = Some((status, since));
        let Some((_, Ok(learned))) = &self.checked else {
            return None;
        };
        if status != "succeeded" {
            return None;
        }
        let suffix = self.spec.suffix.as_deref().unwrap_or_default();
        let id = fresh_id(&format!("ft:{}:sandbox:{suffix}:", self.spec.model), 8);
        let file = fresh_id("file-", 22);
        self.model = Some(id.clone());
        self.result_file = Some(file.clone());
        let model =
            Tuned { id, base: self.spec.model.clone(), created: since / 1000, learned: learned.clone() };
        let metrics: Vec<String> = losses().map(|(step, loss)| format!("{step},{loss}\n")).collect();
        Some(Made { model, result_file: file, metrics: format!("step,train_loss\n{}", metrics.concat()) })
    }

    /// Its error, once failed.
    pub(crate) fn failure(&self) -> Option<&Failure> {
        match (&self.checked, &self.planned) {
            (Some((_, Err(failure))), _) | (_, Planned::Failure(failure)) => Some(failure),
            _ => None,
        }
    }

    /// The model it made.
    pub(crate) fn model(&self) -> Option<&str> {
        self.model.as_deref()
    }

    /// The API's job object; `word` replaces the status.
    pub(crate) fn object(&self, now: i64, pace: i64, word: Option<&str>) -> Value {
        let (status, _) = self.status(now, pace);
        let done = status == "succeeded";
        let trained = self.checked.as_ref().and_then(|(_, outcome)| outcome.as_ref().ok());
        let trained =
            trained.filter(|_| done).map(|learned| learned.tokens * self.spec.passes(learned.len()));
        let error = self
            .failure()
            .filter(|_| status == "failed")
            .map(|f| json!({"code": f.code, "message": f.message, "param": f.param}));
        let finish = (!Self::is_final(status)).then(|| (self.created_ms + 3 * pace) / 1000);
        let mut object = json!({
            "object": "fine_tuning.job",
            "id": self.id,
            "model": self.spec.model,
            "created_at": self.created_ms / 1000,
            "finished_at": self.ended.map(|(_, ms)| ms / 1000),
            "fine_tuned_model": self.model,
            "organization_id": "org-sandbox",
            "result_files": self.result_file.iter().collect::<Vec<_>>(),
            "status": word.unwrap_or(status),
            "validation_file": self.spec.validation_file,
            "training_file": self.spec.training_file,
            "trained_tokens": trained,
            "error": error,
            "integrations": [],
            "seed": self.spec.seed,
            "estimated_finish": finish,
            "metadata": self.spec.metadata,
            "method": self.spec.method(),
        });
        // There for supervised jobs alone, as at the original.
        if self.spec.method == Method::Supervised {
            object["hyperparameters"] = self.spec.hyperparameters();
        }
        object
    }
}

/// Steps and losses of any training here: the numbers mean nothing.
pub(crate) fn losses() -> impl Iterator<Item = (u32, f64)> {
    (1..=10).map(|step| (step * 10, 2.0 / f64::from(step)))
}

/// Reads the files of a job until it is given up; the failure is what the job's `error` will say.
pub(crate) fn check(
    training: File,
    validation: Option<File>,
    method: Method,
    given_up: &AtomicBool,
) -> Result<Learned, Failure> {
    let read = |file: File, fewest, what: &str| -> Result<Vec<Example>, Failure> {
        let failure = |message: String| Failure {
            code: format!("invalid_{what}_file"),
            message: format!("The job failed due to an {message}"),
            param: Some(format!("{what}_file")),
        };
        let examples = examples::read(BufReader::new(file), fewest, method, given_up)
            .map_err(|why| failure(format!("invalid {what} file. {why}")))?;
        if examples.iter().any(|example| example.unsafe_text) {
            let why = "was blocked by our moderation system because it contains too many examples that violate our usage policies";
            return Err(failure(format!("unsafe {what} file. This {what} file {why}.")));
        }
        Ok(examples)
    };
    if let Some(file) = validation {
        drop(read(file, 1, "validation")?);
    }
    Ok(Learned::new(read(training, FEWEST, "training")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(planned: Planned) -> Job {
        let body = json!({"model": "m", "training_file": "file-1", "suffix": "s"});
        let mut job = Job::new(Spec::parse(body.as_object().unwrap()).unwrap(), planned);
        job.created_ms = 0;
        job.checked = Some((0, Ok(Arc::new(Learned::default()))));
        job
    }

    #[test]
    fn passes_through_every_state_at_its_pace() {
        let job = job(Planned::Success);
        let seen: Vec<_> = [0, 10, 20, 30].map(|now| job.status(now, 10).0).into();
        assert_eq!(seen, ["validating_files", "queued", "running", "succeeded"]);
    }

    #[test]
    fn stands_still_while_it_is_paused() {
        let mut job = job(Planned::Success);
        assert!(!job.resume(15));
        assert!(job.pause(15) && !job.pause(16));
        assert_eq!(job.status(999, 10), ("paused", 15));
        assert!(job.resume(1_015));
        let seen: Vec<_> = [1_015, 1_020, 1_030].map(|now| job.status(now, 10)).into();
        assert_eq!(seen, [("queued", 1_010), ("running", 1_020), ("succeeded", 1_030)]);
    }

    #[test]
    fn fails_after_validation_on_a_bad_file() {
        let mut job = job(Planned::Success);
        job.checked = Some((0, Err(Failure { code: "c".into(), message: "m".into(), param: None })));
        assert_eq!(job.status(10, 10).0, "failed");
        assert!(job.settle(10, 10).is_none());
        assert_eq!(job.object(10, 10, None)["error"]["code"], "c");
    }

    #[test]
    fn makes_one_model_only() {
        let mut job = job(Planned::Success);
        assert!(job.settle(30, 10).unwrap().model.id.starts_with("ft:m:sandbox:s:"));
        assert!(job.settle(40, 10).is_none());
        assert_eq!(job.object(40, 10, Some("compressing"))["status"], "compressing");
    }

    #[test]
    fn ends_as_a_knob_decided() {
        assert_eq!(job(Planned::Cancel).status(30, 10).0, "cancelled");
        let failure = Failure { code: "server_error".into(), message: "m".into(), param: None };
        assert_eq!(job(Planned::Failure(failure)).status(30, 10).0, "failed");
    }
}
