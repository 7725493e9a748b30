//! What the template and the workflow say against what the code says.

mod policies;
mod settings;
mod workflow;

use std::path::{Path, PathBuf};

fn path(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(relative)
}

pub(crate) fn text(relative: &str) -> String {
    std::fs::read_to_string(path(relative)).unwrap_or_else(|error| panic!("{relative}: {error}"))
}

/// Returns the lines below `  {name}:` up to the next resource of the template.
pub(crate) fn resource(template: &str, name: &str) -> String {
    let head = format!("  {name}:");
    let lines = template.lines().skip_while(|line| **line != *head).skip(1);
    let inside = |line: &&str| line.is_empty() || line.starts_with("   ") || line.starts_with("  #");
    let body: Vec<_> = lines.take_while(inside).collect();
    assert!(!body.is_empty(), "the template has no {name}");
    body.join("\n")
}
