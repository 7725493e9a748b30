//! The operator's answer, before anything is spent: that the workflow came here is no proof of it.

use stage::approval_file::{self, Answer, Decision};
use stage::manifest::Manifest;
use stage::plan_file::PlanFile;
use stage::{ErrorName, StageError, keys};
use store::{Find, find_json};

/// Returns the answer by which the dataset may be paid for; none where nobody has to be asked.
pub(crate) async fn given(
    plan: &PlanFile,
    manifest: &Manifest,
    manifest_sha256: &str,
    store: &impl Find,
) -> Result<Option<Decision>, StageError> {
    let most_usd = approval_file::most_usd(manifest);
    if approval_file::why(plan, most_usd).is_empty() {
        return Ok(None);
    }
    let run = &plan.run;
    let decision = find_json::<Decision>(store, &keys::decision(run, manifest_sha256)).await?;
    let holds = |decision: &Decision| {
        decision.answer == Answer::Approve
            && decision.run == *run
            && decision.manifest_sha256 == manifest_sha256
            && most_usd <= decision.most_usd
    };
    if let Some(decision) = decision.filter(holds) {
        return Ok(Some(decision));
    }
    let text = format!("no operator has approved the dataset of run {run}, and one must: start a new run");
    Err(StageError::new(ErrorName::ApprovalMissing, text))
}
