//! `zion check`: whether a provider will take a training file, and what it will bill.

use std::convert::Infallible;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use records::check::{Counts, File, Limits, Problem};
use records::jsonl::{Line, Lines};
use records::library;
use records::recipe::Recipe;
use records::tokens::TokenCounter;
use stage::plan_file::PlanFile;
use stage::{StageError, keys};
use store::{Body as _, Get, S3, get_json};

use crate::error::{Context as _, Error, Result};
use crate::term;

/// Longer lines are named and not read.
const LONGEST_LINE: usize = 32 << 20;

/// Says whether a provider will take a training file of the chat format, and what it will bill
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes: 0 nothing that a provider refuses (with --strict: nothing at all); 1 something, or a file that can't be read.
Problems name line, message and key; no text of the file is shown.")]
pub struct Check {
    /// A training file, one example a line; `-` is standard input
    #[arg(value_name = "FILE", required_unless_present = "run")]
    file: Option<PathBuf>,
    /// The validation file that goes with it
    #[arg(long, value_name = "FILE", requires = "file")]
    validation: Option<PathBuf>,
    /// Checks the dataset of this run instead, by the plan's limits
    #[arg(long, conflicts_with = "file", requires = "bucket")]
    run: Option<String>,
    /// The stack's bucket, as its output `Bucket` names it
    #[arg(long, env = "BUCKET")]
    bucket: Option<String>,
    /// Prices the file by this recipe, and checks it by what the recipe's provider takes: a shipped one's name, or a file
    #[arg(long, value_name = "RECIPE", conflicts_with = "run")]
    recipe: Option<String>,
    /// Fewest examples that the provider takes, if it is not as the recipe's, or `OpenAI`
    #[arg(long, value_name = "COUNT", conflicts_with = "run")]
    min_examples: Option<u64>,
    /// Longest example that the provider takes, likewise
    #[arg(long, value_name = "TOKENS", conflicts_with = "run")]
    max_tokens: Option<u64>,
    /// Largest file that the provider takes, likewise
    #[arg(long, value_name = "BYTES", conflicts_with = "run")]
    max_bytes: Option<u64>,
    /// Takes warnings for errors
    #[arg(long)]
    strict: bool,
}

/// What was found. Holds numbers and words of ours, no text of a file.
#[derive(Debug, Default)]
pub struct Findings {
    /// What a provider refuses.
    pub errors: Vec<String>,
    /// What it takes, and a model should not learn from.
    pub warnings: Vec<String>,
    /// Counts, tokens and price.
    pub summary: Vec<String>,
}

impl Check {
    /// Prints what was found; the exit code says whether a provider takes it.
    ///
    /// # Errors
    /// When a file or the bucket can't be read.
    pub(crate) async fn run(self) -> Result<ExitCode> {
        let findings = match (&self.run, &self.bucket) {
            (Some(run), Some(bucket)) => {
                let found = of_run(run, &S3::new(bucket.clone()).await).await;
                found.context(format!("check the dataset of run {run}"))?
            }
            _ => self.files()?,
        };
        for line in &findings.errors {
            term::line(&format!("error    {line}"));
        }
        for line in &findings.warnings {
            term::line(&format!("warning  {line}"));
        }
        for line in &findings.summary {
            term::line(line);
        }
        let clean = findings.errors.is_empty() && (findings.warnings.is_empty() || !self.strict);
        Ok(if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    fn files(&self) -> Result<Findings> {
        let recipe = self.recipe.as_deref().map(recipe).transpose()?;
        let own = recipe.as_ref().map_or(Limits::CHAT, |recipe| tuning::limits(&recipe.provider));
        let limits = Limits {
            min_examples: self.min_examples.unwrap_or(own.min_examples),
            max_example_tokens: self.max_tokens.unwrap_or(own.max_example_tokens),
            max_file_bytes: self.max_bytes.unwrap_or(own.max_file_bytes),
        };
        let mut findings = Findings::default();
        let Some(path) = &self.file else { return Err(Error::new("no file was named")) };
        let mut training = File::new(counter()?, limits);
        findings.read(path, &mut training)?;
        findings.end(&path.display().to_string(), training.finish());
        findings.price(&training.finish().0, recipe.as_ref());
        if let Some(path) = &self.validation {
            let mut validation = training.validation();
            findings.read(path, &mut validation)?;
            findings.end(&path.display().to_string(), validation.finish_validation());
        }
        Ok(findings)
    }
}

fn counter() -> Result<TokenCounter> {
    TokenCounter::new().ok_or_else(|| Error::new("the token vocabulary is not built in"))
}

fn recipe(name: &str) -> Result<Recipe> {
    if Path::new(name).extension().is_none_or(|it| it != "toml") {
        return library::recipe(name).context("read the recipe");
    }
    let text = fs::read_to_string(name).context(format!("read {name}"))?;
    Recipe::parse(name, &text).context("read the recipe")
}

/// Checks the training and the validation side of a run, by the limits and the price of its plan.
///
/// # Errors
/// `Internal` when the run has no plan or no dataset; `Unavailable`.
pub async fn of_run(run: &str, bucket: &impl Get) -> Result<Findings, StageError> {
    let plan: PlanFile = get_json(bucket, &keys::plan(run)).await?;
    let counter =
        TokenCounter::new().ok_or_else(|| StageError::internal("the token vocabulary is not built in"))?;
    let mut findings = Findings::default();
    let mut training = File::new(counter, plan.limits);
    let key = keys::dataset(run, "train");
    findings.side(&key, &mut training, bucket).await?;
    findings.end(&key, training.finish());
    findings.price(&training.finish().0, Some(&plan.recipe));
    if plan.recipe.split.validation_percent > 0 {
        let key = keys::dataset(run, "validation");
        let mut validation = training.validation();
        findings.side(&key, &mut validation, bucket).await?;
        // A side without lines is not uploaded.
        let (counts, problems) = validation.finish_validation();
        if counts.lines > 0 {
            findings.end(&key, (counts, problems));
        }
    }
    Ok(findings)
}

impl Findings {
    fn read(&mut self, path: &Path, file: &mut File) -> Result<()> {
        let name = path.display().to_string();
        let mut input: Box<dyn Read> = if path == Path::new("-") {
            Box::new(io::stdin())
        } else {
            Box::new(fs::File::open(path).context(format!("open {name}"))?)
        };
        let (mut lines, mut buffer, mut number) = (Lines::new(LONGEST_LINE), vec![0; 1 << 20], 0);
        let mut each = |line: Line<'_>| -> Result<(), Infallible> {
            self.line(&name, &mut number, file, &line);
            Ok(())
        };
        loop {
            let read = input.read(&mut buffer).context(format!("read {name}"))?;
            if read == 0 {
                break;
            }
            lines.feed(&buffer[..read], &mut each).ok();
        }
        lines.finish(each).ok();
        Ok(())
    }

    async fn side(&mut self, key: &str, file: &mut File, bucket: &impl Get) -> Result<(), StageError> {
        let (mut lines, mut number) = (Lines::new(LONGEST_LINE), 0);
        let mut each = |line: Line<'_>| -> Result<(), Infallible> {
            self.line(key, &mut number, file, &line);
            Ok(())
        };
        let mut body = bucket.open(key).await?;
        while let Some(chunk) = body.chunk().await? {
            lines.feed(&chunk, &mut each).ok();
        }
        lines.finish(each).ok();
        Ok(())
    }

    fn line(&mut self, name: &str, number: &mut u64, file: &mut File, line: &Line<'_>) {
        *number += 1;
        for problem in file.line(line) {
            self.add(&problem, format!("{name}:{number}: {problem}"));
        }
    }

    fn end(&mut self, name: &str, (counts, problems): (Counts, Vec<Problem>)) {
        for problem in problems {
            self.add(&problem, format!("{name}: {problem}"));
        }
        let [lines, examples, bytes, tokens] =
            [counts.lines, counts.examples, counts.bytes, counts.tokens.counted].map(term::number);
        self.summary
            .push(format!("{name}: {lines} lines, {examples} examples, {bytes} bytes, {tokens} tokens"));
    }

    fn add(&mut self, problem: &Problem, line: String) {
        if problem.is_warning() { self.warnings.push(line) } else { self.errors.push(line) }
    }

    /// Says what a job over this training file may be billed.
    fn price(&mut self, counts: &Counts, recipe: Option<&Recipe>) {
        let Some(recipe) = recipe else { return };
        let bill = recipe.bill(counts.examples, counts.tokens);
        let (least, most) = (term::number(bill.tokens.least), term::number(bill.tokens.most));
        self.summary.push(format!(
            "price: {:.2} to {:.2} USD for {least} to {most} tokens in {} epochs of {}, {:.2} are allowed without asking",
            bill.least_usd, bill.most_usd, bill.epochs, recipe.model.base, recipe.price.max_usd
        ));
        let (most, name) = (bill.most_usd, &recipe.name);
        if let Some(limit) = recipe.price.refuse_above_usd.filter(|limit| most > *limit) {
            self.errors.push(format!(
                "price: up to {most:.2} USD, price.refuse_above_usd of recipe {name} is {limit:.2}"
            ));
        } else if most > recipe.price.max_usd {
            let limit = recipe.price.max_usd;
            self.warnings.push(format!(
                "price: up to {most:.2} USD, price.max_usd of recipe {name} is {limit:.2}: a run waits for an operator"
            ));
        }
    }
}
