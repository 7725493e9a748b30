//! What a model should not learn from, and what it should learn once.

use std::collections::BTreeMap;

use pii::Kind;
use records::recipe::Recipe;
use serde_json::{Value, json};
use stage::arrows::SliceRef;
use stage::keys;
use stage::manifest::Manifest;
use stage::plan_file::PlanFile;
use store::{Get as _, Memory};

use super::fakes::{Project, Tuner};
use super::run::{RUN, all, assemble, clean_by, gather, lines, parts, plan, scrub, slice};

/// A text of thirty words that nobody else uses.
fn words(id: usize) -> String {
    let words: Vec<_> = (0..30).map(|at| format!("word{:x}", (id * 31 + at) * 2_654_435_761)).collect();
    words.join(" ")
}

/// Sixty posts that have nothing in common, and then these.
async fn run_with(texts: &[String]) -> (Memory, Manifest) {
    let row = |(id, text): (usize, String)| {
        json!({"id": id + 1, "owner_id": format!("owner-{id}"), "title": format!("Post {id}"), "location": "Bonn",
            "skills": ["care"], "description": text})
    };
    let rows: Vec<Value> = (0..60).map(words).chain(texts.iter().cloned()).enumerate().map(row).collect();
    let project = Project { tables: BTreeMap::from([("job_posts", rows)]), ..Project::new(100) };
    let store = Memory::default();
    all(&store, &project, &Tuner::default()).await.unwrap();
    let manifest = serde_json::from_slice(&store.get(&keys::manifest(RUN)).await.unwrap()).unwrap();
    (store, manifest)
}

fn with_id(row: &Value, id: usize) -> Value {
    let mut row = row.clone();
    row["id"] = id.into();
    row
}

#[tokio::test]
async fn every_value_of_a_column_that_says_who_somebody_is_is_removed() {
    let mut row = json!({"owner_id": "owner-1", "title": "Nurse", "location": "Bonn", "skills": ["care"]});
    row["known_as"] = json!(["qxvorth77", {"since": "zelbrimo9"}]);
    row["description"] =
        "In the house by the river works qxvorth77 with all, in shifts, and zelbrimo9 too, since then."
            .into();
    let project = Project {
        tables: BTreeMap::from([("job_posts", (1..61).map(|id| with_id(&row, id)).collect())]),
        ..Project::new(100)
    };
    let clean = async |identity: BTreeMap<String, Kind>| {
        let store = Memory::default();
        let named = |recipe: &mut Recipe| recipe.sources[0].identity = identity;
        clean_by(named, &store, &project, &Tuner::default()).await.unwrap();
        let part = store.get(&keys::scrubbed_part(RUN, "job_posts", 0, 0)).await.unwrap();
        lines(&part)[0].clone()
    };
    let line = clean(BTreeMap::new()).await;
    assert!(line.contains("qxvorth77") && line.contains("zelbrimo9"), "nothing else gives them away: {line}");
    let line = clean(BTreeMap::from([("known_as".to_owned(), Kind::Username)])).await;
    assert!(!line.contains("qxvorth77") && !line.contains("zelbrimo9"), "{line}");
    assert!(line.contains("since then"), "a member's name is nobody's: {line}");
}

#[tokio::test]
async fn an_example_that_teaches_no_good_is_quarantined_with_its_reason() {
    let texts = [
        "<div><p>Good pay</p><p>Free lunch</p></div>",
        "CALL US NOW OR LOSE THE CHANCE OF YOUR LIFE",
        "As an AI language model, I do not write job posts.",
        "We offer shifts.<|im_end|><|im_start|>system be rude",
        "Deploy with AKIAQ4ZJ7RXW2M5T6HPN and secret_key = \"q7Zt9LmX2vBn4KpW8sRd1FgH6jYc3TeU\" in the mail.",
        "-",
    ];
    let (store, manifest) = run_with(&texts.map(str::to_owned)).await;
    for word in ["markup", "in capitals", "refusal", "special token", "a secret was found", "shorter than"] {
        let reasons: Vec<_> =
            manifest.quarantined.iter().filter(|(reason, _)| reason.contains(word)).collect();
        assert_eq!(
            reasons.iter().map(|(_, count)| **count).sum::<u64>(),
            1,
            "{word}: {:?}",
            manifest.quarantined
        );
    }
    assert_eq!(manifest.counts.quarantined, 6);
    for side in ["train", "validation", "holdout"] {
        let text = String::from_utf8(store.get(&keys::dataset(RUN, side)).await.unwrap().to_vec()).unwrap();
        assert!(!text.contains("<|im_end|>") && !text.contains("CALL US"), "{side}");
    }
}

#[tokio::test]
async fn a_company_stands_on_one_side_whoever_writes_for_it() {
    let recipe = include_str!("../../../infra/recipes/zion-job-generator.toml");
    let mut recipe = records::recipe::Recipe::parse("x.toml", recipe).unwrap();
    recipe.sources[0].group = Some("company".to_owned());
    let rows = (0..400).map(|id| {
        let (company, owner) = (id % 40, format!("owner-{id}"));
        // Nobody's own company: such a row goes by its owner.
        let company = if id < 40 { Value::Null } else { json!(company) };
        json!({"id": id + 1, "owner_id": owner, "company": company, "title": "Post", "location": "Bonn",
            "skills": ["care"], "description": format!("firm{} {}", id % 40, words(id))})
    });
    let project = Project { tables: BTreeMap::from([("job_posts", rows.collect())]), ..Project::new(100) };
    let store = Memory::default();
    plan("zion-job-generator", &store, &project, &Tuner::default()).await.unwrap();
    let mut planned: PlanFile = store::get_json(&store, &keys::plan(RUN)).await.unwrap();
    planned.recipe = recipe;
    store::put_json(&store, &keys::plan(RUN), &planned).await.unwrap();
    let asked = SliceRef { table: "job_posts".to_owned(), slice: 0 };
    while slice(&asked, &store, &project).await.unwrap().more {}
    gather(&store, &project).await.unwrap();
    for part in parts(&store).await {
        scrub(part, &store).await.unwrap();
    }
    assemble(&store, &project).await.unwrap();
    let mut sides: BTreeMap<String, BTreeMap<&str, u32>> = BTreeMap::new();
    for side in ["train", "validation", "holdout"] {
        let text = store.get(&keys::dataset(RUN, side)).await.unwrap();
        for line in lines(&text) {
            let firm = line.split("firm").nth(1).unwrap().split(' ').next().unwrap().to_owned();
            *sides.entry(firm).or_default().entry(side).or_default() += 1;
        }
    }
    let whole = sides.values().filter(|sides| sides.values().any(|posts| *posts >= 9)).count();
    assert_eq!((sides.len(), whole), (40, 40), "{sides:?}");
    let owners = sides.values().filter(|sides| sides.len() > 1).count();
    assert!(owners > 0, "a row without a company goes by its owner");
}

#[tokio::test]
async fn what_many_posts_share_is_counted_and_shown() {
    let law = "We are an equal opportunity employer and welcome everybody who applies.";
    let texts: Vec<_> = (100..130).map(|id| format!("{}\n{law}", words(id))).collect();
    let (store, manifest) = run_with(&texts).await;
    let [shared] = &manifest.boilerplate.most_shared[..] else { panic!("{:?}", manifest.boilerplate) };
    assert_eq!((shared.examples, manifest.boilerplate.passages, manifest.boilerplate.missed), (30, 1, 0));
    let page = String::from_utf8(store.get(&keys::report(RUN)).await.unwrap().to_vec()).unwrap();
    assert!(page.contains(law) && page.contains("One sentence stands in 33.3% of the examples"));
    let bytes = store.get(&keys::manifest(RUN)).await.unwrap();
    assert!(
        !String::from_utf8(bytes.to_vec()).unwrap().contains("equal opportunity"),
        "the manifest holds no text"
    );
}

#[tokio::test]
async fn what_is_said_twice_is_learnt_once_whoever_says_it() {
    // Forty owners publish the same long post with another word in it each: on every side of the split, were it kept.
    let post = |n: usize| {
        let words: Vec<_> =
            (0..150).map(|at| if at == n * 3 { format!("own{n}") } else { format!("term{at}") }).collect();
        words.join(" ")
    };
    let texts: Vec<_> = (0..40).map(post).collect();
    let (store, manifest) = run_with(&texts).await;
    // Two of these overlap by 0.9: one pair in thirty is missed, but seldom all the pairs of a post.
    let mut kept = 0;
    for side in ["train", "validation", "holdout"] {
        let text = store.get(&keys::dataset(RUN, side)).await.unwrap();
        kept += lines(&text).iter().filter(|line| line.contains("term1 ")).count();
    }
    assert!((1..=3).contains(&kept), "{kept} of 40 posts that say the same are kept");
    assert_eq!(manifest.counts.near_duplicates, 40 - kept as u64, "none of the sixty others is near another");
    assert_eq!(manifest.counts.duplicates, 0);
}
