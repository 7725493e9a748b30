//! Which runs and models saw somebody's data.

mod tables;

use std::collections::{BTreeMap, BTreeSet};

use records::subject::SubjectKeys;
use secrets::{ExposeSecret as _, Secret};
use serde::Serialize;
use stage::lineage_file::{LineageIndex, LineageLine};
use stage::{StageError, keys};
use store::{Find, Get, List, S3, find_json, get_lines};
use supabase::models::Version;
use supabase::{Gateway, Models as _};
use url::Url;

use crate::error::{Context as _, Error, Result};
use crate::{project, term};

/// Runs asked for at once: their names stand in an address.
const RUNS: usize = 50;

/// Whom to look for, and where.
// No `Debug`: an id says who is asked about.
#[derive(clap::Args)]
pub(crate) struct Who {
    /// The person's id, as the app's tables have it
    #[arg(required_unless_present = "hash")]
    id: Option<String>,
    /// Takes the id for the key of a row of this table, whose recipe names nobody
    #[arg(long, value_name = "TABLE", requires = "id")]
    row_of: Option<String>,
    /// Looks for this hash instead, which needs no key
    #[arg(long, conflicts_with = "id")]
    hash: Option<String>,
    /// The stack's output `Bucket`
    #[arg(long, env = "BUCKET")]
    bucket: String,
    /// The stack's output `SubjectKeySecret`
    #[arg(long, env = "SUBJECT_KEY_SECRET", required_unless_present = "hash")]
    subject_key_secret: Option<String>,
    /// The project's address: with its key the models are named, too
    #[arg(long, env = "SUPABASE_URL", requires = "supabase_key_secret")]
    supabase_url: Option<Url>,
    /// The stack's output `SupabaseKeySecret`
    #[arg(long, env = "SUPABASE_KEY_SECRET")]
    supabase_key_secret: Option<String>,
    /// Writes one JSON object instead of lines
    #[arg(long)]
    json: bool,
}

/// Whom to look for.
pub enum Wanted<'a> {
    /// Somebody by id: the label is `subject`, or the table where a row stands for its person.
    Id {
        /// What the id is hashed with.
        keys: &'a SubjectKeys,
        /// Keeps ids of different columns apart.
        label: &'a str,
        /// The id.
        id: &'a str,
    },
    /// Somebody by hash.
    Hash(&'a str),
}

impl Wanted<'_> {
    /// The hashes under the key of that name; none where it is not known.
    ///
    /// A UUID is looked for as it was typed, and as a database writes it.
    fn hashes(&self, key: &str) -> Option<BTreeSet<String>> {
        match self {
            Self::Hash(hash) => Some(BTreeSet::from([(*hash).to_owned()])),
            Self::Id { keys, label, id } => {
                let ids = [id.to_string(), as_uuid(id).unwrap_or_else(|| id.to_string())];
                keys.find(key).map(|key| ids.iter().map(|id| key.hash(label, id)).collect())
            }
        }
    }
}

/// The UUID that a text is, however it is written.
fn as_uuid(text: &str) -> Option<String> {
    let text = text.trim();
    let text = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or(text);
    let dash = |at| matches!(at, 8 | 13 | 18 | 23);
    let fits = |(at, byte): (usize, u8)| if dash(at) { byte == b'-' } else { byte.is_ascii_hexdigit() };
    (text.len() == 36 && text.bytes().enumerate().all(fits)).then(|| text.to_ascii_lowercase())
}

/// What was found.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub struct Found {
    /// Runs that have a dataset.
    pub searched: usize,
    /// Runs with examples of theirs.
    pub seen: Vec<Seen>,
    /// Runs whose hashes are under a key that the secret does not hold: nobody can say.
    pub unanswered: Vec<String>,
}

/// Examples of theirs in one run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Seen {
    /// The run.
    pub run: String,
    /// Its recipe.
    pub recipe: String,
    /// Its dataset.
    pub manifest_sha256: String,
    /// Examples by side; the provider never saw the hold-out.
    pub sides: BTreeMap<String, u64>,
    /// Examples by table.
    pub tables: BTreeMap<String, u64>,
    /// The model that was trained on it, where the database could be asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<Version>,
}

/// Looks through the lineage of every run: two small reads each.
///
/// # Errors
/// `Unavailable` when the store does not answer, `Internal` when a lineage has another shape.
pub async fn search(store: &(impl Get + Find + List), wanted: &Wanted<'_>) -> Result<Found, StageError> {
    let mut found = Found::default();
    for folder in store.list(keys::LINEAGE).await? {
        let run = folder.trim_start_matches(keys::LINEAGE).trim_end_matches('/');
        // Without an index the dataset is still being made.
        let index: Option<LineageIndex> = find_json(store, &keys::lineage_index(run)).await?;
        let Some(index) = index else { continue };
        found.searched += 1;
        let Some(hashes) = wanted.hashes(&index.lineage.subject_key) else {
            found.unanswered.push(index.run);
            continue;
        };
        let mut lines: Vec<LineageLine> = Vec::new();
        for hash in &hashes {
            let prefix = hash.get(..index.lineage.digits).unwrap_or(hash);
            let there: Vec<LineageLine> = get_lines(store, &keys::lineage(run, prefix)).await?;
            lines.extend(there.into_iter().filter(|line| line.person() == hash));
        }
        let mut seen = Seen {
            run: index.run,
            recipe: index.recipe,
            manifest_sha256: index.manifest_sha256,
            sides: BTreeMap::new(),
            tables: BTreeMap::new(),
            model: None,
        };
        for line in &lines {
            *seen.sides.entry(line.side.clone()).or_default() += 1;
            *seen.tables.entry(line.table.clone()).or_default() += 1;
        }
        if !seen.sides.is_empty() {
            found.seen.push(seen);
        }
    }
    Ok(found)
}

impl Who {
    /// Searches and prints.
    ///
    /// # Errors
    /// When the bucket, a secret or the database refuses, or a run's key is not known.
    pub(crate) async fn run(&self) -> Result<()> {
        let keys = match &self.subject_key_secret {
            Some(secret) if self.hash.is_none() => {
                let secret = Secret::new(secret).await.text().await.context("read the subject key")?;
                Some(SubjectKeys::parse(secret.expose_secret()).context("read the subject key")?)
            }
            _ => None,
        };
        let wanted = match (&self.hash, &keys, &self.id) {
            (None, Some(keys), Some(id)) => {
                Wanted::Id { keys, label: self.row_of.as_deref().unwrap_or("subject"), id }
            }
            (hash, ..) => Wanted::Hash(
                hash.as_deref()
                    .filter(|hash| is_hash(hash))
                    .ok_or_else(|| Error::new("a hash has 64 hexadecimal digits in lower case"))?,
            ),
        };
        let store = S3::new(&self.bucket).await;
        if let Some(table) = &self.row_of {
            tables::check_row_of(table, &store).await?;
        }
        let mut found = search(&store, &wanted).await.context("read the lineage")?;
        if let (Some(url), Some(secret)) = (&self.supabase_url, &self.supabase_key_secret) {
            let gateway = project::gateway(url, secret).await?;
            let runs: Vec<&str> = found.seen.iter().map(|seen| seen.run.as_str()).collect();
            let mut models = models(&gateway, &runs).await?;
            for seen in &mut found.seen {
                seen.model = models.remove(&seen.run);
            }
        }
        print(&found, self.supabase_url.is_some(), self.json)?;
        if found.seen.is_empty() && self.id.is_some() && self.row_of.is_none() {
            let names = tables::names(&store).await?;
            term::complain(&format!(
                "rows whose recipe names nobody are not found by a person's id: look for their keys with --row-of, of {names}"
            ));
        }
        answered(&found.unanswered, found.searched)
    }
}

/// Returns the models of those runs, by run.
pub(crate) async fn models(gateway: &Gateway, runs: &[&str]) -> Result<BTreeMap<String, Version>> {
    let mut models = BTreeMap::new();
    for runs in runs.chunks(RUNS) {
        let versions = gateway.of_runs(runs).await.context("ask for the models")?;
        models.extend(versions.into_iter().map(|version| (version.run.clone(), version)));
    }
    Ok(models)
}

/// Fails where nobody can say: silence would be taken for a no.
pub(crate) fn answered(unanswered: &[String], searched: usize) -> Result<()> {
    if unanswered.is_empty() {
        return Ok(());
    }
    Err(Error::new(format!(
        "{} of {searched} runs are hashed under a key that the secret does not hold: {}",
        unanswered.len(),
        unanswered.join(", ")
    ))
    .hint("put the old key back, on a line of its own behind the newest one"))
}

/// A model in a few words.
pub(crate) fn named(model: Option<&Version>, asked: bool) -> String {
    let Some(model) = model else {
        let why = if asked { "no model known" } else { "its model was not asked for: give --supabase-url" };
        return why.to_owned();
    };
    let live = if model.active { ", live" } else { "" };
    format!("{} ({}{live})", model.name, model.training_status)
}

fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn print(found: &Found, asked: bool, json: bool) -> Result<()> {
    if json {
        term::line(&serde_json::to_string(found).context("write what was found")?);
        return Ok(());
    }
    term::line(&format!("seen in {} of {} runs", found.seen.len(), found.searched));
    for seen in &found.seen {
        term::line(&format!("  {}  {}", seen.run, named(seen.model.as_ref(), asked)));
        let list = |counts: &BTreeMap<String, u64>| {
            let counts: Vec<_> = counts.iter().map(|(name, count)| format!("{name} {count}")).collect();
            counts.join(", ")
        };
        term::line(&format!("      examples: {}; tables: {}", list(&seen.sides), list(&seen.tables)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use stage::lineage_file::Lineage;
    use store::{Class, Memory, Put as _, put_json};

    use super::*;

    const ID: &str = "7c9e6679-7425-40de-944b-e07fc1f90ae7";

    /// A run without a plan: an example of a person, and one of a row that stands for itself.
    async fn world(subjects: &SubjectKeys) -> Memory {
        let (store, key) = (Memory::default(), subjects.newest());
        let line = |subject: Option<String>, table: &str, row: &str| LineageLine {
            subject,
            source: table.to_owned(),
            table: table.to_owned(),
            key: key.hash(table, row),
            content: "c".to_owned(),
            side: "train".to_owned(),
        };
        let lines = [line(Some(key.hash("subject", ID)), "resumes", "1"), line(None, "old_articles", "2")];
        for digit in "0123456789abcdef".chars() {
            let there = lines.iter().filter(|line| line.person().starts_with(digit));
            let text: Vec<_> = there.map(|line| serde_json::to_string(line).unwrap()).collect();
            let object = keys::lineage("run-1", &digit.to_string());
            store.put(&object, text.join("\n").into(), Class::Derived).await.unwrap();
        }
        let index = LineageIndex {
            schema: 1,
            run: "run-1".to_owned(),
            recipe: "gone".to_owned(),
            manifest_sha256: "m".to_owned(),
            read_at: Timestamp::UNIX_EPOCH,
            lineage: Lineage { subject_key: key.id(), digits: 1, lines: 2, sha256: "s".to_owned() },
        };
        put_json(&store, &keys::lineage_index("run-1"), &index).await.unwrap();
        store
    }

    #[tokio::test]
    async fn a_uuid_is_found_however_it_is_typed() {
        let subjects = SubjectKeys::parse("0123456789abcdef").unwrap();
        let store = world(&subjects).await;
        let upper = ID.to_ascii_uppercase();
        for id in [ID, &upper, &format!("{{{upper}}}"), &format!(" {ID} ")] {
            let found = search(&store, &Wanted::Id { keys: &subjects, label: "subject", id }).await.unwrap();
            assert_eq!(found.seen.len(), 1, "{id}");
            assert_eq!(found.seen[0].sides["train"], 1, "once");
        }
        // A text that is no UUID is taken at its word.
        assert_eq!(as_uuid("OWNER-8"), None);
    }

    #[tokio::test]
    async fn a_table_that_cannot_be_asked_about_is_no_silent_no() {
        let subjects = SubjectKeys::parse("0123456789abcdef").unwrap();
        let store = world(&subjects).await;
        for table in ["seo_contents", "old_articles"] {
            tables::check_row_of(table, &store).await.unwrap();
        }
        let known = |error: &Error| error.next_step().unwrap().contains("old_articles, seo_contents");
        let error = tables::check_row_of("seo_content", &store).await.unwrap_err();
        assert!(error.chain().contains("has read a table seo_content") && known(&error), "{}", error.chain());
        let error = tables::check_row_of("resumes", &store).await.unwrap_err();
        assert!(
            error.chain().contains("whose the rows of resumes are") && known(&error),
            "{}",
            error.chain()
        );
    }

    #[test]
    fn a_model_that_was_not_asked_for_is_not_called_unknown() {
        assert_eq!(named(None, true), "no model known");
        assert!(named(None, false).contains("--supabase-url"));
    }
}
