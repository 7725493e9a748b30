//! One page in four states. It loads nothing, runs nothing, and is kept by nobody.

use std::collections::BTreeMap;

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment};
use serde::Serialize;
use stage::StageError;
use stage::approval_file::{Answer, Decision, Question};
use stage::arrows::WebAnswer;

use stage::words::{number, time, usd, usd_range};

/// What a browser may do with the page: show it, and send its form back to where it came from.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// How the question stands.
pub(crate) enum Shown {
    /// It can be answered.
    Open(Form),
    /// It was answered; whether the workflow took it just now, unless it could not be told.
    Decided { decision: Decision, delivered: Option<bool> },
    /// Nobody has answered in time.
    Expired,
}

/// What somebody has filled in, and what was wrong with it.
#[derive(Default)]
pub(crate) struct Form {
    pub(crate) by: String,
    pub(crate) reason: String,
    pub(crate) answer: Option<Answer>,
    pub(crate) problem: String,
}

#[derive(Serialize)]
struct View<'a> {
    model: &'a str,
    run: &'a str,
    dataset: &'a str,
    price: String,
    why: Vec<&'static str>,
    tiles: Vec<(&'static str, String, String)>,
    facts: Vec<(&'static str, String)>,
    expires: String,
    most: String,
    state: &'static str,
    verdict: String,
    reason: String,
    note: &'static str,
    by: String,
    answer: &'static str,
    problem: String,
}

/// Shows the question as it stands.
pub(crate) fn show(question: &Question, shown: Shown) -> Result<WebAnswer, StageError> {
    page(200, question, shown)
}

/// Shows the form once more, with what is wrong with it.
pub(crate) fn again(question: &Question, form: Form) -> Result<WebAnswer, StageError> {
    page(400, question, Shown::Open(form))
}

/// A page of a title and a sentence, without a question.
pub(crate) fn words(status: u16, title: &str, text: &str) -> WebAnswer {
    // Both are ours and hold nothing that HTML would read.
    let style = "body{font:1rem/1.5 system-ui,sans-serif;max-width:36rem;margin:3rem auto;padding:0 1rem}";
    let body = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\
        <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta name=\"color-scheme\" content=\"light dark\">\
        <style>{style}</style></head><body><main><h1>{title}</h1><p>{text}</p></main></body></html>\n"
    );
    html(status, body)
}

fn page(status: u16, question: &Question, shown: Shown) -> Result<WebAnswer, StageError> {
    let broken = |error| StageError::internal("the approval's page cannot be written").caused_by(error);
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_template("page", include_str!("page.html")).map_err(broken)?;
    let view = View::new(question, shown);
    let body = environment.get_template("page").and_then(|page| page.render(Serde(view))).map_err(broken)?;
    Ok(html(status, body))
}

fn html(status_code: u16, body: String) -> WebAnswer {
    let headers = [
        ("content-type", "text/html; charset=utf-8"),
        ("cache-control", "no-store"),
        ("content-security-policy", POLICY),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
        ("x-robots-tag", "noindex"),
    ];
    let headers: BTreeMap<_, _> = headers.map(|(name, value)| (name, value.to_owned())).into();
    WebAnswer { status_code, headers, body }
}

impl<'a> View<'a> {
    fn new(question: &'a Question, shown: Shown) -> Self {
        let facts = &question.facts;
        let price = usd_range(facts.least_usd, facts.most_usd);
        let (mut form, mut verdict, mut reason) = (Form::default(), String::new(), String::new());
        let (state, note) = match shown {
            Shown::Open(filled) => {
                form = filled;
                reason.clone_from(&form.reason);
                ("open", "")
            }
            Shown::Expired => (
                "expired",
                "Nobody answered in time. The run has ended, and nothing was spent: start a new one.",
            ),
            Shown::Decided { decision, delivered } => {
                let approved = decision.answer == Answer::Approve;
                let said = if approved { "Approved" } else { "Refused" };
                verdict = format!(
                    "{said} by {} on {}, {}.",
                    decision.by,
                    time(decision.at),
                    decision.how.in_words()
                );
                reason = decision.reason;
                let note = match (delivered, approved) {
                    (Some(true), true) => "The run goes on.",
                    (Some(true), false) => "The run ends, and nothing is spent.",
                    (Some(false), _) => "The run had this answer before, or has ended since.",
                    (None, _) => {
                        "This answer stands, but the run could not be told just now. Open this page again in a minute."
                    }
                };
                (if approved { "approved" } else { "refused" }, note)
            }
        };
        Self {
            model: &facts.model,
            run: &question.run,
            dataset: &question.manifest_sha256,
            why: facts.why.iter().map(|why| why.in_words()).collect(),
            tiles: vec![
                (
                    "Price of training",
                    price.clone(),
                    format!("{} allowed without asking", usd(facts.max_usd)),
                ),
                (
                    "Training examples",
                    number(facts.train),
                    format!("{} to validate, {} held out", number(facts.validation), number(facts.holdout)),
                ),
                ("Rows taken", number(facts.rows), format!("{} withdrawn since", number(facts.withdrawn))),
                ("Rows left out", number(facts.opted_out), "opted out or never agreed".to_owned()),
            ],
            facts: vec![
                ("Used for", facts.features.join(", ")),
                (
                    "Would replace",
                    facts.replaces.clone().unwrap_or_else(|| "nothing: it would be the first".to_owned()),
                ),
                ("Base model", facts.base()),
                ("Recipe", facts.recipe.clone()),
                ("Tokens billed", format!("{} in {} passes", number(facts.billed_tokens), facts.epochs)),
                ("Page about the dataset", facts.report_key.clone()),
                ("Dataset", question.manifest_sha256.clone()),
            ],
            expires: time(question.expires_at),
            most: usd(facts.most_usd),
            price,
            state,
            verdict,
            reason,
            note,
            by: form.by,
            answer: match form.answer {
                Some(Answer::Approve) => "approve",
                Some(Answer::Refuse) => "refuse",
                None => "",
            },
            problem: form.problem,
        }
    }
}
