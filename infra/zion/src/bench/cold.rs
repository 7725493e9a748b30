//! How long a function takes from its start to its first look for work.
//!
//! Processes are started in turns, the yardstick among them, so that whatever else the machine does disturbs all alike.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use serde::Serialize;
use stage::Settings;

use super::binaries::{self, FUNCTIONS};
use super::rounded;
use super::stub::Stub;
use super::watch;
use crate::error::{Context as _, Result};
use crate::local::paths;
use crate::term;

/// A function that talks to no store may take this many times as long as the bare runtime.
const MOST: f64 = 2.0;
/// One that sets up an S3 client.
const MOST_WITH_STORE: f64 = 4.0;

/// How often to measure.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Cold {
    /// Starts of each binary
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(3..))]
    starts: u32,
}

/// One binary's figures.
#[derive(Debug, Serialize)]
struct Figures {
    function: &'static str,
    start_ms: f64,
    start_p90_ms: f64,
    times_hello: f64,
    most_times_hello: f64,
    target_met: bool,
    first_answer_ms: f64,
    resident_mib: f64,
    stripped_bytes: u64,
    zipped_bytes: u64,
}

#[derive(Serialize)]
struct Answer {
    bench: &'static str,
    starts: u32,
    targets_met: bool,
    functions: Vec<Figures>,
}

struct Subject {
    name: &'static str,
    binary: PathBuf,
    /// Seconds to the first look for work, one a start.
    starts: Vec<f64>,
    /// Seconds to the first answer.
    answers: Vec<f64>,
    resident: u64,
}

impl Cold {
    /// Measures and prints.
    ///
    /// # Errors
    /// When a binary is missing or does not do what a function does.
    pub(super) fn run(&self) -> Result<()> {
        let root = paths::root()?;
        binaries::packaged(&root)?;
        let subject =
            |name, binary| Subject { name, binary, starts: Vec::new(), answers: Vec::new(), resident: 0 };
        let mut subjects = vec![subject("hello", binaries::hello(&root)?)];
        subjects.extend(FUNCTIONS.map(|name| subject(name, binaries::bootstrap(&root, name))));
        for turn in 0..=self.starts {
            for subject in &mut subjects {
                let name = subject.name;
                // The first turn only brings the binaries into the page cache.
                subject.start(turn > 0).context(format!("start {name}"))?;
            }
        }
        let hello = median(&mut subjects[0].starts);
        let functions: Vec<Figures> =
            subjects.iter_mut().map(|subject| subject.figures(hello)).collect::<Result<_>>()?;
        print(&functions, self.starts);
        let targets_met = functions.iter().all(|function| function.target_met);
        let answer = Answer { bench: "cold", starts: self.starts, targets_met, functions };
        term::line(&serde_json::to_string(&answer).context("write the figures")?);
        Ok(())
    }
}

/// A process that ends with its measurement.
struct Started(Child);

impl Drop for Started {
    fn drop(&mut self) {
        // One that has ended by itself is as good.
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

impl Subject {
    fn start(&mut self, counts: bool) -> Result<()> {
        let stub = Stub::start()?;
        let mut command = command(&self.binary, stub.address());
        let begun = Instant::now();
        let process = Started(command.spawn().context("start it")?);
        let (next, answer) = stub.times()?;
        if counts {
            self.starts.push((next - begun).as_secs_f64());
            self.answers.push((answer - begun).as_secs_f64());
            self.resident = self.resident.max(watch::peak(process.0.id()).unwrap_or(0));
        }
        Ok(())
    }

    fn figures(&mut self, hello: f64) -> Result<Figures> {
        let (stripped_bytes, zipped_bytes) = binaries::sizes(&self.binary)?;
        let start = median(&mut self.starts);
        let most = if matches!(self.name, "hello" | "status") { MOST } else { MOST_WITH_STORE };
        Ok(Figures {
            function: self.name,
            start_ms: rounded(start * 1e3),
            start_p90_ms: rounded(self.starts[(self.starts.len() * 9).div_ceil(10) - 1] * 1e3),
            times_hello: rounded(start / hello),
            most_times_hello: most,
            target_met: start <= most * hello,
            first_answer_ms: rounded(median(&mut self.answers) * 1e3),
            resident_mib: rounded(watch::mib(self.resident)),
            stripped_bytes,
            zipped_bytes,
        })
    }
}

/// The process as Lambda would start it: its settings, credentials that are nobody's, and nothing else.
fn command(binary: &Path, api: &str) -> Command {
    let mut command = Command::new(binary);
    command.env_clear().stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    for name in Settings::VARIABLES {
        command.env(name, if name.ends_with("_URL") { "http://127.0.0.1:9/v1" } else { "bench" });
    }
    command.envs([
        ("AWS_LAMBDA_RUNTIME_API", api),
        ("AWS_LAMBDA_FUNCTION_NAME", "bench"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_SESSION_TOKEN", "test"),
    ]);
    command
}

fn print(functions: &[Figures], starts: u32) {
    term::line(&format!("Start to the first look for work, median of {starts} interleaved starts"));
    term::line(&format!(
        "  {:<9} {:>8} {:>8} {:>9} {:>7}  {:<8} {:>10} {:>12} {:>11}",
        "function", "ms", "p90 ms", "x hello", "most", "target", "answer ms", "stripped", "zipped"
    ));
    for figures in functions {
        let target = match (figures.function, figures.target_met) {
            ("hello", _) => "",
            (_, true) => "met",
            (_, false) => "NOT MET",
        };
        term::line(&format!(
            "  {:<9} {:>8.2} {:>8.2} {:>9.2} {:>7.1}  {target:<8} {:>10.2} {:>12} {:>11}",
            figures.function,
            figures.start_ms,
            figures.start_p90_ms,
            figures.times_hello,
            figures.most_times_hello,
            figures.first_answer_ms,
            term::number(figures.stripped_bytes),
            term::number(figures.zipped_bytes),
        ));
    }
}

/// Sorts, and answers the middle.
fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    let upper = values.len() / 2;
    f64::midpoint(values[(values.len() - 1) / 2], values[upper])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_or_between_the_two_middles() {
        assert!((median(&mut [3.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
        assert!((median(&mut [4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < 1e-9);
    }
}
