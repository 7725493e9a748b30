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
    /// None where no recipe names that provider any more.
    host: Option<&'a recipe::Provider>,
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
/// They are told once, too, when a base model that a live one was tuned from can't be looked up any more.
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
    let mut away: Vec<String> = Vec::new();
    for base in bases(&recipes, &examples, &live, name) {
        checked.bases += 1;
        let entry = format!("{} {}", base.provider, base.id);
        let lost = format!("{entry} is out of sight");
        if away.contains(&base.provider) {
            // It hangs, or is away: each further look would take as long.
            continue;
        }
        let (found, others) = match look_up(&base, &connect).await {
            Ok(Some(found)) => found,
            // This stack was not deployed for that provider, or is not any more: nobody trains there.
            Ok(None) => {
                if !base.live.is_empty() && !memory.contains_key(&lost) {
                    let (subject, text) = notice::lost(&base);
                    operators.tell(&subject, &text).await?;
                    checked.told.push(base.id.to_owned());
                    memory.insert(lost, Told { shutdown_date: base.known_end(), at_days: 0 });
                    put_json(store, &key, &memory).await?;
                }
                continue;
            }
            Err(error) => {
                if error.name().is_retryable() {
                    away.push(base.provider.clone());
                }
                tracing::warn!(base.model = base.id, error.name = error.name().as_str(), "not looked up");
                first_failure.get_or_insert(error);
                continue;
            }
        };
        memory.remove(&lost);
        let date = found.as_ref().and_then(|found| found.shutdown_date);
        if found.is_some() && base.live.iter().any(|row| row.base_shutdown_date != date) {
            checked.noted += models.note_base_shutdown(base.id, &base.provider, date).await?;
        }
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
        let host = Some(&recipe.provider);
        of(&mut bases, &recipe.model.base, name(&recipe.provider), host).recipes.push(recipe);
    }
    for row in live {
        let (Some(base), Some(provider)) = (&row.base_model, &row.provider) else {
            tracing::warn!(
                model.name = row.name,
                "a live model does not say what it was tuned from, and where"
            );
            continue;
        };
        // A model whose recipe is gone, or has moved on, is asked for where it was trained.
        let same = |recipe: &&Recipe| name(&recipe.provider) == *provider;
        let host = recipes.iter().chain(examples).find(same).map(|recipe| &recipe.provider);
        of(&mut bases, base, provider.clone(), host).live.push(row);
    }
    bases
}

/// Finds a base model among them, or adds it.
fn of<'a, 'b>(
    bases: &'b mut Vec<Base<'a>>,
    id: &'a str,
    provider: String,
    host: Option<&'a recipe::Provider>,
) -> &'b mut Base<'a> {
    let at = bases.iter().position(|base| base.id == id && base.provider == provider);
    let at = at.unwrap_or_else(|| {
        bases.push(Base { id, provider, host, recipes: Vec::new(), live: Vec::new() });
        bases.len() - 1
    });
    &mut bases[at]
}

type Found = (Option<BaseModel>, Vec<BaseModel>);

/// Looks a base model up; when it ends, also what else there is. None where the stack has no way to the provider.
async fn look_up<C: Catalogue>(
    base: &Base<'_>,
    connect: &impl AsyncFn(&recipe::Provider) -> Result<C, StageError>,
) -> Result<Option<Found>, StageError> {
    let Some(host) = base.host else { return Ok(None) };
    let provider = match connect(host).await {
        Err(error) if error.name() == ErrorName::RecipeInvalid => return Ok(None),
        provider => provider?,
    };
    let found = provider.lifetime(base.id).await?;
    if found.as_ref().is_some_and(|found| found.shutdown_date.is_none()) {
        return Ok(Some((found, Vec::new())));
    }
    let others = provider.models().await?;
    Ok(Some((found, others)))
}

impl Base<'_> {
    /// The end that was announced last, as the live models' rows have it.
    pub(crate) fn known_end(&self) -> Option<Date> {
        self.live.iter().filter_map(|row| row.base_shutdown_date).min()
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn host_name(host: &recipe::Provider) -> String {
        format!("{:?}", host.kind).to_lowercase()
    }

    fn live(name: &str, base: &str, provider: &str) -> LiveModel {
        LiveModel {
            name: name.to_owned(),
            purpose: "support".to_owned(),
            base_model: Some(base.to_owned()),
            provider: Some(provider.to_owned()),
            base_shutdown_date: None,
        }
    }

    #[test]
    fn a_mark_is_passed_from_its_day_on() {
        let today: Date = "2026-11-23".parse().unwrap();
        let at = |days: i64| {
            let day = today.checked_add(jiff::Span::new().days(days)).unwrap();
            let base = BaseModel { id: "b".to_owned(), shutdown_date: Some(day) };
            mark(Some(&base), today)
        };
        assert_eq!([at(400), at(91)], [None, None]);
        assert_eq!([at(90), at(31)], [Some(90), Some(90)]);
        assert_eq!([at(30), at(8)], [Some(30), Some(30)]);
        assert_eq!([at(7), at(0)], [Some(7), Some(7)], "also on the day itself");
        assert_eq!([at(-1), at(-400)], [Some(0), Some(0)]);
        let endless = BaseModel { id: "b".to_owned(), shutdown_date: None };
        assert_eq!(mark(Some(&endless), today), None);
        assert_eq!(mark(None, today), Some(0), "one that the provider no longer knows is gone");
    }

    #[test]
    fn who_depends_on_a_base_at_one_provider_is_named_together() {
        let recipes = [library::recipe("zion-support").unwrap(), library::recipe("zion-gpt").unwrap()];
        let examples = [library::recipe("zion-support-bedrock").unwrap()];
        let base = &recipes[0].model.base;
        let rows = [
            live("same", base, "openai"),
            live("earlier", "a-base-of-before", "openai"),
            live("example", base, "bedrock"),
            live("elsewhere", base, "a-host-of-before"),
            LiveModel { base_model: None, provider: None, ..live("before-the-bundle", base, "openai") },
        ];
        let found = bases(&recipes, &examples, &rows, host_name);
        let of = |id: &str, provider: &str| {
            let base = found.iter().find(|it| it.id == id && it.provider == provider)?;
            let recipes: Vec<_> = base.recipes.iter().map(|recipe| recipe.name.as_str()).collect();
            let live: Vec<_> = base.live.iter().map(|row| row.name.as_str()).collect();
            Some((recipes, live))
        };
        let (trained, served) = of(base, "openai").unwrap();
        assert!(trained.contains(&"zion-support"));
        assert_eq!(served, ["same"]);
        assert_eq!(of("a-base-of-before", "openai").unwrap(), (vec![], vec!["earlier"]));
        assert_eq!(
            of(base, "bedrock").unwrap(),
            (vec![], vec!["example"]),
            "an example trains nothing by itself"
        );
        assert_eq!(of(base, "a-host-of-before").unwrap(), (vec![], vec!["elsewhere"]));
        let host = |provider: &str| found.iter().find(|it| it.provider == provider).unwrap().host;
        assert!(host("a-host-of-before").is_none() && host("bedrock").is_some(), "nobody can be asked there");
    }

    #[test]
    fn a_notice_says_who_stops_and_who_is_refused() {
        let mut support = library::recipe("zion-support").unwrap();
        support.model.min_life_days = 90;
        let mut gpt = library::recipe("zion-gpt").unwrap();
        gpt.model.min_life_days = 10;
        let row = live("zion-support-v3", "b", "openai");
        let id = format!("b\u{e4}se-{}", "x".repeat(200));
        let host = recipe::Provider::default();
        let base = Base {
            id: &id,
            provider: "openai".to_owned(),
            host: Some(&host),
            recipes: vec![&support, &gpt],
            live: vec![&row],
        };
        let today: Date = "2026-12-15".parse().unwrap();
        let end: Date = "2027-01-14".parse().unwrap();
        let others = [
            BaseModel { id: "lasts".to_owned(), shutdown_date: None },
            BaseModel { id: "ends-too".to_owned(), shutdown_date: Some(end) },
        ];
        let (subject, text) = notice::of(&base, Some(end), today, &others);
        assert!(subject.is_ascii() && subject.len() == 100, "as SNS takes it: {subject}");
        for line in [
            "is shut down on 2027-01-14, 30 days from now",
            "- zion-support-v3 for support",
            "- zion-support: refused from now on (min_life_days = 90)",
            "- zion-gpt: still trained (min_life_days = 10)",
            "lists: lasts. Which",
        ] {
            assert!(text.contains(line), "{line}: {text}");
        }
        let (_, text) = notice::of(&base, Some(end), "2027-01-15".parse().unwrap(), &[]);
        assert!(text.contains("was shut down on 2027-01-14") && text.contains("none that lasts"), "{text}");
        assert!(text.contains("zion-gpt: refused"), "{text}");
        let (_, text) = notice::of(&base, None, today, &others);
        assert!(text.contains("is not known to the provider any more"), "{text}");
    }
}
