//! What the provider remembers: files on disk, jobs and tuned models in memory.

use super::control::milliseconds;
use super::error::{Failure, ProviderError};
use super::fresh::now_ms;
use super::job::Job;
use super::learn::Tuned;
use super::uploads::Upload;
use super::webhooks::Webhooks;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tempfile::TempDir;

/// The provider: one account, one key.
pub(crate) struct Provider {
    /// The bearer key.
    pub(crate) key: String,
    /// Where uploaded files lie; removed at the end.
    pub(crate) folder: TempDir,
    state: Mutex<State>,
}

/// Everything that changes.
pub(crate) struct State {
    /// Milliseconds a job stays in each state.
    pub(crate) pace_ms: i64,
    /// Files, oldest first.
    pub(crate) files: Vec<StoredFile>,
    /// Deleted files that a job was made from, oldest first: what a test asks for afterwards.
    pub(crate) used: Vec<StoredFile>,
    /// Jobs, oldest first.
    pub(crate) jobs: Vec<Job>,
    /// Tuned models, oldest first.
    pub(crate) tuned: Vec<Tuned>,
    /// Set by a knob.
    pub(crate) fail_next_job: Option<Failure>,
    /// Set by a knob.
    pub(crate) cancel_next_job: bool,
    /// Set by a knob.
    pub(crate) next_status_word: Option<String>,
    /// Uploads, oldest first.
    pub(crate) uploads: Vec<Upload>,
    /// Set by a knob.
    pub(crate) files_ready_after_ms: i64,
    /// Set by a knob.
    pub(crate) listed_after_ms: i64,
    /// Set by a knob.
    pub(crate) ignore_filters: bool,
    /// Set by a knob.
    pub(crate) odd_items: bool,
    /// Set by a knob.
    pub(crate) uploads_live_ms: i64,
    /// Set by a knob: other days than those the bases came with.
    pub(crate) shutdown_dates: BTreeMap<String, Option<String>>,
    /// Who is told when jobs end.
    pub(crate) webhooks: Webhooks,
}

/// A file.
#[derive(Debug, Clone)]
pub(crate) struct StoredFile {
    /// `file-…`
    pub(crate) id: String,
    /// Name given at the upload.
    pub(crate) filename: String,
    /// Such as `fine-tune`.
    pub(crate) purpose: String,
    /// Its size.
    pub(crate) bytes: u64,
    /// Milliseconds since 1970.
    pub(crate) created_ms: i64,
    /// Seconds since 1970, when an expiry was asked for.
    pub(crate) expires_at: Option<i64>,
    /// Where it lies.
    pub(crate) path: PathBuf,
}

impl StoredFile {
    /// Whether a job may be made from it.
    pub(crate) fn is_ready(&self, ready_after_ms: i64) -> bool {
        now_ms() >= self.created_ms + ready_after_ms
    }

    /// The API's file object.
    pub(crate) fn object(&self, ready_after_ms: i64) -> Value {
        let status = if self.is_ready(ready_after_ms) { "processed" } else { "uploaded" };
        let mut object = json!({
            "object": "file", "id": self.id, "purpose": self.purpose, "filename": self.filename,
            "bytes": self.bytes, "created_at": self.created_ms / 1000, "status": status,
        });
        if let Some(at) = self.expires_at {
            object["expires_at"] = Value::from(at);
        }
        object
    }
}

impl Provider {
    /// An empty account.
    pub(crate) fn new(key: &str, pace_ms: u64) -> std::io::Result<Self> {
        let state = State {
            pace_ms: milliseconds(pace_ms),
            files: vec![],
            used: vec![],
            jobs: vec![],
            tuned: vec![],
            fail_next_job: None,
            cancel_next_job: false,
            next_status_word: None,
            uploads: vec![],
            files_ready_after_ms: 0,
            listed_after_ms: 0,
            ignore_filters: false,
            odd_items: false,
            uploads_live_ms: 3_600_000,
            shutdown_dates: BTreeMap::new(),
            webhooks: Webhooks::default(),
        };
        Ok(Self { key: key.to_owned(), folder: TempDir::new()?, state: Mutex::new(state) })
    }

    /// The state as of now: jobs whose time has come have ended.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.settle(self);
        state
    }
}

impl State {
    /// A file by id.
    pub(crate) fn file(&self, id: &str) -> Result<&StoredFile, ProviderError> {
        self.files.iter().find(|f| f.id == id).ok_or_else(|| ProviderError::no_file(id))
    }

    /// A job by id.
    pub(crate) fn job(&mut self, id: &str) -> Result<&mut Job, ProviderError> {
        self.jobs.iter_mut().find(|j| j.id == id).ok_or_else(|| ProviderError::no_job(id))
    }

    /// Ends the jobs that are due and registers what they made.
    fn settle(&mut self, provider: &Provider) {
        let (now, pace) = (now_ms(), self.pace_ms);
        for job in &mut self.jobs {
            if job.ended().is_some() {
                continue;
            }
            let made = job.settle(now, pace);
            if let Some((status, at)) = job.ended() {
                self.webhooks.ended(&job.id, status, at);
            }
            let Some(made) = made else { continue };
            let path = provider.folder.path().join(&made.result_file);
            // The metrics file is small; if the disk is full the job simply has none.
            if std::fs::write(&path, &made.metrics).is_ok() {
                self.files.push(StoredFile {
                    id: made.result_file,
                    filename: "step_metrics.csv".to_owned(),
                    purpose: "fine-tune-results".to_owned(),
                    bytes: made.metrics.len() as u64,
                    created_ms: now,
                    expires_at: None,
                    path,
                });
            }
            self.tuned.push(made.model);
        }
    }
}
