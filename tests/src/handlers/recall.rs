//! What is planted must be found, or nothing is trained.

use std::collections::BTreeMap;

use pii::{Kind, Scrubber};
use stage::arrows::ScrubEvent;
use stage::manifest::Manifest;
use stage::plan_file::PlanFile;
use stage::scrub_file::{Planted, ScrubReport};
use stage::{ErrorName, keys};
use store::{Get as _, Memory, get_json, put_json};

use super::fakes::{Project, Tuner};
use super::run::{RUN, all, assemble, gather, key, parts, plan, scrub, slice};

/// A run as far as its raw parts.
async fn exported(rows: u64) -> (Memory, Project, PlanFile) {
    let (store, project, tuner) =
        (Memory::default(), Project::new(300).with_job_posts(rows), Tuner::default());
    let planned = plan("zion-job-generator", &store, &project, &tuner).await.unwrap();
    for asked in &planned.slices {
        slice(asked, &store, &project).await.unwrap();
    }
    gather(&store, &project).await.unwrap();
    let plan = get_json(&store, &keys::plan(RUN)).await.unwrap();
    (store, project, plan)
}

async fn scrub_all(store: &Memory, change: impl Fn(Scrubber) -> Scrubber) {
    for part in parts(store).await {
        let event = ScrubEvent { run: RUN.to_owned(), part };
        scrub::handle_with(event, store, &key(), &change).await.unwrap();
    }
}

#[tokio::test]
async fn the_manifest_says_how_much_of_what_was_planted_was_found() {
    let (store, project, tuner) =
        (Memory::default(), Project::new(300).with_job_posts(1_000), Tuner::default());
    all(&store, &project, &tuner).await.unwrap();
    let manifest: Manifest = get_json(&store, &keys::manifest(RUN)).await.unwrap();
    let floors = plan_of(&store).await.recipe.scrub.floors();
    assert!(floors.contains_key(&Kind::Email) && floors.contains_key(&Kind::Phone));
    for kind in pii::plant::PLANTED.iter() {
        let recall = manifest.recall[kind.as_str()];
        assert!(recall.planted >= 150, "{kind}: {recall:?}");
        assert!(recall.found <= recall.planted && recall.lower_bound <= recall.recall, "{kind}: {recall:?}");
        assert_eq!(recall.floor, floors.get(&kind).copied());
    }
    // Copies are thrown away: what was planted is nowhere.
    let clean = store.get(&keys::scrubbed_part(RUN, "job_posts", 0, 0)).await.unwrap();
    assert!(!String::from_utf8_lossy(&clean).contains("IBAN"));
}

async fn plan_of(store: &Memory) -> PlanFile {
    get_json(store, &keys::plan(RUN)).await.unwrap()
}

#[tokio::test]
async fn a_floor_above_what_is_found_stops_the_run_with_kind_and_figures() {
    let (store, project, mut plan) = exported(1_000).await;
    plan.recipe.scrub.floor = BTreeMap::from([(Kind::Email, 0.9999)]);
    put_json(&store, &keys::plan(RUN), &plan).await.unwrap();
    scrub_all(&store, |scrubber| scrubber).await;
    let error = assemble(&store, &project).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::ScrubRecallTooLow);
    for word in ["email", "95% bound", "scrub.floor.email is 0.9999"] {
        assert!(error.chain().contains(word), "{word}: {}", error.chain());
    }
    assert!(!error.chain().contains('@'), "{}", error.chain());
}

#[tokio::test]
async fn a_recogniser_that_is_switched_off_stops_the_run() {
    let (store, project, _) = exported(600).await;
    scrub_all(&store, |scrubber| scrubber.without_recogniser("phone")).await;
    let part = &parts(&store).await[0];
    let report = keys::scrubbed_report(RUN, &part.table, part.slice, part.part);
    let report: ScrubReport = get_json(&store, &report).await.unwrap();
    let Planted { planted, found } = report.planted["phone"];
    assert!(planted >= 150 && found * 5 < planted, "{found} of {planted}");
    // The rows hold telephone numbers, so the last look at the dataset finds them, too: either names the failure.
    let error = assemble(&store, &project).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::ResidualPersonalData);

    // Rows that hold none pass the last look; what was planted still shows.
    let (store, project, tuner) = (Memory::default(), without_numbers(600), Tuner::default());
    let planned = plan("zion-job-generator", &store, &project, &tuner).await.unwrap();
    for asked in &planned.slices {
        slice(asked, &store, &project).await.unwrap();
    }
    gather(&store, &project).await.unwrap();
    scrub_all(&store, |scrubber| scrubber.without_recogniser("phone")).await;
    let error = assemble(&store, &project).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::ScrubRecallTooLow);
    assert!(error.chain().contains("phone"), "{}", error.chain());
}

fn without_numbers(rows: u64) -> Project {
    let mut project = Project::new(300).with_job_posts(rows);
    for row in project.tables.get_mut("job_posts").unwrap() {
        if let Some(text) = row["description"].as_str() {
            row["description"] = text.split(" or call").next().unwrap().into();
        }
    }
    project
}

#[tokio::test]
async fn parts_of_two_versions_of_the_scrubber_are_no_dataset() {
    let (store, project, _) = exported(600).await;
    for part in parts(&store).await {
        scrub(part, &store).await.unwrap();
    }
    let part = &parts(&store).await[0];
    let name = keys::scrubbed_report(RUN, &part.table, part.slice, part.part);
    let mut report: ScrubReport = get_json(&store, &name).await.unwrap();
    report.scrubber_version = "1".to_owned();
    put_json(&store, &name, &report).await.unwrap();
    let error = assemble(&store, &project).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::DatasetRejected);
    assert!(error.chain().contains("version \"1\""), "{}", error.chain());
}
