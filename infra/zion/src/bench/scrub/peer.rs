//! The same texts through Presidio, where a Python with it is given.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde::Deserialize;

use super::corpus::Reader;
use crate::error::{Context as _, Error, Result};

const SCRIPT: &str = include_str!("presidio.py");
/// How much it gets: at two hundredths of a megabyte a second, some seconds' worth.
const BYTES: usize = 200_000;

/// Processor speed over the first texts of the corpus, in millions of bytes a second; loading is not counted.
pub(super) fn presidio(python: &Path, corpus: &Path) -> Result<f64> {
    #[derive(Deserialize)]
    struct Told {
        bytes: f64,
        cpu_seconds: f64,
    }
    let what = || format!("run Presidio with {}", python.display());
    let texts = Reader::open(corpus)?.next(BYTES)?;
    let mut command = Command::new(python);
    command.args(["-c", SCRIPT]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().context(what())?;
    let mut stdin = child.stdin.take().ok_or_else(|| Error::new(what()))?;
    for text in &texts {
        let line = serde_json::to_string(text).context(what())?;
        writeln!(stdin, "{line}").context(what())?;
    }
    drop(stdin);
    let output = child.wait_with_output().context(what())?;
    if !output.status.success() {
        let error = Error::new(format!("{}: {}", what(), output.status));
        return Err(error.hint("it needs presidio-analyzer and one of spaCy's English models"));
    }
    let last = output.stdout.split(|byte| *byte == b'\n').rfind(|line| !line.is_empty()).unwrap_or_default();
    let told: Told = serde_json::from_slice(last).context(what())?;
    Ok(told.bytes / 1e6 / told.cpu_seconds.max(1e-9))
}
