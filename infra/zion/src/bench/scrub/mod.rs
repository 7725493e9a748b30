//! The scrubber's speed, memory and size, over texts as the pipeline sees them.
//!
//! Every figure comes from a process of its own, which tells its processor time and its own peak of resident memory:
//! other work on the machine disturbs the first little, and what one measurement keeps does not weigh on the next.
//!
//! - `corpus` the texts; `measure` what the processes do; `hostile` texts that are made to cost much
//! - `handler` a part of a gigabyte through the function's code; `peer` the same texts through Presidio

mod corpus;
mod handler;
mod hostile;
mod measure;
mod peer;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use clap::ValueEnum;
use pii::Kinds;
use serde::{Deserialize, Serialize};

use super::rounded;
use crate::error::{Context as _, Error, Result};
use crate::local::paths;
use crate::term;
use measure::Figures;

/// On what to measure.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Scrub {
    /// A folder of labelled sets whose texts are mixed in; the project's own sample alone otherwise
    #[arg(long, value_name = "FOLDER")]
    labelled: Option<PathBuf>,
    /// Size of the corpus
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u64).range(1..))]
    mib: u64,
    /// Size of the part that goes through the function's code
    #[arg(long, default_value_t = 1024)]
    part_mib: u64,
    /// A Python with presidio-analyzer and a spaCy model, to compare with
    #[arg(long, value_name = "PYTHON", env = "PRESIDIO")]
    presidio: Option<PathBuf>,
    /// One measurement, in this process: the others are started like this
    #[arg(long, hide = true, requires = "corpus")]
    only: Option<Only>,
    #[arg(long, hide = true)]
    corpus: Option<PathBuf>,
}

/// What one process measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Only {
    /// Nothing: what the process itself takes
    Idle,
    /// Every default kind, texts rewritten
    Whole,
    /// Every default kind, findings only
    Find,
    /// The kinds that are patterns, texts rewritten
    Patterns,
    /// Each recogniser on its own
    Recognisers,
    /// What costs too much if a cost is not linear
    Hostile,
    /// The texts of the part's rows through the library
    Library,
    /// The part through the function's code
    Handler,
}

#[derive(Serialize)]
struct Answer {
    bench: &'static str,
    corpus_bytes: u64,
    texts: u64,
    model_bytes: u64,
    whole_mb_per_s: f64,
    find_mb_per_s: f64,
    patterns_mb_per_s: f64,
    all_cores_mb_per_s: f64,
    cores: usize,
    idle_peak_mib: f64,
    peak_mib: f64,
    part_bytes: u64,
    part_mb_per_s: f64,
    part_peak_mib: f64,
    part_share_of_library: f64,
    worst_cost_of_twice_the_text: f64,
    presidio_mb_per_s: Option<f64>,
    times_presidio: Option<f64>,
    recognisers: Vec<measure::Share>,
}

/// What a measuring process prints.
#[derive(Debug, Serialize, Deserialize)]
struct Told {
    figures: Figures,
    #[serde(default)]
    shares: Vec<measure::Share>,
    #[serde(default)]
    hostile: Vec<hostile::Cost>,
}

impl Scrub {
    /// Measures and prints.
    ///
    /// # Errors
    /// When a process fails, or the corpus can't be made.
    pub(super) async fn run(&self) -> Result<()> {
        if let (Some(only), Some(corpus)) = (self.only, &self.corpus) {
            let told = match only {
                Only::Handler => handler::measure(corpus, self.part_mib << 20).await?,
                _ => measure::measure(only, corpus)?,
            };
            term::line(&serde_json::to_string(&told).context("write the figures")?);
            return Ok(());
        }
        let folder = tempfile::tempdir().context("make a folder")?;
        let path = folder.path().join("corpus");
        let corpus = corpus::write(&path, self.mib << 20, self.labelled.as_deref())?;
        term::line(&format!(
            "{} texts, {} MB: {}",
            term::number(corpus.texts),
            corpus.bytes / 1_000_000,
            corpus.sources.join(", ")
        ));
        let answer = self.measure(&path, &corpus)?;
        term::line(&serde_json::to_string(&answer).context("write the figures")?);
        Ok(())
    }

    fn measure(&self, path: &Path, corpus: &corpus::Corpus) -> Result<Answer> {
        term::line("");
        let row = |what: &str, figures: &Figures| {
            let Figures { bytes, cpu_seconds, peak_mib, .. } = figures;
            let speed = figures.mb_per_s();
            let size = bytes / 1_000_000;
            term::line(&format!(
                "  {what:<42} {speed:>8.1} MB/s {peak_mib:>7.1} MiB   {size} MB in {cpu_seconds:.1} s of a core"
            ));
        };
        let child = |only, what: &str| -> Result<Told> {
            let told = self.child(only, path)?;
            row(what, &told.figures);
            Ok(told)
        };
        let idle = child(Only::Idle, "the process alone")?;
        let whole = child(Only::Whole, "everything, rewritten")?;
        let find = child(Only::Find, "everything, found only")?;
        let patterns = child(Only::Patterns, "without kinds that are words, rewritten")?;
        let library = child(Only::Library, "the part's texts, by the library")?;
        let part = child(Only::Handler, "the part, by the function's code")?;
        let cores = thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let all_cores = measure::on_all_cores(path, corpus.bytes)?;
        term::line(&format!(
            "  {:<42} {all_cores:>8.1} MB/s by the clock",
            format!("zion scrub on {cores} cores")
        ));
        let recognisers = self.child(Only::Recognisers, path)?.shares;
        print_shares(&recognisers);
        let hostile = self.child(Only::Hostile, path)?.hostile;
        let worst = print_hostile(&hostile);
        let model = paths::root()?.join("shared/pii/src/names/model.bin");
        let model_bytes = model.metadata().map_or(0, |known| known.len());
        term::line(&format!("\n  the name tagger's table: {} bytes", term::number(model_bytes)));
        let presidio = self.presidio.as_deref().map(|python| peer::presidio(python, path)).transpose()?;
        if let Some(speed) = presidio {
            let times = whole.figures.mb_per_s() / speed;
            term::line(&format!(
                "  Presidio on the same texts: {speed:.4} MB/s of a core; this is {times:.0} times as fast"
            ));
        }
        Ok(Answer {
            bench: "scrub",
            corpus_bytes: corpus.bytes,
            texts: corpus.texts,
            model_bytes,
            whole_mb_per_s: rounded(whole.figures.mb_per_s()),
            find_mb_per_s: rounded(find.figures.mb_per_s()),
            patterns_mb_per_s: rounded(patterns.figures.mb_per_s()),
            all_cores_mb_per_s: rounded(all_cores),
            cores,
            idle_peak_mib: rounded(idle.figures.peak_mib),
            peak_mib: rounded(whole.figures.peak_mib),
            part_bytes: part.figures.bytes,
            part_mb_per_s: rounded(part.figures.mb_per_s()),
            part_peak_mib: rounded(part.figures.peak_mib),
            part_share_of_library: rounded(part.figures.mb_per_s() / library.figures.mb_per_s()),
            worst_cost_of_twice_the_text: rounded(worst),
            presidio_mb_per_s: presidio,
            times_presidio: presidio.map(|speed| (whole.figures.mb_per_s() / speed).round()),
            recognisers,
        })
    }

    fn child(&self, only: Only, corpus: &Path) -> Result<Told> {
        let value = only.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
        let what = format!("measure {value}");
        let own = std::env::current_exe().context(what.clone())?;
        let mut command = Command::new(own);
        command.args([
            "bench",
            "scrub",
            "--only",
            &value,
            "--part-mib",
            &self.part_mib.to_string(),
            "--corpus",
        ]);
        let output = command.arg(corpus).stdin(Stdio::null()).stderr(Stdio::inherit()).output();
        let output = output.context(what.clone())?;
        if !output.status.success() {
            return Err(Error::new(format!("{what}: {}", output.status)));
        }
        serde_json::from_slice(&output.stdout).context(what)
    }
}

/// The kinds that need no words to be read.
fn patterns() -> Kinds {
    Kinds::DEFAULT.iter().filter(|kind| !Kinds::WORDS.has(*kind)).collect()
}

fn print_shares(shares: &[measure::Share]) {
    term::line("\n  each on its own, nanoseconds a byte and MB/s of a core");
    for share in shares {
        term::line(&format!(
            "  {:<24} {:>8.2} {:>9.0}   {} found",
            share.name,
            share.ns_per_byte,
            1000.0 / share.ns_per_byte.max(1e-6),
            term::number(share.found)
        ));
    }
}

/// Answers the worst ratio.
fn print_hostile(costs: &[hostile::Cost]) -> f64 {
    term::line("\n  twice the text costs so many times as much: 2 is linear");
    for cost in costs {
        term::line(&format!("  {:<24} {:>6.2}   {:>8.1} MB/s", cost.text, cost.ratio, cost.mb_per_s));
    }
    costs.iter().map(|cost| cost.ratio).fold(0.0, f64::max)
}
