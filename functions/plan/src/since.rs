//! What an incremental run goes on from, or why it reads everything.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use records::digest::sha256;
use records::recipe::{Incremental, Recipe, Source};
use serde::de::DeserializeOwned;
use stage::arrows::PlanInput;
use stage::manifest::Manifest;
use stage::plan_file::{PlanFile, Reading, Since, Slice};
use stage::schema_file::{SchemaFile, Tables};
use stage::{StageError, keys};
use store::Find;
use supabase::{Models, Rows};

use crate::slices;

/// The keys of an earlier run's rows are kept for 35 days; a run that begins now must still find them when it reads.
const OLDEST: SignedDuration = SignedDuration::from_hours(33 * 24);
/// A time without a zone may be that of a place behind UTC, and a date begins there so much later.
const BEHIND_UTC: SignedDuration = SignedDuration::from_hours(24);

/// Looks for the last run that succeeded, and says where each source of it may be gone on from.
///
/// None where the recipe does not ask for it. Whatever is missing or other than it was means that everything is read.
pub(crate) async fn reading(
    recipe: &Recipe,
    recipe_sha256: &str,
    (run, started_at): (&str, Timestamp),
    input: &PlanInput,
    seen: Option<&SchemaFile>,
    (rows, models, store): (&impl Rows, &impl Models, &impl Find),
) -> Result<Option<(Reading, Option<PlanFile>)>, StageError> {
    let (Some(incremental), Some(source)) = (&recipe.incremental, recipe.sources.first()) else {
        return Ok(None);
    };
    if let Some(planned) = planned(run, recipe_sha256, store).await? {
        return Ok(Some(planned));
    }
    let now = rows.now(source).await?;
    let lag = SignedDuration::from_secs(incremental.lag_seconds.into());
    let mut reading = Reading {
        up_to: now.and_then(|now| now.checked_sub(lag).ok()),
        tables_sha256: seen.map(|seen| tables_sha256(&seen.tables)).transpose()?,
        ..Reading::default()
    };
    let whole = if input.full {
        Err("the input asks for it".to_owned())
    } else if input.accept_schema {
        Err("the tables have changed, and are accepted as they are".to_owned())
    } else if reading.up_to.is_none() {
        Err("the source does not tell its time".to_owned())
    } else {
        let tables = reading.tables_sha256.as_deref();
        earlier(recipe, (recipe_sha256, tables), incremental, started_at, models, store).await?
    };
    let (earlier, from) = match whole {
        Ok(earlier) => earlier,
        Err(note) => {
            reading.notes.push(note);
            return Ok(Some((reading, None)));
        }
    };
    let overlap = SignedDuration::from_mins(incremental.overlap_minutes.into());
    let mut sources = BTreeMap::new();
    for source in &recipe.sources {
        match cursor(source, seen) {
            Ok(without_zone) => {
                let overlap = if without_zone { overlap + BEHIND_UTC } else { overlap };
                sources.insert(source.name.clone(), from.checked_sub(overlap).unwrap_or(Timestamp::MIN));
            }
            Err(note) => reading.notes.push(note),
        }
    }
    if sources.is_empty() {
        return Ok(Some((reading, None)));
    }
    let number = 1 + earlier.reading.as_ref().and_then(|it| it.since.as_ref()).map_or(0, |it| it.number);
    reading.since =
        Some(Since { run: earlier.run.clone(), first: earlier.first().to_owned(), number, sources });
    Ok(Some((reading, Some(earlier))))
}

/// Returns what this run was planned to read, when it was planned before: its window stays, whatever has become of the
/// family's runs.
async fn planned(
    run: &str,
    recipe_sha256: &str,
    store: &impl Find,
) -> Result<Option<(Reading, Option<PlanFile>)>, StageError> {
    let Some(before) = parsed::<PlanFile>(&keys::plan(run), store).await? else { return Ok(None) };
    let Some(reading) = before.reading.filter(|_| before.recipe_sha256 == recipe_sha256) else {
        return Ok(None);
    };
    let Some(since) = &reading.since else { return Ok(Some((reading, None))) };
    let earlier = parsed::<PlanFile>(&keys::plan(&since.run), store).await?;
    Ok(earlier.map(|earlier| (reading, Some(earlier))))
}

/// Reads a document. Another version may have written it in another shape: then it is as good as lost.
async fn parsed<T: DeserializeOwned>(key: &str, store: &impl Find) -> Result<Option<T>, StageError> {
    Ok(store.find(key).await?.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
}

fn tables_sha256(tables: &Tables) -> Result<String, StageError> {
    let bytes = serde_json::to_vec(tables)
        .map_err(|error| StageError::internal("the tables are not JSON").caused_by(error))?;
    Ok(sha256(&bytes))
}

/// Finds the plan of the last run that succeeded, and where the next one begins; or says why there is none that will do.
async fn earlier(
    recipe: &Recipe,
    (recipe_sha256, tables_sha256): (&str, Option<&str>),
    incremental: &Incremental,
    started_at: Timestamp,
    models: &impl Models,
    store: &impl Find,
) -> Result<Result<(PlanFile, Timestamp), String>, StageError> {
    let Some(run) = models.last_succeeded(&recipe.name).await? else {
        return Ok(Err("no run of this recipe has succeeded before".to_owned()));
    };
    let plan = parsed::<PlanFile>(&keys::plan(&run), store).await?;
    let manifest = parsed::<Manifest>(&keys::manifest(&run), store).await?;
    let (Some(plan), Some(manifest)) = (plan, manifest) else {
        return Ok(Err(format!("what run {run} has left is lost")));
    };
    let Some(from) = plan.reading.as_ref().and_then(|reading| reading.up_to) else {
        return Ok(Err(format!("run {run} did not note when it began to read")));
    };
    let since = plan.reading.as_ref().and_then(|reading| reading.since.as_ref());
    let number = since.map_or(0, |since| since.number);
    let (code, scrubber) = (stage::CODE, pii::VERSION);
    let note = if plan.recipe_sha256 != recipe_sha256 {
        format!("the recipe has changed since run {run}")
    } else if plan.reading.as_ref().and_then(|reading| reading.tables_sha256.as_deref()) != tables_sha256 {
        // A change of type renders every row anew, and no cursor moves.
        format!("the tables have changed since run {run}")
    } else if (manifest.code_version.as_str(), manifest.scrubber_version.as_str()) != (code, scrubber) {
        format!("run {run} was made by another version")
    } else if started_at.duration_since(plan.started_at) > OLDEST {
        format!("run {run} is too old: the keys of its rows have expired")
    } else if number + 1 >= incremental.full_every {
        format!("one run of {} reads everything", incremental.full_every)
    } else {
        return Ok(Ok((plan, from)));
    };
    Ok(Err(note))
}

/// Says whether a source's cursor is a time without a zone, or why it cannot be gone by.
fn cursor(source: &Source, seen: Option<&SchemaFile>) -> Result<bool, String> {
    let (name, table) = (&source.name, &source.table);
    let Some(cursor) = &source.cursor else {
        return Err(format!("{name} has no cursor and is read whole"));
    };
    let Some(seen) = seen else {
        return Err(format!("{name} is read whole: the source does not tell the type of {table}.{cursor}"));
    };
    match seen.tables.get(table).and_then(|columns| columns.get(cursor)).map(String::as_str) {
        Some("timestamp with time zone") => Ok(false),
        Some("timestamp without time zone" | "date") => Ok(true),
        Some(kind) => {
            Err(format!("{name} is read whole: {table}.{cursor} is {kind}, not a timestamp or a date"))
        }
        None => Err(format!("{name} is read whole: there is no {table}.{cursor}")),
    }
}

/// Takes a source's slices from the earlier run; none when it is read whole, and then the plan says why.
pub(crate) async fn slices(
    source: &Source,
    reading: Option<&mut Reading>,
    earlier: Option<&Option<PlanFile>>,
    rows: &impl Rows,
) -> Result<Option<Vec<Slice>>, StageError> {
    let (Some(reading), Some(Some(earlier))) = (reading, earlier) else { return Ok(None) };
    let Some(since) = reading.since.as_mut() else { return Ok(None) };
    if !since.sources.contains_key(&source.name) {
        return Ok(None);
    }
    let why = match slices::again(source, earlier, rows).await? {
        Ok(slices) => return Ok(Some(slices)),
        Err(why) => why,
    };
    since.sources.remove(&source.name);
    if since.sources.is_empty() {
        reading.since = None;
    }
    reading.notes.push(format!("{} is read whole: {why}", source.name));
    Ok(None)
}
