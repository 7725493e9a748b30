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

pub(crate) fn text(question: &Question, link: &Url) -> String {
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

Whoever has this link can answer: don't forward it. The same without it: zion approve {run} --by YOUR-NAME
",
        why = why.join(", and "),
        price = usd_range(facts.least_usd, facts.most_usd),
        allowed = usd(facts.max_usd),
        train = number(facts.train),
        validation = number(facts.validation),
        holdout = number(facts.holdout),
        rows = number(facts.rows),
        opted_out = number(facts.opted_out),
        withdrawn = number(facts.withdrawn),
        base = facts.base_model,
        features = facts.features.join(", "),
        expires = time(question.expires_at),
    )
}
