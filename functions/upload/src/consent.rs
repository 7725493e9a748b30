//! Consent, once more, before anything leaves.

use std::pin::pin;

use consent::{Bits, Consent};
use futures_util::TryStreamExt as _;
use records::digest::sha256;
use stage::arrows::PartRef;
use stage::manifest::Manifest;
use stage::plan_file::PlanFile;
use stage::{ErrorName, StageError, keys};
use store::{Get, get_lines};
use supabase::Rows;

/// Counts the examples of the dataset that may not be used any more.
pub(crate) async fn withdrawn(
    plan: &PlanFile,
    manifest: &Manifest,
    store: &impl Get,
    rows: &impl Rows,
) -> Result<u64, StageError> {
    let run = &plan.run;
    let other = || {
        let text = format!("the parts of run {run} are not those of its manifest: start a new run");
        StageError::new(ErrorName::DatasetRejected, text)
    };
    let members = manifest.members.as_ref().ok_or_else(other)?;
    let bytes = store.get(&keys::members(run)).await?;
    if sha256(&bytes) != members.sha256 {
        return Err(other());
    }
    let bits = Bits::from_bytes(bytes.into());
    let parts: Vec<PartRef> = get_lines(store, &keys::export_parts(run)).await?;
    if parts.len() != manifest.inputs.len() {
        return Err(other());
    }
    let consent = Consent::new(plan, store, rows);
    let (mut at, mut withdrawn) = (0, 0);
    let (mut asked, mut each) = (pin!(consent.of(&parts)), parts.iter().zip(&manifest.inputs));
    while let (Some(usable), Some((part, input))) = (asked.try_next().await?, each.next()) {
        let key = keys::scrubbed_part(run, &part.table, part.slice, part.part);
        if key != input.key || usable.len() as u64 != input.lines {
            return Err(other());
        }
        let inside = (at..).zip(&usable).filter(|(at, usable)| !**usable && bits.get(*at));
        withdrawn += inside.count() as u64;
        // Each part's bits begin in a byte of their own.
        at += input.lines.next_multiple_of(8);
    }
    Ok(withdrawn)
}
