//! A source and a register in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard};

use jiff::Timestamp;
use jiff::civil::Date;
use records::recipe::{Consent, Source};
use serde_json::{Value, json};
use stage::arrows::Recorded;
use stage::schema_file::Tables;
use stage::{ErrorName, StageError};
use supabase::models::Version;
use supabase::{LiveModel, Models, NewVersion, Page, Promotion, Range, Registered, Rows};

use super::changed::inside;
pub(crate) use super::tuner::Tuner;

/// Rows by table, with the versions and what became of them. A row may be used unless `opted_out` is true.
#[derive(Default)]
pub(crate) struct Project {
    pub(crate) tables: BTreeMap<&'static str, Vec<Value>>,
    /// Types by table and column; none where they are not told.
    pub(crate) types: Option<Tables>,
    /// The server's own cap on a page.
    pub(crate) max_rows: usize,
    /// What time it is; none where it is not told.
    pub(crate) now: Option<Timestamp>,
    /// How often keys were asked for.
    pub(crate) key_requests: Mutex<u32>,
    pub(crate) versions: Mutex<BTreeMap<String, Value>>,
    /// It does not tell which models are live.
    pub(crate) mute: Mutex<bool>,
    /// Who holds this keeps whoever asks for the live models waiting.
    pub(crate) busy: tokio::sync::Mutex<()>,
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
                && inside(row, range.window)
        })
    }
}

impl Rows for Project {
    async fn now(&self, _: &Source) -> Result<Option<Timestamp>, StageError> {
        Ok(self.now)
    }

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
            json!({"name": format!("{}-v{next}", version.family), "version": next, "purpose": version.purpose, "base_model": version.base_model, "provider": version.provider, "base_shutdown_date": version.base_shutdown_date, "status": "queued"})
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

    async fn live_models(&self) -> Result<Vec<LiveModel>, StageError> {
        let _turn = self.busy.lock().await;
        if *self.mute.lock().unwrap() {
            return Err(StageError::new(ErrorName::SourceRefused, "model_versions is not there"));
        }
        let versions = self.lock();
        let live = versions.values().filter(|row| row["status"] == "succeeded");
        Ok(live.map(|row| serde_json::from_value(row.clone()).unwrap()).collect())
    }

    async fn note_base_shutdown(
        &self,
        base_model: &str,
        provider: &str,
        day: Option<Date>,
    ) -> Result<u64, StageError> {
        let mut versions = self.lock();
        let of = versions
            .values_mut()
            .filter(|row| row["base_model"] == base_model && row["provider"] == provider);
        Ok(of.map(|row| row["base_shutdown_date"] = json!(day)).count() as u64)
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

    async fn last_succeeded(&self, family: &str) -> Result<Option<String>, StageError> {
        let versions = self.lock();
        let of_family =
            |row: &Value| row["name"].as_str().is_some_and(|it| it.starts_with(&format!("{family}-v")));
        let succeeded = versions.iter().filter(|(_, row)| row["status"] == "succeeded" && of_family(row));
        Ok(succeeded.max_by_key(|(_, row)| row["version"].as_u64()).map(|(run, _)| run.clone()))
    }

    async fn promote(
        &self,
        run: &str,
        model: &str,
        metrics: &Value,
        reason: &str,
    ) -> Result<Promotion, StageError> {
        let mut versions = self.lock();
        let row = versions.get_mut(run).unwrap();
        row["status"] = json!("succeeded");
        row["id"] = json!(model);
        row["metrics"] = metrics.clone();
        row["reason"] = json!(reason);
        row["previous"] = Value::Null;
        Ok(serde_json::from_value(row.clone()).unwrap())
    }
}

/// Operators who get notices, unless the service is away.
#[derive(Default)]
pub(crate) struct Operators {
    told: Mutex<Vec<(String, String)>>,
    away: Mutex<bool>,
    /// Nobody has confirmed that they want notices.
    deaf: Mutex<bool>,
}

impl Operators {
    pub(crate) fn away(&self, away: bool) {
        *self.away.lock().unwrap() = away;
    }

    pub(crate) fn deaf(&self, deaf: bool) {
        *self.deaf.lock().unwrap() = deaf;
    }

    /// Everything told since this was last asked.
    pub(crate) fn heard(&self) -> Vec<(String, String)> {
        std::mem::take(&mut self.told.lock().unwrap())
    }

    pub(crate) fn count(&self) -> usize {
        self.told.lock().unwrap().len()
    }

    pub(crate) fn none(&self) -> bool {
        self.count() == 0
    }

    /// Subject and text of the last notice.
    pub(crate) fn last(&self) -> (String, String) {
        self.told.lock().unwrap().last().cloned().unwrap()
    }

    /// The query of the last notice's link.
    pub(crate) fn link(&self) -> Vec<(String, String)> {
        let (_, text) = self.last();
        let link = text.lines().find(|line| line.starts_with("https://")).unwrap();
        let (_, query) = link.split_once('?').unwrap();
        let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap());
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }
}

impl notify::Notify for Operators {
    async fn tell(&self, subject: &str, text: &str) -> Result<(), StageError> {
        if *self.away.lock().unwrap() {
            return Err(StageError::new(ErrorName::Unavailable, "the service is away"));
        }
        self.told.lock().unwrap().push((subject.to_owned(), text.to_owned()));
        Ok(())
    }
}

impl notify::Readers for Operators {
    async fn readers(&self) -> Result<u64, StageError> {
        if *self.away.lock().unwrap() {
            return Err(StageError::new(ErrorName::Unavailable, "the service is away"));
        }
        Ok(u64::from(!*self.deaf.lock().unwrap()))
    }
}

/// Workflows that wait, each for its token, and what they were told.
#[derive(Default)]
pub(crate) struct Waiting {
    tokens: Mutex<BTreeSet<String>>,
    sent: Mutex<Vec<(String, String, String)>>,
    away: Mutex<bool>,
}

impl Waiting {
    pub(crate) fn wait(&self, token: &str) {
        self.tokens.lock().unwrap().insert(token.to_owned());
    }

    /// As when the task has failed, and the workflow asks again with another token.
    pub(crate) fn forget(&self, token: &str) {
        self.tokens.lock().unwrap().remove(token);
    }

    pub(crate) fn away(&self, away: bool) {
        *self.away.lock().unwrap() = away;
    }

    /// Each token with how its workflow went on.
    pub(crate) fn sent(&self) -> Vec<(String, String)> {
        let sent = self.sent.lock().unwrap();
        sent.iter().map(|(token, how, _)| (token.clone(), how.clone())).collect()
    }

    pub(crate) fn causes(&self) -> Vec<String> {
        self.sent.lock().unwrap().iter().map(|(_, _, cause)| cause.clone()).collect()
    }

    fn take(&self, token: &str, how: &str, cause: &str) -> Result<bool, StageError> {
        if *self.away.lock().unwrap() {
            return Err(StageError::new(ErrorName::Unavailable, "the workflow does not answer"));
        }
        let waited = self.tokens.lock().unwrap().remove(token);
        if waited {
            self.sent.lock().unwrap().push((token.to_owned(), how.to_owned(), cause.to_owned()));
        }
        Ok(waited)
    }
}

impl approve::Workflow for Waiting {
    async fn go_on(&self, token: &str, output: &Value) -> Result<bool, StageError> {
        self.take(token, "went on", &output.to_string())
    }

    async fn end(&self, token: &str, error: ErrorName, cause: &str) -> Result<bool, StageError> {
        self.take(token, error.as_str(), cause)
    }
}
