//! The requests of our provider adapter, held against the provider's own API description.

use std::io::Write as _;
use std::time::Duration;

use records::recipe;
use secrecy::SecretString;
use serde_json::{Value, json};
use stage::http;
use tuning::{
    Catalogue as _, Clean as _, Event, FileSpec, Files as _, Hyperparameters, JobSpec, JobStatus, Jobs as _,
    Method, OpenAi, Told, Watch as _,
};
use zion::local::paths;

use super::script;
use super::services::{PROVIDER_KEY, Services};
use super::uploads::{self, Remembered};

#[tokio::test(flavor = "multi_thread")]
async fn our_requests_are_those_of_the_provider_s_description() {
    let description = paths::root().unwrap().join("../shared/openai/openapi-ft-subset.json");
    if !description.is_file() {
        // Past the harness, which would swallow the output of a passing test.
        let line =
            "NOT CHECKED, the provider's API description is not beside the repository: requests against it";
        writeln!(std::io::stderr(), "{line}").unwrap();
        return;
    }
    let services = Services::start().await;
    let log = every_call(&services).await;
    let description = description.display().to_string();
    script::run("openapi_contract.py", &[&description], &[], &log.to_string()).await;
}

/// Makes every call of the ports; answers what the sandbox logged.
async fn every_call(services: &Services) -> Value {
    let host = recipe::Provider {
        organization: Some("org-1".to_owned()),
        project: Some("proj_1".to_owned()),
        headers: [("x-team".to_owned(), "zion".to_owned())].into(),
        uploads: true,
        files_expire_days: Some(30),
        keep_files: false,
        ..recipe::Provider::default()
    };
    let provider = provider(&services.provider_url(), &host);
    provider.base_model(BASE).await.unwrap().unwrap();
    assert_eq!(provider.base_model("no/such-model").await.unwrap(), None);
    assert!(provider.models().await.unwrap().iter().any(|model| model.id == BASE));
    let training_file = send(&provider, "run-1.jsonl", 12).await;
    let found = provider.find_file(&file("run-1.jsonl", 12)).await.unwrap();
    assert_eq!(found.as_deref(), Some(training_file.as_str()));
    // In parts: two and a bit.
    let ledger = Remembered::default();
    let large = uploads::send(&provider, "large.jsonl", 32_001_000, &ledger).await.unwrap();
    provider.delete_file(&large).await.unwrap();
    provider.delete_file(&large).await.unwrap();
    uploads::break_off(&provider, "broken.jsonl", &ledger).await;
    provider.abandon(&ledger).await.unwrap();

    let mut spec =
        JobSpec { validation_file: Some(training_file.clone()), seed: Some(7), ..spec(training_file) };
    spec.hyperparameters.batch_size = Some(4);
    spec.hyperparameters.learning_rate_multiplier = Some(0.5);
    assert_eq!(provider.find_jobs(&spec).await.unwrap(), []);
    let job = provider.create_job(&spec).await.unwrap();
    assert_eq!(provider.find_jobs(&spec).await.unwrap()[0].id, job.id);
    let model = trained(&provider, &job.id).await;
    let events = told(&provider, &job.id, None).await;
    assert_eq!(events.iter().filter(|event| event.train_loss.is_some()).count(), 10, "{events:#?}");
    let behind = told(&provider, &job.id, Some(&events[2].id)).await;
    assert_eq!(behind, events[3..]);
    let mut checkpoints = Told::default();
    provider.checkpoints(&job.id, &mut checkpoints).await.unwrap();
    let checkpoints = checkpoints.by_step();
    assert_eq!(checkpoints.iter().map(|it| it.step).collect::<Vec<_>>(), [50, 100]);
    assert!(checkpoints[0].model.starts_with(&model) && checkpoints[0].valid_loss.is_some());
    provider.delete_model(&model).await.unwrap();
    provider.delete_model(&model).await.unwrap();
    spec.validation_file = None;
    spec.method = Method::Dpo { beta: Some(0.1) };
    let dpo = provider.create_job(&spec).await.unwrap();
    provider.cancel(&dpo.id).await.unwrap();
    spec.method = Method::Supervised;
    // A second page of the list needs more than a hundred jobs.
    for _ in 0..100 {
        let job = provider.create_job(&spec).await.unwrap();
        provider.cancel(&job.id).await.unwrap();
    }
    let all = provider.find_jobs(&spec).await.unwrap();
    assert_eq!((all.len(), &all[0].id), (102, &job.id), "the oldest first");

    let mut log = services.requests().await;
    // The log has small forms alone: of the parts the last one.
    log.as_array_mut().unwrap().retain(|entry| {
        let form = entry["content_type"].as_str().is_some_and(|kind| kind.starts_with("multipart/"));
        !form || entry["raw"].is_string()
    });
    let entries = log.as_array().unwrap();
    let seen: Vec<String> = entries.iter().map(|e| format!("{} {}", e["method"], e["path"])).collect();
    for call in [
        r#""GET" "/v1/models/openai%2Fgpt-oss-20b""#,
        r#""GET" "/v1/models""#,
        r#""DELETE" "/v1/models/ft:openai%2Fgpt-oss-20b:"#,
        r#""GET" "/v1/files?"#,
        r#""POST" "/v1/files""#,
        r#""DELETE" "/v1/files/file-"#,
        r#""POST" "/v1/uploads""#,
        r#""GET" "/v1/fine_tuning/jobs?metadata%5Bzion_run%5D=run-1&metadata%5Bzion_hash%5D=h&limit=100""#,
        r#""GET" "/v1/fine_tuning/jobs?metadata%5Bzion_run%5D=run-1&metadata%5Bzion_hash%5D=h&limit=100&after="#,
        r#""POST" "/v1/fine_tuning/jobs""#,
        &format!(r#""GET" "/v1/fine_tuning/jobs/{}""#, job.id),
        &format!(r#""GET" "/v1/fine_tuning/jobs/{}/events?limit=100""#, job.id),
        &format!(r#""GET" "/v1/fine_tuning/jobs/{}/checkpoints?limit=100""#, job.id),
        r#""POST" "/v1/fine_tuning/jobs/ftjob-"#,
    ] {
        assert!(seen.iter().any(|line| line.starts_with(call)), "{call} is not among {seen:#?}");
    }
    for end in ["parts", "complete", "cancel"] {
        let ended = |line: &String| {
            line.starts_with(r#""POST" "/v1/uploads/upload_"#) && line.ends_with(&format!("/{end}\""))
        };
        assert!(seen.iter().any(ended), "{end} is not among {seen:#?}");
    }
    for entry in entries.iter().filter(|e| e["path"].as_str().unwrap().starts_with("/v1/")) {
        for (name, value) in
            [("openai-organization", "org-1"), ("openai-project", "proj_1"), ("x-team", "zion")]
        {
            assert_eq!(entry["headers"][name], value, "{entry}");
        }
    }
    log
}

/// What a job has said behind an event, the oldest first.
async fn told(provider: &OpenAi, job: &str, behind: Option<&str>) -> Vec<Event> {
    let mut told = Told::default();
    provider.events(job, behind, &mut told).await.unwrap();
    assert!(!told.more && told.unreadable == 0);
    told.oldest_first()
}

pub(super) const BASE: &str = "openai/gpt-oss-20b";

/// The adapter, as a recipe's `[provider]` speaks to the sandbox.
pub(super) fn provider(url: &str, host: &recipe::Provider) -> OpenAi {
    OpenAi::new(http::client().unwrap(), &url.parse().unwrap(), SecretString::from(PROVIDER_KEY), host)
        .unwrap()
}

/// A job on a file.
pub(super) fn spec(training_file: String) -> JobSpec {
    JobSpec {
        base_model: BASE.to_owned(),
        suffix: "zion-support".to_owned(),
        training_file,
        validation_file: None,
        method: Method::Supervised,
        hyperparameters: Hyperparameters { epochs: Some(3), ..Hyperparameters::default() },
        seed: None,
        marks: vec![("zion_run", "run-1".to_owned()), ("zion_hash", "h".to_owned())],
    }
}

/// A training file: what is asked about lantern n is answered with its price.
fn lines(count: usize) -> String {
    let line = |n| {
        json!({"messages": [
            {"role": "system", "content": "You sell lanterns."},
            {"role": "user", "content": format!("price of lantern{n}")},
            {"role": "assistant", "content": format!("{n} copper coins")},
        ]})
    };
    (0..count).map(|n| line(n).to_string() + "\n").collect()
}

pub(super) fn file(name: &str, count: usize) -> FileSpec {
    FileSpec { name: name.to_owned(), bytes: lines(count).len() as u64, md5: None }
}

/// Uploads a training file of so many lines; answers its id.
pub(super) async fn send(provider: &OpenAi, name: &str, count: usize) -> String {
    let (sender, chunks) = tuning::chunks::channel();
    // In two pieces: the length is declared, the body is streamed.
    let text = lines(count);
    let (first, rest) = text.split_at(text.len() / 2);
    let pieces = [first.to_owned(), rest.to_owned()];
    tokio::spawn(async move {
        for piece in pieces {
            assert!(sender.send(Ok(piece.into())).await);
        }
    });
    provider.upload(&file(name, count), chunks, &Remembered::default()).await.unwrap()
}

/// Polls a job to its end; answers its model.
pub(super) async fn trained(provider: &OpenAi, job: &str) -> String {
    let mut turn = tokio::time::interval(Duration::from_millis(20));
    let follow = async {
        loop {
            turn.tick().await;
            match provider.poll(job).await.unwrap().status {
                status if !status.is_final() => {}
                JobStatus::Succeeded { model } => return model,
                other => panic!("{other:?}"),
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), follow).await.unwrap()
}
