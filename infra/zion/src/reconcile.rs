//! `zion reconcile`: which examples of which models came from rows that are gone by now, or may not be used any more.
//!
//! The lineage of a run is compared with what the source has today. Rows are asked for by the run's own recipe, keys
//! alone, and hashed under the run's own key: nothing else can say which row an example came from. That is why it is a
//! command and no mode of `plan`, which may not read the key.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use records::library;
use records::recipe::{Consent, NoConsent, Recipe, Source};
use records::subject::{SubjectKey, SubjectKeys};
use secrets::{ExposeSecret as _, Secret};
use serde::Serialize;
use stage::lineage_file::{LineageIndex, LineageLine};
use stage::plan_file::PlanFile;
use stage::{ErrorName, StageError, http, keys};
use store::{Find, Get, List, S3, find_json, get_lines};
use supabase::models::Version;
use supabase::{Gateway, Origin, Range, Rows};
use url::Url;

use crate::error::{Context as _, Result};
use crate::{term, who};

/// Keys asked for at once. A server that allows fewer answers fewer, silently.
const PAGE_KEYS: u32 = 5_000;

/// Says which models learnt from rows that were deleted or opted out since
// No `Debug`: addresses of secrets are nobody's business.
#[derive(clap::Args)]
pub(crate) struct Reconcile {
    /// Looks at this run alone
    #[arg(long)]
    run: Option<String>,
    /// The stack's output `Bucket`
    #[arg(long, env = "BUCKET")]
    bucket: String,
    /// The stack's output `SubjectKeySecret`
    #[arg(long, env = "SUBJECT_KEY_SECRET")]
    subject_key_secret: String,
    /// The project's address
    #[arg(long, env = "SUPABASE_URL")]
    supabase_url: Url,
    /// The stack's output `SupabaseKeySecret`
    #[arg(long, env = "SUPABASE_KEY_SECRET")]
    supabase_key_secret: String,
    /// The secret with the database's connection string, where runs read from the database
    #[arg(long, env = "DATABASE_URL_SECRET")]
    database_url_secret: Option<String>,
    /// Lists the hashes of row and person of each such example, for `zion who --hash`
    #[arg(long)]
    hashes: bool,
    /// Writes one JSON object instead of lines
    #[arg(long)]
    json: bool,
}

/// What was compared.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub struct Compared {
    /// Runs that have a dataset, in order.
    pub runs: Vec<Run>,
    /// Runs whose hashes are under a key that the secret does not hold: nobody can say.
    pub unanswered: Vec<String>,
}

/// One run, and what became of its examples' rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Run {
    /// The run.
    pub run: String,
    /// Its recipe.
    pub recipe: String,
    /// Whether its plan has expired: the source was asked by the recipe as it is today.
    pub recipe_of_today: bool,
    /// Its dataset.
    pub manifest_sha256: String,
    /// Counts by source.
    pub sources: BTreeMap<String, Counts>,
    /// People with such an example.
    pub people: u64,
    /// The model that was trained on it, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<Version>,
    /// The examples, by keyed hashes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gone: Vec<Gone>,
}

/// Examples of one source.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Examples in the dataset.
    pub examples: u64,
    /// Of these, examples whose row is not there any more.
    pub deleted: u64,
    /// Examples whose row is there, but may not be used: its subject opted out, or the recipe's filter leaves it out.
    pub withdrawn: u64,
    /// Examples of a source that the recipe of today does not have: nobody can say.
    pub unknown: u64,
}

/// An example that a run of today would not have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gone {
    /// `deleted` or `withdrawn`.
    pub why: &'static str,
    /// The source.
    pub source: String,
    /// The row, as a keyed hash.
    pub key: String,
    /// Whose it was, as a keyed hash; none where the recipe names nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The side it is on: the provider never saw the hold-out.
    pub side: String,
}

/// Compares the lineage of all runs, or of one, with the source.
///
/// A run's lineage is held in memory, some 300 bytes an example.
///
/// # Errors
/// As [`Rows::keys`]; `Internal` when a lineage has another shape, or there is none of the run that was asked for.
pub async fn compare(
    store: &(impl Get + Find + List),
    rows: &impl Rows,
    subject_keys: &SubjectKeys,
    only: Option<&str>,
) -> Result<Compared, StageError> {
    let mut compared = Compared::default();
    for folder in store.list(keys::LINEAGE).await? {
        let run = folder.trim_start_matches(keys::LINEAGE).trim_end_matches('/');
        if only.is_some_and(|only| only != run) {
            continue;
        }
        // Without an index the dataset is still being made.
        let index: Option<LineageIndex> = find_json(store, &keys::lineage_index(run)).await?;
        let Some(index) = index else { continue };
        match subject_keys.find(&index.lineage.subject_key) {
            Some(key) => compared.runs.push(one(index, store, rows, key).await?),
            None => compared.unanswered.push(index.run),
        }
    }
    match only {
        Some(run) if compared == Compared::default() => {
            Err(StageError::internal(format!("run {run} has no lineage: it has made no dataset")))
        }
        _ => Ok(compared),
    }
}

async fn one(
    index: LineageIndex,
    store: &(impl Get + Find),
    rows: &impl Rows,
    key: &SubjectKey,
) -> Result<Run, StageError> {
    let plan: Option<PlanFile> = find_json(store, &keys::plan(&index.run)).await?;
    let recipe_of_today = plan.is_none();
    let recipe: Option<Recipe> = match plan {
        Some(plan) => Some(plan.recipe),
        None => library::recipe(&index.recipe).ok(),
    };
    let mut sources: BTreeMap<String, Counts> = BTreeMap::new();
    let mut lines: BTreeMap<String, HashMap<String, LineageLine>> = BTreeMap::new();
    let digits = index.lineage.digits;
    for prefix in 0..16_u64.pow(u32::try_from(digits).unwrap_or(u32::MAX)) {
        let object = keys::lineage(&index.run, &format!("{prefix:0digits$x}"));
        for line in get_lines::<LineageLine>(store, &object).await? {
            sources.entry(line.source.clone()).or_default().examples += 1;
            lines.entry(line.source.clone()).or_default().insert(line.key.clone(), line);
        }
    }
    let mut gone = Vec::new();
    for (name, left) in lines {
        let counts = sources.entry(name.clone()).or_default();
        let Some(source) = recipe.as_ref().and_then(|recipe| recipe.source(&name)) else {
            counts.unknown = counts.examples;
            continue;
        };
        // What the recipe would still take, and then what is there at all.
        let left = without(left, source, rows, key).await?;
        let deleted = without(left.clone(), &anything(source), rows, key).await?;
        counts.deleted = deleted.len() as u64;
        counts.withdrawn = (left.len() - deleted.len()) as u64;
        gone.extend(left.into_values().map(|line| Gone {
            why: if deleted.contains_key(&line.key) { "deleted" } else { "withdrawn" },
            source: line.source,
            key: line.key,
            subject: line.subject,
            side: line.side,
        }));
    }
    gone.sort_by(|a, b| (&a.source, &a.key).cmp(&(&b.source, &b.key)));
    let people: BTreeSet<&str> =
        gone.iter().map(|it| it.subject.as_deref().unwrap_or(it.key.as_str())).collect();
    Ok(Run {
        people: people.len() as u64,
        run: index.run,
        recipe: index.recipe,
        recipe_of_today,
        manifest_sha256: index.manifest_sha256,
        sources,
        model: None,
        gone,
    })
}

/// Takes out whose rows the source has.
async fn without(
    mut left: HashMap<String, LineageLine>,
    source: &Source,
    rows: &impl Rows,
    key: &SubjectKey,
) -> Result<HashMap<String, LineageLine>, StageError> {
    let mut after: Option<String> = None;
    while !left.is_empty() {
        let range = Range::of(source, after.as_deref(), None);
        let page = rows.keys(range, PAGE_KEYS).await?;
        let Some(end) = page.last().cloned() else { break };
        for row in &page {
            left.remove(&key.hash(&source.table, row));
        }
        if after.as_ref() == Some(&end) {
            let text = format!("{} does not move on by its key {}", source.table, source.key);
            return Err(StageError::new(ErrorName::SourceRefused, text));
        }
        after = Some(end);
    }
    Ok(left)
}

/// The same rows, whoever has agreed and whatever they hold.
fn anything(source: &Source) -> Source {
    let consent =
        Consent::NotNeeded(NoConsent { not_needed: "keys alone, and nothing is trained".to_owned() });
    Source { consent, filter: BTreeMap::new(), ..source.clone() }
}

impl Reconcile {
    /// Compares and prints.
    ///
    /// # Errors
    /// When the bucket, a secret or the source refuses, or a run's key is not known.
    pub(crate) async fn run(&self) -> Result<()> {
        let secret = async |arn: &str, what: &'static str| Secret::new(arn).await.text().await.context(what);
        let subject_key = secret(&self.subject_key_secret, "read the subject key").await?;
        let subject_keys = SubjectKeys::parse(subject_key.expose_secret()).context("read the subject key")?;
        let key = secret(&self.supabase_key_secret, "read the project's key").await?;
        let database = match &self.database_url_secret {
            Some(arn) => Some(secret(arn, "read the database's address").await?),
            None => None,
        };
        let client = http::client().context("prepare the request")?;
        let gateway = Gateway::new(client, &self.supabase_url, key).context("reach the project")?;
        let rows = Origin::new(&gateway, database.as_ref()).context("reach the database")?;
        let store = S3::new(&self.bucket).await;
        let compared = compare(&store, &rows, &subject_keys, self.run.as_deref()).await;
        let mut compared = compared.context("compare the lineage with the source")?;
        let runs: Vec<&str> = compared.runs.iter().map(|run| run.run.as_str()).collect();
        let mut models = who::models(&gateway, &runs).await?;
        for run in &mut compared.runs {
            run.model = models.remove(&run.run);
            if !self.hashes {
                run.gone.clear();
            }
        }
        self.print(&compared)?;
        who::answered(&compared.unanswered, compared.runs.len() + compared.unanswered.len())
    }

    fn print(&self, compared: &Compared) -> Result<()> {
        if self.json {
            term::line(&serde_json::to_string(compared).context("write what was compared")?);
            return Ok(());
        }
        let all = compared.runs.len();
        let some = compared.runs.iter().filter(|run| run.people > 0);
        term::line(&format!(
            "{} of {all} runs have examples of rows that were deleted, or may not be used any more",
            some.count()
        ));
        for run in &compared.runs {
            term::line(&format!("  {}  {}", run.run, who::named(run.model.as_ref())));
            if run.recipe_of_today {
                term::line("      its plan has expired: asked by the recipe as it is today");
            }
            for (source, counts) in &run.sources {
                let Counts { examples, deleted, withdrawn, unknown } = counts;
                term::line(&match unknown {
                    0 => format!(
                        "      {source}: of {examples} examples {deleted} deleted, {withdrawn} withdrawn"
                    ),
                    _ => {
                        format!("      {source}: {examples} examples, the recipe of today has no such source")
                    }
                });
            }
            if run.people > 0 {
                term::line(&format!("      people: {}", run.people));
            }
            for Gone { why, source, key, subject, side } in &run.gone {
                let subject = subject.as_deref().unwrap_or("nobody");
                term::line(&format!("      {why} {source} {key} of {subject}, {side}"));
            }
        }
        Ok(())
    }
}
