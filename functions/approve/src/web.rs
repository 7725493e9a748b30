//! The page behind the link. Looking at it decides nothing: programs that scan mail follow links.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use stage::approval_file::{Answer, Question, Way};
use stage::arrows::{AnswerEvent, WebAnswer, WebEvent};
use stage::{ErrorName, StageError, keys};
use store::{Find, Put, Swap, find_json};

use crate::answer::{answer, given, settle};
use crate::link::{Nonce, is_run};
use crate::page::{self, Form, Shown};
use crate::ports::Workflow;

/// A name, a reason and two words; a percent sign triples each byte.
const LONGEST_BODY: usize = 8 << 10;
const FORM: &str = "application/x-www-form-urlencoded";

/// Answers a request through the function's address. Whatever it is, the answer is a page.
pub async fn respond(
    event: WebEvent,
    now: Timestamp,
    store: &(impl Find + Put + Swap),
    workflow: &impl Workflow,
) -> WebAnswer {
    let answered = Box::pin(routed(event, now, store, workflow)).await;
    answered.unwrap_or_else(|error| {
        tracing::error!(error.name = error.name().as_str(), error.message = error.chain(), "no page");
        page::words(503, "That did not work just now", "Nothing is lost. Try again in a minute.")
    })
}

async fn routed(
    event: WebEvent,
    now: Timestamp,
    store: &(impl Find + Put + Swap),
    workflow: &impl Workflow,
) -> Result<WebAnswer, StageError> {
    let method = event.request_context.http.method.as_str();
    if !matches!(method, "GET" | "HEAD" | "POST") {
        let mut answer =
            page::words(405, "This page is looked at or answered", "Open the link in a browser.");
        answer.headers.insert("allow", "GET, HEAD, POST".to_owned());
        return Ok(answer);
    }
    let Some(question) = asked(&event, store).await? else {
        // Neither what is wrong with the link nor whether there is such a run.
        let text = "It may be cut, or a newer notice of the run has another one. \
            Whoever may use the account can also answer with zion approve.";
        return Ok(page::words(404, "This link opens nothing", text));
    };
    let answer = if method == "POST" {
        posted(&event, &question, now, store, workflow).await?
    } else {
        page::show(&question, shown(&question, now, store, workflow).await?)?
    };
    Ok(if method == "HEAD" { WebAnswer { body: String::new(), ..answer } } else { answer })
}

/// Returns the question that a link belongs to.
async fn asked(event: &WebEvent, store: &impl Find) -> Result<Option<Question>, StageError> {
    let (mut run, mut nonce) = (None, None);
    for (name, value) in url::form_urlencoded::parse(event.raw_query_string.as_bytes()) {
        match &*name {
            "run" => run = Some(value).filter(|run| is_run(run)),
            "key" => nonce = Nonce::read(&value),
            _ => {}
        }
    }
    let (Some(run), Some(nonce)) = (run, nonce) else { return Ok(None) };
    let question = find_json::<Question>(store, &keys::question(&run)).await?;
    Ok(question.filter(|question| nonce.is(&question.nonce_sha256)))
}

/// Says how the question stands. An answer that stands is handed to the workflow once more, which decides nothing.
async fn shown(
    question: &Question,
    now: Timestamp,
    store: &(impl Find + Put),
    workflow: &impl Workflow,
) -> Result<Shown, StageError> {
    Ok(match given(question, store).await? {
        Some(decision) => {
            let told =
                settle(&decision, false, &question.token, &question.facts.recipe, store, workflow).await;
            if let Err(error) = &told {
                let name = error.name().as_str();
                tracing::warn!(error.name = name, error.message = error.chain(), "an answer waits");
            }
            Shown::Decided { decision, delivered: told.ok() }
        }
        None if now >= question.expires_at => Shown::Expired,
        None => Shown::Open(Form::default()),
    })
}

async fn posted(
    event: &WebEvent,
    question: &Question,
    now: Timestamp,
    store: &(impl Find + Put + Swap),
    workflow: &impl Workflow,
) -> Result<WebAnswer, StageError> {
    let body = match body(event) {
        Ok(body) => body,
        Err((status, text)) => return Ok(page::words(status, "That is not the form of this page", text)),
    };
    let (mut form, mut said) = (Form::default(), None);
    // Without the form's own, it is that of the question which the link belongs to.
    let mut dataset = question.manifest_sha256.clone();
    for (name, value) in url::form_urlencoded::parse(&body) {
        match (&*name, &*value) {
            ("by", _) => form.by = value.into_owned(),
            ("dataset", _) => dataset = value.into_owned(),
            ("reason", _) => form.reason = value.into_owned(),
            ("answer", "approve") => said = Some(Answer::Approve),
            ("answer", "refuse") => said = Some(Answer::Refuse),
            _ => {}
        }
    }
    let Some(said) = said else {
        "Choose whether to approve or to refuse.".clone_into(&mut form.problem);
        return page::again(question, form);
    };
    let event = AnswerEvent {
        run: question.run.clone(),
        answer: said,
        by: form.by.clone(),
        reason: form.reason.clone(),
        manifest_sha256: Some(dataset),
    };
    match answer(event, Way::Link, now, store, workflow).await {
        Ok(told) => {
            let delivered = Some(told.delivered);
            page::show(question, Shown::Decided { decision: told.decision, delivered })
        }
        Err(error) if error.name() == ErrorName::ApprovalExpired => page::show(question, Shown::Expired),
        Err(error) if error.name() == ErrorName::ApprovalMissing => {
            form.problem = format!("Not sent: {error}.");
            form.answer = Some(said);
            page::again(question, form)
        }
        Err(error) => Err(error),
    }
}

/// Reads a form's body, or says what is wrong with it.
fn body(event: &WebEvent) -> Result<Vec<u8>, (u16, &'static str)> {
    let kind =
        event.headers.get("content-type").map_or("", |kind| kind.split(';').next().unwrap_or("").trim());
    if !kind.eq_ignore_ascii_case(FORM) {
        return Err((415, "It was sent as something else than a form."));
    }
    let text = event.body.as_deref().unwrap_or_default();
    let too_long = (413, "It is longer than a name and a reason can be.");
    if text.len() > LONGEST_BODY * 4 / 3 + 4 {
        return Err(too_long);
    }
    let body = if event.is_base64_encoded {
        BASE64_STANDARD.decode(text).map_err(|_| (400, "It arrived damaged."))?
    } else {
        text.as_bytes().to_vec()
    };
    if body.len() > LONGEST_BODY { Err(too_long) } else { Ok(body) }
}
