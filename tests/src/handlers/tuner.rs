//! A provider in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use md5::{Digest as _, Md5};
use serde_json::json;
use stage::plan_file::Limits;
use stage::{ErrorName, StageError, keys};
use store::Memory;
use tuning::chunks::Chunks;
use tuning::{
    BaseModel, Begun, Catalogue, Checkpoint, Clean, Event, FileSpec, Files, Inventory, Job, JobSpec,
    JobStatus, Jobs, KeyRefused, Ledger, Marked, NotThere, Stored, Told, Watch,
};

use super::run::RUN;

/// A provider that keeps files and jobs, and can lose the answer to a created job.
pub(crate) struct Tuner {
    pub(crate) shutdown_date: Option<jiff::civil::Date>,
    pub(crate) files: Mutex<Vec<(FileSpec, Vec<u8>)>>,
    /// Files that were deleted; they stay in `files`, so that ids do.
    pub(crate) deleted: Mutex<BTreeSet<String>>,
    /// Uploads that succeed; the next one fails once.
    pub(crate) uploads_left: Mutex<Option<u32>>,
    pub(crate) jobs: Mutex<Vec<JobSpec>>,
    pub(crate) lose_answers: Mutex<u32>,
    /// The next job is made after so long.
    pub(crate) slow_job: Mutex<Option<Duration>>,
    /// The next job is refused so.
    pub(crate) refuse_jobs: Mutex<Option<ErrorName>>,
    /// Jobs are not listed, as just after they were created.
    pub(crate) hidden: Mutex<bool>,
    /// The run of this store is stopped while its last file is sent.
    pub(crate) stop_with_file: Mutex<Option<Arc<Memory>>>,
    pub(crate) status: Mutex<JobStatus>,
    pub(crate) cancelled: Mutex<Vec<String>>,
    /// It has forgotten its jobs.
    pub(crate) forgetful: Mutex<bool>,
    /// It refuses whoever looks at a job.
    pub(crate) refuses_looks: Mutex<bool>,
    /// Its lists go on behind what is read of them.
    pub(crate) lists_are_cut: Mutex<bool>,
    /// How often its files were listed.
    pub(crate) listings: Mutex<u32>,
    /// It tells neither events nor checkpoints.
    pub(crate) mute: Mutex<bool>,
    /// It does not delete this file.
    pub(crate) clings_to: Mutex<Option<String>>,
}

impl Default for Tuner {
    fn default() -> Self {
        Self {
            shutdown_date: None,
            files: Mutex::default(),
            deleted: Mutex::default(),
            uploads_left: Mutex::default(),
            jobs: Mutex::default(),
            lose_answers: Mutex::default(),
            hidden: Mutex::default(),
            stop_with_file: Mutex::default(),
            status: Mutex::new(JobStatus::Running { progress: None }),
            slow_job: Mutex::default(),
            refuse_jobs: Mutex::default(),
            cancelled: Mutex::default(),
            forgetful: Mutex::default(),
            refuses_looks: Mutex::default(),
            lists_are_cut: Mutex::default(),
            listings: Mutex::default(),
            mute: Mutex::default(),
            clings_to: Mutex::default(),
        }
    }
}

impl Tuner {
    /// The texts of the files that are there.
    pub(crate) fn texts(&self) -> String {
        let (files, deleted) = (self.files.lock().unwrap(), self.deleted.lock().unwrap());
        let kept = files.iter().enumerate().filter(|(at, _)| !deleted.contains(&format!("file-{at}")));
        kept.map(|(_, (_, body))| String::from_utf8(body.clone()).unwrap()).collect()
    }

    fn told<T>(&self, items: Vec<T>) -> Told<T> {
        Told { items, more: *self.lists_are_cut.lock().unwrap(), unreadable: 0 }
    }

    fn chronicle(&self) -> Result<(), StageError> {
        let refused = || StageError::new(ErrorName::ProviderRefused, "there is no such page");
        (!*self.mute.lock().unwrap()).then_some(()).ok_or_else(refused)
    }

    fn job(&self, number: usize) -> Job {
        Job {
            id: format!("job-{number}"),
            created_at: Timestamp::from_second(1_800_000_000).unwrap(),
            status: self.status.lock().unwrap().clone(),
            word: "running".to_owned(),
            estimated_finish: None,
            trained_tokens: Some(1_000),
            training_file: "file-0".to_owned(),
            validation_file: Some("file-1".to_owned()),
        }
    }
}

impl Catalogue for Tuner {
    fn limits(&self) -> Limits {
        Limits { min_examples: 10, max_file_bytes: 512_000_000, max_example_tokens: 65_536 }
    }

    async fn base_model(&self, id: &str) -> Result<Option<BaseModel>, StageError> {
        Ok(Some(BaseModel { id: id.to_owned(), shutdown_date: self.shutdown_date }))
    }

    async fn models(&self) -> Result<Vec<BaseModel>, StageError> {
        Ok(vec![BaseModel { id: "another-base".to_owned(), shutdown_date: None }])
    }
}

impl Files for Tuner {
    async fn find_file(&self, spec: &FileSpec) -> Result<Option<String>, StageError> {
        let (files, deleted) = (self.files.lock().unwrap(), self.deleted.lock().unwrap());
        let named = files
            .iter()
            .enumerate()
            .filter(|(_, (file, _))| (&file.name, file.bytes) == (&spec.name, spec.bytes));
        Ok(named.map(|(at, _)| format!("file-{at}")).find(|id| !deleted.contains(id)))
    }

    async fn copies(&self, of: &BTreeMap<String, u64>) -> Result<Told<String>, StageError> {
        *self.listings.lock().unwrap() += 1;
        let Told { items, more, unreadable } = self.files().await?;
        let ours = items.into_iter().filter(|file| of.get(&file.name) == Some(&file.bytes));
        Ok(Told { items: ours.map(|file| file.id).collect(), more, unreadable })
    }

    async fn upload(
        &self,
        spec: &FileSpec,
        chunks: Chunks,
        ledger: &impl Ledger,
    ) -> Result<String, StageError> {
        // As a host that takes files in parts.
        let begun = Begun {
            upload: format!("upload-{}", spec.name),
            name: spec.name.clone(),
            bytes: spec.bytes,
            part_bytes: 1,
            expires_at: Timestamp::MAX,
            parts: BTreeMap::new(),
        };
        assert_eq!(ledger.read().await?.filter(|known| *known != begun), None, "another file's upload");
        ledger.write(Some(&begun)).await?;
        let body = chunks.collect().await?;
        assert_eq!(body.len() as u64, spec.bytes, "the declared size is the sent size");
        let md5 = hex::encode(Md5::digest(&body));
        assert_eq!(spec.md5.as_ref(), Some(&md5), "the checksum is that of what is sent");
        {
            let mut left = self.uploads_left.lock().unwrap();
            match left.as_mut() {
                Some(0) => {
                    *left = None;
                    return Err(StageError::new(ErrorName::Unavailable, "the provider is away"));
                }
                Some(left) => *left -= 1,
                None => {}
            }
        }
        let number = {
            let mut files = self.files.lock().unwrap();
            files.push((spec.clone(), body));
            files.len() - 1
        };
        let stopped = self.stop_with_file.lock().unwrap().take_if(|_| number == 1);
        if let Some(store) = stopped {
            store::put_json(&*store, &keys::ended(RUN), &json!({"ended": "ABORTED"})).await?;
        }
        Ok(format!("file-{number}"))
    }

    async fn abandon(&self, ledger: &impl Ledger) -> Result<(), StageError> {
        if let Some(begun) = ledger.read().await? {
            self.deleted.lock().unwrap().insert(begun.upload);
            ledger.write(None).await?;
        }
        Ok(())
    }
}

impl Clean for Tuner {
    async fn delete_file(&self, id: &str) -> Result<(), StageError> {
        if self.clings_to.lock().unwrap().as_deref() == Some(id) {
            return Err(StageError::new(ErrorName::ProviderRefused, "the file is in use"));
        }
        self.deleted.lock().unwrap().insert(id.to_owned());
        Ok(())
    }

    async fn delete_model(&self, _: &str) -> Result<(), StageError> {
        unimplemented!("no handler deletes models")
    }
}

impl Inventory for Tuner {
    async fn jobs(&self) -> Result<Told<Marked>, StageError> {
        let hidden = *self.hidden.lock().unwrap();
        let jobs = self.jobs.lock().unwrap();
        let marks = |spec: &JobSpec| {
            spec.marks.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect()
        };
        let marked = |(at, spec)| Marked { job: self.job(at), marks: marks(spec) };
        Ok(self.told(jobs.iter().enumerate().filter(|_| !hidden).map(marked).collect()))
    }

    async fn files(&self) -> Result<Told<Stored>, StageError> {
        let (files, deleted) = (self.files.lock().unwrap(), self.deleted.lock().unwrap());
        let stored = |(at, (spec, _)): (usize, &(FileSpec, Vec<u8>))| Stored {
            id: format!("file-{at}"),
            name: spec.name.clone(),
            bytes: spec.bytes,
        };
        Ok(self
            .told(files.iter().enumerate().map(stored).filter(|file| !deleted.contains(&file.id)).collect()))
    }
}

impl Jobs for Tuner {
    async fn find_jobs(&self, spec: &JobSpec) -> Result<Vec<Job>, StageError> {
        if *self.hidden.lock().unwrap() {
            return Ok(Vec::new());
        }
        let jobs = self.jobs.lock().unwrap();
        let ours = jobs.iter().enumerate().filter(|(_, job)| job.marks == spec.marks);
        Ok(ours.map(|(at, _)| self.job(at)).collect())
    }

    async fn create_job(&self, spec: &JobSpec) -> Result<Job, StageError> {
        let slow = self.slow_job.lock().unwrap().take();
        stage::clock::sleep(slow.unwrap_or_default()).await;
        if let Some(name) = self.refuse_jobs.lock().unwrap().take() {
            return Err(StageError::new(name, "not now"));
        }
        self.jobs.lock().unwrap().push(spec.clone());
        let mut lose = self.lose_answers.lock().unwrap();
        if *lose > 0 {
            *lose -= 1;
            return Err(StageError::new(
                ErrorName::Unavailable,
                "the connection was dropped behind the commit",
            ));
        }
        Ok(self.job(self.jobs.lock().unwrap().len() - 1))
    }
}

impl Watch for Tuner {
    async fn events(&self, _: &str, _: Option<&str>, into: &mut Told<Event>) -> Result<(), StageError> {
        let said = |id: &str, level: &str, message: &str, step| Event {
            id: id.to_owned(),
            created_at: "2026-11-22T10:00:00Z".parse().unwrap(),
            level: level.to_owned(),
            message: message.to_owned(),
            step,
            train_loss: step.map(|_| 0.5),
            valid_loss: None,
        };
        self.chronicle()?;
        into.items.extend([
            said("e-1", "warn", "2 examples were skipped", Some(7)),
            said("e-0", "info", "started", None),
        ]);
        Ok(())
    }

    async fn checkpoints(&self, _: &str, into: &mut Told<Checkpoint>) -> Result<(), StageError> {
        self.chronicle()?;
        into.items.push(Checkpoint {
            model: "m:7".to_owned(),
            step: 7,
            train_loss: Some(0.5),
            valid_loss: None,
        });
        Ok(())
    }

    async fn poll(&self, id: &str) -> Result<Job, StageError> {
        if *self.forgetful.lock().unwrap() {
            return Err(StageError::new(ErrorName::ProviderRefused, "no such job").caused_by(NotThere));
        }
        if *self.refuses_looks.lock().unwrap() {
            return Err(StageError::new(ErrorName::ProviderRefused, "not this key").caused_by(KeyRefused));
        }
        Ok(self.job(id.trim_start_matches("job-").parse().unwrap()))
    }

    async fn cancel(&self, id: &str) -> Result<(), StageError> {
        self.cancelled.lock().unwrap().push(id.to_owned());
        *self.status.lock().unwrap() = JobStatus::Cancelled;
        Ok(())
    }
}
