//! The verdict into `model_versions`, atomically; or the failure, in words.

mod cause;

use serde_json::json;
use stage::arrows::{PromoteAnswer, PromoteEvent, Promoted};
use stage::manifest::Manifest;
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
        PromoteEvent::Promote { run, job, model, trained_tokens } => {
            let manifest: Manifest = get_json(store, &keys::manifest(&run)).await?;
            let metrics = json!({
                "rows": manifest.counts.rows,
                "examples": manifest.counts.examples,
                "quarantined": manifest.counts.quarantined,
                "duplicates": manifest.counts.duplicates,
                "near_duplicates": manifest.counts.near_duplicates,
                "training_examples": manifest.outputs.get("train").map_or(0, |side| side.lines),
                "estimated_tokens": manifest.billed_tokens,
                "trained_tokens": trained_tokens,
                "estimated_usd": manifest.usd,
            });
            let reason = format!("run {run}, job {job}");
            let live = models.promote(&run, &model, &metrics, &reason).await?;
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
