//! What must hold before a run may spend anything.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use records::recipe::{Recipe, Source};
use records::row::Row;
use stage::arrows::Estimate;
use stage::plan_file::PlanFile;
use stage::{ErrorName, StageError, approval_file};
use supabase::Page;
use supabase::rows::CONSENT;
use tuning::{BaseModel, Catalogue, alternatives, days_left};

/// Looks the base model up and refuses one that is shut down too soon.
pub(crate) async fn base_model(
    recipe: &Recipe,
    started_at: Timestamp,
    provider: &impl Catalogue,
) -> Result<BaseModel, StageError> {
    let unusable = |text: String| StageError::new(ErrorName::BaseModelUnusable, text);
    let id = &recipe.model.base;
    let base = provider.base_model(id).await?.ok_or_else(|| {
        unusable(format!(
            "the provider knows no model {id}: set model.base of recipe {} to one it can tune",
            recipe.name
        ))
    })?;
    if let Some(shutdown) = base.shutdown_date {
        let today = started_at.to_zoned(TimeZone::UTC).date();
        let (days, least) = (days_left(shutdown, today), recipe.model.min_life_days);
        if i64::from(days) < i64::from(least) {
            // The list only helps; without it the answer is the same.
            let others = provider.models().await.unwrap_or_default();
            let others = alternatives(&others, id, today, i32::try_from(least).unwrap_or(i32::MAX));
            let others = if others.is_empty() { "none that lasts".to_owned() } else { others.join(", ") };
            return Err(unusable(format!(
                "base model {id} is shut down on {shutdown}, {days} days from now; recipe {} wants at least {least}: set model.base to another one that can be tuned; the provider lists {others}",
                recipe.name
            )));
        }
    }
    Ok(base)
}

/// Refuses a consent table with several rows a record: any of them would do as a yes, also one that was taken back.
pub(crate) fn one_consent_a_row(source: &Source, page: &Page) -> Result<(), StageError> {
    let Some(row) = page.rows()?.first().copied() else { return Ok(()) };
    let row = Row::parse(row.get().as_bytes()).ok();
    let consent = row.as_ref().and_then(|row| row.raw(CONSENT));
    if consent.is_none_or(|consent| consent.starts_with('{')) {
        return Ok(());
    }
    let text = format!(
        "source {}: the consent table has several rows for one of {}: relate it by a foreign key of {} to one row each; of a log of consents keep the latest in a boolean column there, by a trigger",
        source.name, source.table, source.table
    );
    Err(StageError::new(ErrorName::ConsentUnreadable, text))
}

/// Refuses a run that cannot reach the recipe's fewest examples.
pub(crate) fn enough(plan: &PlanFile) -> Result<(), StageError> {
    let rows: u64 = plan.sources.iter().map(|source| source.consented).sum();
    let least = plan.recipe.gates.min_examples.max(plan.limits.min_examples);
    if rows >= least {
        return Ok(());
    }
    let tables: Vec<_> = plan
        .sources
        .iter()
        .map(|source| format!("{} {} of {}", source.source, source.consented, source.rows))
        .collect();
    Err(StageError::new(
        ErrorName::TooFewExamples,
        format!(
            "{rows} rows may be used, {least} are needed ({}): wait for more rows or lower gates.min_examples",
            tables.join(", ")
        ),
    ))
}

/// Refuses a run above the recipe's hard limit. One above its budget waits for an operator, once its price is known.
pub(crate) fn affordable(plan: &PlanFile) -> Result<(), StageError> {
    let Estimate { usd, tokens, .. } = plan.estimate;
    approval_file::not_above_the_limit(
        plan,
        usd,
        &format!("the run is estimated at {usd:.2} USD for {tokens} tokens"),
    )
}
