//! The adapter for Bedrock, over AWS's own client and what stands in for Bedrock (`infra/local/bedrock.py`).

use std::path::Path;

use aws_sdk_bedrock::config::{BehaviorVersion, Credentials, Region};
use records::recipe::{self, Format, ProviderKind};
use serde_json::{Value, json};
use stage::{ErrorName, StageError};
use store::{Memory, S3};
use tempfile::TempDir;
use tuning::{
    Bedrock, Catalogue as _, Clean as _, FileSpec, Files as _, Folder as _, Hyperparameters, JobSpec,
    JobStatus, Jobs as _, Method, NotThere, Serve as _, Told, Watch as _, chunks,
};
use upload::RunFolder;
use zion::local::{self, paths};

use crate::handlers::fakes::{Project, Tuner};
use crate::handlers::run;

const BASE: &str = "amazon.nova-micro-v1:0:128k";
const BUCKET: &str = "zion-bedrock";
const JOBS: &str = "POST /model-customization-jobs";

/// The stand-in, with a bucket of its own.
struct There {
    bedrock: local::Bedrock,
    s3: S3,
    _folder: TempDir,
}

impl There {
    async fn up() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bedrock = local::Bedrock::start(&paths::root().unwrap(), None, Path::new(folder.path())).await;
        let bedrock = bedrock.unwrap_or_else(|error| panic!("{}; run `make test`", error.chain()));
        let client = aws_sdk_s3::Client::from_conf(
            aws_sdk_s3::Config::builder()
                .behavior_version(aws_sdk_s3::config::BehaviorVersion::latest())
                .region(aws_sdk_s3::config::Region::new("us-east-1"))
                .credentials_provider(aws_sdk_s3::config::Credentials::new("t", "t", None, None, "test"))
                .endpoint_url(bedrock.endpoint())
                .force_path_style(true)
                .build(),
        );
        client.create_bucket().bucket(BUCKET).send().await.unwrap();
        Self { bedrock, s3: S3::with_client(client, BUCKET), _folder: folder }
    }

    fn provider(&self, deploy: bool) -> Bedrock<RunFolder<'_, S3>> {
        let client = aws_sdk_bedrock::Client::from_conf(
            aws_sdk_bedrock::Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(Region::new("us-east-1"))
                .credentials_provider(Credentials::new("t", "t", None, None, "test"))
                .endpoint_url(self.bedrock.endpoint())
                .build(),
        );
        let host = recipe::Provider {
            kind: ProviderKind::Bedrock,
            format: Some(Format::Conversation),
            model_prefix: Some("zion".to_owned()),
            deploy,
            hyperparameters: [("learningRate".to_owned(), "0.00001".to_owned())].into(),
            ..recipe::Provider::default()
        };
        let role = "arn:aws:iam::123456789012:role/zion".to_owned();
        Bedrock::new(client, &host, role, RunFolder::new(&self.s3, BUCKET, run::RUN))
    }

    async fn fail(&self, code: &str, status: u16, message: &str, more: Value) {
        let mut rule = json!({"match": JOBS, "status": status, "code": code, "message": message, "times": 1});
        rule.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.bedrock.fail(&json!([rule])).await.unwrap();
    }

    /// How often a job was asked for.
    async fn asked_for_jobs(&self) -> usize {
        self.bedrock.asked().await.unwrap().iter().filter(|request| *request == JOBS).count()
    }
}

/// Uploads lines of chat; answers the file's id.
async fn send(provider: &Bedrock<RunFolder<'_, S3>>, name: &str, lines: usize) -> String {
    let line = |number| {
        json!({"messages": [
            {"role": "system", "content": "be kind"},
            {"role": "user", "content": format!("User: question {number}")},
            {"role": "assistant", "content": "an answer"},
        ]})
    };
    let text = (0..lines).map(|number| line(number).to_string() + "\n").collect::<Vec<_>>().concat();
    let (sender, chunks) = chunks::channel();
    let spec = FileSpec { name: name.to_owned(), bytes: text.len() as u64, md5: None };
    assert_eq!(provider.find_file(&spec).await.unwrap(), None);
    let fill = async move { sender.send(Ok(text.into())).await };
    let (_, sent) = tokio::join!(fill, provider.upload(&spec, chunks, &NoLedger));
    let id = sent.unwrap();
    assert_eq!(provider.find_file(&spec).await.unwrap().as_deref(), Some(id.as_str()));
    id
}

struct NoLedger;

impl tuning::Ledger for NoLedger {
    async fn read(&self) -> Result<Option<tuning::Begun>, StageError> {
        Ok(None)
    }

    async fn write(&self, _begun: Option<&tuning::Begun>) -> Result<(), StageError> {
        Ok(())
    }
}

fn spec(run: &str, training_file: &str) -> JobSpec {
    JobSpec {
        base_model: BASE.to_owned(),
        suffix: "zion_support--v3".to_owned(),
        training_file: training_file.to_owned(),
        validation_file: None,
        method: Method::Supervised,
        hyperparameters: Hyperparameters { epochs: Some(2), ..Hyperparameters::default() },
        seed: None,
        marks: vec![("zion_run", run.to_owned()), ("zion_manifest_sha256", "ab12".to_owned())],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bedrock_tells_which_base_can_be_tuned_and_until_when() {
    let there = There::up().await;
    let provider = there.provider(false);
    let base = provider.base_model(BASE).await.unwrap().unwrap();
    assert_eq!((base.id.as_str(), base.shutdown_date), (BASE, None));
    assert!(provider.base_model("amazon.titan-text-lite-v1").await.unwrap().unwrap().shutdown_date.is_some());
    assert_eq!(provider.base_model("no.such-model").await.unwrap(), None);
    let premier = provider.lifetime("amazon.nova-premier-v1:0").await.unwrap().unwrap();
    assert_eq!(premier.id, "amazon.nova-premier-v1:0", "what was tuned from it ends with it all the same");
    let error = provider.base_model("amazon.nova-premier-v1:0").await.unwrap_err();
    assert_eq!(error.name(), ErrorName::BaseModelUnusable);
    assert!(error.to_string().contains("can't be fine-tuned") && error.to_string().contains(BASE), "{error}");
    let models: Vec<_> = provider.models().await.unwrap().into_iter().map(|model| model.id).collect();
    assert_eq!(models, [BASE, "amazon.titan-text-lite-v1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn bedrock_trains_once_what_is_asked_for_twice_and_serves_it_by_its_deployment() {
    let there = There::up().await;
    let provider = there.provider(true);
    let file = send(&provider, "train.jsonl", 12).await;
    let spec = spec("run-1", &file);
    assert_eq!(provider.find_jobs(&spec).await.unwrap(), []);
    let job = provider.create_job(&spec).await.unwrap();
    assert!(job.id.starts_with("zion-zion-support-v3-") && job.id.len() <= 63, "{}", job.id);
    assert_eq!(provider.create_job(&spec).await.unwrap().id, job.id);
    assert_eq!(there.asked_for_jobs().await, 2);
    let found = provider.find_jobs(&spec).await.unwrap();
    assert_eq!(found.iter().map(|job| job.id.as_str()).collect::<Vec<_>>(), [job.id.as_str()]);
    let other = JobSpec { marks: vec![("zion_run", "run-2".to_owned())], ..spec.clone() };
    assert_eq!(provider.find_jobs(&other).await.unwrap(), []);
    let trained = provider.poll(&job.id).await.unwrap();
    assert_eq!(trained.status, JobStatus::Succeeded { model: job.id.clone() }, "{trained:?}");
    assert_eq!((trained.training_file.as_str(), trained.word.as_str()), (file.as_str(), "Completed"));
    let (mut events, mut behind, mut checkpoints) = (Told::default(), Told::default(), Told::default());
    provider.events(&job.id, None, &mut events).await.unwrap();
    assert_eq!(events.items[0].train_loss, Some(0.5));
    provider.events(&job.id, Some(&events.items[0].id), &mut behind).await.unwrap();
    provider.checkpoints(&job.id, &mut checkpoints).await.unwrap();
    assert!(behind.items.is_empty() && checkpoints.items.is_empty());
    assert_eq!(there.provider(false).serve(&job.id).await.unwrap(), Some(job.id.clone()));
    assert_eq!(provider.serve(&job.id).await.unwrap(), None, "it was asked for");
    assert_eq!(provider.serve(&job.id).await.unwrap(), None, "it is being made");
    let served = provider.serve(&job.id).await.unwrap().unwrap();
    assert!(served.contains(":custom-model-deployment/"), "{served}");
    // By the name that the app asks for: what it stands for goes with it, once it is served no more.
    provider.delete_model(&served).await.unwrap();
    let error = provider.serve(&job.id).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::ProviderRefused, "there is no such model any more: {error}");
    let error = provider.delete_model(&served).await.unwrap_err();
    assert!(
        error.name() == ErrorName::ProviderRefused && error.to_string().contains("its own name"),
        "{error}"
    );
    provider.delete_model(&job.id).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn bedrock_s_lost_answers_buy_no_second_job_and_its_refusals_are_named() {
    let there = There::up().await;
    let provider = there.provider(false);
    let file = send(&provider, "train.jsonl", 12).await;
    // Carried out, but answered with a fault of the service. Another try would be refused, as if there were no job.
    let rule = |status, code, after| json!({"match": JOBS, "status": status, "code": code, "message": "", "after": after, "times": 1});
    let rules = [rule(500, "InternalServerException", true), rule(429, "ThrottlingException", false)];
    there.bedrock.fail(&json!(rules)).await.unwrap();
    let lost = provider.create_job(&spec("lost", &file)).await.unwrap_err();
    assert_eq!((lost.name(), there.asked_for_jobs().await), (ErrorName::Unavailable, 1));
    there.bedrock.fail(&json!([])).await.unwrap();
    // Who asks again finds the name taken.
    let job = provider.create_job(&spec("lost", &file)).await.unwrap();
    assert_eq!(there.asked_for_jobs().await, 1);
    assert_eq!(provider.find_jobs(&spec("lost", &file)).await.unwrap()[0].id, job.id);
    for (code, status, message, times, expected, said) in [
        (
            "AccessDeniedException",
            403,
            "not authorized to perform: bedrock:CreateModelCustomizationJob",
            1,
            ErrorName::ProviderRefused,
            "bedrock:CreateModelCustomizationJob",
        ),
        (
            "ServiceQuotaExceededException",
            400,
            "Customization jobs in progress is 2",
            1,
            ErrorName::ProviderRefused,
            "Customization jobs in progress is 2",
        ),
        ("ThrottlingException", 429, "slow down", 9, ErrorName::Throttled, "throttled"),
        (
            "ValidationException",
            400,
            "The provided model identifier is invalid.",
            1,
            ErrorName::BaseModelUnusable,
            "model.base",
        ),
        (
            "ValidationException",
            400,
            "epochCount must be at most 5",
            1,
            ErrorName::ProviderRefused,
            "epochCount",
        ),
        ("InternalServerException", 500, "", 9, ErrorName::Unavailable, "AWS's side"),
    ] {
        there.fail(code, status, message, json!({"times": times})).await;
        let error = provider.create_job(&spec("refused", &file)).await.unwrap_err();
        assert_eq!(error.name(), expected, "{code}: {error}");
        assert!(error.to_string().contains(said), "{error}");
    }
    there.bedrock.fail(&json!([])).await.unwrap();
    assert_eq!(provider.find_jobs(&spec("refused", &file)).await.unwrap(), [], "no refusal left a job");
}

#[tokio::test(flavor = "multi_thread")]
async fn bedrock_s_jobs_end_as_failed_or_cancelled_in_its_own_words() {
    let there = There::up().await;
    let provider = there.provider(false);
    let few = send(&provider, "few.jsonl", 3).await;
    let job = provider.create_job(&spec("few", &few)).await.unwrap();
    let JobStatus::Failed { code, message, retry_helps } = provider.poll(&job.id).await.unwrap().status
    else {
        panic!("a job over three examples")
    };
    assert_eq!((code.as_str(), retry_helps), ("Failed", false));
    assert!(message.contains("at least 8"), "{message}");
    let folder = RunFolder::new(&there.s3, BUCKET, run::RUN);
    let (sender, chunks) = chunks::channel();
    let fill =
        async move { sender.send(Ok("{\"prompt\":\"a\",\"completion\":\"b\"}\n".repeat(9).into())).await };
    tokio::join!(fill, folder.write("other.jsonl", chunks)).1.unwrap();
    let other = format!("{}other.jsonl", folder.address());
    let job = provider.create_job(&spec("other", &other)).await.unwrap();
    let status = provider.poll(&job.id).await.unwrap().status;
    assert!(
        matches!(&status, JobStatus::Failed { message, .. } if message.contains("Line 1 of")),
        "{status:?}"
    );
    let good = send(&provider, "good.jsonl", 9).await;
    let job = provider.create_job(&spec("good", &good)).await.unwrap();
    provider.cancel(&job.id).await.unwrap();
    assert_eq!(provider.poll(&job.id).await.unwrap().status, JobStatus::Cancelled);
    provider.delete_file(&good).await.unwrap();
    let error = provider.poll("no-such-job").await.unwrap_err();
    assert_eq!((error.name(), NotThere::caused(&error)), (ErrorName::ProviderRefused, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_to_bedrock_that_is_replayed_or_loses_its_answer_has_one_job() {
    let there = There::up().await;
    let provider = there.provider(false);
    let (store, project, tuner) =
        (Memory::default(), Project::new(300).with_job_posts(1_000), Tuner::default());
    run::clean(&store, &project, &tuner).await.unwrap();
    let manifest = run::assemble(&store, &project).await.unwrap().manifest_sha256;
    // Every try of the first call is carried out or lost.
    there.fail("InternalServerException", 500, "", json!({"after": true, "times": 9})).await;
    let lost = run::upload(&manifest, &store, &project, &provider).await.unwrap_err();
    assert_eq!(lost.name(), ErrorName::Unavailable);
    there.bedrock.fail(&json!([])).await.unwrap();
    let submitted = run::upload(&manifest, &store, &project, &provider).await.unwrap();
    let again = run::upload(&manifest, &store, &project, &provider).await.unwrap();
    assert_eq!(submitted.job, again.job);
    assert_eq!(there.asked_for_jobs().await, 0, "the first call's job was adopted");
    assert!(
        submitted.file.starts_with("s3://zion-bedrock/runs/run-1/bedrock/run-1-train-"),
        "{}",
        submitted.file
    );
    let status = provider.poll(&submitted.job).await.unwrap().status;
    assert!(matches!(status, JobStatus::Succeeded { .. }), "the real dataset is of Nova's form: {status:?}");
}
