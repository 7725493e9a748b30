//! A page for people: what the manifest says, and a few examples.
//!
//! It is written behind the manifest and holds its hash, so the dataset's identity does not depend on it; it is made of
//! the manifest, the plan and the dataset alone, so that it comes out the same when it is made again.

mod samples;
mod view;
mod warnings;

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment};
use stage::StageError;
use stage::manifest::Manifest;
use stage::plan_file::PlanFile;

pub(crate) use samples::Samples;

/// Renders the page.
pub(crate) fn page(
    manifest: &Manifest,
    manifest_sha256: &str,
    plan: &PlanFile,
    samples: &Samples,
    shared: &[String],
) -> Result<String, StageError> {
    let broken = |error| StageError::internal("the dataset's report cannot be written").caused_by(error);
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_template("page", include_str!("report/page.html")).map_err(broken)?;
    let view = view::View::new(manifest, manifest_sha256, plan, samples, shared);
    environment.get_template("page").and_then(|page| page.render(Serde(view))).map_err(broken)
}

#[cfg(test)]
mod tests;
