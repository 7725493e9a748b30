//! Preflight, slices and the price, before anything is read in bulk or spent.

mod estimate;
mod pinned;
mod preflight;
mod schema;
mod since;
mod slices;

use records::digest::sha256;
use records::library;
use records::recipe::{self, Recipe};
use stage::arrows::{PlanEvent, Planned, SliceRef};
use stage::plan_file::{PlanFile, Reading, SourceCount};
use stage::{ErrorName, StageError, approval_file, keys};
use store::{Find, Get, List, Put, put_json};
use supabase::{Models, NewVersion, Range, Rows, pages};
use tuning::Catalogue;

use crate::estimate::Sample;

/// Plans a run.
///
/// The version is registered before the preflight, so that a run that is refused leaves a `failed` row; a dry run
/// leaves nothing but its plan.
///
/// # Errors
/// `RecipeInvalid`, `SourceRefused`, `SchemaDrifted`, `ConsentUnreadable`, `ProviderRefused`, `BaseModelUnusable`, `TooFewExamples` and
/// `BudgetExceeded`, each with the fix; `DatasetRejected` when the hold-out that the recipe pins cannot be; `Throttled` and
/// `Unavailable`.
pub async fn handle(
    event: PlanEvent,
    default_recipe: &str,
    provider_host: &str,
    store: &(impl Get + Find + List + Put),
    rows: &impl Rows,
    models: &impl Models,
    provider: &impl Catalogue,
) -> Result<Planned, StageError> {
    let input = event.checked_input()?;
    let name = input.recipe.as_deref().unwrap_or(default_recipe);
    let recipe = library::recipe(name)
        .map_err(|error| StageError::new(ErrorName::RecipeInvalid, error.to_string()))?;
    let recipe_sha256 = sha256(library::text(name).unwrap_or_default().as_bytes());
    handle_with(event, (recipe, recipe_sha256), provider_host, store, rows, models, provider).await
}

/// As [`handle`], by a recipe and its hash that the caller has: so that a test can change one.
///
/// # Errors
/// As [`handle`].
pub async fn handle_with(
    event: PlanEvent,
    (recipe, recipe_sha256): (Recipe, String),
    provider_host: &str,
    store: &(impl Get + Find + List + Put),
    rows: &impl Rows,
    models: &impl Models,
    provider: &impl Catalogue,
) -> Result<Planned, StageError> {
    let input = event.checked_input()?;
    let PlanEvent { run, started_at, .. } = event;

    let base = preflight::base_model(&recipe, started_at, provider).await;
    let model = if input.dry_run {
        None
    } else {
        let version = NewVersion {
            run: &run,
            family: &recipe.name,
            purpose: recipe.purpose.as_str(),
            base_model: &recipe.model.base,
            provider: provider_host,
            base_shutdown_date: base.as_ref().ok().and_then(|base| base.shutdown_date),
        };
        Some(models.register(&version).await?.name)
    };
    let base = base?;
    pinned::check(&recipe, store).await?;
    let seen = schema::seen(&recipe, (&run, started_at), input.accept_schema, rows, store).await?;
    let (mut reading, earlier) = since::reading(
        &recipe,
        &recipe_sha256,
        (&run, started_at),
        &input,
        seen.as_ref(),
        (rows, models, store),
    )
    .await?
    .unzip();

    let mut sources = Vec::new();
    let mut cut = Vec::new();
    let mut sample = Sample::new(&recipe)?;
    for from in &recipe.sources {
        rows.reach_consent(from).await?;
        let page = pages::first(rows, Range::all(from), Sample::ROWS).await?;
        page.told_apart(from)?;
        preflight::one_consent_a_row(from, &page)?;
        sample.take(from, &page)?;
        let taken_over = since::slices(from, reading.as_mut(), earlier.as_ref(), rows).await?;
        let slices = if let Some(slices) = taken_over {
            slices
        } else {
            let all = rows.count(Range::all(from), false).await?;
            slices::cut(from, all, sample.row_bytes(), rows).await?
        };
        // The slices are what is read: the source's counts are the sums of theirs.
        let counted = || slices.iter().filter_map(|slice| slice.counted);
        let consented = counted().map(|counted| counted.consented).sum();
        sample.weigh(consented);
        let all = counted().map(|counted| counted.rows).sum();
        sources.push(SourceCount { source: from.name.clone(), rows: all, consented });
        cut.extend(slices);
    }
    let estimate = sample.estimate();
    let first_run =
        recipe.approval.first_run && store.find(&keys::recipe_approved(&recipe.name)).await?.is_none();
    let plan = PlanFile {
        run,
        started_at,
        recipe,
        recipe_sha256,
        model,
        host: Some(provider_host.to_owned()),
        base_shutdown_date: base.shutdown_date,
        limits: provider.limits(),
        sources,
        reading,
        slices: cut,
        estimate,
        approval: approval_file::Planned { first_run, approved_usd: input.approved_usd },
    };
    if !input.dry_run {
        preflight::enough(&plan)?;
        preflight::affordable(&plan)?;
    }
    if let Some(seen) = seen.filter(|_| !input.dry_run) {
        put_json(store, &keys::schema(&plan.recipe.name), &seen).await?;
    }
    let plan_key = keys::plan(&plan.run);
    let bytes = put_json(store, &plan_key, &plan).await?;
    Ok(answer(plan, input.dry_run, plan_key, sha256(&bytes)))
}

/// Returns how the recipe that is asked for speaks to the provider. What is wrong with the request is [`handle`]'s to say.
pub fn provider(event: &PlanEvent, default_recipe: &str) -> recipe::Provider {
    let asked = event.checked_input().ok().and_then(|input| input.recipe);
    let recipe = library::recipe(asked.as_deref().unwrap_or(default_recipe));
    recipe.map(|recipe| recipe.provider).unwrap_or_default()
}

fn answer(plan: PlanFile, dry_run: bool, plan_key: String, plan_sha256: String) -> Planned {
    let approval = approval_file::why(&plan, plan.estimate.usd);
    let Recipe { name, purpose, .. } = plan.recipe;
    let rows: u64 = plan.sources.iter().map(|source| source.consented).sum();
    let all: u64 = plan.sources.iter().map(|source| source.rows).sum();
    Planned {
        run: plan.run,
        recipe: name,
        purpose: purpose.as_str().to_owned(),
        dry_run,
        model: plan.model,
        slices: plan
            .slices
            .into_iter()
            .map(|slice| SliceRef { table: slice.source, slice: slice.slice })
            .collect(),
        reading: plan.reading.as_ref().map(Reading::words),
        rows,
        opted_out: all.saturating_sub(rows),
        estimate: plan.estimate,
        approval,
        plan_key,
        plan_sha256,
    }
}
