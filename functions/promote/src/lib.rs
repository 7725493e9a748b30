//! The verdict into `model_versions`, atomically; or the failure, in words.

mod cause;

use records::split::SideName;
use serde_json::json;
use stage::arrows::{PromoteAnswer, PromoteEvent, Promoted};
use stage::manifest::Manifest;
use stage::plan_file::PlanFile;
use stage::words::zion_live;
use stage::{StageError, keys};
use store::{Get, get_json};
use supabase::Models;

/// Makes the trained model live, or records why the run failed.
///
/// # Errors
/// `PromotionRefused` when the database says no; `SourceRefused`, `Throttled` and `Unavailable`.
pub async fn handle(
    event: PromoteEvent,
    store: &impl Get,
    models: &impl Models,
) -> Result<PromoteAnswer, StageError> {
    match event {
        PromoteEvent::Promote { run, job, model, trained_tokens, approval } => {
            let plan: PlanFile = get_json(store, &keys::plan(&run)).await?;
            let manifest: Manifest = get_json(store, &keys::manifest(&run)).await?;
            let billed_usd = billed(&plan, &manifest, trained_tokens);
            let metrics = json!({
                "rows": manifest.counts.rows,
                "examples": manifest.counts.examples,
                "quarantined": manifest.counts.quarantined,
                "duplicates": manifest.counts.duplicates,
                "near_duplicates": manifest.counts.near_duplicates,
                "training_examples": manifest.lines(SideName::Train),
                "estimated_tokens": manifest.billed_tokens,
                "trained_tokens": trained_tokens,
                "estimated_usd": manifest.usd,
                "billed_usd": billed_usd,
            });
            let approval = approval.map(|words| format!(", {words}")).unwrap_or_default();
            let reason = format!("run {run}, job {job}{approval}");
            let live = models.promote(&run, &model, &metrics, &reason).await;
            let live = live.map_err(|error| with_way_out(&error, plan.model.as_deref(), &model))?;
            Ok(PromoteAnswer::Promote(Promoted {
                run,
                id: live.id,
                name: live.name,
                purpose: live.purpose,
                version: live.version,
                previous: live.previous,
            }))
        }
        PromoteEvent::Fail { run, error, cause } => {
            models.fail(&run, &error, &cause::in_words(&error, &cause)).await.map(PromoteAnswer::Fail)
        }
    }
}

/// Says how the model is put live all the same: it is trained and paid for, and it stays at the provider.
fn with_way_out(error: &StageError, version: Option<&str>, model: &str) -> StageError {
    let version = version.unwrap_or("NAME");
    let text = format!(
        "{}; the trained model stays at the provider: {} puts it live",
        error.chain(),
        zion_live(version, model)
    );
    StageError::new(error.name(), text)
}

/// Returns what the job cost by the recipe's price, and says aloud when that is not what was expected.
fn billed(plan: &PlanFile, manifest: &Manifest, trained_tokens: Option<u64>) -> Option<f64> {
    let recipe = &plan.recipe;
    let trained = trained_tokens?;
    let expected = manifest.bill.unwrap_or_default().tokens;
    if !(expected.least..=expected.most).contains(&trained) {
        tracing::warn!(
            training.tokens = trained,
            training.least_tokens = expected.least,
            training.most_tokens = expected.most,
            "the provider bills other tokens than were expected: compare its price list with the recipe's"
        );
    }
    Some(recipe.price.usd(&recipe.model.base, trained))
}

#[cfg(test)]
mod tests {
    use super::*;
    use stage::ErrorName;

    #[test]
    fn a_model_that_does_not_go_live_is_told_with_the_command_that_puts_it_live() {
        let refused =
            StageError::new(ErrorName::PromotionRefused, "the database refused: a newer one is live");
        let told = with_way_out(&refused, Some("zion-support-v3"), "ft:base:zion-support-v3");
        assert_eq!(told.name(), ErrorName::PromotionRefused);
        let text = told.chain();
        assert!(text.starts_with("the database refused: a newer one is live; "), "{text}");
        assert!(
            text.contains(
                "zion live zion-support-v3 --model ft:base:zion-support-v3 --by YOUR-NAME --reason TEXT "
            ),
            "{text}"
        );
    }
}
