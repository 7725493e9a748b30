//! `zion approve`: which runs wait for an operator, and the answer.
//!
//! The function's own code on the operator's own credentials: they may write to the bucket and answer for the workflow.

use std::io::IsTerminal as _;

use approve::{StepFunctions, Workflow};
use clap::Args;
use jiff::Timestamp;
use stage::approval_file::{Answer, Question, Way};
use stage::arrows::{AnswerEvent, Told};
use stage::words::{number, usd, usd_range};
use stage::{StageError, keys};
use store::{Find, List, Put, S3, Swap, find_json};

use crate::ask::{asked, asks, is_yes, one_line};
use crate::error::{Context as _, Error, Result};
use crate::term;

/// Says which runs wait for an operator; with a run, shows what it asks and takes the answer
#[derive(Args)]
pub(crate) struct Approve {
    /// The run to answer for; without one, those that wait are listed
    run: Option<String>,
    /// Your name: it is kept with the answer
    #[arg(long, requires = "run", default_value = "", hide_default_value = true)]
    by: String,
    /// Approves without asking you once more; needed where there is no terminal to ask on
    #[arg(long, requires = "run", conflicts_with = "refuse")]
    yes: bool,
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
    /// When the bucket can't be read, the run waits for nothing, there is neither a word nor a terminal to tell the answer from,
    /// or the workflow can't be told.
    pub(crate) async fn run(self) -> Result<()> {
        let Some(run) = self.run.clone() else {
            let store = S3::new(self.bucket).await;
            let waiting = waiting(&store, Timestamp::now()).await.context("look for runs that wait")?;
            for question in &waiting {
                term::line(&words(question));
            }
            if waiting.is_empty() {
                term::line("no run waits for an operator");
            }
            return Ok(());
        };
        let is_terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
        let (store, workflow) = (S3::new(&self.bucket).await, StepFunctions::new().await);
        self.take(&run, &store, &workflow, is_terminal, term::line).await
    }

    /// Shows what the run asks, and takes the answer.
    async fn take(
        self,
        run: &str,
        store: &(impl Find + Put + Swap),
        workflow: &impl Workflow,
        is_terminal: bool,
        mut say: impl FnMut(&str),
    ) -> Result<()> {
        let question = find_json::<Question>(store, &keys::question(run)).await;
        let question = question.context("look for what the run asks")?;
        if let Some(question) = &question {
            say(&at_length(question));
            if self.by.trim().is_empty() {
                let nameless = Error::new("an answer is kept with a name, and nothing was answered");
                return Err(nameless.hint("add --by YOUR-NAME"));
            }
            let hint = "add --yes to approve, or --refuse --reason \"…\"";
            if asks(self.yes || self.refuse, is_terminal, hint)? && !is_yes(&asked("approve? [y/N] ").await?)
            {
                say("nothing was answered: the run waits on; --refuse --reason \"…\" ends it");
                return Ok(());
            }
        }
        let manifest_sha256 = question.map(|question| question.manifest_sha256);
        let answer = if self.refuse { Answer::Refuse } else { Answer::Approve };
        let (run, by, reason) = (run.to_owned(), self.by, self.reason);
        let event = AnswerEvent { run, answer, by, reason, manifest_sha256 };
        let told = approve::answer(event, Way::CommandLine, Timestamp::now(), store, workflow).await;
        let Told { decision, delivered } = told.context("answer for the run")?;
        let became =
            if delivered { "the workflow has it" } else { "the workflow had it before, or has ended" };
        say(&format!("{}; {became}", decision.in_words()));
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
    let unheard = if question.unheard { "; nobody was told: its notice has no reader" } else { "" };
    format!(
        "{}  {}  {}, {} examples, {} rows left out, until {}: {}{unheard}",
        one_line(&question.run),
        one_line(&facts.model),
        usd_range(facts.least_usd, facts.most_usd),
        number(facts.train),
        number(facts.opted_out),
        second(question.expires_at),
        why(question)
    )
}

/// What the notice says, for whoever answers here.
fn at_length(question: &Question) -> String {
    let facts = &question.facts;
    let lines = [
        ("run", format!("{} of {}: {}", question.run, facts.recipe, why(question))),
        ("would train", format!("{} from {}", facts.model, facts.base())),
        (
            "would replace",
            facts.replaces.clone().unwrap_or_else(|| "nothing: it would be the first".to_owned()),
        ),
        ("used for", facts.features.join(", ")),
        (
            "price",
            format!(
                "{}, {} allowed without asking",
                usd_range(facts.least_usd, facts.most_usd),
                usd(facts.max_usd)
            ),
        ),
        (
            "examples",
            format!(
                "{} to learn from, {} to validate, {} held out",
                number(facts.train),
                number(facts.validation),
                number(facts.holdout)
            ),
        ),
        (
            "rows",
            format!(
                "{} taken, {} left out because their person opted out or never agreed, {} withdrawn since",
                number(facts.rows),
                number(facts.opted_out),
                number(facts.withdrawn)
            ),
        ),
        ("until", second(question.expires_at).to_string()),
    ];
    let lines = lines.iter().map(|(name, value)| format!("{name:<14} {}", one_line(value)));
    lines.collect::<Vec<_>>().join("\n")
}

fn why(question: &Question) -> String {
    question.facts.why.iter().map(|why| why.in_words()).collect::<Vec<_>>().join(", and ")
}

fn second(at: Timestamp) -> Timestamp {
    at.round(jiff::Unit::Second).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use serde_json::{Value, json};
    use stage::ErrorName;
    use store::{Memory, put_json};

    use super::*;

    fn question() -> Question {
        let question = json!({
            "run": "run-1\u{202e}", "manifest_sha256": "m", "nonce_sha256": "n", "token": "secret",
            "basis": {"plan_sha256": "p", "code_version": "c", "scrubber_version": "s", "inputs_sha256": "i",
                "withdrawn_sha256": null, "most_usd": 5.256},
            "asked_at": "2026-11-22T11:00:00Z", "expires_at": "2026-11-25T11:00:00.5Z", "unheard": true,
            "facts": {"recipe": "zion-support", "model": "zion-support-v2", "purpose": "support",
                "base_model": "base\u{1b}[2J\nprice: $0", "features": ["answering tickets", "drafts"],
                "replaces": "zion-support-v1", "why": ["first_run", "above_budget"], "least_usd": 4.1,
                "most_usd": 5.256, "max_usd": 2.0, "epochs": 3, "billed_tokens": 9, "rows": 12_000,
                "withdrawn": 7, "opted_out": 1_234, "train": 10_000, "validation": 500, "holdout": 600,
                "report_key": "r"},
        });
        serde_json::from_value(question).unwrap()
    }

    #[test]
    fn shows_what_is_decided_before_it_asks() {
        let shown = at_length(&question());
        for part in [
            "price          $4.10 to $5.26, $2.00 allowed without asking",
            "12,000 taken, 1,234 left out",
            "10,000 to learn from, 500 to validate, 600 held out",
            "answering tickets, drafts",
            "zion-support-v1",
            "first run of its recipe, and it may cost more",
            "2026-11-25T11:00:0",
        ] {
            assert!(shown.contains(part), "«{part}» is not in: {shown}");
        }
        let unseen = |letter: char| (letter.is_control() && letter != '\n') || letter == '\u{202e}';
        assert!(!shown.contains(unseen) && shown.lines().count() == 8, "{shown:?}");
        assert!(!shown.contains("secret"));
        assert!(words(&question()).ends_with("; nobody was told: its notice has no reader"));
    }

    /// Nobody is told anything.
    struct Nobody;

    impl Workflow for Nobody {
        async fn go_on(&self, _: &str, _: &Value) -> Result<bool, StageError> {
            panic!("the run went on")
        }

        async fn end(&self, _: &str, _: ErrorName, _: &str) -> Result<bool, StageError> {
            panic!("the run was ended")
        }
    }

    #[tokio::test]
    async fn shows_what_a_run_asks_before_it_says_what_is_missing() {
        let store = Memory::default();
        put_json(&store, &keys::question("run-1"), &question()).await.unwrap();
        for (arguments, missing) in [
            (vec!["run-1"], "add --by YOUR-NAME"),
            (vec!["run-1", "--yes"], "add --by YOUR-NAME"),
            (vec!["run-1", "--by", "Ann"], "add --yes to approve"),
        ] {
            let arguments = [vec!["approve", "--bucket", "b"], arguments].concat();
            let command = Command::try_parse_from(arguments).unwrap().approve;
            let mut shown = String::new();
            let error = command.take("run-1", &store, &Nobody, false, |line| shown.push_str(line)).await;
            let hint = error.unwrap_err().next_step().unwrap_or_default().to_owned();
            assert!(hint.starts_with(missing), "{hint}");
            assert!(shown.contains("$4.10 to $5.26"), "{shown}");
        }
    }

    #[derive(clap::Parser)]
    struct Command {
        #[command(flatten)]
        approve: Approve,
    }
}
