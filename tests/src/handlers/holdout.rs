//! A hold-out that a recipe keeps from an earlier run, and what each table has of each side.

use std::collections::{BTreeMap, BTreeSet};

use pii::{Kind, Policy};
use records::recipe::Recipe;
use serde_json::{Value, json};
use stage::arrows::{AssembleEvent, PlanEvent};
use stage::manifest::Manifest;
use stage::plan_file::PlanFile;
use stage::{ErrorName, keys};
use store::{Class, Get as _, Memory, Put as _};

use super::fakes::{Project, Tuner};
use super::run::{RUN, assemble, clean, clean_by, lines, now, pin};

/// A text of thirty words that nobody else uses.
fn words(id: usize) -> String {
    let words: Vec<_> = (0..30).map(|at| format!("word{:x}", (id * 31 + at) * 2_654_435_761)).collect();
    words.join(" ")
}

fn post(id: usize) -> Value {
    json!({"id": id + 1, "owner_id": format!("owner-{}", id / 2), "title": format!("Post {id}"), "location": "Bonn",
        "skills": ["care"], "description": words(id), "opted_out": false})
}

fn posts(rows: Vec<Value>) -> Project {
    Project { tables: BTreeMap::from([("job_posts", rows)]), ..Project::new(300) }
}

/// Takes what a run has left and gives it another name, as if it had been an earlier one.
async fn renamed(from: &Memory, to: &Memory, name: &str) {
    for (key, _, body) in from.objects() {
        let key = key.replace(&format!("/{RUN}/"), &format!("/{name}/"));
        to.put(&key, body, Class::Derived).await.unwrap();
    }
}

async fn side(store: &Memory, run: &str, side: &str) -> BTreeSet<String> {
    lines(&store.get(&keys::dataset(run, side)).await.unwrap()).into_iter().collect()
}

/// An earlier run over 300 posts, and the clean parts of a later one over what the table holds then.
async fn later(change: impl FnOnce(&mut Vec<Value>, &BTreeSet<String>)) -> (Memory, Project) {
    let (earlier, store) = (Memory::default(), Memory::default());
    let project = posts((0..300).map(post).collect());
    clean(&earlier, &project, &Tuner::default()).await.unwrap();
    assemble(&earlier, &project).await.unwrap();
    renamed(&earlier, &store, "earlier").await;
    let mut rows: Vec<_> = (0..300).map(post).collect();
    change(&mut rows, &side(&earlier, RUN, "holdout").await);
    let project = posts(rows);
    clean(&store, &project, &Tuner::default()).await.unwrap();
    pin(&store, "runs/earlier/dataset/holdout.jsonl").await;
    (store, project)
}

fn is_held_out(row: &Value, holdout: &BTreeSet<String>) -> bool {
    holdout.iter().any(|line| line.contains(row["description"].as_str().unwrap()))
}

#[tokio::test]
async fn a_pinned_hold_out_stays_as_it_was_and_is_never_learnt_from() {
    let (store, project) = later(|rows, holdout| {
        let held: Vec<_> = rows.iter().filter(|row| is_held_out(row, holdout)).cloned().collect();
        // One was edited since; one is copied by somebody else; one has a person with more posts; new people have come.
        let edited = rows.iter_mut().find(|row| row["id"] == held[0]["id"]).unwrap();
        edited["description"] = json!(format!("{} and more of it", words(9_000)));
        let copied = rows.iter_mut().find(|row| !is_held_out(row, holdout)).unwrap();
        let last = held.last().unwrap();
        assert!(copied["id"].as_u64() < last["id"].as_u64(), "who says it first would be learnt from");
        (copied["description"], copied["title"]) = (last["description"].clone(), last["title"].clone());
        let mut another = post(402);
        another["owner_id"] = held[2]["owner_id"].clone();
        rows.push(another);
        rows.extend((500..700).map(post));
    })
    .await;
    assemble(&store, &project).await.unwrap();
    let manifest: Manifest = store::get_json(&store, &keys::manifest(RUN)).await.unwrap();
    let pinned = side(&store, "earlier", "holdout").await;
    assert!(pinned.len() > 10, "{}", pinned.len());
    assert_eq!(side(&store, RUN, "holdout").await, pinned, "the same lines, the edited one among them");
    let said = manifest.pinned.unwrap();
    assert_eq!((said.run.as_str(), said.kept), ("earlier", pinned.len() as u64));
    for name in ["train", "validation"] {
        for line in side(&store, RUN, name).await {
            assert!(!pinned.contains(&line), "{name}");
            for not_learnt in [words(9_000), words(402)] {
                assert!(
                    !line.contains(&not_learnt),
                    "{name}: an edited post, or another one of a person held out"
                );
            }
        }
    }
    assert!(manifest.counts.duplicates >= 1, "the copy");
    assert!(manifest.counts.held_back > 5, "new people of that side wait: {:?}", manifest.counts);
    let counts = &manifest.counts;
    let written: u64 = manifest.outputs.values().map(|side| side.lines).sum();
    let left_out =
        counts.withdrawn + counts.duplicates + counts.near_duplicates + counts.too_long + counts.held_back;
    assert_eq!(counts.examples, written + left_out, "everything is counted");
    let report = zion::verify::report(RUN, now(), &store).await.unwrap();
    assert!(report.differs.is_empty(), "{:#?}", report.differs);
}

#[tokio::test]
async fn who_opts_out_or_is_deleted_leaves_the_pinned_hold_out_too() {
    let mut gone = Vec::new();
    let (store, project) = later(|rows, holdout| {
        let held: Vec<_> = rows.iter().filter(|row| is_held_out(row, holdout)).cloned().collect();
        gone = vec![held[0]["description"].clone(), held[3]["description"].clone()];
        rows.iter_mut().find(|row| row["id"] == held[0]["id"]).unwrap()["opted_out"] = json!(true);
        rows.retain(|row| row["id"] != held[3]["id"]);
    })
    .await;
    assemble(&store, &project).await.unwrap();
    let manifest: Manifest = store::get_json(&store, &keys::manifest(RUN)).await.unwrap();
    let (pinned, kept) = (side(&store, "earlier", "holdout").await, side(&store, RUN, "holdout").await);
    assert_eq!(kept.len(), pinned.len() - 2);
    assert!(kept.is_subset(&pinned));
    assert!(gone.iter().all(|text| !kept.iter().any(|line| line.contains(text.as_str().unwrap()))));
    assert_eq!(manifest.pinned.unwrap().kept, kept.len() as u64);
    let page = store.get(&keys::report(RUN)).await.unwrap();
    assert!(String::from_utf8(page.to_vec()).unwrap().contains("Of the pinned hold-out"));
}

#[tokio::test]
async fn what_an_earlier_scrubber_did_not_know_leaves_the_pinned_hold_out() {
    let (earlier, store) = (Memory::default(), Memory::default());
    // Every second post of an owner tells an address; the earlier run kept them.
    let mut rows: Vec<_> = (0..300).map(post).collect();
    for row in rows.iter_mut().step_by(2) {
        row["description"] = json!(format!("{} ann.lee@example.com", row["description"].as_str().unwrap()));
    }
    let project = posts(rows);
    let kept = |recipe: &mut Recipe| recipe.scrub.kinds.extend([(Kind::Email, Policy::Keep)]);
    clean_by(kept, &earlier, &project, &Tuner::default()).await.unwrap();
    assemble(&earlier, &project).await.unwrap();
    renamed(&earlier, &store, "earlier").await;
    clean(&store, &project, &Tuner::default()).await.unwrap();
    pin(&store, "runs/earlier/dataset/holdout.jsonl").await;
    assemble(&store, &project).await.unwrap();
    let manifest: Manifest = store::get_json(&store, &keys::manifest(RUN)).await.unwrap();
    let (pinned, kept) = (side(&store, "earlier", "holdout").await, side(&store, RUN, "holdout").await);
    let clean: BTreeSet<_> = pinned.iter().filter(|line| !line.contains("ann.lee")).cloned().collect();
    assert!(clean.len() > 5 && clean.len() < pinned.len());
    assert_eq!(kept, clean);
    let said = manifest.pinned.unwrap();
    assert_eq!((said.kept, said.object.lines), (clean.len() as u64, pinned.len() as u64));
    // Whose lines they were is learnt from as little as before, and counted.
    assert_eq!(manifest.counts.held_back, (pinned.len() - clean.len()) as u64, "{:?}", manifest.counts);
    let report = zion::verify::report(RUN, now(), &store).await.unwrap();
    assert!(report.differs.is_empty(), "{:#?}", report.differs);
}

/// Takes away what runs have left: the next one has what is kept beside the runs alone.
fn expired(store: &Memory) {
    for key in store.keys().into_iter().filter(|key| !key.starts_with("recipes/")) {
        store.remove(&key);
    }
}

async fn sides(store: &Memory) -> BTreeMap<String, &'static str> {
    let mut sides = BTreeMap::new();
    for name in ["train", "validation", "holdout"] {
        sides.extend(side(store, RUN, name).await.into_iter().map(|line| (line, name)));
    }
    sides
}

#[tokio::test]
async fn a_small_table_has_each_side_and_a_row_keeps_its_own_when_it_grows() {
    let mut moved = 0;
    for from in [7_000, 8_000, 9_000, 10_000] {
        let store = Memory::default();
        // Twenty owners with two posts each, and then fifty.
        let table = |owners: usize| posts((from..from + owners * 2).map(post).collect());
        let mut before = BTreeMap::new();
        for owners in [20, 50] {
            expired(&store);
            let project = table(owners);
            clean(&store, &project, &Tuner::default()).await.unwrap();
            assemble(&store, &project).await.unwrap();
            let manifest: Manifest = store::get_json(&store, &keys::manifest(RUN)).await.unwrap();
            let now = sides(&store).await;
            assert_eq!(now.len(), owners * 2);
            for name in ["train", "validation", "holdout"] {
                assert!(now.values().any(|side| *side == name), "{name} of {owners} owners from {from}");
            }
            let train = now.values().filter(|side| **side == "train").count();
            assert!(train * 10 >= now.len() * 6, "{train} of {}", now.len());
            assert!(before.iter().all(|(line, side)| now[line] == *side), "from {from}");
            moved += manifest.moved.len();
            before = now;
            let report = zion::verify::report(RUN, super::run::now(), &store).await.unwrap();
            assert!(report.differs.is_empty(), "{:#?}", report.differs);
        }
        // Without the note the rows say the same: but for tables that have got the side by hash since.
        expired(&store);
        store.remove(&keys::recipe_sides("zion-job-generator"));
        let project = table(20);
        clean(&store, &project, &Tuner::default()).await.unwrap();
        assemble(&store, &project).await.unwrap();
        assert!(sides(&store).await.iter().all(|(line, side)| before[line] == *side), "from {from}");
    }
    assert!(moved > 0, "by hash alone each of these tables would have done");
}

#[tokio::test]
async fn a_hold_out_that_cannot_be_pinned_is_refused_before_anything_is_read() {
    for (change, words) in [
        ("", ""),
        ("seed", "seed 7"),
        ("percent", "holdout_percent 10"),
        ("bytes", "not what its manifest says"),
        ("line", "a line is"),
        ("object", "its object is lost"),
        ("lineage", "its lineage is lost"),
        ("manifest", "no such run"),
        ("shape", "another version"),
    ] {
        let (store, project) = later(|_, _| {}).await;
        let mut planned: PlanFile = store::get_json(&store, &keys::plan(RUN)).await.unwrap();
        let (holdout, manifest) = (keys::dataset("earlier", "holdout"), keys::manifest("earlier"));
        let text = String::from_utf8(store.get(&holdout).await.unwrap().to_vec()).unwrap();
        let body = match change {
            "bytes" => text.replacen("Bonn", "Ulm", 1),
            "line" => text.replacen("messages", "massages", 1),
            _ => text,
        };
        store.put(&holdout, body.into(), Class::Derived).await.unwrap();
        match change {
            "seed" => planned.recipe.split.seed = 8,
            "percent" => planned.recipe.split.holdout_percent = 5,
            "object" => store.remove(&holdout),
            "lineage" => store.remove(&keys::lineage_index("earlier")),
            "manifest" => store.remove(&manifest),
            "shape" => store.put(&manifest, "{}".into(), Class::Derived).await.unwrap(),
            _ => {}
        }
        let event = PlanEvent { run: "next".to_owned(), started_at: now(), input: json!({}) };
        let recipe = (planned.recipe, planned.recipe_sha256);
        let tuner = Tuner::default();
        let answer = plan::handle_with(event, recipe, "h", &store, &project, &project, &tuner).await;
        if change.is_empty() {
            assert_eq!(answer.unwrap().rows, 300);
            continue;
        }
        let error = answer.unwrap_err();
        assert_eq!(error.name(), ErrorName::DatasetRejected, "{}", error.chain());
        assert!(error.chain().contains(words), "{}", error.chain());
        assert!(error.chain().contains("mend split.holdout_of"), "{}", error.chain());
        assert!(!store.keys().contains(&keys::plan("next")), "{change}");
        assert!(!project.version("next").is_null(), "the run leaves a row that says how it ended");
    }
}

#[tokio::test]
async fn a_hold_out_of_another_split_or_another_s_bytes_is_refused() {
    for (change, words) in
        [("seed", "seed 7"), ("percent", "holdout_percent 10"), ("bytes", "not what its manifest says")]
    {
        let (store, project) = later(|_, _| {}).await;
        let mut plan: PlanFile = store::get_json(&store, &keys::plan(RUN)).await.unwrap();
        match change {
            "seed" => plan.recipe.split.seed = 8,
            "percent" => plan.recipe.split.holdout_percent = 5,
            _ => {
                let key = keys::dataset("earlier", "holdout");
                let text = String::from_utf8(store.get(&key).await.unwrap().to_vec()).unwrap();
                store.put(&key, text.replacen("Bonn", "Ulm", 1).into(), Class::Derived).await.unwrap();
            }
        }
        store::put_json(&store, &keys::plan(RUN), &plan).await.unwrap();
        let event = AssembleEvent { run: RUN.to_owned() };
        let error = ::assemble::handle(event, now(), &store, &project).await.unwrap_err();
        assert_eq!(error.name(), ErrorName::DatasetRejected);
        assert!(error.chain().contains(words), "{}", error.chain());
    }
}
