//! Runs' lineage, compared with what the source has today.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use records::library;
use records::recipe::{Consent, NoConsent, Recipe, Source};
use records::subject::{SubjectKey, SubjectKeys};
use serde::Serialize;
use stage::lineage_file::{LineageIndex, LineageLine};
use stage::plan_file::PlanFile;
use stage::{ErrorName, StageError, keys};
use store::{Find, Get, List, find_json, get_lines};
use supabase::models::Version;
use supabase::{Range, Rows};

/// Keys asked for at once. A server that allows fewer answers fewer, silently.
const PAGE_KEYS: u32 = 5_000;

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
/// Each table is gone through once for all runs that ask it the same question, and once more for what is there at all. In
/// memory are the examples whose rows are not found yet, some 32 bytes each.
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
    let (mut indexes, mut looked_for) = (Vec::new(), Vec::new());
    for folder in store.list(keys::LINEAGE).await? {
        let run = folder.trim_start_matches(keys::LINEAGE).trim_end_matches('/');
        if only.is_some_and(|only| only != run) {
            continue;
        }
        // Without an index the dataset is still being made.
        let index: Option<LineageIndex> = find_json(store, &keys::lineage_index(run)).await?;
        let Some(index) = index else { continue };
        let Some(key) = subject_keys.find(&index.lineage.subject_key) else {
            compared.unanswered.push(index.run);
            continue;
        };
        let (run, examples) = begun(&index, compared.runs.len(), store, key).await?;
        compared.runs.push(run);
        looked_for.extend(examples);
        indexes.push(index);
    }
    if let (Some(run), true) = (only, compared == Compared::default()) {
        return Err(StageError::internal(format!("run {run} has no lineage: it has made no dataset")));
    }
    // What the recipe would still take, and then what is there at all.
    without_those_found(&mut looked_for, rows).await?;
    looked_for.retain(|examples| !examples.missing.is_empty());
    for examples in &mut looked_for {
        examples.source = anything(&examples.source);
        examples.unusable = examples.missing.clone();
    }
    without_those_found(&mut looked_for, rows).await?;
    for (at, (run, index)) in compared.runs.iter_mut().zip(&indexes).enumerate() {
        let theirs: Vec<_> = looked_for.iter().filter(|examples| examples.run == at).collect();
        ended(run, index, &theirs, store).await?;
    }
    Ok(compared)
}

/// The examples of one source of a run whose rows are not found yet.
struct Examples<'a> {
    /// The run's place.
    run: usize,
    source: Source,
    key: &'a SubjectKey,
    key_id: String,
    /// Keyed hashes of the rows, shortened: no two of a billion are the same but by a chance of one in 10^20.
    missing: HashSet<u128>,
    /// Those of which no row may be used, once that is known.
    unusable: HashSet<u128>,
}

/// Reads a run's lineage: what is to be looked for, by source.
async fn begun<'a>(
    index: &LineageIndex,
    at: usize,
    store: &(impl Get + Find),
    key: &'a SubjectKey,
) -> Result<(Run, Vec<Examples<'a>>), StageError> {
    let plan: Option<PlanFile> = find_json(store, &keys::plan(&index.run)).await?;
    let recipe_of_today = plan.is_none();
    let recipe: Option<Recipe> = match plan {
        Some(plan) => Some(plan.recipe),
        None => library::recipe(&index.recipe).ok(),
    };
    let mut hashes: BTreeMap<String, HashSet<u128>> = BTreeMap::new();
    let mut sources: BTreeMap<String, Counts> = BTreeMap::new();
    for object in objects(index) {
        for line in get_lines::<LineageLine>(store, &object).await? {
            hashes.entry(line.source.clone()).or_default().insert(short(&line.key));
            sources.entry(line.source).or_default().examples += 1;
        }
    }
    let mut looked_for = Vec::new();
    for (name, missing) in hashes {
        if let Some(source) = recipe.as_ref().and_then(|recipe| recipe.source(&name)) {
            let (source, unusable) = (source.clone(), HashSet::new());
            looked_for.push(Examples { run: at, source, key, key_id: key.id(), missing, unusable });
        } else {
            let counts = sources.entry(name).or_default();
            counts.unknown = counts.examples;
        }
    }
    let run = Run {
        run: index.run.clone(),
        recipe: index.recipe.clone(),
        recipe_of_today,
        manifest_sha256: index.manifest_sha256.clone(),
        sources,
        people: 0,
        model: None,
        gone: Vec::new(),
    };
    Ok((run, looked_for))
}

/// Reads the lineage of a run again, for whatever is left of it, and says what that is.
async fn ended(
    run: &mut Run,
    index: &LineageIndex,
    left: &[&Examples<'_>],
    store: &impl Get,
) -> Result<(), StageError> {
    if left.is_empty() {
        return Ok(());
    }
    for object in objects(index) {
        for line in get_lines::<LineageLine>(store, &object).await? {
            let hash = short(&line.key);
            let theirs = left.iter().find(|examples| examples.source.name == line.source);
            let Some(theirs) = theirs.filter(|examples| examples.unusable.contains(&hash)) else { continue };
            let counts = run.sources.entry(line.source.clone()).or_default();
            let why = if theirs.missing.contains(&hash) {
                counts.deleted += 1;
                "deleted"
            } else {
                counts.withdrawn += 1;
                "withdrawn"
            };
            let LineageLine { source, key, subject, side, .. } = line;
            run.gone.push(Gone { why, source, key, subject, side });
        }
    }
    run.gone.sort_by(|a, b| (&a.source, &a.key).cmp(&(&b.source, &b.key)));
    let people: BTreeSet<&str> =
        run.gone.iter().map(|it| it.subject.as_deref().unwrap_or(it.key.as_str())).collect();
    run.people = people.len() as u64;
    Ok(())
}

/// The objects of a run's lineage.
pub(crate) fn objects(index: &LineageIndex) -> impl Iterator<Item = String> {
    let digits = index.lineage.digits;
    let all = 16_u64.pow(u32::try_from(digits).unwrap_or(u32::MAX));
    (0..all).map(move |prefix| keys::lineage(&index.run, &format!("{prefix:0digits$x}")))
}

fn short(hash: &str) -> u128 {
    hash.get(..32).and_then(|digits| u128::from_str_radix(digits, 16).ok()).unwrap_or_default()
}

/// What the source is asked by: not what is read of its rows, nor what is made of them.
fn question(source: &Source) -> Source {
    Source {
        name: String::new(),
        columns: Vec::new(),
        identity: BTreeMap::new(),
        system: String::new(),
        prompt: String::new(),
        completion: String::new(),
        group: None,
        cursor: None,
        ..source.clone()
    }
}

/// Takes out whose rows the source has. Each question is asked once.
async fn without_those_found(all: &mut [Examples<'_>], rows: &impl Rows) -> Result<(), StageError> {
    let mut questions: Vec<(Source, Vec<&mut Examples<'_>>)> = Vec::new();
    for examples in all {
        let asked = question(&examples.source);
        match questions.iter_mut().find(|(it, _)| *it == asked) {
            Some((_, theirs)) => theirs.push(examples),
            None => questions.push((asked, vec![examples])),
        }
    }
    for (asked, mut examples) in questions {
        examples.sort_by(|one, next| one.key_id.cmp(&next.key_id));
        let name = examples.first().map(|examples| examples.source.name.clone()).unwrap_or_default();
        let source = Source { name, ..asked };
        let mut after: Option<String> = None;
        while examples.iter().any(|examples| !examples.missing.is_empty()) {
            let range = Range::of(&source, after.as_deref(), None);
            let page = rows.keys(range, PAGE_KEYS).await?;
            let Some(end) = page.last().cloned() else { break };
            for theirs in examples.chunk_by_mut(|one, next| one.key_id == next.key_id) {
                let Some(key) = theirs.first().map(|examples| examples.key) else { continue };
                for row in &page {
                    let hash = short(&key.hash(&source.table, row));
                    for examples in &mut *theirs {
                        examples.missing.remove(&hash);
                    }
                }
            }
            if after.as_ref() == Some(&end) {
                let text = format!("{} does not move on by its key {}", source.table, source.key);
                return Err(StageError::new(ErrorName::SourceRefused, text));
            }
            after = Some(end);
        }
    }
    Ok(())
}

/// The same rows, whoever has agreed and whatever they hold.
fn anything(source: &Source) -> Source {
    let consent =
        Consent::NotNeeded(NoConsent { not_needed: "keys alone, and nothing is trained".to_owned() });
    Source { consent, filter: BTreeMap::new(), subject: None, ..source.clone() }
}
