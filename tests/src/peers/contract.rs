//! The requests of our provider adapter, held against the provider's own API description.

use std::io::Write as _;
use std::time::Duration;

use secrecy::SecretString;
use serde_json::{Value, json};
use stage::http;
use tuning::{FileSpec, JobSpec, JobStatus, OpenAi, Provider as _};
use zion::local::paths;

use super::script;
use super::services::{PROVIDER_KEY, Services};

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

/// Makes every call of the port; answers what the sandbox logged.
async fn every_call(services: &Services) -> Value {
    let provider = provider(&services.provider_url());
    provider.base_model("openai/gpt-oss-20b").await.unwrap().unwrap();
    assert_eq!(provider.base_model("no/such-model").await.unwrap(), None);
    let training_file = send(&provider, "run-1.jsonl", 12).await;
    let found = provider.find_file(&file("run-1.jsonl", 12)).await.unwrap();
    assert_eq!(found.as_deref(), Some(training_file.as_str()));
    let mut spec = JobSpec {
        run: "run-1".to_owned(),
        base_model: "openai/gpt-oss-20b".to_owned(),
        suffix: "zion-support".to_owned(),
        validation_file: Some(training_file.clone()),
        training_file,
        epochs: 3,
        manifest_sha256: "0".repeat(64),
    };
    assert_eq!(provider.find_job("run-1", &"0".repeat(64)).await.unwrap(), None);
    let job = provider.create_job(&spec).await.unwrap();
    assert_eq!(provider.find_job("run-1", &"0".repeat(64)).await.unwrap().unwrap().id, job.id);
    trained(&provider, &job.id).await;
    spec.validation_file = None;
    // A second page of the list needs more than a hundred jobs.
    for _ in 0..100 {
        let job = provider.create_job(&spec).await.unwrap();
        provider.cancel(&job.id).await.unwrap();
    }
    provider.find_job("run-1", &"0".repeat(64)).await.unwrap().unwrap();

    let client = http::client().unwrap();
    let log = client.get(format!("{}/_sandbox/requests", services.url())).send().await.unwrap();
    let log: Value = log.json().await.unwrap();
    let seen: Vec<String> =
        log.as_array().unwrap().iter().map(|e| format!("{} {}", e["method"], e["path"])).collect();
    for call in [
        r#""GET" "/v1/models/openai%2Fgpt-oss-20b""#,
        r#""GET" "/v1/files?"#,
        r#""POST" "/v1/files""#,
        r#""GET" "/v1/fine_tuning/jobs?metadata%5Bzion_run%5D=run-1&limit=100""#,
        r#""GET" "/v1/fine_tuning/jobs?metadata%5Bzion_run%5D=run-1&limit=100&after="#,
        r#""POST" "/v1/fine_tuning/jobs""#,
        &format!(r#""GET" "/v1/fine_tuning/jobs/{}""#, job.id),
        r#""POST" "/v1/fine_tuning/jobs/ftjob-"#,
    ] {
        assert!(seen.iter().any(|line| line.starts_with(call)), "{call} is not among {seen:#?}");
    }
    log
}

fn provider(url: &str) -> OpenAi {
    OpenAi::new(http::client().unwrap(), &url.parse().unwrap(), SecretString::from(PROVIDER_KEY)).unwrap()
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

fn file(name: &str, count: usize) -> FileSpec {
    FileSpec { name: name.to_owned(), bytes: lines(count).len() as u64 }
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
    provider.upload(&file(name, count), chunks).await.unwrap()
}

/// Polls a job to its end; answers its model.
pub(super) async fn trained(provider: &OpenAi, job: &str) -> String {
    let mut turn = tokio::time::interval(Duration::from_millis(20));
    let follow = async {
        loop {
            turn.tick().await;
            match provider.poll(job).await.unwrap().status {
                JobStatus::UnderWay => {}
                JobStatus::Succeeded { model } => return model,
                other => panic!("{other:?}"),
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), follow).await.unwrap()
}
