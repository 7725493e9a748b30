//! What each stage takes, and whether its memory depends on the size of the table.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

use serde::Serialize;

use super::binaries::{self, FUNCTIONS};
use super::meter::Meter;
use super::model::{self, Model};
use super::rounded;
use super::run::{self, Done};
use super::watch::{self, Peak, Watch};
use crate::error::{Context as _, Error, Result};
use crate::local::{Build, Options, Stack, paths};
use crate::sample::{self, Sample};
use crate::term::{self, Board};

/// What a handler may take at any size, in MiB.
const MOST_MIB: f64 = 128.0;
/// Peaks at the largest and the smallest size that differ by less are flat: allocators are not exact.
const FLAT: f64 = 1.25;
const RECIPE: &str = "zion-job-generator";

/// On which tables to measure.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Scale {
    /// Rows of `job_posts`, one run each
    #[arg(long, value_delimiter = ',', default_values_t = [100_000, 1_000_000])]
    rows: Vec<u64>,
    /// A Python environment with the AWS emulator; any below .local otherwise
    #[arg(long, value_name = "FOLDER")]
    environment: Option<PathBuf>,
}

/// One size's figures.
#[derive(Serialize)]
pub(super) struct Size {
    pub(super) table_rows: u64,
    load_seconds: f64,
    #[serde(flatten)]
    pub(super) done: Done,
    emulator_peak_mib: f64,
    /// Memory of each function as deployed, in MB.
    pub(super) memory_mb: BTreeMap<String, u64>,
    #[serde(skip)]
    peaks: BTreeMap<String, Peak>,
}

/// One function's figures over all sizes.
#[derive(Serialize)]
struct Figures {
    function: &'static str,
    peak_mib: Vec<f64>,
    processes: Vec<u64>,
    largest_to_smallest: f64,
    within_128_mib: bool,
    flat: bool,
}

#[derive(Serialize)]
struct Answer {
    bench: &'static str,
    recipe: &'static str,
    sizes: Vec<Size>,
    functions: Vec<Figures>,
    /// From the largest size.
    model: Option<Model>,
    within_128_mib: bool,
    flat: bool,
}

impl Scale {
    /// Measures and prints.
    ///
    /// # Errors
    /// When the stack can't be started or a function fails.
    pub(super) async fn run(&self) -> Result<()> {
        binaries::packaged(&paths::root()?)?;
        let mut board = Board::default();
        let mut sizes = Vec::new();
        let mut rows = self.rows.clone();
        rows.sort_unstable();
        for rows in rows {
            sizes.push(self.measure(rows, &mut board).await.context(format!("measure {rows} rows"))?);
        }
        board.finish();
        let functions: Vec<Figures> = FUNCTIONS.map(|name| figures(name, &sizes)).into();
        for size in &sizes {
            print_run(size);
        }
        print_peaks(&sizes, &functions);
        let model = sizes.last().map(Model::of);
        if let Some(model) = &model {
            model::print(model);
        }
        let answer = Answer {
            bench: "scale",
            recipe: RECIPE,
            within_128_mib: functions.iter().all(|function| function.within_128_mib),
            flat: functions.iter().all(|function| function.flat),
            sizes,
            functions,
            model,
        };
        term::line(&serde_json::to_string(&answer).context("write the figures")?);
        Ok(())
    }

    /// A stack of its own for each size: its function processes are new, and so are their peaks.
    async fn measure(&self, rows: u64, board: &mut Board) -> Result<Size> {
        let of = format!("{} rows", term::number(rows));
        let options =
            Options { environment: self.environment.clone(), build: Build::Release, ..Options::default() };
        let stack = Stack::up(&options, |step| board.event(&format!("{of}: {step}"))).await?;
        board.event(&format!("{of}: load the table"));
        let begun = Instant::now();
        let sample =
            Sample { job_posts: rows, resumes: 0, support_logs: 0, seo_contents: 0, ..Sample::of(rows) };
        sample::load(&stack.database().await?, sample, false).await?;
        let load_seconds = rounded(begun.elapsed().as_secs_f64());
        let emulator = stack.emulator().child().id();
        let watch = Watch::of(emulator);
        let meter = Meter::new(&stack, &watch);
        let done = run::run(&stack, RECIPE, meter, |stage| board.event(&format!("{of}: {stage}"))).await?;
        let peaks = watch.peaks();
        let peaks = FUNCTIONS.map(|name| {
            let peak = peaks.get(&stack.function(name)).copied().unwrap_or_default();
            (name.to_owned(), peak)
        });
        let mut memory_mb = BTreeMap::new();
        for name in FUNCTIONS {
            let deployed = stack.emulator().configuration(&stack.function(name)).await?;
            let memory = deployed["MemorySize"]
                .as_u64()
                .ok_or_else(|| Error::new(format!("{name} has no MemorySize")))?;
            memory_mb.insert(name.to_owned(), memory);
        }
        let emulator_peak_mib = rounded(watch::mib(watch::peak(emulator).unwrap_or(0)));
        Ok(Size { table_rows: rows, load_seconds, done, emulator_peak_mib, memory_mb, peaks: peaks.into() })
    }
}

fn figures(function: &'static str, sizes: &[Size]) -> Figures {
    let peaks: Vec<Peak> =
        sizes.iter().map(|size| size.peaks.get(function).copied().unwrap_or_default()).collect();
    let peak_mib: Vec<f64> = peaks.iter().map(|peak| rounded(watch::mib(peak.bytes))).collect();
    let smallest = peak_mib.first().copied().unwrap_or(0.0);
    let largest_to_smallest = rounded(peak_mib.last().copied().unwrap_or(0.0) / smallest);
    Figures {
        function,
        processes: peaks.iter().map(|peak| peak.processes).collect(),
        largest_to_smallest,
        // A function that was never seen is no proof.
        within_128_mib: peak_mib.iter().all(|peak| *peak > 0.0 && *peak <= MOST_MIB),
        flat: largest_to_smallest <= FLAT,
        peak_mib,
    }
}

fn print_run(size: &Size) {
    term::line("");
    term::line(&format!(
        "{} rows of job_posts, made and loaded in {:.0} s; the emulator itself took {:.0} MiB",
        term::number(size.table_rows),
        size.load_seconds,
        size.emulator_peak_mib
    ));
    term::line(&format!(
        "  {:<9} {:>9} {:>9} {:>8} {:>10} {:>10} {:>14} {:>8} {:>8} {:>8} {:>9} {:>9}",
        "stage",
        "seconds",
        "core s",
        "calls",
        "rows",
        "rows/s",
        "bytes",
        "MB/s",
        "S3 puts",
        "S3 gets",
        "MB in",
        "MB out"
    ));
    for step in &size.done.steps {
        let a_second = |count: u64| {
            #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
            let rate = count as f64 / step.seconds.max(0.01);
            rate
        };
        term::line(&format!(
            "  {:<9} {:>9.2} {:>9.2} {:>8} {:>10} {:>10.0} {:>14} {:>8.1} {:>8} {:>8} {:>9.1} {:>9.1}",
            step.stage,
            step.seconds,
            step.work.cpu_seconds,
            term::number(step.invocations),
            term::number(step.rows),
            a_second(step.rows),
            term::number(step.bytes),
            a_second(step.bytes) / 1e6,
            term::number(step.work.put_requests),
            term::number(step.work.get_requests),
            megabytes(step.work.bytes_in),
            megabytes(step.work.bytes_out),
        ));
    }
}

#[expect(clippy::cast_precision_loss, reason = "a size for people")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

fn print_peaks(sizes: &[Size], functions: &[Figures]) {
    term::line("");
    let columns: Vec<String> = sizes
        .iter()
        .map(|size| format!("{:>18}", format!("{} rows", term::number(size.table_rows))))
        .collect();
    term::line("Peak resident memory, MiB of the largest process (processes)");
    term::line(&format!("  {:<9}{} {:>7}  {:<10} flat", "function", columns.concat(), "ratio", "<= 128"));
    for figures in functions {
        let peaks: Vec<String> = figures
            .peak_mib
            .iter()
            .zip(&figures.processes)
            .map(|(peak, processes)| format!("{:>18}", format!("{peak:.1} ({processes})")))
            .collect();
        let word = |met| if met { "yes" } else { "NO" };
        term::line(&format!(
            "  {:<9}{} {:>7.2}  {:<10} {}",
            figures.function,
            peaks.concat(),
            figures.largest_to_smallest,
            word(figures.within_128_mib),
            word(figures.flat)
        ));
    }
}
