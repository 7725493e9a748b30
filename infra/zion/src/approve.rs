//! `zion approve`: which runs wait for an operator, and the answer.
//!
//! The function's own code on the operator's own credentials: they may write to the bucket and answer for the workflow.

use approve::StepFunctions;
use clap::Args;
use jiff::Timestamp;
use stage::approval_file::{Answer, Question, Way};
use stage::arrows::{AnswerEvent, Told};
use stage::{StageError, keys};
use store::{Find, List, S3, find_json};

use crate::error::{Context as _, Result};
use crate::term;

/// Says which runs wait for an operator; with a run, approves or refuses it
#[derive(Args)]
pub(crate) struct Approve {
    /// The run to answer for; without one, those that wait are listed
    run: Option<String>,
    /// Your name: it is kept with the answer
    #[arg(long, requires = "run", default_value = "", hide_default_value = true)]
    by: String,
    /// Refuses: the run ends, and nothing is spent
    #[arg(long, requires_all = ["run", "reason"])]
    refuse: bool,
    /// Why
    #[arg(long, requires = "run", default_value = "", hide_default_value = true)]
    reason: String,
    /// The stack's output `Bucket`
    #[arg(long, env = "BUCKET")]
    bucket: String,
}

impl Approve {
    /// Prints what waits, or what became of the answer.
    ///
    /// # Errors
    /// When the bucket can't be read, the run waits for nothing, or the workflow can't be told.
    pub(crate) async fn run(self) -> Result<()> {
        let store = S3::new(self.bucket).await;
        let Some(run) = self.run else {
            let waiting = waiting(&store, Timestamp::now()).await.context("look for runs that wait")?;
            for question in &waiting {
                term::line(&words(question));
            }
            if waiting.is_empty() {
                term::line("no run waits for an operator");
            }
            return Ok(());
        };
        let question = find_json::<Question>(&store, &keys::question(&run)).await;
        let question = question.context("look for what the run asks")?;
        if let Some(question) = &question {
            term::line(&words(question));
        }
        let manifest_sha256 = question.map(|question| question.manifest_sha256);
        let answer = if self.refuse { Answer::Refuse } else { Answer::Approve };
        let event = AnswerEvent { run, answer, by: self.by, reason: self.reason, manifest_sha256 };
        let workflow = StepFunctions::new().await;
        let told = approve::answer(event, Way::CommandLine, Timestamp::now(), &store, &workflow).await;
        let Told { decision, delivered } = told.context("answer for the run")?;
        let became =
            if delivered { "the workflow has it" } else { "the workflow had it before, or has ended" };
        term::line(&format!("{}; {became}", decision.in_words()));
        Ok(())
    }
}

/// Returns the questions that can still be answered, by run.
///
/// # Errors
/// `Unavailable` when the store does not answer.
pub async fn waiting(store: &(impl Find + List), now: Timestamp) -> Result<Vec<Question>, StageError> {
    let mut waiting = Vec::new();
    for folder in store.list("runs/").await? {
        let run = folder.trim_start_matches("runs/").trim_end_matches('/');
        let Some(question) = find_json::<Question>(store, &keys::question(run)).await? else { continue };
        let decision = keys::decision(run, &question.manifest_sha256);
        let ended = store.find(&keys::ended(run)).await?.is_some();
        if !ended && question.expires_at > now && store.find(&decision).await?.is_none() {
            waiting.push(question);
        }
    }
    Ok(waiting)
}

fn words(question: &Question) -> String {
    let facts = &question.facts;
    let why: Vec<_> = facts.why.iter().map(|why| why.in_words()).collect();
    format!(
        "{}  {}  ${:.2} to ${:.2}, {} examples, {} rows left out, until {}: {}",
        question.run,
        facts.model,
        facts.least_usd,
        facts.most_usd,
        term::number(facts.train),
        term::number(facts.opted_out),
        question.expires_at.round(jiff::Unit::Second).unwrap_or(question.expires_at),
        why.join(", and ")
    )
}
