//! An operator's answer before a run costs anything: given, refused, late, in advance, and about a dataset that changed.

use approve::{ask, respond};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use stage::approval_file::{Answer, Decision, Question, TaskToken, Way, Why};
use stage::arrows::{AnswerEvent, ApproveEvent, AskEvent, Asked, Assembled, Told, WebAnswer};
use stage::manifest::Manifest;
use stage::plan_file::PlanFile;
use stage::upload_file::UploadFile;
use stage::{ErrorName, StageError, keys};
use store::{Find as _, Get as _, Memory, find_json, get_json, put_json};

use super::fakes::{Operators, Project, Waiting};
use super::run::{RUN, assemble, clean, now, plan_of, submit};
use super::tuner::Tuner;

pub(super) const ADDRESS: &str = "https://abc.lambda-url.eu-west-1.on.aws/";

/// The stack's bucket, for the command in a notice.
pub(super) const BUCKET: &str = "the-bucket";

pub(super) struct World {
    pub(super) store: Memory,
    pub(super) project: Project,
    pub(super) tuner: Tuner,
    pub(super) operators: Operators,
    pub(super) alerts: Operators,
    pub(super) workflow: Waiting,
    pub(super) assembled: Assembled,
}

impl World {
    /// A run up to its dataset; its plan may be changed before that is made.
    pub(super) async fn of(change: impl FnOnce(&mut PlanFile)) -> Self {
        let (store, project, tuner) =
            (Memory::default(), Project::new(300).with_job_posts(400), Tuner::default());
        clean(&store, &project, &tuner).await.unwrap();
        let mut plan: PlanFile = get_json(&store, &keys::plan(RUN)).await.unwrap();
        change(&mut plan);
        put_json(&store, &keys::plan(RUN), &plan).await.unwrap();
        let assembled = assemble(&store, &project).await.unwrap();
        let (operators, alerts) = (Operators::default(), Operators::default());
        Self { store, project, tuner, operators, alerts, workflow: Waiting::default(), assembled }
    }

    pub(super) async fn ask(&self, token: &str) -> Result<Asked, StageError> {
        self.ask_at(token, now()).await
    }

    pub(super) async fn ask_at(&self, token: &str, at: Timestamp) -> Result<Asked, StageError> {
        self.workflow.wait(token);
        let event = AskEvent {
            run: RUN.to_owned(),
            manifest_sha256: self.assembled.manifest_sha256.clone(),
            token: TaskToken::new(token),
            url: ADDRESS.to_owned(),
        };
        let told = approve::Audience { operators: &self.operators, alerts: &self.alerts, bucket: BUCKET };
        ask(event, at, &self.store, &self.project, &told, &self.workflow).await
    }

    pub(super) async fn say(
        &self,
        answer: Answer,
        by: &str,
        reason: &str,
        at: Timestamp,
    ) -> Result<Told, StageError> {
        let event = AnswerEvent {
            run: RUN.to_owned(),
            answer,
            by: by.to_owned(),
            reason: reason.to_owned(),
            manifest_sha256: None,
        };
        approve::answer(event, Way::Function, at, &self.store, &self.workflow).await
    }

    pub(super) async fn submit(&self) -> Result<Option<String>, StageError> {
        let sha256 = &self.assembled.manifest_sha256;
        submit(sha256, &self.store, &self.project, &self.tuner).await.map(|submitted| submitted.approval)
    }

    pub(super) async fn decision(&self) -> Option<Decision> {
        find_json(&self.store, &keys::decision(RUN, &self.assembled.manifest_sha256)).await.unwrap()
    }

    /// Sends what a browser would, through the function's address.
    pub(super) async fn browse(
        &self,
        method: &str,
        query: &[(String, String)],
        form: Option<&str>,
        at: Timestamp,
    ) -> WebAnswer {
        let query: Vec<_> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut event = json!({"version": "2.0", "requestContext": {"http": {"method": method, "path": "/"}},
            "rawQueryString": query.join("&"), "headers": {"host": "abc"}});
        if let Some(form) = form {
            event["headers"]["content-type"] = json!("application/x-www-form-urlencoded");
            event["body"] = json!(base64(form));
            event["isBase64Encoded"] = json!(true);
        }
        match serde_json::from_value(event).unwrap() {
            ApproveEvent::Web(event) => respond(event, at, &self.store, &self.workflow).await,
            other => panic!("{other:?}"),
        }
    }
}

/// As Lambda hands a form on.
fn base64(text: &str) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let bits =
            chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for at in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * at) & 63) as usize];
            out.push(if at <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    out
}

pub(super) fn late() -> Timestamp {
    now() + SignedDuration::from_hours(72)
}

#[tokio::test]
async fn the_first_run_of_a_recipe_is_approved_through_the_link_and_the_next_one_does_not_wait() {
    let w = World::of(|_| {}).await;
    assert!(w.assembled.approval.needed && w.assembled.approval.why == [Why::FirstRun]);
    assert_eq!((w.assembled.approval.hours, w.assembled.approval.seconds), (72, 259_200));
    let error = w.submit().await.unwrap_err();
    assert_eq!(error.name(), ErrorName::ApprovalMissing, "{}", error.chain());
    assert!(w.tuner.files.lock().unwrap().is_empty(), "nothing has left");

    let asked = w.ask("token-1").await.unwrap();
    assert!(asked.waits && asked.expires_at == late());
    let (subject, text) = w.operators.last();
    assert!(
        subject.starts_with("Approve training zion-job-generator-v1? $") && subject.len() <= 100,
        "{subject}"
    );
    for part in [
        "first run of its recipe",
        "40 left out",
        "Would replace: nothing",
        "writing job descriptions",
        "25 November 2026, 11:00 UTC",
        ADDRESS,
        "zion approve run-1 --bucket the-bucket --by YOUR-NAME",
    ] {
        assert!(text.contains(part), "«{part}» is not in: {text}");
    }
    let link = w.operators.link();

    // Whoever looks, decides nothing: programs that scan mail look.
    for method in ["GET", "HEAD", "GET"] {
        let page = w.browse(method, &link, None, now()).await;
        assert_eq!((page.status_code, page.body.is_empty()), (200, method == "HEAD"));
        assert!(method == "HEAD" || page.body.contains("<form method=\"post\""), "{}", page.body);
        assert_eq!(page.headers["cache-control"], "no-store");
        assert_eq!(page.headers["referrer-policy"], "no-referrer");
        assert!(page.headers["content-security-policy"].contains("default-src 'none'"));
    }
    assert!(w.decision().await.is_none() && w.workflow.sent().is_empty());

    let page = w.browse("POST", &link, Some("by=Ann+Lee&answer=approve&reason="), now()).await;
    assert_eq!(page.status_code, 200);
    assert!(
        page.body.contains("Approved by Ann Lee on 22 November 2026")
            && page.body.contains("The run goes on."),
        "{}",
        page.body
    );
    let decision = w.decision().await.unwrap();
    assert_eq!(
        (decision.by.as_str(), decision.answer, decision.how),
        ("Ann Lee", Answer::Approve, Way::Link)
    );
    assert_eq!(w.workflow.sent(), [("token-1".to_owned(), "went on".to_owned())]);

    let words = w.submit().await.unwrap().unwrap();
    assert_eq!(words, "approved by Ann Lee on 2026-11-22T11:00:00Z, by the link of the notice");
    let upload: UploadFile = get_json(&w.store, &keys::upload(RUN)).await.unwrap();
    assert_eq!(upload.approval, Some(decision), "its facts lie beside the job");

    let next = plan_of("run-2", json!({}), &w.store, &w.project, &w.tuner).await.unwrap();
    assert!(next.approval.is_empty());
    let next: PlanFile = get_json(&w.store, &keys::plan("run-2")).await.unwrap();
    assert!(!next.approval.first_run);
}

#[tokio::test]
async fn a_refusal_has_a_reason_and_ends_the_run_by_its_name() {
    let w = World::of(|_| {}).await;
    w.ask("token-1").await.unwrap();
    for (by, reason, words) in
        [("Ann", " ", "a refusal needs a reason"), (" \n", "no", "the name of whoever")]
    {
        let error = w.say(Answer::Refuse, by, reason, now()).await.unwrap_err();
        assert_eq!(error.name(), ErrorName::ApprovalMissing);
        assert!(error.chain().contains(words), "{}", error.chain());
    }
    assert!(w.workflow.sent().is_empty());
    let told = w.say(Answer::Refuse, "Ann\u{202e}\nLee", "too dear for now", now()).await.unwrap();
    assert!(told.delivered);
    assert_eq!(w.workflow.sent(), [("token-1".to_owned(), "ApprovalRefused".to_owned())]);
    let cause = &w.workflow.causes()[0];
    assert!(
        cause.starts_with("refused by Ann Lee on 2026-11-22") && cause.ends_with("too dear for now"),
        "{cause}"
    );
    assert_eq!(w.submit().await.unwrap_err().name(), ErrorName::ApprovalMissing);
    assert!(w.store.find(&keys::recipe_approved("zion-job-generator")).await.unwrap().is_none());
}

#[tokio::test]
async fn whoever_has_seen_the_price_approves_in_advance_and_is_not_asked() {
    let w = World::of(|plan| plan.approval.approved_usd = Some(1e6)).await;
    assert!(w.assembled.approval.needed);
    let asked = w.ask("token-1").await.unwrap();
    assert!(!asked.waits && w.operators.none());
    assert_eq!(w.workflow.sent(), [("token-1".to_owned(), "went on".to_owned())]);
    let decision = w.decision().await.unwrap();
    assert_eq!((decision.how, decision.by.as_str()), (Way::InAdvance, "whoever started the run"));
    assert!(w.submit().await.unwrap().unwrap().contains("in advance"));
    assert!(w.store.find(&keys::recipe_approved("zion-job-generator")).await.unwrap().is_some());

    let w = World::of(|plan| {
        plan.recipe.price.usd_per_million_tokens = records::recipe::PerMillion::Any(1_000.0);
        plan.approval.approved_usd = Some(0.5);
    })
    .await;
    assert!(w.ask("token-1").await.unwrap().waits, "it costs more than that");
}

#[tokio::test]
async fn an_amount_in_advance_is_an_amount() {
    let (store, project, tuner) =
        (Memory::default(), Project::new(300).with_job_posts(400), Tuner::default());
    for wrong in [json!(-1), json!("5"), json!([5])] {
        let input = json!({"approved_usd": wrong});
        let error = plan_of(RUN, input, &store, &project, &tuner).await.unwrap_err();
        assert_eq!(error.name(), ErrorName::RecipeInvalid, "{wrong}");
    }
    plan_of(RUN, json!({"approved_usd": 5}), &store, &project, &tuner).await.unwrap();
    let plan: PlanFile = get_json(&store, &keys::plan(RUN)).await.unwrap();
    assert_eq!(plan.approval.approved_usd, Some(5.0));
    // A recipe that says so, never waits for its first run.
    assert!(plan.approval.first_run && plan.recipe.approval.first_run);
}

#[tokio::test]
async fn a_run_above_the_budget_waits_whoever_approved_the_recipe_before() {
    let dear = |plan: &mut PlanFile| {
        plan.recipe.price.usd_per_million_tokens = records::recipe::PerMillion::Any(1_000.0);
        plan.recipe.price.max_usd = 0.01;
        plan.approval.first_run = false;
    };
    let w = World::of(dear).await;
    assert_eq!(w.assembled.approval.why, [Why::AboveBudget]);
    assert_eq!(w.submit().await.unwrap_err().name(), ErrorName::ApprovalMissing);
    assert!(w.ask("token-1").await.unwrap().waits);
    assert!(w.operators.last().1.contains("more than the recipe allows"));
    w.say(Answer::Approve, "Ann", "", now()).await.unwrap();
    w.submit().await.unwrap();
    // The price is part of what was approved: an answer about a cheaper one is none.
    let mut decision = w.decision().await.unwrap();
    decision.most_usd /= 2.0;
    put_json(&w.store, &keys::decision(RUN, &decision.manifest_sha256), &decision).await.unwrap();
    assert_eq!(w.submit().await.unwrap_err().name(), ErrorName::ApprovalMissing);
}

#[tokio::test]
async fn an_answer_that_the_workflow_did_not_get_is_sent_again() {
    let w = World::of(|_| {}).await;
    w.ask("token-1").await.unwrap();
    let link = w.operators.link();
    w.workflow.away(true);
    let page = w.browse("POST", &link, Some("by=Ann&answer=approve"), now()).await;
    assert_eq!(page.status_code, 503);
    assert!(page.body.contains("Try again") && w.decision().await.is_some(), "it is recorded first");
    w.workflow.away(false);
    let page = w.browse("POST", &link, Some("by=Bob&answer=refuse&reason=no"), now()).await;
    assert!(page.body.contains("Approved by Ann"), "{}", page.body);
    assert_eq!(w.workflow.sent(), [("token-1".to_owned(), "went on".to_owned())]);
}

#[tokio::test]
async fn a_workflow_that_asks_again_gets_the_answer_or_a_question_with_another_link() {
    let w = World::of(|_| {}).await;
    w.operators.away(true);
    assert_eq!(w.ask("token-1").await.unwrap_err().name(), ErrorName::Unavailable);
    w.operators.away(false);
    w.ask("token-2").await.unwrap();
    let old = w.operators.link();
    w.ask("token-3").await.unwrap();
    assert_eq!(w.browse("GET", &old, None, now()).await.status_code, 404, "the older notice's link");
    w.browse("POST", &w.operators.link(), Some("by=Ann&answer=approve"), now()).await;
    assert_eq!(w.workflow.sent().last().unwrap().0, "token-3");
    let notices = w.operators.count();
    assert!(!w.ask("token-4").await.unwrap().waits && w.operators.count() == notices);
    assert_eq!(w.workflow.sent().last().unwrap(), &("token-4".to_owned(), "went on".to_owned()));
}

#[tokio::test]
async fn who_opts_out_after_the_approval_is_taken_out_and_nobody_is_asked_again() {
    let mut w = World::of(|_| {}).await;
    w.ask("token-1").await.unwrap();
    w.say(Answer::Approve, "Ann", "", now()).await.unwrap();
    let approved = w.assembled.manifest_sha256.clone();
    w.project.opt_out("owner-11");
    assert_eq!(w.submit().await.unwrap_err().name(), ErrorName::ConsentChanged);
    w.assembled = assemble(&w.store, &w.project).await.unwrap();
    assert_ne!(w.assembled.manifest_sha256, approved);
    assert_eq!(w.submit().await.unwrap_err().name(), ErrorName::ApprovalMissing, "not by this road");
    let notices = w.operators.count();
    assert!(!w.ask("token-2").await.unwrap().waits);
    assert_eq!(w.operators.count(), notices);
    let decision = w.decision().await.unwrap();
    assert_eq!((decision.how, decision.by.as_str()), (Way::Earlier, "Ann"));
    w.submit().await.unwrap();
    let texts = w.tuner.texts();
    for id in (1..=400).filter(|id| id % 97 == 11) {
        assert!(!texts.contains(&format!("Post {id}.")), "post {id}");
    }
    let manifest: Manifest = get_json(&w.store, &keys::manifest(RUN)).await.unwrap();
    assert!(manifest.counts.withdrawn > 0, "the manifest says so");

    // Who comes back was in the dataset that was approved, and who is left out instead leaves it the smaller.
    for row in w.project.tables.get_mut("job_posts").unwrap() {
        row["opted_out"] = json!(false);
    }
    w.project.opt_out("owner-12");
    let mut upload: UploadFile = get_json(&w.store, &keys::upload(RUN)).await.unwrap();
    (upload.job, upload.creating) = (None, false);
    put_json(&w.store, &keys::upload(RUN), &upload).await.unwrap();
    w.assembled = assemble(&w.store, &w.project).await.unwrap();
    assert_ne!(w.assembled.manifest_sha256, decision.manifest_sha256);
    assert!(!w.ask("token-3").await.unwrap().waits);
    assert_eq!(w.decision().await.unwrap().how, Way::Earlier);
    let question: Question = get_json(&w.store, &keys::question(RUN)).await.unwrap();
    assert_eq!(question.manifest_sha256, approved, "nobody was asked anything else");
}

#[tokio::test]
async fn an_answer_does_not_cover_a_dearer_dataset_or_one_of_other_parts() {
    let w = World::of(|_| {}).await;
    w.ask("token-1").await.unwrap();
    w.say(Answer::Approve, "Ann", "", now()).await.unwrap();
    let question: Question = get_json(&w.store, &keys::question(RUN)).await.unwrap();
    let changed = |change: fn(&mut Question)| {
        let mut question = question.clone();
        change(&mut question);
        question
    };
    let key = keys::decision(RUN, &question.manifest_sha256);
    let given: Decision = get_json(&w.store, &key).await.unwrap();
    // The same question, answered for another manifest of which this one would be the later.
    for (earlier, waits) in [
        (changed(|_| {}), false),
        (changed(|it| it.basis.most_usd /= 2.0), true),
        (changed(|it| it.basis.inputs_sha256 = "other".to_owned()), true),
        (changed(|it| it.basis.plan_sha256 = "other".to_owned()), true),
        (changed(|it| it.basis.withdrawn_sha256 = Some("other".to_owned())), true),
    ] {
        let world = World::of(|_| {}).await;
        let earlier = Question { manifest_sha256: "earlier".to_owned(), ..earlier };
        let given = Decision { manifest_sha256: "earlier".to_owned(), ..given.clone() };
        put_json(&world.store, &keys::question(RUN), &earlier).await.unwrap();
        put_json(&world.store, &keys::decision(RUN, "earlier"), &given).await.unwrap();
        let bits = w.store.get(&keys::question_withdrawn(RUN)).await.unwrap();
        store::Put::put(&world.store, &keys::question_withdrawn(RUN), bits, store::Class::Derived)
            .await
            .unwrap();
        assert_eq!(world.ask("token-2").await.unwrap().waits, waits, "{:?}", earlier.basis);
    }
}

#[tokio::test]
async fn a_dataset_that_is_not_the_one_that_was_assembled_is_not_asked_about() {
    let w = World::of(|_| {}).await;
    let mut manifest: Manifest = get_json(&w.store, &keys::manifest(RUN)).await.unwrap();
    manifest.usd = 0.0;
    put_json(&w.store, &keys::manifest(RUN), &manifest).await.unwrap();
    let error = w.ask("token-1").await.unwrap_err();
    assert_eq!(error.name(), ErrorName::DatasetRejected);
    assert!(w.operators.none() && w.store.find(&keys::question(RUN)).await.unwrap().is_none());
    let error = w.say(Answer::Approve, "Ann", "", now()).await.unwrap_err();
    assert!(error.chain().contains("waits for no approval"), "{}", error.chain());
}
