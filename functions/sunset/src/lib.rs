//! Warns before a base model is shut down: a model that was tuned from it stops answering on the same day, and its recipe
//! cannot train any more.

mod notice;

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use notify::Notify;
use records::library;
use records::recipe::{self, Recipe};
use serde::{Deserialize, Serialize};
use stage::arrows::SunsetChecked;
use stage::{ErrorName, StageError, keys};
use store::{Find, Put, find_json, put_json};
use supabase::{LiveModel, Models};
use tuning::{BaseModel, Catalogue, days_left};

/// So many days before the end the operators are told, once each: enough to choose, to train, and to hurry.
const WARN_AT: [i32; 3] = [90, 30, 7];

/// A base model, and who depends on it.
pub(crate) struct Base<'a> {
    pub(crate) id: &'a str,
    /// The provider, as `model_versions` names it.
    pub(crate) provider: String,
    host: &'a recipe::Provider,
    pub(crate) recipes: Vec<&'a Recipe>,
    pub(crate) live: Vec<&'a LiveModel>,
}

/// What the operators were told last of a base model. *Stored data*; without it they are told once more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Told {
    /// The day they were told of; none when the provider no longer knew the model.
    shutdown_date: Option<Date>,
    /// The mark that was passed, of 90, 30 and 7 days; 0 for a model that is gone.
    at_days: i32,
}

type Memory = BTreeMap<String, Told>;

/// Looks up the base models of all recipes and live models, notes the day of their end on the rows, and tells the
/// operators when 90, 30 or 7 days are left.
///
/// What was told is kept in the bucket: doing it again, or a day late, says nothing twice and leaves nothing out.
///
/// # Errors
/// Those of the database, the store and the topic; of the provider the first, after all other models were looked up.
pub async fn handle<C: Catalogue>(
    now: Timestamp,
    store: &(impl Find + Put),
    models: &impl Models,
    name: impl Fn(&recipe::Provider) -> String,
    connect: impl AsyncFn(&recipe::Provider) -> Result<C, StageError>,
    operators: &impl Notify,
) -> Result<SunsetChecked, StageError> {
    let today = now.to_zoned(TimeZone::UTC).date();
    let recipes: Vec<Recipe> =
        library::names().into_iter().filter_map(|name| library::recipe(name).ok()).collect();
    // An example trains nothing by itself; a model that it trained is looked after all the same.
    let examples: Vec<Recipe> =
        library::examples().into_iter().filter_map(|name| library::recipe(name).ok()).collect();
    let live = models.live_models().await?;
    let key = keys::sunset();
    let mut memory: Memory = find_json(store, &key).await?.unwrap_or_default();
    let mut checked = SunsetChecked::default();
    let mut first_failure = None;
    for base in bases(&recipes, &examples, &live, name) {
        checked.bases += 1;
        let looked_up = look_up(&base, &connect).await;
        let (found, others) = match looked_up {
            Ok(found) => found,
            // A recipe for a provider that this stack was not deployed for: nobody trains it here.
            Err(error) if error.name() == ErrorName::RecipeInvalid => continue,
            Err(error) => {
                tracing::warn!(base.model = base.id, error.name = error.name().as_str(), "not looked up");
                first_failure.get_or_insert(error);
                continue;
            }
        };
        let date = found.as_ref().and_then(|found| found.shutdown_date);
        if found.is_some() && base.live.iter().any(|row| row.base_shutdown_date != date) {
            checked.noted += models.note_base_shutdown(base.id, &base.provider, date).await?;
        }
        let entry = format!("{} {}", base.provider, base.id);
        let Some(at_days) = mark(found.as_ref(), today) else {
            // Postponed, or taken back: the marks count from anew.
            memory.remove(&entry);
            continue;
        };
        let told = Told { shutdown_date: date, at_days };
        let before = memory.get(&entry).filter(|before| before.shutdown_date == date);
        if before.is_some_and(|before| before.at_days <= at_days) {
            continue;
        }
        let (subject, text) = notice::of(&base, date, today, &others);
        operators.tell(&subject, &text).await?;
        checked.told.push(base.id.to_owned());
        memory.insert(entry, told);
        // At once: a failure behind it must not tell this again.
        put_json(store, &key, &memory).await?;
    }
    put_json(store, &key, &memory).await?;
    first_failure.map_or(Ok(checked), Err)
}

/// Groups recipes and live models by base model and provider.
fn bases<'a>(
    recipes: &'a [Recipe],
    examples: &'a [Recipe],
    live: &'a [LiveModel],
    name: impl Fn(&recipe::Provider) -> String,
) -> Vec<Base<'a>> {
    let mut bases: Vec<Base<'a>> = Vec::new();
    for recipe in recipes {
        of(&mut bases, &recipe.model.base, name(&recipe.provider), &recipe.provider).recipes.push(recipe);
    }
    for row in live {
        // A model whose recipe is gone, or has moved on, is asked for where it was trained.
        let same = |recipe: &&Recipe| name(&recipe.provider) == row.provider;
        let Some(recipe) = recipes.iter().chain(examples).find(same) else {
            tracing::warn!(
                model.name = row.name,
                model.provider = row.provider,
                "no recipe has this provider"
            );
            continue;
        };
        of(&mut bases, &row.base_model, row.provider.clone(), &recipe.provider).live.push(row);
    }
    bases
}

/// Finds a base model among them, or adds it.
fn of<'a, 'b>(
    bases: &'b mut Vec<Base<'a>>,
    id: &'a str,
    provider: String,
    host: &'a recipe::Provider,
) -> &'b mut Base<'a> {
    let at = bases.iter().position(|base| base.id == id && base.provider == provider);
    let at = at.unwrap_or_else(|| {
        bases.push(Base { id, provider, host, recipes: Vec::new(), live: Vec::new() });
        bases.len() - 1
    });
    &mut bases[at]
}

type Found = (Option<BaseModel>, Vec<BaseModel>);

/// Looks a base model up; when it ends, also what else there is.
async fn look_up<C: Catalogue>(
    base: &Base<'_>,
    connect: &impl AsyncFn(&recipe::Provider) -> Result<C, StageError>,
) -> Result<Found, StageError> {
    let provider = connect(base.host).await?;
    let found = provider.base_model(base.id).await?;
    if found.as_ref().is_some_and(|found| found.shutdown_date.is_none()) {
        return Ok((found, Vec::new()));
    }
    let others = provider.models().await?;
    Ok((found, others))
}

/// The mark that is passed; none when there is time.
fn mark(found: Option<&BaseModel>, today: Date) -> Option<i32> {
    let Some(found) = found else { return Some(0) };
    let left = days_left(found.shutdown_date?, today);
    if left < 0 {
        return Some(0);
    }
    WARN_AT.into_iter().rev().find(|days| left <= *days)
}
