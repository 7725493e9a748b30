//! What a run learns from, and where its version is registered.

use std::cell::RefCell;
use std::collections::BTreeSet;

use jiff::civil::Date;
use rand::Rng as _;
use rand_chacha::ChaCha8Rng;
use records::recipe::Consent;
use serde_json::{Value, json};
use stage::arrows::Recorded;
use stage::{ErrorName, StageError};
use supabase::models::Version;
use supabase::{LiveModel, Models, NewVersion, Page, Promotion, Range, Registered, Rows};

/// Job posts of a few dozen people.
pub(crate) struct Source {
    rows: Vec<Value>,
    /// Who has taken consent back.
    pub(crate) withdrawn: RefCell<BTreeSet<String>>,
    pub(crate) random: RefCell<ChaCha8Rng>,
    /// Of a thousand writes, so many meet a database that is away.
    pub(crate) away: u32,
}

/// Rows of the table.
const ROWS: u64 = 400;
/// People who own them.
pub(crate) const OWNERS: u64 = 97;

impl Source {
    pub(crate) fn new(random: ChaCha8Rng, away: u32) -> Self {
        let row = |id: u64| {
            let text =
                format!("Post {id}. Care for people in house {} by the river, in shifts.", id * 7 % 389);
            json!({"id": id, "owner_id": owner(id % OWNERS), "title": format!("Nurse {id}"), "location": "Bonn",
                "skills": ["care"], "description": text})
        };
        Self {
            rows: (1..=ROWS).map(row).collect(),
            withdrawn: RefCell::default(),
            random: RefCell::new(random),
            away,
        }
    }

    fn select<'a>(&'a self, range: Range<'a>, consented: bool) -> impl Iterator<Item = &'a Value> {
        let key = move |row: &Value| row[&range.source.key].as_u64().unwrap_or_default();
        let bound = |text: Option<&str>| text.and_then(|text| text.parse::<u64>().ok());
        let (after, up_to) = (bound(range.after), bound(range.up_to));
        let asks = consented && !matches!(range.source.consent, Consent::NotNeeded(_));
        self.rows.iter().filter(move |row| {
            after.is_none_or(|after| key(row) > after)
                && up_to.is_none_or(|up_to| key(row) <= up_to)
                && !(asks && self.withdrawn.borrow().contains(row["owner_id"].as_str().unwrap_or_default()))
        })
    }
}

/// A person's id.
pub(crate) fn owner(number: u64) -> String {
    format!("owner-{number}")
}

impl Rows for Source {
    async fn page(&self, range: Range<'_>, limit: u32) -> Result<Page, StageError> {
        let rows: Vec<_> = self.select(range, true).take(limit as usize).collect();
        let text = serde_json::to_vec(&rows)
            .map_err(|error| StageError::internal("a row is no JSON").caused_by(error))?;
        Ok(Page::new(text))
    }

    async fn keys(&self, range: Range<'_>, limit: u32) -> Result<Vec<String>, StageError> {
        self.page(range, limit).await?.column(range.source, &range.source.key)
    }

    async fn count(&self, range: Range<'_>, consented: bool) -> Result<u64, StageError> {
        Ok(self.select(range, consented).count() as u64)
    }

    async fn bounds(&self, range: Range<'_>) -> Result<Option<(String, String)>, StageError> {
        let key = |row: &Value| row[&range.source.key].to_string();
        let mut rows = self.select(range, false);
        let first = rows.next().map(key);
        Ok(first.map(|first| (first.clone(), rows.last().map_or(first, key))))
    }
}

fn not_asked() -> StageError {
    StageError::internal("the campaign does not come so far")
}

impl Models for Source {
    async fn register(&self, version: &NewVersion<'_>) -> Result<Registered, StageError> {
        let row = json!({"name": format!("{}-v1", version.family), "version": 1, "purpose": version.purpose,
            "status": "queued"});
        serde_json::from_value(row)
            .map_err(|error| StageError::internal("a version is none").caused_by(error))
    }

    async fn start(&self, _: &str, _: &str, _: &str, _: &str) -> Result<(), StageError> {
        if self.random.borrow_mut().random_range(0..1_000) < self.away {
            return Err(StageError::new(ErrorName::Unavailable, "the database is away"));
        }
        Ok(())
    }

    async fn fail(&self, _: &str, _: &str, _: &str) -> Result<Recorded, StageError> {
        Err(not_asked())
    }

    async fn last_succeeded(&self, _: &str) -> Result<Option<String>, StageError> {
        Ok(None)
    }

    async fn live_models(&self) -> Result<Vec<LiveModel>, StageError> {
        Err(not_asked())
    }

    async fn note_base_shutdown(&self, _: &str, _: &str, _: Option<Date>) -> Result<u64, StageError> {
        Err(not_asked())
    }

    async fn of_runs(&self, _: &[&str]) -> Result<Vec<Version>, StageError> {
        Err(not_asked())
    }

    async fn promote(&self, _: &str, _: &str, _: &Value, _: &str) -> Result<Promotion, StageError> {
        Err(not_asked())
    }
}
