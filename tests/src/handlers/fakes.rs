//! A source, a register and a provider in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use jiff::Timestamp;
use records::recipe::Consent;
use serde_json::{Value, json};
use stage::arrows::Recorded;
use stage::plan_file::Limits;
use stage::schema_file::Tables;
use stage::{ErrorName, StageError, keys};
use store::Memory;
use supabase::models::Version;
use supabase::{Models, NewVersion, Page, Promotion, Range, Registered, Rows};
use tuning::chunks::Chunks;
use tuning::{
    BaseModel, Begun, Catalogue, Checkpoint, Clean, Event, FileSpec, Files, Job, JobSpec, JobStatus, Jobs,
    Ledger, Watch,
};

use super::run::RUN;

/// Rows by table, with the versions and what became of them. A row may be used unless `opted_out` is true.
#[derive(Default)]
pub(crate) struct Project {
    pub(crate) tables: BTreeMap<&'static str, Vec<Value>>,
    /// Types by table and column; none where they are not told.
    pub(crate) types: Option<Tables>,
    /// The server's own cap on a page.
    pub(crate) max_rows: usize,
    /// How often keys were asked for.
    pub(crate) key_requests: Mutex<u32>,
    pub(crate) versions: Mutex<BTreeMap<String, Value>>,
}

impl Project {
    pub(crate) fn new(max_rows: usize) -> Self {
        Self { max_rows, ..Self::default() }
    }

    /// Adds job posts with people in them; every tenth is opted out, every thirteenth has no text.
    pub(crate) fn with_job_posts(mut self, rows: u64) -> Self {
        let row = |id: u64| {
            let description = if id.is_multiple_of(13) {
                Value::Null
            } else {
                json!(format!(
                    "Post {id}. Care for people. Write to ann{id}@example.com or call +1 212 555 {id:04}."
                ))
            };
            json!({"id": id, "owner_id": format!("owner-{}", id % 97), "title": format!("Nurse {id}"), "location": "Bonn",
                "skills": ["care"], "description": description, "opted_out": id.is_multiple_of(10)})
        };
        self.tables.insert("job_posts", (1..=rows).map(row).collect());
        let types = |columns: &[(&str, &str)]| {
            columns.iter().map(|(column, kind)| ((*column).to_owned(), (*kind).to_owned())).collect()
        };
        let posts = [
            ("id", "bigint"),
            ("owner_id", "uuid"),
            ("title", "text"),
            ("location", "text"),
            ("skills", "text[]"),
            ("description", "text"),
            ("status", "text"),
            ("views", "integer"),
        ];
        self.types = Some(Tables::from([
            ("job_posts".to_owned(), types(&posts)),
            ("profiles".to_owned(), types(&[("id", "uuid"), ("training_opt_out", "boolean")])),
        ]));
        self
    }

    /// Lets every row of an owner be used no more.
    pub(crate) fn opt_out(&mut self, owner: &str) {
        for row in self.tables.get_mut("job_posts").unwrap() {
            if row["owner_id"] == owner {
                row["opted_out"] = json!(true);
            }
        }
    }

    pub(crate) fn version(&self, run: &str) -> Value {
        self.lock().get(run).cloned().unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Value>> {
        self.versions.lock().unwrap()
    }

    fn select<'a>(&'a self, range: Range<'a>, consented: bool) -> impl Iterator<Item = &'a Value> {
        let key = move |row: &Value| row[&range.source.key].as_u64().unwrap();
        let bound = |text: Option<&str>| text.map(|text| text.parse::<u64>().unwrap());
        let (after, up_to) = (bound(range.after), bound(range.up_to));
        let asks = consented && !matches!(range.source.consent, Consent::NotNeeded(_));
        let rows = self.tables.get(range.source.table.as_str()).map(Vec::as_slice).unwrap_or_default();
        rows.iter().filter(move |row| {
            after.is_none_or(|after| key(row) > after)
                && up_to.is_none_or(|up_to| key(row) <= up_to)
                && !(asks && row["opted_out"] == true)
        })
    }
}

impl Rows for Project {
    async fn page(&self, range: Range<'_>, limit: u32) -> Result<Page, StageError> {
        let rows: Vec<_> = self.select(range, true).take(self.max_rows.min(limit as usize)).collect();
        Ok(Page::new(serde_json::to_vec(&rows).unwrap()))
    }

    async fn keys(&self, range: Range<'_>, limit: u32) -> Result<Vec<String>, StageError> {
        *self.key_requests.lock().unwrap() += 1;
        self.page(range, limit).await?.column(range.source, &range.source.key)
    }

    async fn count(&self, range: Range<'_>, consented: bool) -> Result<u64, StageError> {
        Ok(self.select(range, consented).count() as u64)
    }

    async fn tables(&self, names: &[&str]) -> Result<Option<Tables>, StageError> {
        let told = |types: &Tables| {
            let told = types.iter().filter(|(table, _)| names.contains(&table.as_str()));
            told.map(|(table, columns)| (table.clone(), columns.clone())).collect()
        };
        Ok(self.types.as_ref().map(told))
    }

    async fn bounds(&self, range: Range<'_>) -> Result<Option<(String, String)>, StageError> {
        let key = |row: &Value| row[&range.source.key].to_string();
        let mut rows = self.select(range, false);
        let first = rows.next().map(key);
        Ok(first.map(|first| (first.clone(), rows.last().map_or(first, key))))
    }
}

impl Models for Project {
    async fn register(&self, version: &NewVersion<'_>) -> Result<Registered, StageError> {
        let mut versions = self.lock();
        let next = versions.len() + 1;
        let row = versions.entry(version.run.to_owned()).or_insert_with(|| {
            json!({"name": format!("{}-v{next}", version.family), "version": next, "purpose": version.purpose, "status": "queued"})
        });
        Ok(serde_json::from_value(row.clone()).unwrap())
    }

    async fn start(&self, run: &str, job: &str, dataset_sha256: &str, _: &str) -> Result<(), StageError> {
        let mut versions = self.lock();
        let row = versions.get_mut(run).unwrap();
        row["status"] = json!("running");
        row["job"] = json!(job);
        row["dataset_sha256"] = json!(dataset_sha256);
        Ok(())
    }

    async fn fail(&self, run: &str, error: &str, cause: &str) -> Result<Recorded, StageError> {
        if let Some(row) = self.lock().get_mut(run) {
            row["status"] = json!("failed");
            row["error"] = json!(error);
            row["cause"] = json!(cause);
        }
        Ok(Recorded { error: error.to_owned(), cause: cause.to_owned() })
    }

    async fn of_runs(&self, runs: &[&str]) -> Result<Vec<Version>, StageError> {
        let versions = self.lock();
        let row = |run: &&str| {
            let row = versions.get(*run)?;
            Some(Version {
                run: (*run).to_owned(),
                name: row["name"].as_str()?.to_owned(),
                id: row["id"].as_str().unwrap_or_default().to_owned(),
                job_id: row["job"].as_str().map(str::to_owned),
                training_status: row["status"].as_str()?.to_owned(),
                active: row["status"] == "succeeded",
            })
        };
        Ok(runs.iter().filter_map(row).collect())
    }

    async fn promote(
        &self,
        run: &str,
        model: &str,
        metrics: &Value,
        _: &str,
    ) -> Result<Promotion, StageError> {
        let mut versions = self.lock();
        let row = versions.get_mut(run).unwrap();
        row["status"] = json!("succeeded");
        row["id"] = json!(model);
        row["metrics"] = metrics.clone();
        row["previous"] = Value::Null;
        Ok(serde_json::from_value(row.clone()).unwrap())
    }
}

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
    /// The next job is refused so.
    pub(crate) refuse_jobs: Mutex<Option<ErrorName>>,
    /// Jobs are not listed, as just after they were created.
    pub(crate) hidden: Mutex<bool>,
    /// The run of this store is stopped while its last file is sent.
    pub(crate) stop_with_file: Mutex<Option<Arc<Memory>>>,
    pub(crate) status: Mutex<JobStatus>,
    pub(crate) cancelled: Mutex<Vec<String>>,
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
            refuse_jobs: Mutex::default(),
            cancelled: Mutex::default(),
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
        unimplemented!("no handler lists models")
    }
}

impl Files for Tuner {
    async fn find_file(&self, spec: &FileSpec) -> Result<Option<String>, StageError> {
        let (files, deleted) = (self.files.lock().unwrap(), self.deleted.lock().unwrap());
        let named = files.iter().enumerate().filter(|(_, (file, _))| file == spec);
        Ok(named.map(|(at, _)| format!("file-{at}")).find(|id| !deleted.contains(id)))
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
        self.deleted.lock().unwrap().insert(id.to_owned());
        Ok(())
    }

    async fn delete_model(&self, _: &str) -> Result<(), StageError> {
        unimplemented!("no handler deletes models")
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
    async fn events(&self, _: &str, _: Option<&str>) -> Result<Vec<Event>, StageError> {
        unimplemented!("no handler reads events")
    }

    async fn checkpoints(&self, _: &str) -> Result<Vec<Checkpoint>, StageError> {
        unimplemented!("no handler reads checkpoints")
    }

    async fn poll(&self, id: &str) -> Result<Job, StageError> {
        Ok(self.job(id.trim_start_matches("job-").parse().unwrap()))
    }

    async fn cancel(&self, id: &str) -> Result<(), StageError> {
        self.cancelled.lock().unwrap().push(id.to_owned());
        *self.status.lock().unwrap() = JobStatus::Cancelled;
        Ok(())
    }
}
