//! Runs that wait for an operator: asked by a notice, answered through its link or at the command line, or not at all.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use stage::approval_file::{Decision, Question, Way};
use stage::arrows::Assembled;
use stage::keys;
use stage::upload_file::UploadFile;
use zion::local::Execution;

use super::full::first;
use super::kills::until;
use super::world::World;

const RECIPE: &str = "zion-support";

pub(crate) async fn answered(w: &World) {
    in_advance(w).await;
    granted(w).await;
    refused(w).await;
    expired(w).await;
}

/// The recipe has never been approved: what says that it was is lost.
pub(crate) async fn never_approved(w: &World, recipe: &str) {
    let object = w.stack.s3().delete_object().bucket(w.stack.output("Bucket").unwrap());
    object.key(keys::recipe_approved(recipe)).send().await.unwrap();
}

/// Waits until the run has asked.
pub(crate) async fn asked(w: &World, run: &str) -> Question {
    until("an operator is asked", async || w.stack.object(&keys::question(run)).await.unwrap().is_some())
        .await;
    w.stack.document(&keys::question(run)).await.unwrap().unwrap()
}

/// Every run of the other scenarios: whoever started them had seen the price.
async fn in_advance(w: &World) {
    let run = &first(RECIPE);
    let upload: UploadFile = w.stack.document(&keys::upload(run)).await.unwrap().unwrap();
    let decision = upload.approval.unwrap();
    assert_eq!((decision.how, decision.by.as_str()), (Way::InAdvance, "whoever started the run"));
    assert!(w.stack.object(&keys::question(run)).await.unwrap().is_none(), "nobody was asked");
}

/// The queue that reads the notices, and the address of the page on this machine.
async fn operator(w: &World) -> (String, String) {
    let queue =
        w.stack.emulator().call("sqs", "AmazonSQS.CreateQueue", &json!({"QueueName": "operator"})).await;
    let queue = queue.unwrap()["QueueUrl"].as_str().unwrap().to_owned();
    let form = [
        ("Action", "Subscribe"),
        ("TopicArn", w.stack.output("ApprovalTopic").unwrap()),
        ("Protocol", "sqs"),
        ("Endpoint", "arn:aws:sqs:us-east-1:000000000000:operator"),
    ];
    let credential = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/sns/aws4_request, SignedHeaders=host, Signature=0";
    let subscribe = stage::http::client()
        .unwrap()
        .post(w.stack.emulator().endpoint())
        .header("authorization", credential);
    let body = url_encoded(&form);
    let answer = subscribe
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body)
        .send()
        .await
        .unwrap();
    assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    let address = w.stack.output("ApproveUrl").unwrap();
    let id = address.trim_start_matches("https://").split('.').next().unwrap();
    (queue, format!("{}/_aws/lambda-url/{id}/", w.stack.emulator().endpoint()))
}

fn url_encoded(form: &[(&str, &str)]) -> String {
    let encoded = |value: &str| value.replace(':', "%3A").replace(' ', "+");
    form.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect::<Vec<_>>().join("&")
}

/// Subject and text of the notice about a run.
async fn notice(w: &World, queue: &str, run: &str) -> (String, String) {
    let receive = json!({"QueueUrl": queue, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 1});
    for _ in 0..30 {
        let got = w.stack.emulator().call("sqs", "AmazonSQS.ReceiveMessage", &receive).await.unwrap();
        for message in got["Messages"].as_array().into_iter().flatten() {
            let body: Value = serde_json::from_str(message["Body"].as_str().unwrap()).unwrap();
            let text = body["Message"].as_str().unwrap().to_owned();
            if text.contains(run) {
                return (body["Subject"].as_str().unwrap().to_owned(), text);
            }
        }
    }
    panic!("{run}: no notice came");
}

async fn granted(w: &World) {
    let run = "approved-by-link";
    never_approved(w, RECIPE).await;
    let (queue, address) = operator(w).await;
    let execution = w.start_unapproved(run, json!({"recipe": RECIPE})).await;
    let question = asked(w, run).await;
    let (subject, text) = notice(w, &queue, run).await;
    assert!(subject.starts_with("Approve training zion-support-v"), "{subject}");
    assert!(text.contains(&format!("Would replace: {}", w.live("support").await.unwrap())), "{text}");
    let link = text.lines().find(|line| line.starts_with("https://")).unwrap();
    let (_, query) = link.split_once('?').unwrap();
    let link = format!("{address}?{query}");

    assert!(approve(w, &[]).await.0.contains(run), "it is listed as waiting");
    assert!(w.jobs(run).await.is_empty(), "nothing is spent");
    let http = stage::http::client().unwrap();
    let page = http.get(&link).send().await.unwrap();
    assert_eq!(
        (page.status().as_u16(), &page.headers()["cache-control"]),
        (200, &"no-store".parse().unwrap())
    );
    let page = page.text().await.unwrap();
    assert!(page.contains(run) && page.contains("<form method=\"post\""), "{page}");
    let other = http.get(format!("{address}?run={run}&key={}", "0".repeat(64))).send().await.unwrap();
    assert_eq!(other.status().as_u16(), 404);
    // Longer than a state takes that waits for nobody.
    let mut turn = tokio::time::interval(Duration::from_millis(250));
    for _ in 0..8 {
        turn.tick().await;
        let outcome = w.stack.outcome(&execution).await.unwrap();
        assert_eq!(outcome.status, "RUNNING", "looking decides nothing");
    }

    let post = async |form: &[(&str, &str)]| {
        let request =
            http.request(Method::POST, &link).header("content-type", "application/x-www-form-urlencoded");
        request.body(url_encoded(form)).send().await.unwrap().text().await.unwrap()
    };
    let page = post(&[("by", "Ann Lee"), ("answer", "approve"), ("reason", "")]).await;
    assert!(page.contains("Approved by Ann Lee") && page.contains("The run goes on."), "{page}");
    let ended = w.end(execution).await;
    assert!(ended.outcome.succeeded(), "{run}: {:?}", ended.outcome);
    let page = post(&[("by", "Bob"), ("answer", "refuse"), ("reason", "too late")]).await;
    assert!(page.contains("Approved by Ann Lee") && page.contains("before, or has ended"), "{page}");

    let decision: Decision = ended.left("approved");
    assert_eq!((decision.by.as_str(), decision.how), ("Ann Lee", Way::Link));
    let assembled: Assembled = ended.left("assembled");
    assert_eq!(decision.manifest_sha256, assembled.manifest_sha256);
    assert_eq!(decision.manifest_sha256, question.manifest_sha256);
    let reason = w.texts(&format!("select reason from model_promotions where run_id = '{run}'")).await;
    assert!(reason[0].contains("approved by Ann Lee on 2"), "{reason:?}");
    let secret = query.split_once("key=").unwrap().1;
    for log in w.stack.logs().await.unwrap() {
        // The emulator's own access log has what it was asked; AWS has none of a function's address.
        let ours = log.name.contains("/aws/");
        assert!(
            !ours || !(log.text.contains(secret) || log.text.contains(question.token.expose())),
            "{}",
            log.name
        );
    }
    let output = ended.outcome.output.to_string();
    assert!(!output.contains(secret) && !output.contains(question.token.expose()));
}

/// What `zion approve` answers an operator: what it prints, and what it complains of.
async fn approve(w: &World, arguments: &[&str]) -> (String, String) {
    let mut command = tokio::process::Command::new(w.stack.root().join("target/debug/zion"));
    command.arg("approve").args(arguments).env_clear().envs(w.stack.emulator().environment());
    command.env("BUCKET", w.stack.output("Bucket").unwrap());
    let answer = command.output().await.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (text(answer.stdout), text(answer.stderr))
}

async fn refused(w: &World) {
    let run = "refused-by-operator";
    never_approved(w, RECIPE).await;
    let live = w.live("support").await;
    let execution = w.start_unapproved(run, json!({"recipe": RECIPE})).await;
    asked(w, run).await;
    let (_, complaint) = approve(w, &["no-such-run", "--by", "Ann Lee", "--yes"]).await;
    assert!(complaint.contains("no-such-run waits for no approval"), "{complaint}");
    // Nobody's answer is guessed: what is asked is shown, and what is missing is said.
    for (arguments, missing) in [(&[run][..], "add --by"), (&[run, "--by", "Ann Lee"], "add --yes")] {
        let (told, complaint) = approve(w, arguments).await;
        assert!(told.contains("would train") && complaint.contains(missing), "{told}{complaint}");
    }
    let question = asked(w, run).await;
    // The queue of the run before reads the notices.
    assert!(!question.unheard);
    let (told, complaint) =
        approve(w, &[run, "--refuse", "--reason", "not this month", "--by", "Ann Lee"]).await;
    assert!(told.contains("refused by Ann Lee") && told.contains("the workflow has it"), "{told}{complaint}");
    let ended = w.end(execution).await;
    ended_unpaid(w, run, &ended.outcome, "ApprovalRefused", &["refused by Ann Lee", "not this month"]).await;
    assert_eq!(w.live("support").await, live);
    assert!(!approve(w, &[]).await.0.contains(run), "it waits no more");
}

/// The emulator knows `TimeoutSeconds` and not `TimeoutSecondsPath`: here the deployed workflow runs with the one in place
/// of the other, and with nothing else changed.
async fn expired(w: &World) {
    let run = "nobody-answered";
    never_approved(w, RECIPE).await;
    let workflow = w.stack.workflow();
    let deployed =
        workflow.describe_state_machine().state_machine_arn(w.stack.output("WorkflowArn").unwrap());
    let deployed = deployed.send().await.unwrap();
    let mut definition: Value = serde_json::from_str(&deployed.definition).unwrap();
    let approve = definition["States"]["Approve"].as_object_mut().unwrap();
    assert_eq!(approve.remove("TimeoutSecondsPath"), Some(json!("$.assembled.approval.seconds")));
    approve.insert("TimeoutSeconds".to_owned(), json!(3));
    let hurried = workflow.create_state_machine().name("hurried").role_arn(&deployed.role_arn);
    let hurried = hurried.definition(definition.to_string()).send().await.unwrap().state_machine_arn;
    let started = workflow.start_execution().state_machine_arn(hurried).name(run);
    let started = started.input(json!({"recipe": RECIPE}).to_string()).send().await.unwrap();
    let ended = w.end(Execution { run: run.to_owned(), arn: started.execution_arn }).await;
    ended_unpaid(w, run, &ended.outcome, "ApprovalExpired", &["no operator answered within 72 hours"]).await;
}

/// The run has failed by that name, its row says why, and the provider has heard nothing of it.
async fn ended_unpaid(w: &World, run: &str, outcome: &zion::local::Outcome, error: &str, words: &[&str]) {
    assert_eq!((outcome.status.as_str(), outcome.error.as_deref()), ("FAILED", Some(error)), "{outcome:?}");
    let row = w.version(run).await.unwrap();
    assert_eq!((&row["training_status"], &row["error_name"]), (&json!("failed"), &json!(error)));
    // What an operator wrote is not the app's.
    let said = row["error_cause"].as_str().or(row["error_message"].as_str()).unwrap();
    for word in words {
        assert!(said.contains(word), "{run}: «{word}» is not in {row}");
    }
    assert!(w.jobs(run).await.is_empty(), "{run}: a job");
    let files = w.files().await;
    assert!(!files.iter().any(|file| file["filename"].as_str().unwrap().starts_with(run)), "{run}: a file");
    assert!(w.stack.object(&keys::upload(run)).await.unwrap().is_none(), "{run}: an upload was begun");
}
