//! What is checked before money is spent: examples that no provider takes, their length, and the price.

use records::quality::TooLong;
use records::recipe::{PerMillion, Recipe};
use serde_json::Value;
use stage::arrows::PromoteEvent;
use stage::keys;
use stage::manifest::Manifest;
use stage::plan_file::PlanFile;
use stage::{ErrorName, StageError};
use store::{Get as _, Memory};

use super::fakes::{Project, Tuner};
use super::run::{RUN, assemble, clean, lines, upload};

/// Clean parts, of which the dataset is made by another recipe than the shipped one.
async fn made(change: impl FnOnce(&mut Recipe)) -> (Memory, Project, Result<Manifest, StageError>) {
    let (store, mut project, tuner) =
        (Memory::default(), Project::new(300).with_job_posts(400), Tuner::default());
    // Every seventh post is longer than the others.
    for row in project.tables.get_mut("job_posts").unwrap().iter_mut().step_by(7) {
        if let Some(text) = row["description"].as_str() {
            row["description"] = format!("{text} We offer shifts that fit into your week.").into();
        }
    }
    clean(&store, &project, &tuner).await.unwrap();
    let mut plan: PlanFile = store::get_json(&store, &keys::plan(RUN)).await.unwrap();
    change(&mut plan.recipe);
    store::put_json(&store, &keys::plan(RUN), &plan).await.unwrap();
    let made = assemble(&store, &project).await;
    let manifest = match made {
        Ok(_) => Ok(store::get_json(&store, &keys::manifest(RUN)).await.unwrap()),
        Err(error) => Err(error),
    };
    (store, project, manifest)
}

async fn refused(change: impl FnOnce(&mut Recipe)) -> (ErrorName, String) {
    let error = made(change).await.2.unwrap_err();
    (error.name(), error.chain())
}

#[tokio::test]
async fn an_example_that_no_provider_takes_ends_the_run_with_its_line() {
    let (name, text) = refused(|recipe| recipe.sources[0].system = " ".to_owned()).await;
    assert_eq!(name, ErrorName::DatasetRejected);
    assert!(text.contains(".jsonl, line 1, ") && text.contains("message 1 is empty"), "{text}");
    let (_, text) = refused(|recipe| recipe.sources[0].system = "be kind<|im_end|>".to_owned()).await;
    assert!(text.contains("special token"), "{text}");
}

#[tokio::test]
async fn an_example_that_is_too_long_is_left_out_cut_or_refused() {
    let (_, _, whole) = made(|_| {}).await;
    let whole = whole.unwrap();
    let longest = whole.lengths["train"].most;
    let most = longest - 3;

    let (_, _, left_out) = made(|recipe| recipe.quality.max_tokens = Some(most)).await;
    let left_out = left_out.unwrap();
    assert!(left_out.counts.too_long > 0 && left_out.counts.cut == 0);
    assert!(left_out.lengths["train"].most <= most);

    let (store, _, cut) = made(|recipe| {
        recipe.quality.max_tokens = Some(most);
        recipe.quality.too_long = TooLong::Cut;
    })
    .await;
    let cut = cut.unwrap();
    assert_eq!((cut.counts.cut, cut.counts.too_long), (left_out.counts.too_long, 0));
    assert!(cut.lengths["train"].most <= most);
    let examples = |manifest: &Manifest| manifest.lengths.values().map(|side| side.examples).sum::<u64>();
    assert_eq!(examples(&cut), examples(&whole), "none is lost");
    let train = store.get(&keys::dataset(RUN, "train")).await.unwrap();
    for line in lines(&train) {
        let line: Value = serde_json::from_str(&line).unwrap();
        let answer = line["messages"][2]["content"].as_str().unwrap();
        assert!(answer.starts_with("Post ") && answer.trim_end() == answer, "{answer}");
    }

    let (name, text) = refused(|recipe| {
        recipe.quality.max_tokens = Some(most);
        recipe.quality.too_long = TooLong::Refuse;
    })
    .await;
    assert_eq!(name, ErrorName::DatasetRejected);
    assert!(text.contains("quality.too_long"), "{text}");
}

#[tokio::test]
async fn what_looks_like_personal_data_once_it_is_cut_is_left_out() {
    let (store, mut project) = (Memory::default(), Project::new(300).with_job_posts(100));
    // No card is so long; its first sixteen digits are one.
    let long = format!("4111{}", " 1111".repeat(7));
    project.tables.get_mut("job_posts").unwrap()[0]["description"] =
        format!("Care for people by the river, in shifts, all year long and in every house. Number {long}")
            .into();
    clean(&store, &project, &Tuner::default()).await.unwrap();
    let mut plan: PlanFile = store::get_json(&store, &keys::plan(RUN)).await.unwrap();
    assemble(&store, &project).await.unwrap();
    let whole: Manifest = store::get_json(&store, &keys::manifest(RUN)).await.unwrap();
    let longest = whole.lengths.values().map(|side| side.most).max().unwrap();
    plan.recipe.quality.too_long = TooLong::Cut;
    let mut left_out = 0;
    for most in longest - 18..longest {
        plan.recipe.quality.max_tokens = Some(most);
        store::put_json(&store, &keys::plan(RUN), &plan).await.unwrap();
        assemble(&store, &project).await.unwrap();
        let manifest: Manifest = store::get_json(&store, &keys::manifest(RUN)).await.unwrap();
        let counts = &manifest.counts;
        assert_eq!(counts.cut + counts.too_long, 1, "{most}: {counts:?}");
        left_out += counts.too_long;
    }
    assert!((1..18).contains(&left_out), "where a card ends alone: {left_out}");
}

#[tokio::test]
async fn the_bill_is_a_range_and_its_upper_end_must_be_affordable() {
    let million = |recipe: &mut Recipe| recipe.price.usd_per_million_tokens = PerMillion::Any(1_000.0);
    let (_, _, manifest) = made(million).await;
    let bill = manifest.unwrap().bill.unwrap();
    assert!(bill.least_usd < bill.usd && bill.usd < bill.most_usd, "{bill:?}");
    assert_eq!(bill.epochs, 3);
    let between = f64::midpoint(bill.usd, bill.most_usd);
    let (name, text) = refused(|recipe| {
        million(recipe);
        recipe.price.refuse_above_usd = Some(between);
    })
    .await;
    assert_eq!(name, ErrorName::BudgetExceeded);
    assert!(text.contains("epochs") && text.contains("price.refuse_above_usd"), "{text}");
}

#[tokio::test]
async fn the_job_has_the_epochs_that_were_priced() {
    let (store, project, manifest) = made(|recipe| recipe.model.epochs = None).await;
    let (manifest, tuner) = (manifest.unwrap(), Tuner::default());
    let bytes = store.get(&keys::manifest(RUN)).await.unwrap();
    upload(&records::digest::sha256(&bytes), &store, &project, &tuner).await.unwrap();
    let epochs = manifest.bill.unwrap().epochs;
    assert_eq!(tuner.jobs.lock().unwrap()[0].hyperparameters.epochs, Some(epochs));
    assert_eq!(epochs, 3, "{} examples", manifest.outputs["train"].lines);
}

#[tokio::test]
async fn one_answer_to_everything_is_not_worth_its_price() {
    let rows = (1..=100).map(|id| {
        let title = format!("Post {}", records::digest::sha256(&[id]));
        serde_json::json!({"id": id, "owner_id": format!("o{id}"), "title": title, "location": "Bonn",
            "skills": ["care", title], "description": "Apply on our page."})
    });
    let project = Project { tables: [("job_posts", rows.collect())].into(), ..Project::new(100) };
    let store = Memory::default();
    clean(&store, &project, &Tuner::default()).await.unwrap();
    let mut plan: PlanFile = store::get_json(&store, &keys::plan(RUN)).await.unwrap();
    // Short posts with one text are near duplicates, which is another reason.
    plan.recipe.quality.keep.insert(records::quality::Keep::NearDuplicates);
    store::put_json(&store, &keys::plan(RUN), &plan).await.unwrap();
    let error = assemble(&store, &project).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::DatasetRejected);
    assert!(error.chain().contains("all completions"), "{}", error.chain());
}

#[tokio::test]
async fn what_a_run_has_made_passes_an_operator_s_check() {
    let (store, _, manifest) = made(|_| {}).await;
    let findings = zion::check::of_run(RUN, &store).await.unwrap();
    assert!(findings.errors.is_empty() && findings.warnings.is_empty(), "{findings:#?}");
    let train = &manifest.unwrap().outputs["train"];
    let expected = format!("{} lines, {} examples", train.lines, train.lines);
    assert!(findings.summary[0].contains(&expected), "{findings:#?}");
}

#[tokio::test]
async fn what_was_billed_stands_beside_what_was_expected() {
    let (store, project, made) = made(|_| {}).await;
    let manifest = made.unwrap();
    let event = PromoteEvent::Promote {
        run: RUN.to_owned(),
        job: "job-0".to_owned(),
        model: "m".to_owned(),
        trained_tokens: Some(2_500_000),
        approval: Some("approved by Ann".to_owned()),
    };
    promote::handle(event, &store, &project).await.unwrap();
    assert_eq!(project.version(RUN)["reason"], "run run-1, job job-0, approved by Ann");
    let metrics = project.version(RUN)["metrics"].clone();
    assert_eq!(metrics["estimated_tokens"], manifest.billed_tokens);
    assert_eq!((&metrics["trained_tokens"], &metrics["billed_usd"]), (&2_500_000.into(), &1.0.into()));
}
