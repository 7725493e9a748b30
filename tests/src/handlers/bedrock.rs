//! What is another's way at Bedrock: files in our own bucket, models that answer once they are deployed.

use std::collections::BTreeSet;
use std::sync::Mutex;

use jiff::Timestamp;
use records::recipe::{self, Format, ProviderKind};
use regex::Regex;
use stage::arrows::{JobState, StatusEvent};
use stage::{ErrorName, Settings, StageError, http};
use store::{Get as _, Memory};
use tuning::{
    Bedrock, Begun, Checkpoint, Clean, Connections, Event, FileSpec, Files as _, Folder as _, Host, Job,
    JobStatus, Ledger, NoFolder, Provider, Serve, Told, Watch, chunks,
};
use upload::RunFolder;

use super::fakes::Tuner;
use crate::contracts::{resource, text};

const RUN: &str = "run-1";

impl Serve for Tuner {
    async fn serve(&self, model: &str) -> Result<Option<String>, StageError> {
        Ok(Some(model.to_owned()))
    }
}

/// A provider whose models have to be deployed, which takes some looks.
struct Deploying {
    tuner: Tuner,
    looks: Mutex<u32>,
}

impl Serve for Deploying {
    async fn serve(&self, model: &str) -> Result<Option<String>, StageError> {
        let mut looks = self.looks.lock().unwrap();
        *looks = looks.saturating_sub(1);
        Ok((*looks == 0).then(|| format!("deployment-of-{model}")))
    }
}

impl Watch for Deploying {
    async fn poll(&self, job: &str) -> Result<Job, StageError> {
        self.tuner.poll(job).await
    }

    async fn events(
        &self,
        job: &str,
        behind: Option<&str>,
        into: &mut Told<Event>,
    ) -> Result<(), StageError> {
        self.tuner.events(job, behind, into).await
    }

    async fn checkpoints(&self, job: &str, into: &mut Told<Checkpoint>) -> Result<(), StageError> {
        self.tuner.checkpoints(job, into).await
    }

    async fn cancel(&self, job: &str) -> Result<(), StageError> {
        self.tuner.cancel(job).await
    }
}

impl Clean for Deploying {
    async fn delete_file(&self, id: &str) -> Result<(), StageError> {
        self.tuner.delete_file(id).await
    }

    async fn delete_model(&self, id: &str) -> Result<(), StageError> {
        self.tuner.delete_model(id).await
    }
}

fn host() -> recipe::Provider {
    recipe::Provider {
        kind: ProviderKind::Bedrock,
        format: Some(Format::Conversation),
        ..recipe::Provider::default()
    }
}

#[tokio::test]
async fn a_trained_model_is_waited_for_until_it_answers_under_its_own_name() {
    let store = Memory::default();
    let provider = Deploying { tuner: Tuner::default(), looks: Mutex::new(2) };
    *provider.tuner.status.lock().unwrap() = JobStatus::Succeeded { model: "m".to_owned() };
    let time = |text: &str| text.parse::<Timestamp>().unwrap();
    let event = StatusEvent {
        run: RUN.to_owned(),
        job: "job-0".to_owned(),
        submitted_at: time("2026-11-22T10:00:00Z"),
        deadline: time("2026-11-23T10:00:00Z"),
        provider: host(),
        host: None,
    };
    let poll = async |now: &str| status::handle(event.clone(), time(now), &store, &provider).await;
    assert_eq!(poll("2026-11-22T12:00:00Z").await.unwrap().state, JobState::Waiting);
    let trained = poll("2026-11-22T12:05:00Z").await.unwrap();
    assert_eq!((trained.state, trained.model.as_deref()), (JobState::Trained, Some("deployment-of-m")));
    assert!(provider.tuner.deleted.lock().unwrap().is_empty(), "files in our own bucket are no host's");
    *provider.looks.lock().unwrap() = 9;
    let late = poll("2026-11-23T10:00:01Z").await.unwrap_err();
    assert_eq!(late.name(), ErrorName::TrainingTimedOut);
    assert!(late.to_string().contains("is trained, but not deployed"), "{late}");
    assert!(provider.tuner.cancelled.lock().unwrap().is_empty(), "there is nothing left to cancel");
}

/// A ledger that nobody may ask for.
struct NoLedger;

impl Ledger for NoLedger {
    async fn read(&self) -> Result<Option<Begun>, StageError> {
        unreachable!("an object needs no ledger")
    }

    async fn write(&self, _begun: Option<&Begun>) -> Result<(), StageError> {
        unreachable!("an object needs no ledger")
    }
}

fn line(number: usize) -> String {
    let content = format!("example {number}");
    format!(
        "{{\"messages\":[{{\"role\":\"system\",\"content\":\"be kind\"}},{{\"role\":\"user\",\"content\":\"{content}\"}},{{\"role\":\"assistant\",\"content\":\"yes\"}}]}}\n"
    )
}

/// Uploads `text` in chunks that cut its lines.
async fn send(
    provider: &Bedrock<RunFolder<'_, Memory>>,
    spec: &FileSpec,
    text: &str,
    broken: bool,
) -> Result<String, StageError> {
    let (sender, chunks) = chunks::channel();
    let fill = async move {
        for chunk in text.as_bytes().chunks(1_000) {
            sender.send(Ok(chunk.to_vec().into())).await;
        }
        if broken {
            sender.send(Err(StageError::internal("the file has changed"))).await;
        }
    };
    let ((), sent) = tokio::join!(fill, provider.upload(spec, chunks, &NoLedger));
    sent
}

#[tokio::test]
async fn the_dataset_is_rendered_into_the_run_s_folder_and_found_and_deleted_there() {
    let store = Memory::default();
    let folder = RunFolder::new(&store, "bucket", RUN);
    let provider = Bedrock::new(tuning::bedrock::client().await, &host(), "role".to_owned(), folder);
    let spec = FileSpec { name: "run-1-train-0123456789abcdef.jsonl".to_owned(), bytes: 1, md5: None };
    assert_eq!(provider.find_file(&spec).await.unwrap(), None);
    let text: String = (0..9_000).map(line).collect();
    assert!(send(&provider, &spec, &text, true).await.is_err());
    assert!(store.keys().is_empty(), "a file that broke off is none: {:?}", store.keys());
    let file = send(&provider, &spec, &text, false).await.unwrap();
    let key = "runs/run-1/bedrock/run-1-train-0123456789abcdef.jsonl";
    assert_eq!(file, format!("s3://bucket/{key}"));
    assert_eq!(provider.find_file(&spec).await.unwrap(), Some(file.clone()));
    let rendered = String::from_utf8(store.get(key).await.unwrap().to_vec()).unwrap();
    assert_eq!(rendered.lines().count(), 9_000);
    for (number, line) in rendered.lines().enumerate() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["schemaVersion"], "bedrock-conversation-2024");
        assert_eq!(line["messages"][0]["content"][0]["text"], format!("example {number}"));
    }
    let elsewhere = provider.delete_file("s3://bucket/runs/run-2/bedrock/x.jsonl").await.unwrap_err();
    assert_eq!(elsewhere.name(), ErrorName::ProviderRefused);
    for _ in 0..2 {
        provider.delete_file(&file).await.unwrap();
    }
    assert!(store.keys().is_empty());
}

#[tokio::test]
async fn upload_may_do_with_bedrock_s_folder_what_it_does_and_no_more() {
    let policy = resource(&text("template.yaml"), "UploadBedrock");
    let allowed: BTreeSet<_> = Regex::new(r"s3:(\w+Object|ListBucket)\b")
        .unwrap()
        .find_iter(&policy)
        .map(|it| it.as_str().to_owned())
        .collect();
    assert_eq!(allowed, ["s3:DeleteObject", "s3:ListBucket", "s3:PutObject"].map(str::to_owned).into());
    let store = Memory::default();
    let folder = RunFolder::new(&store, "bucket", RUN);
    assert!(!folder.holds("a.jsonl").await.unwrap());
    let (sender, chunks) = chunks::channel();
    let fill = async move { sender.send(Ok("x".into())).await };
    let (_, written) = tokio::join!(fill, folder.write("a.jsonl", chunks));
    written.unwrap();
    folder.delete("a.jsonl").await.unwrap();
    for (port, key) in store.touched() {
        assert!(["List", "Put", "Delete"].contains(&port), "{port}");
        assert!(key.starts_with("runs/run-1/bedrock/"), "{key}");
    }
    assert!(
        policy.contains("${Bucket.Arn}/runs/*/bedrock/*.jsonl") && policy.contains("\"runs/*/bedrock/*\"")
    );
}

#[tokio::test]
async fn a_recipe_gets_its_provider_or_is_told_what_the_stack_lacks() {
    let settings = |url: &str, role: &str| {
        let value = |name: &str| match name {
            "PROVIDER_URL" => url.to_owned(),
            "BEDROCK_ROLE" => role.to_owned(),
            _ if name.ends_with("_URL") => "https://example.com".to_owned(),
            _ => "x".to_owned(),
        };
        Settings::from_lookup(|name| Some(value(name))).unwrap()
    };
    let connections = |url: &str, role: &str| Connections::new(http::client().unwrap(), &settings(url, role));
    let open_ai = recipe::Provider::default();
    let key = async || Ok("k".into());
    let no_key = async || Err(StageError::internal("nobody needs a key for Bedrock"));
    let both = connections("https://provider.example/v1", "role");
    assert_eq!(
        (both.name(&open_ai), both.name(&host())),
        ("provider.example".to_owned(), "bedrock".to_owned())
    );
    assert!(matches!(both.to(&open_ai, key, NoFolder).await, Ok(Provider::OpenAi(_))));
    let planned = |provider: &recipe::Provider, name: Option<&str>| Host {
        provider: provider.clone(),
        name: name.map(str::to_owned),
    };
    for name in [Some("provider.example"), None] {
        let back = both.back_to(&planned(&open_ai, name), key, NoFolder).await;
        assert!(matches!(back, Ok(Provider::OpenAi(_))), "also by a plan that does not say");
    }
    let moved = both.back_to(&planned(&open_ai, Some("former.example")), key, NoFolder).await.err().unwrap();
    assert_eq!(moved.name(), ErrorName::ProviderRefused);
    for part in ["planned for former.example", "leads to provider.example", "start a new run"] {
        assert!(moved.to_string().contains(part), "{moved}");
    }
    assert!(matches!(both.to(&host(), no_key, NoFolder).await, Ok(Provider::Bedrock(_))));
    for (connections, host, lacks) in [
        (connections("https://provider.example/v1", ""), host(), "UseBedrock=yes"),
        (connections("", "role"), open_ai, "ProviderUrl"),
    ] {
        let error = connections.to(&host, key, NoFolder).await.err().unwrap();
        assert_eq!(error.name(), ErrorName::RecipeInvalid);
        assert!(error.to_string().contains(lacks), "{error}");
    }
}
