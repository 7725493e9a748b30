//! The functions as they would be deployed.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::{Context as _, Error, Result};

/// The functions, in the order of a run.
pub(super) const FUNCTIONS: [&str; 7] =
    ["plan", "export", "scrub", "assemble", "upload", "status", "promote"];

/// Refuses to measure anything but what `make package` leaves.
pub(super) fn packaged(root: &Path) -> Result<()> {
    let folder = root.join("target/lambda");
    let profile = std::fs::read_to_string(folder.join(".profile")).unwrap_or_default();
    let missing = FUNCTIONS.iter().find(|name| !bootstrap(root, name).is_file());
    if let Some(name) = missing {
        return Err(Error::new(format!("function {name} is not packaged")).hint("run `make package`"));
    }
    if profile.trim() != "release" {
        return Err(Error::new("target/lambda holds development builds").hint("run `make package`"));
    }
    Ok(())
}

/// Where a function's packaged binary lies.
pub(super) fn bootstrap(root: &Path, name: &str) -> PathBuf {
    root.join("target/lambda").join(name).join("bootstrap")
}

/// Where the yardstick lies.
pub(super) fn hello(root: &Path) -> Result<PathBuf> {
    let path = root.join("target/release/hello");
    if path.is_file() {
        return Ok(path);
    }
    Err(Error::new("hello is not built").hint("build it: cargo build --release -p hello"))
}

/// A file's size, and its size as the AWS command line would send it: deflated at level 6.
pub(super) fn sizes(path: &Path) -> Result<(u64, u64)> {
    let bytes = path.metadata().context(format!("read {}", path.display()))?.len();
    let mut command = Command::new("gzip");
    command.args(["-6", "-c"]).arg(path).stdin(Stdio::null());
    let output = command.output().context("run gzip")?;
    if !output.status.success() {
        return Err(Error::new(format!("gzip can't pack {}", path.display())));
    }
    Ok((bytes, output.stdout.len() as u64))
}
