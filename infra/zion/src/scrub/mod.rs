//! Scrubs files: text, JSONL and CSV, with the library that the pipeline uses.
//!
//! - `input` which files, in which format, cut into blocks of whole records
//! - `flow` blocks through threads, and out in order
//! - `block` one block; `json` and `table` what a line of either holds
//! - `labels` what the names of fields say
//! - `tally` what was found; `paint` colours; `kinds` what is looked for, as a table

mod block;
mod flow;
mod input;
mod json;
mod kinds;
mod labels;
mod paint;
mod table;
mod tally;

use std::io::{self, IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;

use clap::{Args, ValueEnum};
use pii::{Kind, Kinds, Policy, Scrubber, SurrogateKey, Thresholds};

use crate::error::{Context as _, Error, Result};
use crate::term;
use block::{Mode, Worker};
use input::{Format, Source};
use tally::Tally;

/// What `--check` ends with when something was found.
const FOUND: u8 = 1;
/// What everything ends with when something could not be read, or was withheld.
const FAILED: u8 = 2;

/// Fewest bytes of a key: who can guess it can tell whom a surrogate stands for.
const SHORTEST_KEY: usize = 16;

/// Which files to scrub, and how.
#[derive(Debug, Clone, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
#[command(after_help = "\
Exit codes: 0 done; 1 --check found something; 2 an error, or something was withheld.
A line that is not UTF-8, or not JSON where JSON is asked for, is withheld: not written, counted and named by number.
Text is read in blocks of up to a mebibyte, JSONL and CSV by the record: numbers of --policy numbered begin anew with each.
Names of JSON fields are left as they are.")]
pub struct Scrub {
    /// Files to read; `-` is standard input
    #[arg(value_name = "FILE", default_value = "-")]
    files: Vec<PathBuf>,
    /// What the files are; told by their names otherwise (.jsonl, .ndjson, .csv, .tsv; anything else is text)
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Only these fields: paths of JSON (`user.name`, through lists too) or columns of CSV; all by default
    #[arg(long, value_name = "FIELD,…", value_delimiter = ',')]
    fields: Vec<String>,
    /// What stands in the place of what is found
    #[arg(long, value_enum, default_value = "tag")]
    policy: PolicyArg,
    /// The key of `--policy surrogate`: the same key makes the same surrogates; one for each run otherwise
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Whether text or recall is worth more where a finding is doubtful
    #[arg(long, value_enum, default_value = "text")]
    strength: Strength,
    /// Phrases that are never replaced
    #[arg(long, value_name = "PHRASE,…", value_delimiter = ',')]
    allow: Vec<String>,
    /// What is looked for: kinds, `default` or `all` (--list-kinds tells them)
    #[arg(long, value_name = "KIND,…", default_value = "default", value_parser = kinds_of)]
    kinds: Kinds,
    /// Writes nothing but the exit code: 1 when something is found
    #[arg(long, conflicts_with_all = ["spans", "in_place", "output"])]
    check: bool,
    /// Writes a line for each finding: file, line, column, kind, score and rule; never the text
    #[arg(long, conflicts_with_all = ["spans", "in_place"])]
    explain: bool,
    /// With --explain: the text that was found, too
    #[arg(long, requires = "explain")]
    show: bool,
    /// With --explain: what is too doubtful to be rewritten, too
    #[arg(long, requires = "explain")]
    doubtful: bool,
    /// Counts by kind and rule, to standard error or, as JSON, to a file
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, default_missing_value = "-")]
    report: Option<PathBuf>,
    /// Reads `{"id","text"}` lines, writes `{"id","spans"}` lines: code points, labels of the public sets, scores
    #[arg(long, conflicts_with_all = ["format", "fields", "in_place", "report"])]
    spans: bool,
    /// Writes to this file
    #[arg(long, short, value_name = "FILE", conflicts_with = "in_place")]
    output: Option<PathBuf>,
    /// Replaces each file, unless something of it had to be withheld
    #[arg(long)]
    in_place: bool,
    /// Highlights what was replaced, or with `--policy keep` what was found
    #[arg(long, value_enum, default_value = "auto", value_name = "WHEN")]
    color: When,
    #[arg(long, env = "NO_COLOR", hide = true, default_value = "", hide_env = true)]
    no_color: String,
    /// Threads that scrub; all cores by default
    #[arg(long, value_name = "COUNT")]
    threads: Option<usize>,
    /// Tells what is looked for, with examples, and ends
    #[arg(long)]
    list_kinds: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PolicyArg {
    /// The kind in brackets: `[name]`
    Tag,
    /// The kind and a number: `[name_1]`, the same for the same text within a record
    Numbered,
    /// An invented value of the same shape, the same for the same text under one key
    Surrogate,
    /// Nothing is replaced
    Keep,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Strength {
    /// Replaced when it is more likely personal data than not
    Text,
    /// Replaced when it is personal data once in four times
    Recall,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum When {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    Always,
    Never,
}

fn kinds_of(words: &str) -> Result<Kinds, String> {
    match words {
        "all" => Ok(Kinds::ALL),
        "default" => Ok(Kinds::DEFAULT),
        _ => words
            .split(',')
            .map(|word| word.trim().parse::<Kind>().map_err(|error| error.to_string()))
            .collect(),
    }
}

impl Scrub {
    /// Does what was asked, on a thread of its own: what listens for signals goes on listening.
    ///
    /// # Errors
    /// When the thread can't be started.
    pub async fn run(self) -> Result<ExitCode> {
        let (tell, told) = tokio::sync::oneshot::channel();
        let work = move || {
            let code = self.blocking().unwrap_or_else(|error| {
                term::fail(&error);
                FAILED
            });
            // Nobody listens any more when the command was stopped.
            tell.send(code).ok();
        };
        thread::Builder::new().name("scrub".to_owned()).spawn(work).context("start a thread")?;
        Ok(ExitCode::from(told.await.unwrap_or(FAILED)))
    }

    fn blocking(&self) -> Result<u8> {
        if self.list_kinds {
            term::line(&kinds::table());
            return Ok(0);
        }
        let scrubber = self.scrubber()?;
        let worker = Worker { scrubber: &scrubber, mode: self.mode(), rules: self.report.is_some() };
        let sources = self.sources()?;
        let mut tally = Tally::default();
        if self.in_place {
            for source in &sources {
                tally.add(self.replace(&worker, source)?);
            }
        } else {
            match self.write_all(&worker, &sources) {
                Ok(all) => tally = all,
                Err(error) if is_broken_pipe(&error) => return Ok(0),
                Err(error) => return Err(error),
            }
        }
        match &self.report {
            Some(file) if file == Path::new("-") => term::complain(&tally.table()),
            Some(file) => write_report(file, &tally)?,
            None => {}
        }
        Ok(if tally.withheld() > 0 {
            FAILED
        } else if self.check && tally.found() > 0 {
            FOUND
        } else {
            0
        })
    }

    fn scrubber(&self) -> Result<Scrubber> {
        let scrubber = Scrubber::new(match self.policy {
            PolicyArg::Numbered => Policy::Numbered,
            PolicyArg::Surrogate => Policy::Surrogate,
            // What is kept is looked for all the same.
            PolicyArg::Tag | PolicyArg::Keep => Policy::Tag,
        })
        .with_kinds(self.kinds)
        .with_thresholds(match self.strength {
            Strength::Text => Thresholds::TEXT,
            Strength::Recall => Thresholds::RECALL,
        })
        .allowing(self.allow.iter().map(String::as_str));
        if self.policy != PolicyArg::Surrogate {
            return Ok(scrubber);
        }
        let secret = match &self.key {
            Some(file) => std::fs::read(file).context(format!("read {}", file.display()))?,
            None => rand::random::<[u8; 32]>().to_vec(),
        };
        if secret.len() < SHORTEST_KEY {
            let error = Error::new(format!("a key of {} bytes can be guessed", secret.len()));
            return Err(error.hint(format!("use {SHORTEST_KEY} random ones or more")));
        }
        Ok(scrubber.with_key(SurrogateKey::new(&secret)))
    }

    fn mode(&self) -> Mode {
        if self.spans {
            Mode::Spans
        } else if self.explain {
            Mode::Explain { show: self.show, doubtful: self.doubtful }
        } else if self.check {
            Mode::Check
        } else {
            let to_terminal = self.output.is_none() && !self.in_place && io::stdout().is_terminal();
            let colour = match self.color {
                When::Always => true,
                When::Never => false,
                When::Auto => to_terminal && self.no_color.is_empty(),
            };
            Mode::Rewrite { keep: self.policy == PolicyArg::Keep, colour }
        }
    }

    fn sources(&self) -> Result<Vec<Source>> {
        if self.in_place && self.files.iter().any(|file| file == Path::new("-")) {
            return Err(Error::new("standard input can't be replaced in place").hint("name files"));
        }
        let format = if self.spans { Some(Format::Jsonl) } else { self.format };
        self.files.iter().map(|file| Source::new(file, format, &self.fields)).collect()
    }

    fn threads(&self) -> usize {
        let cores = || thread::available_parallelism().map_or(1, std::num::NonZero::get);
        self.threads.unwrap_or_else(cores).max(1)
    }

    fn one(&self, worker: &Worker<'_>, source: &Source, out: &mut dyn Write) -> Result<Tally> {
        let tally = flow::run(worker, source, self.threads(), out)?;
        tally.complain(&source.name);
        Ok(tally)
    }

    fn write_all(&self, worker: &Worker<'_>, sources: &[Source]) -> Result<Tally> {
        let mut tally = Tally::default();
        let mut each = |out: &mut dyn Write| {
            for source in sources {
                tally.add(self.one(worker, source, out)?);
            }
            Ok(true)
        };
        match &self.output {
            Some(file) => replace_file(file, each)?,
            // Not locked: what is said when the command is stopped must get through.
            None => each(&mut io::stdout()).map(|_| ())?,
        }
        Ok(tally)
    }

    fn replace(&self, worker: &Worker<'_>, source: &Source) -> Result<Tally> {
        let mut tally = Tally::default();
        replace_file(&source.path, |out| {
            tally = self.one(worker, source, out)?;
            Ok(tally.withheld() == 0)
        })?;
        if tally.withheld() > 0 {
            term::complain(&format!("{} is left as it was", source.name));
        }
        Ok(tally)
    }
}

/// Writes a file beside the named one, which takes its place when all is written and `write` says so.
fn replace_file(file: &Path, write: impl FnOnce(&mut dyn Write) -> Result<bool>) -> Result<()> {
    let what = || format!("write {}", file.display());
    // A link is followed: what it names is replaced, not the link.
    let file = &file.canonicalize().unwrap_or_else(|_| file.to_path_buf());
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut out = tempfile::Builder::new().prefix(".scrub-").tempfile_in(folder).context(what())?;
    if write(out.as_file_mut())? {
        if let Ok(known) = file.metadata() {
            out.as_file().set_permissions(known.permissions()).context(what())?;
        }
        out.persist(file).map_err(|error| error.error).context(what())?;
    }
    Ok(())
}

fn write_report(file: &Path, tally: &Tally) -> Result<()> {
    let mut text = serde_json::to_string_pretty(tally).context("write the report")?;
    text.push('\n');
    std::fs::write(file, text).context(format!("write {}", file.display()))
}

/// A reader that has gone, as behind `head`, is no failure of ours.
fn is_broken_pipe(error: &Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        if error.downcast_ref::<io::Error>().is_some_and(|it| it.kind() == io::ErrorKind::BrokenPipe) {
            return true;
        }
        source = error.source();
    }
    false
}
