//! Trains the scrubber's tagger of names from labelled texts, and measures it.

mod data;
mod lists;
mod measure;
mod random;
mod train;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

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
    },
    /// Measures a model.
    Measure {
        /// The model.
        #[arg(long)]
        model: PathBuf,
        /// Labelled texts.
        files: Vec<Source>,
    },
}

#[derive(Args)]
struct How {
    /// The folder of name lists.
    #[arg(long)]
    names: PathBuf,
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

    fn train(&self, names: &lists::Names, mut texts: Vec<Labelled>) -> Model {
        data::with_copies(&mut texts, self.copies, &mut Random::new(self.seed));
        let bands = lists::bands(names, &texts);
        let texts: Vec<&Labelled> = texts.iter().collect();
        train::train(&texts, bands, &self.plan())
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
            let names = lists::read(&how.names)?;
            let texts = data::read(&how.files, &banded(&names))?;
            let model = how.train(&names, texts);
            std::fs::write(&path, model.to_bytes()).map_err(|error| Fault::File(path, error))?;
        }
        Command::Validate { how, folds, dev } => {
            let names = lists::read(&how.names)?;
            let all = data::read(&how.files, &banded(&names))?;
            let (mut texts, mut aside) = (Vec::new(), Vec::new());
            for (at, text) in all.into_iter().enumerate() {
                if at % folds == 0 { aside.push(text) } else { texts.push(text) }
            }
            let model = how.train(&names, texts);
            report(&mut out, &model, &how.files, &aside)?;
            let texts = data::read(&dev, &banded(&names))?;
            report(&mut out, &model, &dev, &texts)?;
        }
        Command::Measure { model: path, files } => {
            let bytes = std::fs::read(&path).map_err(|error| Fault::File(path.clone(), error))?;
            let model = Model::from_bytes(&bytes).map_err(|fault| Fault::Model(path, fault))?;
            let texts = data::read(&files, &|_| Bands::default())?;
            report(&mut out, &model, &files, &texts)?;
        }
    }
    Ok(())
}

fn banded(names: &lists::Names) -> impl Fn(u64) -> Bands {
    |key| names.get(&key).map_or(Bands::default(), |&(forename, surname)| Bands::new(forename, surname, 0))
}

fn report(
    out: &mut impl std::io::Write,
    model: &Model,
    sources: &[Source],
    texts: &[Labelled],
) -> Result<(), Fault> {
    let mut tagger = Tagger::default();
    let mut counts = vec![Counts::default(); sources.len()];
    for text in texts {
        counts[text.source].see(model, &mut tagger, text);
    }
    for (source, counts) in sources.iter().zip(&counts) {
        let name = source.path.file_stem().unwrap_or_default().to_string_lossy();
        writeln!(out, "{name:24} {}", counts.line())?;
    }
    Ok(())
}
