//! Runs that succeed, and what they leave.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use records::digest::sha256;
use reqwest::Method;
use serde_json::{Value, json};
use stage::arrows::{Assembled, Gathered, Planned, Promoted, Submitted};
use stage::manifest::Manifest;

use super::evidence::{SIDES, lines};
use super::say;
use super::world::{Ended, World, answered};
use crate::peers::app::{self, Asked};

/// A recipe with what its run must read, said once more in SQL.
struct Expected {
    recipe: &'static str,
    purpose: &'static str,
    /// Source, rows that its filter takes, and the condition of consent.
    sources: &'static [(&'static str, &'static str, &'static str)],
}

const JOBS: (&str, &str, &str) = (
    "job_posts",
    "job_posts t join profiles p on p.id = t.owner_id where t.status = 'published'",
    "not p.training_opt_out",
);
const RESUMES: (&str, &str, &str) =
    ("resumes", "resumes t join profiles p on p.id = t.user_id where true", "not p.training_opt_out");
const SUPPORT: (&str, &str, &str) =
    ("support_logs", "support_logs t where true", "t.training_opt_out is false");

const RECIPES: [Expected; 5] = [
    Expected { recipe: "zion-job-generator", purpose: "job", sources: &[JOBS] },
    Expected { recipe: "zion-resume-enhancer", purpose: "resume", sources: &[RESUMES] },
    Expected { recipe: "zion-support", purpose: "support", sources: &[SUPPORT] },
    Expected { recipe: "zion-gpt", purpose: "general", sources: &[JOBS, RESUMES, SUPPORT] },
    Expected {
        recipe: "zion-seo-generator",
        purpose: "seo",
        sources: &[
            ("blog_posts", "seo_contents t where t.content_type = 'blogPost' and t.published", "true"),
            (
                "service_descriptions",
                "seo_contents t where t.content_type = 'serviceDescription' and t.published",
                "true",
            ),
            ("faqs", "seo_contents t where t.content_type = 'faq' and t.published", "true"),
        ],
    },
];

/// The name of the undisturbed run of a recipe, which later scenarios compare with.
pub(crate) fn first(recipe: &str) -> String {
    format!("first-{recipe}")
}

pub(crate) async fn each_recipe(w: &World) {
    let each = RECIPES.iter().map(async |expected| {
        let recipe = expected.recipe;
        // The default recipe is what the empty input runs.
        let input = if recipe == "zion-job-generator" { json!({}) } else { json!({"recipe": recipe}) };
        w.execute(&first(recipe), input).await
    });
    let ended = join_all(each).await;
    for (expected, ended) in RECIPES.iter().zip(&ended) {
        assert!(ended.outcome.succeeded(), "{}: {:?}", ended.run, ended.outcome);
        funnel(w, expected, ended).await;
        verified(w, &ended.run).await;
        registered(w, expected, ended).await;
        at_the_provider(w, ended).await;
    }
}

/// Counts add up from the tables to the sides, and no row is lost or doubled.
async fn funnel(w: &World, expected: &Expected, ended: &Ended) {
    let run = &ended.run;
    let (planned, gathered): (Planned, Gathered) = (ended.left("planned"), ended.left("gathered"));
    let assembled: Assembled = ended.left("assembled");
    let (mut rows, mut all) = (0, 0);
    for (source, from, consent) in expected.sources {
        let mut wanted = w.texts(&format!("select t.id::text from {from} and {consent}")).await;
        wanted.sort();
        assert_eq!(w.exported(run, source).await, wanted, "{run}: rows of {source}");
        rows += wanted.len() as u64;
        all += w.texts(&format!("select t.id::text from {from}")).await.len() as u64;
    }
    assert_eq!((planned.rows, planned.opted_out), (rows, all - rows), "{run}: planned");
    assert_eq!((gathered.rows, gathered.left_out), (rows, all - rows), "{run}: gathered");
    assert!(rows > 100 && (expected.purpose == "seo" || all > rows), "{run}: {rows} of {all}");

    let manifest_bytes = w.bytes(&assembled.manifest_key).await;
    assert_eq!(sha256(&manifest_bytes), assembled.manifest_sha256, "{run}: manifest");
    let manifest: Manifest = serde_json::from_slice(&manifest_bytes).unwrap();
    let counts = &manifest.counts;
    assert_eq!(counts.rows, rows, "{run}: manifest");
    assert_eq!(counts.rows, counts.examples + counts.quarantined, "{run}: manifest");
    let mut written = 0;
    for (side, told) in SIDES.into_iter().zip([&assembled.train, &assembled.validation, &assembled.holdout]) {
        let bytes = w.bytes(&stage::keys::dataset(run, side)).await;
        assert_eq!(&manifest.outputs[side], told, "{run}: {side}");
        assert_eq!(told.sha256, sha256(&bytes), "{run}: {side}");
        assert_eq!(
            (told.bytes, told.lines),
            (bytes.len() as u64, lines(&bytes).len() as u64),
            "{run}: {side}"
        );
        assert!(told.lines > 0, "{run}: {side} is empty");
        written += told.lines;
    }
    assert_eq!(
        counts.examples,
        written + counts.duplicates + counts.near_duplicates + counts.too_long,
        "{run}: sides"
    );
    let repeated = counts.duplicates + counts.near_duplicates;
    assert_eq!((assembled.duplicates, assembled.quarantined), (repeated, counts.quarantined));
    say(&format!(
        "         {}: {all} rows, {} left out, {} quarantined, {} duplicates, {} train / {} validation / {} hold-out",
        expected.recipe,
        all - rows,
        counts.quarantined,
        counts.duplicates,
        assembled.train.lines,
        assembled.validation.lines,
        assembled.holdout.lines
    ));
}

/// Made again from the clean parts, the dataset is what its manifest says.
pub(super) async fn verified(w: &World, run: &str) {
    let bucket = store::S3::with_client(w.stack.s3().clone(), w.stack.output("Bucket").unwrap());
    let report = zion::verify::report(run, jiff::Timestamp::now(), &bucket).await.unwrap();
    assert!(report.differs.is_empty(), "{run}: {:#?}", report.differs);
    assert!(report.held.len() > 10, "{run}: {:#?}", report.held);
}

/// The first version is live and in the ledger.
async fn registered(w: &World, expected: &Expected, ended: &Ended) {
    let promoted: Promoted = ended.left("promoted");
    let name = format!("{}-v1", expected.recipe);
    assert_eq!((promoted.name.as_str(), promoted.version), (name.as_str(), 1));
    assert_eq!((promoted.purpose.as_str(), promoted.previous.as_deref()), (expected.purpose, None));
    let row = w.version(&ended.run).await.unwrap();
    let (submitted, assembled): (Submitted, Assembled) = (ended.left("submitted"), ended.left("assembled"));
    for (column, value) in [
        ("name", name.as_str()),
        ("family", expected.recipe),
        ("purpose", expected.purpose),
        ("training_status", "succeeded"),
        ("id", &promoted.id),
        ("provider_model", &promoted.id),
        ("job_id", &submitted.job),
        ("dataset_sha256", &assembled.manifest_sha256),
    ] {
        assert_eq!(row[column], value, "{name}: {column}");
    }
    assert_eq!((&row["active"], &row["version"]), (&json!(true), &json!(1)), "{name}");
    assert!(row["manifest_uri"].as_str().unwrap().ends_with(&assembled.manifest_key), "{name}");
    assert_eq!(row["metrics"]["training_examples"], assembled.train.lines, "{name}");
    assert_eq!(ledger(w, expected.purpose).await, [(name, None)]);
}

/// Models that were live for a purpose and what each replaced, oldest first.
async fn ledger(w: &World, purpose: &str) -> Vec<(String, Option<String>)> {
    let query = "select name, previous from public.model_promotions where purpose = $1 order by id";
    let rows = w.database.query(query, &[&purpose]).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

/// One job on the very bytes that were assembled; the hold-out never left.
async fn at_the_provider(w: &World, ended: &Ended) {
    let run = &ended.run;
    let jobs = w.jobs(run).await;
    assert_eq!(jobs.len(), 1, "{run}: {jobs:?}");
    let mut sent = BTreeMap::new();
    for file in w.files().await {
        if file["filename"].as_str().unwrap().starts_with(&format!("{run}-")) {
            sent.insert(file["id"].as_str().unwrap().to_owned(), sha256(w.content(&file).await.as_bytes()));
        }
    }
    let dataset = w.dataset(run).await;
    for (field, hash) in [("training_file", &dataset[0]), ("validation_file", &dataset[1])] {
        assert_eq!(&sent[jobs[0][field].as_str().unwrap()], hash, "{run}: {field}");
    }
    assert_eq!(sent.len(), 2, "{run}: nothing else was uploaded");
    let left = answered(w.provider(Method::GET, "files?limit=10000")).await;
    assert!(!left.contains(&format!("{run}-")), "{run}: the provider keeps no file of the dataset");
}

pub(crate) async fn second_version(w: &World) {
    let ended = w.succeed("second-zion-job-generator", "zion-job-generator").await;
    let promoted: Promoted = ended.left("promoted");
    assert_eq!((promoted.name.as_str(), promoted.version), ("zion-job-generator-v2", 2));
    assert_eq!(promoted.previous.as_deref(), Some("zion-job-generator-v1"));
    let old = w.version(&first("zion-job-generator")).await.unwrap();
    assert_eq!((&old["active"], &old["training_status"]), (&json!(false), &json!("succeeded")));
    assert!(old["retired_at"].is_string(), "{old}");
    assert_eq!(w.live("job").await.as_deref(), Some("zion-job-generator-v2"));
    let (v1, v2) = ("zion-job-generator-v1".to_owned(), "zion-job-generator-v2".to_owned());
    assert_eq!(ledger(w, "job").await, [(v1.clone(), None), (v2, Some(v1))]);
    let again = w.dataset("second-zion-job-generator").await;
    assert_eq!(again, w.dataset(&first("zion-job-generator")).await, "the same rows make the same dataset");
}

/// Two runs of one family at the same time: two versions, the newer one live in the end, a ledger without a gap. The
/// older one is live for a while, or is refused because it came behind the newer.
pub(crate) async fn two_at_once(w: &World) {
    let runs = ["at-once-a", "at-once-b"].map(|run| w.execute(run, json!({"recipe": "zion-support"})));
    let (promoted, refused): (Vec<_>, Vec<_>) =
        join_all(runs).await.into_iter().partition(|ended| ended.outcome.succeeded());
    for ended in &refused {
        assert_eq!(ended.outcome.error.as_deref(), Some("PromotionRefused"), "{:?}", ended.outcome);
        assert!(ended.outcome.cause.as_ref().unwrap().contains("newer version"), "{:?}", ended.outcome);
    }
    let mut promoted: Vec<Promoted> = promoted.iter().map(|ended| ended.left("promoted")).collect();
    promoted.sort_by_key(|promoted| promoted.version);
    let mut before = "zion-support-v1".to_owned();
    for promoted in &promoted {
        assert_eq!(promoted.previous.as_ref(), Some(&before), "each replaced the one before it");
        before.clone_from(&promoted.name);
    }
    let names: Vec<_> = ledger(w, "support").await.into_iter().map(|(name, _)| name).collect();
    assert_eq!(names.last().map(String::as_str), Some("zion-support-v3"), "{names:?}");
    assert_eq!(w.live("support").await.as_deref(), Some("zion-support-v3"));
}

/// The app's own query and a question, through the official clients, for each model that the runs have put live.
pub(crate) async fn the_app_asks(w: &World) {
    let (sandbox, keys) = (w.stack.sandbox(), w.stack.sandbox().keys());
    for expected in &RECIPES {
        let purpose = expected.purpose;
        let examples = lines(&w.bytes(&stage::keys::dataset(&first(expected.recipe), "train")).await);
        let prompt = |example: &Value| example["messages"][1]["content"].clone();
        let alone =
            |example: &&Value| examples.iter().filter(|other| prompt(other) == prompt(example)).count() == 1;
        let example = examples.iter().find(alone).unwrap();
        let question = prompt(example);
        let asked = |supabase_key| Asked {
            url: sandbox.url(),
            supabase_key,
            provider_url: sandbox.provider_url(),
            provider_key: &keys.provider,
            purpose,
            base: "openai/gpt-oss-20b",
            question: question.as_str().unwrap(),
        };
        let answered = app::ask(&asked(&keys.publishable)).await;
        assert_eq!(example["messages"][2]["content"], *answered.answer, "{purpose}: what the file taught");
        assert_ne!(answered.answer, answered.base_answer, "{purpose}: the base does not know it");
        let other = app::ask(&asked(&keys.secret)).await;
        assert_eq!(answered.model, other.model, "{purpose}: both keys find the same model");
    }
}

pub(crate) async fn dry_run(w: &World) {
    let files = w.files().await.len();
    let ended = w.execute("dry", json!({"recipe": "zion-gpt", "dry_run": true})).await;
    assert!(ended.outcome.succeeded(), "{:?}", ended.outcome);
    let planned: Planned = ended.left("planned");
    assert_eq!((planned.dry_run, planned.model), (true, None));
    let estimate = planned.estimate;
    assert!(estimate.examples > 500 && estimate.tokens > 100_000 && estimate.usd > 0.0, "{estimate:?}");
    // Within a fifth of what the real run came to.
    let real: Option<Manifest> = w.stack.document(&stage::keys::manifest(&first("zion-gpt"))).await.unwrap();
    let billed = real.unwrap().billed_tokens;
    assert!(billed.abs_diff(estimate.tokens) * 5 < billed, "{} against {billed}", estimate.tokens);
    assert!(ended.outcome.output.get("promoted").is_none() && ended.outcome.output.get("gathered").is_none());
    assert_eq!(w.version("dry").await, None);
    assert_eq!(w.keys("runs/dry/").await, ["runs/dry/plan.json"]);
    assert_eq!(w.files().await.len(), files, "no file at the provider");
}
