//! The hold-out that a recipe pins, looked at before a row is read: `assemble` would miss it hours later.

use records::digest::Digest;
use records::example::Example;
use records::jsonl::Lines;
use records::recipe::Recipe;
use stage::lineage_file::LineageIndex;
use stage::manifest::{LONGEST_LINE, Manifest, cannot_be_pinned};
use stage::{StageError, keys};
use store::{Body as _, Find, Get, List};

/// Refuses a pinned hold-out that is not there, not what its manifest says, or from another split.
///
/// Whether its hashes are under today's key only `scrub` and `assemble` can tell.
pub(crate) async fn check(recipe: &Recipe, store: &(impl Get + Find + List)) -> Result<(), StageError> {
    let Some(run) = recipe.split.pinned() else { return Ok(()) };
    let refused = |problem: &str| cannot_be_pinned(run, problem);
    let gone = || refused("there is no such run, or it has expired: runs are kept for 90 days");
    let shape = |_: serde_json::Error| refused("another version has made it");
    let manifest = store.find(&keys::manifest(run)).await?.ok_or_else(gone)?;
    let manifest: Manifest = serde_json::from_slice(&manifest).map_err(shape)?;
    let side = manifest.holdout_for(&recipe.split).map_err(|problem| refused(&problem))?;
    let index = store.find(&keys::lineage_index(run)).await?;
    let index = index.ok_or_else(|| refused("whose it is cannot be told: its lineage is lost"))?;
    serde_json::from_slice::<LineageIndex>(&index).map_err(shape)?;
    let key = keys::dataset(run, "holdout");
    if store.list(&key).await?.first() != Some(&key) {
        return Err(refused("its object is lost"));
    }
    let (mut digest, mut lines) = (Digest::default(), Lines::new(LONGEST_LINE));
    let mut each = |line: records::jsonl::Line<'_>| {
        Example::of_chat_line(&line).map(drop).map_err(|problem| refused(&problem))
    };
    let mut body = store.open(&key).await?;
    while let Some(chunk) = body.chunk().await? {
        digest.update(&chunk);
        lines.feed(&chunk, &mut each)?;
    }
    lines.finish(each)?;
    if digest.finish() == side.sha256 {
        Ok(())
    } else {
        Err(refused("its object is not what its manifest says"))
    }
}
