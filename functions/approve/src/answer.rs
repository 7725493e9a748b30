use jiff::Timestamp;
use stage::approval_file::{Answer, Decision, Question, TaskToken, Way};
use stage::arrows::{AnswerEvent, Told};
use stage::{ErrorName, StageError, keys};
use store::{Find, Put, Swap, find_json, put_json, swap_json};

use crate::ports::Workflow;

/// A name that somebody signs with, and a reason, in characters.
const LONGEST_NAME: usize = 100;
const LONGEST_REASON: usize = 500;

/// Answers for a run that waits. The first answer about a dataset stands: whoever answers later is told it, and it is handed
/// to the workflow once more, should that not have it yet.
///
/// # Errors
/// `ApprovalMissing` when the run asks nothing or has ended, or the answer is about another dataset, has no name, or is a refusal
/// without a reason;
/// `ApprovalExpired` when it comes too late; `Throttled` and `Unavailable`.
pub async fn answer(
    event: AnswerEvent,
    how: Way,
    now: Timestamp,
    store: &(impl Find + Put + Swap),
    workflow: &impl Workflow,
) -> Result<Told, StageError> {
    let run = &event.run;
    let question = find_json::<Question>(store, &keys::question(run)).await?;
    let question = question.ok_or_else(|| missing(format!("run {run} waits for no approval")))?;
    if event.manifest_sha256.as_ref().is_some_and(|seen| *seen != question.manifest_sha256) {
        return Err(missing("the run asks about another dataset now: look at it first".to_owned()));
    }
    let (decision, is_new) = if let Some(decision) = given(&question, store).await? {
        (decision, false)
    } else {
        if store.find(&keys::ended(run)).await?.is_some() {
            return Err(missing(format!("run {run} has ended: start a new run")));
        }
        let decision = signed(&event, how, now, &question)?;
        if now >= question.expires_at {
            return Err(expired(&question, workflow).await);
        }
        record(decision, store).await?
    };
    let recipe = &question.facts.recipe;
    let mut delivered = settle(&decision, is_new, &question.token, recipe, store, workflow).await?;
    if !delivered {
        // The workflow may have asked again meanwhile, about the same dataset with another token.
        let asked = find_json::<Question>(store, &keys::question(run)).await?;
        let same = |asked: &Question| {
            asked.manifest_sha256 == question.manifest_sha256 && asked.token != question.token
        };
        if let Some(asked) = asked.filter(same) {
            delivered = settle(&decision, is_new, &asked.token, recipe, store, workflow).await?;
        }
    }
    Ok(Told { decision, delivered })
}

/// Returns the answer to a question, if there is one.
pub(crate) async fn given(question: &Question, store: &impl Find) -> Result<Option<Decision>, StageError> {
    find_json(store, &keys::decision(&question.run, &question.manifest_sha256)).await
}

/// Makes a decision of what somebody said.
fn signed(
    event: &AnswerEvent,
    how: Way,
    now: Timestamp,
    question: &Question,
) -> Result<Decision, StageError> {
    let by = line(&event.by, LONGEST_NAME);
    let reason = line(&event.reason, LONGEST_REASON);
    if by.is_empty() {
        return Err(missing("an answer needs the name of whoever gives it".to_owned()));
    }
    if event.answer == Answer::Refuse && reason.is_empty() {
        return Err(missing("a refusal needs a reason".to_owned()));
    }
    Ok(Decision {
        run: question.run.clone(),
        manifest_sha256: question.manifest_sha256.clone(),
        answer: event.answer,
        by,
        reason,
        at: now,
        how,
        most_usd: question.facts.most_usd,
    })
}

/// Takes one line of a text, without what could change how the rest of a page or a log reads.
fn line(text: &str, longest: usize) -> String {
    let unseen = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    let words: String = text.chars().map(|letter| if unseen(letter) { ' ' } else { letter }).collect();
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    words.chars().take(longest).collect()
}

/// Writes a decision down, or returns the one that stands; and whether it is new.
pub(crate) async fn record(
    decision: Decision,
    store: &(impl Find + Swap),
) -> Result<(Decision, bool), StageError> {
    let key = keys::decision(&decision.run, &decision.manifest_sha256);
    if swap_json(store, &key, None, &decision).await?.is_some() {
        tracing::info!(
            run = decision.run,
            approved = decision.answer == Answer::Approve,
            "an answer is recorded"
        );
        return Ok((decision, true));
    }
    let stands = find_json(store, &key).await?;
    // Written by somebody else a moment ago, and gone: nothing that a store does.
    let stands =
        stands.ok_or_else(|| StageError::new(ErrorName::Unavailable, format!("{key} comes and goes")))?;
    Ok((stands, false))
}

/// Does what a recorded decision says, and says whether the workflow was still waiting for it. Doing it again does nothing.
pub(crate) async fn settle(
    decision: &Decision,
    is_new: bool,
    token: &TaskToken,
    recipe: &str,
    store: &impl Put,
    workflow: &impl Workflow,
) -> Result<bool, StageError> {
    match decision.answer {
        Answer::Approve => {
            let output = serde_json::to_value(decision)
                .map_err(|error| StageError::internal("the decision is not JSON").caused_by(error))?;
            let delivered = workflow.go_on(token.expose(), &output).await;
            // Of a run that goes on alone: an old link must not bring back what an operator has deleted. A run that was told for
            // the first time just now may go on though we did not hear so, and nobody would learn it later: its task is gone.
            if is_new && delivered.is_err() || matches!(delivered, Ok(true)) {
                put_json(store, &keys::recipe_approved(recipe), decision).await?;
            }
            delivered
        }
        Answer::Refuse => {
            let cause = format!("{}: {}", decision.in_words(), decision.reason);
            workflow.end(token.expose(), ErrorName::ApprovalRefused, &cause).await
        }
    }
}

/// Ends a workflow whose question has expired, should it still wait, and says so.
async fn expired(question: &Question, workflow: &impl Workflow) -> StageError {
    let text = unanswered(question.expires_at);
    let ended = workflow.end(question.token.expose(), ErrorName::ApprovalExpired, &text).await;
    ended.err().unwrap_or_else(|| StageError::new(ErrorName::ApprovalExpired, text))
}

pub(crate) fn unanswered(expires_at: Timestamp) -> String {
    format!("nobody had answered by {expires_at}: start a new run")
}

fn missing(text: String) -> StageError {
    StageError::new(ErrorName::ApprovalMissing, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_writes_is_one_line() {
        assert_eq!(line("  Ann\r\n Lee\u{202e}\u{7} ", 100), "Ann Lee");
        assert_eq!(line(&"é".repeat(200), 100).chars().count(), 100);
        assert_eq!(line("\u{200b}\n", 100), "");
    }
}
