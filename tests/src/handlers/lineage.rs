//! Whose data a run has used, asked for later.

use std::collections::BTreeMap;

use records::subject::SubjectKeys;
use stage::arrows::{PartRef, ScrubEvent};
use stage::lineage_file::{LineageIndex, LineageLine};
use stage::manifest::Manifest;
use stage::{ErrorName, keys};
use store::{Class, List as _, Memory, Put as _, get_json, get_lines};
use zion::who::{Wanted, search};

use super::fakes::{Project, Tuner};
use super::run::{RUN, all, assemble, clean, parts};

/// The key of the other tests, and one that came after it.
const KEY: &str = "0123456789abcdef0123456789abcdef";
const NEWER: &str = "fedcba9876543210fedcba9876543210";

async fn world() -> (Memory, Project) {
    let (store, project, tuner) =
        (Memory::default(), Project::new(300).with_job_posts(1_000), Tuner::default());
    all(&store, &project, &tuner).await.unwrap();
    (store, project)
}

async fn lines(store: &Memory) -> Vec<LineageLine> {
    let mut lines = Vec::new();
    for key in store.list(&format!("lineage/{RUN}/")).await.unwrap() {
        if !key.ends_with("index.json") {
            lines.extend(get_lines::<LineageLine>(store, &key).await.unwrap());
        }
    }
    lines
}

/// Examples by side of one subject.
async fn seen(store: &Memory, secret: &str, id: &str) -> BTreeMap<String, u64> {
    let keys = SubjectKeys::parse(secret).unwrap();
    let found = search(store, &Wanted::Id { keys: &keys, label: "subject", id }).await.unwrap();
    assert_eq!((found.searched, found.unanswered.len()), (1, 0));
    found.seen.into_iter().flat_map(|seen| seen.sides).collect()
}

#[tokio::test]
async fn the_lineage_holds_a_line_for_each_example_of_the_dataset() {
    let (store, _) = world().await;
    let manifest: Manifest = get_json(&store, &keys::manifest(RUN)).await.unwrap();
    let lines = lines(&store).await;
    for (side, object) in &manifest.outputs {
        let there = lines.iter().filter(|line| line.side == *side).count() as u64;
        assert_eq!(there, object.lines, "{side}");
    }
    let lineage = manifest.lineage.unwrap();
    assert_eq!((lineage.digits, lineage.lines), (1, lines.len() as u64));
    let rows: std::collections::BTreeSet<_> = lines.iter().map(|line| &line.key).collect();
    assert_eq!(rows.len(), lines.len(), "each row once");
    assert!(lines.iter().all(|line| line.table == "job_posts" && line.subject.is_some()));
    let index: LineageIndex = get_json(&store, &keys::lineage_index(RUN)).await.unwrap();
    assert_eq!(index.lineage, lineage);
}

#[tokio::test]
async fn a_person_is_found_by_id_with_one_small_object_of_each_run() {
    let (store, _) = world().await;
    let before = store.touched().len();
    let sides = seen(&store, KEY, "owner-8").await;
    let touched = store.touched().split_off(before).into_iter();
    let read: Vec<_> = touched.filter(|(port, _)| *port != "List").map(|(_, key)| key).collect();
    assert_eq!(read.len(), 2, "{read:?}");
    let key = super::run::key();
    let hash = key.hash("subject", "owner-8");
    let theirs = lines(&store).await.into_iter().filter(|line| line.person() == hash).count() as u64;
    assert!(theirs > 0 && sides.values().sum::<u64>() == theirs, "{sides:?}");
    assert_eq!(sides.len(), 1, "all of them on one side");
    assert!(seen(&store, KEY, "owner-nobody").await.is_empty());
    let found = search(&store, &Wanted::Hash(&hash)).await.unwrap();
    assert_eq!(found.seen[0].tables, BTreeMap::from([("job_posts".to_owned(), theirs)]));
}

#[tokio::test]
async fn who_was_taken_out_is_not_in_the_lineage() {
    let (store, mut project) = world().await;
    assert!(!seen(&store, KEY, "owner-8").await.is_empty());
    project.opt_out("owner-8");
    assemble(&store, &project).await.unwrap();
    assert!(seen(&store, KEY, "owner-8").await.is_empty());
    assert!(!seen(&store, KEY, "owner-9").await.is_empty());
}

#[tokio::test]
async fn a_rotated_key_keeps_older_runs_answerable() {
    let (store, _) = world().await;
    let sides = seen(&store, KEY, "owner-8").await;
    assert_eq!(seen(&store, &format!("{NEWER}\n{KEY}\n"), "owner-8").await, sides);
    // Without the old key nobody can say, and nobody is told that there is nothing.
    let keys = SubjectKeys::parse(NEWER).unwrap();
    let found = search(&store, &Wanted::Id { keys: &keys, label: "subject", id: "owner-8" }).await.unwrap();
    assert_eq!((found.seen.len(), found.unanswered), (0, vec![RUN.to_owned()]));
}

#[tokio::test]
async fn parts_under_two_keys_are_no_dataset() {
    let (store, project, tuner) =
        (Memory::default(), Project::new(300).with_job_posts(600), Tuner::default());
    clean(&store, &project, &tuner).await.unwrap();
    // A second part, and the secret is rotated before it is scrubbed.
    let first = parts(&store).await.remove(0);
    let part = PartRef { part: 1, ..first.clone() };
    let list = [&first, &part].map(|part| serde_json::to_string(part).unwrap()).join("\n");
    store.put(&keys::export_parts(RUN), list.into(), Class::Raw).await.unwrap();
    let newer = SubjectKeys::parse(NEWER).unwrap();
    scrub::handle(ScrubEvent { run: RUN.to_owned(), part }, &store, newer.newest()).await.unwrap();
    let error = assemble(&store, &project).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::DatasetRejected);
    assert!(error.chain().contains("rotated"), "{}", error.chain());
}
