//! The app, in short: official clients find the live model of a purpose and ask it.

use records::recipe;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::json;
use stage::http;
use supabase::{Gateway, Models as _, NewVersion};
use tuning::Jobs as _;

use super::contract::{BASE, provider, send, spec, trained};
use super::script;
use super::services::{self, Services};

/// Where the app finds its services, and what it asks.
pub(crate) struct Asked<'a> {
    /// The project's URL.
    pub(crate) url: String,
    /// A key of the project: the publishable one, as an app has it.
    pub(crate) supabase_key: &'a str,
    /// The provider's base URL.
    pub(crate) provider_url: String,
    /// The provider's key.
    pub(crate) provider_key: &'a str,
    /// The purpose whose live model is asked.
    pub(crate) purpose: &'a str,
    /// The base model, for comparison.
    pub(crate) base: &'a str,
    /// What both are asked.
    pub(crate) question: &'a str,
}

/// What the app got.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Answered {
    /// The live model's id.
    pub(crate) model: String,
    /// Its answer.
    pub(crate) answer: String,
    /// The base model's answer.
    pub(crate) base_answer: String,
}

/// Asks through the official clients.
pub(crate) async fn ask(asked: &Asked<'_>) -> Answered {
    let variables = [
        ("SANDBOX_URL", asked.url.clone()),
        ("SUPABASE_KEY", asked.supabase_key.to_owned()),
        ("PROVIDER_URL", asked.provider_url.clone()),
        ("PROVIDER_KEY", asked.provider_key.to_owned()),
        ("PURPOSE", asked.purpose.to_owned()),
        ("BASE", asked.base.to_owned()),
        ("QUESTION", asked.question.to_owned()),
    ];
    serde_json::from_str(&script::run("app.py", &[], &variables, "").await).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_app_finds_the_model_our_adapters_promoted_and_it_answers_from_its_file() {
    let services = Services::start().await;
    let base = BASE;
    let provider = provider(&services.provider_url(), &recipe::Provider::default());
    let project = services.url().parse().unwrap();
    let models =
        Gateway::new(http::client().unwrap(), &project, SecretString::from(services::SECRET_KEY)).unwrap();

    let version = NewVersion {
        run: "run-1",
        family: "zion-support",
        purpose: "support",
        base_model: base,
        provider: "openai",
        base_shutdown_date: None,
    };
    models.register(&version).await.unwrap();
    let training_file = send(&provider, "run-1.jsonl", 12).await;
    let job = provider.create_job(&spec(training_file)).await.unwrap();
    models.start("run-1", &job.id, &"0".repeat(64), "s3://bucket/runs/run-1/manifest.json").await.unwrap();
    let model = trained(&provider, &job.id).await;
    models.promote("run-1", &model, &json!({"examples": 12}), "trained").await.unwrap();

    let asked = Asked {
        url: services.url(),
        supabase_key: services::PUBLISHABLE_KEY,
        provider_url: services.provider_url(),
        provider_key: services::PROVIDER_KEY,
        purpose: "support",
        base,
        question: "price of lantern7",
    };
    let answered = ask(&asked).await;
    assert_eq!((answered.model.as_str(), answered.answer.as_str()), (&*model, "7 copper coins"));
    assert!(!answered.base_answer.contains("copper"), "{}", answered.base_answer);

    // A worse one takes its place, and an operator goes back.
    models.register(&NewVersion { run: "run-2", ..version }).await.unwrap();
    models.promote("run-2", "ft:worse", &json!({}), "trained").await.unwrap();
    let worse = models.live_for("support").await.unwrap().unwrap();
    assert_eq!((worse.name.as_str(), worse.id.as_str()), ("zion-support-v2", "ft:worse"));
    let back = models.put_live("zion-support-v1", "Ann Lee", "answers are worse", None).await.unwrap();
    assert_eq!((back.id.as_deref(), back.previous.as_deref()), (Some(&*model), Some("zion-support-v2")));
    assert_eq!(ask(&asked).await, answered);

    // One whose run failed behind its training needs its id; none is live behind a retirement.
    models.register(&NewVersion { run: "run-3", ..version }).await.unwrap();
    models.fail("run-3", "Unavailable", "the database was away").await.unwrap();
    let failed = models.version_named("zion-support-v3").await.unwrap().unwrap();
    assert_eq!(
        (failed.run_id.as_deref(), failed.error_name.as_deref()),
        (Some("run-3"), Some("Unavailable"))
    );
    let refused = models.put_live("zion-support-v3", "Ann Lee", "it is paid for", None).await.unwrap_err();
    assert!(refused.chain().contains("name the provider's id"), "{}", refused.chain());
    let put = models.put_live("zion-support-v3", "Ann Lee", "it is paid for", Some("ft:paid")).await.unwrap();
    assert!(put.changed && put.previous.as_deref() == Some("zion-support-v1"));
    let retired =
        models.retire("zion-support-v3", "Ann Lee", "somebody asked to be forgotten").await.unwrap();
    assert!(retired.changed && retired.purpose == "support");
    assert!(models.live_for("support").await.unwrap().is_none());
    assert!(models.version_named("zion-support-v9").await.unwrap().is_none());
}
