//! An answer that did not arrive, one to a run that has changed, and a question that is asked again.

use jiff::SignedDuration;
use serde_json::{Value, json};
use stage::approval_file::{Answer, Question, TaskToken, Way};
use stage::arrows::{AnswerEvent, AssembleEvent};
use stage::plan_file::PlanFile;
use stage::{ErrorName, StageError, keys};
use store::{Find as _, get_json, put_json};

use super::approval::{World, late};
use super::run::{RUN, assemble, now};

/// A workflow that asks again while it is told the answer to its first question.
struct AsksAgain<'a>(&'a World);

impl approve::Workflow for AsksAgain<'_> {
    async fn go_on(&self, token: &str, output: &Value) -> Result<bool, StageError> {
        let World { store, workflow, .. } = self.0;
        if token == "token-1" {
            let key = keys::question(RUN);
            let asked = get_json::<Question>(store, &key).await?;
            workflow.forget(token);
            workflow.wait("token-2");
            put_json(store, &key, &Question { token: TaskToken::new("token-2"), ..asked }).await?;
        }
        workflow.go_on(token, output).await
    }

    async fn end(&self, token: &str, error: ErrorName, cause: &str) -> Result<bool, StageError> {
        self.0.workflow.end(token, error, cause).await
    }
}

async fn approved(w: &World) -> bool {
    w.store.find(&keys::recipe_approved("zion-job-generator")).await.unwrap().is_some()
}

fn went_on(token: &str) -> [(String, String); 1] {
    [(token.to_owned(), "went on".to_owned())]
}

#[tokio::test]
async fn a_run_that_was_stopped_takes_no_answer() {
    let world = World::of(|_| {}).await;
    world.ask("token-1").await.unwrap();
    put_json(&world.store, &keys::ended(RUN), &json!({"ended": "ABORTED"})).await.unwrap();
    let error = world.say(Answer::Approve, "Ann Lee", "", now()).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::ApprovalMissing);
    assert!(error.chain().contains("has ended"), "{}", error.chain());
    assert!(world.store.keys().iter().all(|key| !key.ends_with("approved.json")), "nor does its recipe");
}

#[tokio::test]
async fn whoever_looks_at_an_answer_that_did_not_arrive_sends_it_once_more() {
    let w = World::of(|_| {}).await;
    w.ask("token-1").await.unwrap();
    let link = w.operators.link();
    w.workflow.away(true);
    assert_eq!(w.browse("POST", &link, Some("by=Ann&answer=approve"), now()).await.status_code, 503);
    let page = w.browse("GET", &link, None, now()).await;
    assert_eq!(page.status_code, 200);
    assert!(page.body.contains("could not be told just now"), "{}", page.body);
    w.workflow.away(false);
    let page = w.browse("GET", &link, None, now()).await;
    assert!(page.body.contains("Approved by Ann") && page.body.contains("The run goes on."), "{}", page.body);
    let page = w.browse("GET", &link, None, now()).await;
    assert!(page.body.contains("had this answer before"), "{}", page.body);
    assert_eq!(w.workflow.sent(), went_on("token-1"));
}

#[tokio::test]
async fn an_answer_to_the_question_that_is_being_replaced_reaches_the_new_token() {
    let w = World::of(|_| {}).await;
    w.ask("token-1").await.unwrap();
    w.workflow.forget("token-1");
    let busy = w.project.busy.lock().await;
    let (asked, told) = tokio::join!(w.ask("token-2"), async {
        let told = w.say(Answer::Approve, "Ann", "", now()).await.unwrap();
        drop(busy);
        told
    });
    assert!(!told.delivered && !asked.unwrap().waits);
    assert_eq!((w.workflow.sent().as_slice(), w.operators.count()), (went_on("token-2").as_slice(), 1));

    let w = World::of(|_| {}).await;
    w.ask("token-1").await.unwrap();
    let told = approve::answer(yes(), Way::Function, now(), &w.store, &AsksAgain(&w)).await.unwrap();
    assert!(told.delivered);
    assert_eq!(w.workflow.sent(), went_on("token-2"));
}

#[tokio::test]
async fn a_recipe_is_approved_by_an_answer_that_its_run_has_taken_and_by_no_other() {
    let w = World::of(|_| {}).await;
    w.ask("token-1").await.unwrap();
    w.workflow.forget("token-1");
    assert!(!w.say(Answer::Approve, "Ann", "", now()).await.unwrap().delivered);
    assert!(!approved(&w).await, "its run has ended");

    let w = World::of(|_| {}).await;
    w.ask("token-1").await.unwrap();
    let (link, form) = (w.operators.link(), Some("by=Ann&answer=approve"));
    w.browse("POST", &link, form, now()).await;
    assert!(approved(&w).await);
    w.store.remove(&keys::recipe_approved("zion-job-generator"));
    w.browse("POST", &link, form, now()).await;
    w.browse("GET", &link, None, now()).await;
    assert!(!w.say(Answer::Approve, "Ann", "", now()).await.unwrap().delivered);
    assert!(!approved(&w).await, "an operator wants to be asked again");
}

/// Ann's yes to whatever is asked.
fn yes() -> AnswerEvent {
    AnswerEvent {
        run: RUN.to_owned(),
        answer: Answer::Approve,
        by: "Ann".to_owned(),
        reason: String::new(),
        manifest_sha256: None,
    }
}

/// A workflow that goes on, and whose answer is lost.
struct Unheard<'a>(&'a World);

impl approve::Workflow for Unheard<'_> {
    async fn go_on(&self, token: &str, output: &Value) -> Result<bool, StageError> {
        self.0.workflow.go_on(token, output).await?;
        Err(StageError::new(ErrorName::Unavailable, "no answer"))
    }

    async fn end(&self, _: &str, _: ErrorName, _: &str) -> Result<bool, StageError> {
        unreachable!("nobody refuses")
    }
}

#[tokio::test]
async fn a_recipe_is_approved_though_nobody_heard_that_its_run_went_on() {
    let w = World::of(|_| {}).await;
    w.ask("token-1").await.unwrap();
    let say =
        async || approve::answer(yes(), Way::Function, now(), &w.store, &Unheard(&w)).await.unwrap_err();
    assert_eq!(say().await.name(), ErrorName::Unavailable);
    assert_eq!(w.workflow.sent(), went_on("token-1"));
    assert!(approved(&w).await, "the next run would be asked about as the first one");
    w.store.remove(&keys::recipe_approved("zion-job-generator"));
    say().await;
    assert!(!approved(&w).await, "an operator wants to be asked again");
}

#[tokio::test]
async fn a_question_names_the_host_and_is_asked_though_nobody_knows_what_is_live() {
    let w = World::of(|_| {}).await;
    // A row of the app's own from before the bundle.
    let row = json!({"name": "by-hand", "purpose": "job", "base_model": null, "provider": null,
        "base_shutdown_date": null, "status": "succeeded"});
    w.project.versions.lock().unwrap().insert("by-hand".to_owned(), row);
    w.ask("token-1").await.unwrap();
    let (_, text) = w.operators.last();
    assert!(text.contains("Would replace: by-hand"), "{text}");
    assert!(text.contains(" at provider.example\n"), "{text}");
    *w.project.mute.lock().unwrap() = true;
    w.ask("token-2").await.unwrap();
    assert!(w.operators.last().1.contains("Would replace: nothing"));
}

/// A run that was approved without somebody who came back since: that dataset is another one.
async fn with_somebody_back() -> World {
    let mut w = World::of(|_| {}).await;
    w.project.opt_out("owner-11");
    w.assembled = assemble(&w.store, &w.project).await.unwrap();
    w.ask("token-1").await.unwrap();
    w.say(Answer::Approve, "Ann", "", now()).await.unwrap();
    for row in w.project.tables.get_mut("job_posts").unwrap() {
        row["opted_out"] = json!(false);
    }
    w.assembled = assemble(&w.store, &w.project).await.unwrap();
    w
}

#[tokio::test]
async fn who_comes_back_after_the_approval_is_asked_about_until_the_first_question_expires() {
    let w = with_somebody_back().await;
    let first: Question = get_json(&w.store, &keys::question(RUN)).await.unwrap();
    assert_ne!(first.manifest_sha256, w.assembled.manifest_sha256);
    assert_eq!(first.expires_at, late());
    let asked = w.ask_at("token-2", late() - SignedDuration::from_secs(60)).await.unwrap();
    assert!(asked.waits);
    assert_eq!(asked.expires_at, late());
    assert!(w.operators.last().1.contains("25 November 2026, 11:00 UTC"));
    let second: Question = get_json(&w.store, &keys::question(RUN)).await.unwrap();
    assert_eq!(second.manifest_sha256, w.assembled.manifest_sha256);
    assert_eq!((second.asked_at, second.expires_at), (first.asked_at, first.expires_at));
    let error = w.say(Answer::Approve, "Ann", "", late()).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::ApprovalExpired);

    let w = with_somebody_back().await;
    let notices = w.operators.count();
    let error = w.ask_at("token-2", late()).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::ApprovalExpired, "{}", error.chain());
    assert_eq!(w.operators.count(), notices);
}

#[tokio::test]
async fn a_later_question_s_task_waits_no_longer_than_the_first_question() {
    let w = with_somebody_back().await;
    // The dataset was assembled at the very time of the first question.
    assert_eq!(w.assembled.approval.seconds, 259_200);
    for (hours, seconds) in [(24, 48 * 3_600), (71, 3_600), (72, 300), (200, 300)] {
        let event = AssembleEvent { run: RUN.to_owned() };
        let later = now() + SignedDuration::from_hours(hours);
        let assembled = assemble::handle(event, later, &w.store, &w.project).await.unwrap();
        assert_eq!((assembled.approval.hours, assembled.approval.seconds), (72, seconds), "{hours}");
    }
}

#[tokio::test]
async fn a_run_that_was_planned_again_after_its_approval_is_not_uploaded() {
    let w = World::of(|_| {}).await;
    w.ask("token-1").await.unwrap();
    w.say(Answer::Approve, "Ann", "", now()).await.unwrap();
    let mut plan: PlanFile = get_json(&w.store, &keys::plan(RUN)).await.unwrap();
    let approved = plan.clone();
    plan.recipe.model.base = "openai/gpt-oss-120b".to_owned();
    put_json(&w.store, &keys::plan(RUN), &plan).await.unwrap();
    let error = w.submit().await.unwrap_err();
    assert_eq!(error.name(), ErrorName::DatasetRejected);
    assert!(error.chain().contains("planned again"), "{}", error.chain());
    assert!(w.tuner.files.lock().unwrap().is_empty(), "nothing has left");
    put_json(&w.store, &keys::plan(RUN), &approved).await.unwrap();
    w.submit().await.unwrap();
}

#[tokio::test]
async fn an_answer_about_another_dataset_than_the_run_asks_about_now_is_refused() {
    let w = with_somebody_back().await;
    let seen: Question = get_json(&w.store, &keys::question(RUN)).await.unwrap();
    w.ask("token-2").await.unwrap();
    let link = w.operators.link();
    let page = w.browse("GET", &link, None, now()).await;
    let now_asked = &w.assembled.manifest_sha256;
    assert!(page.body.contains(&format!("name=\"dataset\" value=\"{now_asked}\"")), "{}", page.body);
    let event = |dataset: &str| AnswerEvent {
        run: RUN.to_owned(),
        answer: Answer::Approve,
        by: "Ann".to_owned(),
        reason: String::new(),
        manifest_sha256: Some(dataset.to_owned()),
    };
    let say = async |dataset: &str| {
        approve::answer(event(dataset), Way::CommandLine, now(), &w.store, &w.workflow).await
    };
    let error = say(&seen.manifest_sha256).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::ApprovalMissing);
    assert!(error.chain().contains("another dataset now"), "{}", error.chain());
    let form = format!("by=Ann&answer=approve&dataset={}", seen.manifest_sha256);
    let page = w.browse("POST", &link, Some(&form), now()).await;
    assert!(page.status_code == 400 && page.body.contains("another dataset now"), "{}", page.body);
    assert!(w.decision().await.is_none());
    let form = format!("by=Ann&answer=approve&dataset={now_asked}");
    let page = w.browse("POST", &link, Some(&form), now()).await;
    assert!(page.body.contains("The run goes on."), "{}", page.body);
    assert!(!say(now_asked).await.unwrap().delivered);
}

#[tokio::test]
async fn a_question_that_reaches_nobody_is_said_where_operators_look() {
    let w = World::of(|_| {}).await;
    w.operators.deaf(true);
    let asked = w.ask("token-1").await.unwrap();
    assert!(asked.waits && asked.unheard, "the run waits: it can be answered without the notice");
    let question: Question = get_json(&w.store, &keys::question(RUN)).await.unwrap();
    assert!(question.unheard);
    let (subject, text) = w.alerts.last();
    assert!(subject.is_ascii() && subject.len() <= 100, "{subject}");
    let command = "zion approve run-1 --bucket the-bucket --by YOUR-NAME";
    for part in ["Run run-1 of zion-job-generator", "no confirmed subscription", command] {
        assert!(text.contains(part), "«{part}» is not in: {text}");
    }
    assert!(!text.contains(&w.operators.link()[1].1), "the link is for others");

    // An alert that can't be sent is no reason to ask again.
    w.alerts.away(true);
    assert!(w.ask("token-2").await.unwrap().unheard);

    // Somebody has confirmed meanwhile.
    w.alerts.away(false);
    w.alerts.heard();
    w.operators.deaf(false);
    assert!(!w.ask("token-3").await.unwrap().unheard && w.alerts.none());
    let question: Question = get_json(&w.store, &keys::question(RUN)).await.unwrap();
    assert!(!question.unheard);
}
