//! What the operators are told: short enough for a telephone.

use stage::approval_file::Question;
use url::Url;

use stage::words::{number, time, usd, usd_range};

/// SNS takes no longer subject, and only ASCII.
const LONGEST_SUBJECT: usize = 100;

pub(crate) fn subject(question: &Question) -> String {
    let facts = &question.facts;
    let price = usd_range(facts.least_usd, facts.most_usd);
    let text = format!("Approve training {}? {price}", facts.model);
    text.chars().filter(|letter| (' '..='~').contains(letter)).take(LONGEST_SUBJECT).collect()
}

/// What whoever reads the alerts is told of a question that has no reader: not the link, which is for others.
pub(crate) fn unheard(question: &Question, bucket: &str) -> (String, String) {
    let (run, recipe, expires) = (&question.run, &question.facts.recipe, time(question.expires_at));
    let text = format!(
        "\
Run {run} of {recipe} waits for an answer, and its notice has no reader: the topic that asks has no confirmed subscription.

Answer before {expires}, or the run ends: {command}
For the next time, confirm the e-mail that AWS has sent to AlertEmail, or subscribe to the stack's output ApprovalTopic.
",
        command = command(run, bucket),
    );
    ("A model training waits for an answer that nobody was asked for".to_owned(), text)
}

/// What to type where the link is not at hand.
fn command(run: &str, bucket: &str) -> String {
    format!("zion approve {} --bucket {bucket} --by YOUR-NAME", quoted(run))
}

/// A run's name as a word of a shell. No name of an execution has what is special between double quotes.
fn quoted(run: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    if run.chars().all(plain) { run.to_owned() } else { format!("\"{run}\"") }
}

pub(crate) fn text(question: &Question, link: &Url, bucket: &str) -> String {
    let facts = &question.facts;
    let why: Vec<_> = facts.why.iter().map(|why| why.in_words()).collect();
    let (run, recipe, model) = (&question.run, &facts.recipe, &facts.model);
    let replaces = facts.replaces.as_deref().unwrap_or("nothing: it would be the first");
    format!(
        "\
Run {run} of {recipe} would train {model} and waits for an answer: {why}.

Price: {price}, {allowed} allowed without asking
Examples: {train} to learn from, {validation} to validate, {holdout} held out
Rows: {rows} taken, {opted_out} left out because their person opted out or never agreed, {withdrawn} withdrawn since
Base model: {base}
Would replace: {replaces}
Used for: {features}

See it and answer before {expires}, or the run ends:
{link}

Whoever has this link can answer: don't forward it. The same without it: {command}
",
        command = command(run, bucket),
        why = why.join(", and "),
        price = usd_range(facts.least_usd, facts.most_usd),
        allowed = usd(facts.max_usd),
        train = number(facts.train),
        validation = number(facts.validation),
        holdout = number(facts.holdout),
        rows = number(facts.rows),
        opted_out = number(facts.opted_out),
        withdrawn = number(facts.withdrawn),
        base = facts.base(),
        features = facts.features.join(", "),
        expires = time(question.expires_at),
    )
}
