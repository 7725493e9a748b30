//! Trains the scrubber's tagger of names from labelled texts, and measures it.

mod data;
mod lists;
mod measure;
mod random;
mod train;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::{Args, Parser, Subcommand};
use pii::names::model::{Bands, Model};
use pii::names::tag::Tagger;

use data::{Labelled, Source};
use measure::Counts;
use random::Random;
use train::Plan;

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("{0}: {1}")]
    File(PathBuf, #[source] std::io::Error),
    #[error("{0}: no labelled text: {1}")]
    Row(PathBuf, #[source] serde_json::Error),
    #[error("{0}: {1}")]
    Model(PathBuf, #[source] pii::names::model::NoModel),
    #[error("unknown option {0:?} of a file")]
    Option(String),
    #[error("cannot write: {0}")]
    Output(#[from] std::io::Error),
}

#[derive(Parser)]
#[command(about = "Trains and measures the scrubber's tagger of names")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Trains a model from all files.
    Train {
        #[command(flatten)]
        how: How,
        /// Where the model goes.
        #[arg(long)]
        out: PathBuf,
    },
    /// Trains without every `folds`-th text and measures on those, and on `--dev` files.
    Validate {
        #[command(flatten)]
        how: How,
        /// How many parts.
        #[arg(long, default_value_t = 3)]
        folds: usize,
        /// Files to measure on that are not trained on.
        #[arg(long)]
        dev: Vec<Source>,
        /// Prints what was missed and what is no name.
        #[arg(long)]
        show: bool,
    },
    /// Says how fast texts are read and tagged, in MB/s of CPU time on one core: the best of several rounds.
    Speed {
        /// The model.
        #[arg(long)]
        model: PathBuf,
        /// Labelled texts.
        files: Vec<Source>,
    },
    /// Measures a model.
    Measure {
        /// The model.
        #[arg(long)]
        model: PathBuf,
        /// Prints what was missed and what is no name.
        #[arg(long)]
        show: bool,
        /// Labelled texts.
        files: Vec<Source>,
    },
}

#[derive(Args)]
struct How {
    /// The folder of name lists.
    #[arg(long)]
    names: PathBuf,
    /// Places: `name<tab>population` a line.
    #[arg(long)]
    places: Option<PathBuf>,
    /// Common words: `word<tab>band` a line.
    #[arg(long)]
    common: Option<PathBuf>,
    /// Names of tools, a line each.
    #[arg(long)]
    tools: Option<PathBuf>,
    /// Names of companies, a line each.
    #[arg(long)]
    companies: Option<PathBuf>,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[arg(long, default_value_t = 8)]
    epochs: u64,
    #[arg(long, default_value_t = 16)]
    bits: u32,
    #[arg(long, default_value_t = 0.15)]
    rate: f32,
    #[arg(long, default_value_t = 0.35)]
    threshold: f32,
    #[arg(long, default_value_t = 200)]
    blind: u64,
    #[arg(long, default_value_t = 100)]
    dropout: u64,
    #[arg(long, default_value_t = 2)]
    least: u32,
    #[arg(long, default_value_t = 1e-5)]
    decay: f32,
    /// Of a thousand texts, how many are copied in lower case, and how many in upper case.
    #[arg(long, default_value_t = 100)]
    copies: u64,
    /// Of a thousand texts with names, how many are copied with other names.
    #[arg(long, default_value_t = 300)]
    swaps: u64,
    /// Labelled texts: `FILE`, `FILE:labels=PERSON+ORG`, `FILE:header-only`.
    files: Vec<Source>,
}

impl How {
    fn plan(&self) -> Plan {
        Plan {
            seed: self.seed,
            epochs: self.epochs,
            bits: self.bits,
            rate: self.rate,
            threshold: self.threshold,
            blind: self.blind,
            dropout: self.dropout,
            least: self.least,
            decay: self.decay,
        }
    }

    fn lists(&self) -> Result<lists::Names, Fault> {
        let mut names = lists::read(&self.names)?;
        if let Some(places) = &self.places {
            lists::add_places(&mut names, places)?;
        }
        if let Some(common) = &self.common {
            lists::add_common(&mut names, common)?;
        }
        for (path, class) in [(&self.companies, 9), (&self.tools, 8)] {
            if let Some(path) = path {
                lists::add_words(&mut names, path, class)?;
            }
        }
        Ok(names)
    }

    fn train(&self, names: &lists::Names, mut texts: Vec<Labelled>) -> Result<Model, Fault> {
        let mut random = Random::new(self.seed);
        let written = lists::Written::read(&self.names)?;
        let count = texts.len();
        data::with_swaps(&mut texts, self.swaps, &written, &banded(names), &mut random);
        let common = lists::bands(names, &texts[..count]);
        data::with_copies(&mut texts, self.copies, &mut random);
        let texts: Vec<&Labelled> = texts.iter().collect();
        Ok(train::train(&texts, common, &self.plan()))
    }
}

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            // Where stderr is closed there is nobody to tell.
            writeln!(std::io::stderr(), "tagger: {fault}").ok();
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<(), Fault> {
    let mut out = std::io::stdout().lock();
    match command {
        Command::Train { how, out: path } => {
            let names = how.lists()?;
            let texts = data::read(&how.files, &banded(&names))?;
            let model = how.train(&names, texts)?;
            std::fs::write(&path, model.to_bytes()).map_err(|error| Fault::File(path, error))?;
        }
        Command::Validate { how, folds, dev, show } => {
            let names = how.lists()?;
            let all = data::read(&how.files, &banded(&names))?;
            let (mut texts, mut aside) = (Vec::new(), Vec::new());
            for (at, text) in all.into_iter().enumerate() {
                if at % folds == 0 { aside.push(text) } else { texts.push(text) }
            }
            let model = how.train(&names, texts)?;
            report(&mut out, &model, &how.files, &aside, show)?;
            let texts = data::read(&dev, &banded(&names))?;
            report(&mut out, &model, &dev, &texts, show)?;
        }
        Command::Speed { model: path, files } => {
            let model = load(path)?;
            let texts = data::read(&files, &|_| Bands::default())?;
            let bytes = texts.iter().map(|text| text.text.len()).sum::<usize>();
            let mega = f64::from(u32::try_from(bytes).unwrap_or(u32::MAX)) / 1e6;
            let (mut scratch, mut tagger, mut names) =
                (pii::Scratch::default(), Tagger::default(), Vec::new());
            let mut best = [f64::MAX; 3];
            let mut tokens = 0;
            for _ in 0..8 {
                for (place, best) in best.iter_mut().enumerate() {
                    let start = cpu();
                    for text in &texts {
                        let doc = pii::Doc::read(&text.text, place > 0, &mut scratch);
                        tokens += doc.tokens().len();
                        if place == 2 {
                            names.clear();
                            tagger.find(&model, doc.text(), doc.tokens(), &mut names);
                        }
                    }
                    *best = best.min(cpu().saturating_sub(start).as_secs_f64());
                }
            }
            writeln!(
                out,
                "{mega:.1} MB, {} tokens; plain {:.0} MB/s, words {:.0} MB/s, names {:.1} MB/s",
                tokens / 16,
                mega / best[0],
                mega / best[1],
                mega / best[2]
            )?;
        }
        Command::Measure { model: path, files, show } => {
            let model = load(path)?;
            let texts = data::read(&files, &|_| Bands::default())?;
            report(&mut out, &model, &files, &texts, show)?;
        }
    }
    Ok(())
}

/// Returns the CPU time that this process has used, as Linux tells it; elsewhere the time of day does.
fn cpu() -> Duration {
    let told = std::fs::read_to_string("/proc/self/schedstat").ok();
    let nanoseconds = told.and_then(|told| told.split(' ').next()?.parse().ok());
    let clock = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    nanoseconds.map_or_else(clock, Duration::from_nanos)
}

fn banded(names: &lists::Names) -> impl Fn(u64) -> Bands {
    |key| {
        names.get(&key).map_or(Bands::default(), |&(forename, surname, place, _)| {
            Bands::new(forename, surname, 0, place)
        })
    }
}

fn report(
    out: &mut impl std::io::Write,
    model: &Model,
    sources: &[Source],
    texts: &[Labelled],
    show: bool,
) -> Result<(), Fault> {
    let mut tagger = Tagger::default();
    let mut counts = vec![Counts::default(); sources.len()];
    for text in texts {
        counts[text.source].see(model, &mut tagger, text);
    }
    for (source, counts) in sources.iter().zip(&counts) {
        let name = source.path.file_stem().unwrap_or_default().to_string_lossy();
        writeln!(out, "{name:24} {}", counts.line())?;
        for line in counts.shown.iter().filter(|_| show) {
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}

fn load(path: PathBuf) -> Result<Model, Fault> {
    let bytes = std::fs::read(&path).map_err(|error| Fault::File(path.clone(), error))?;
    Model::from_bytes(&bytes).map_err(|fault| Fault::Model(path, fault))
}
