//! Rows that are gone since a model learnt from them.

use std::collections::BTreeSet;

use records::recipe::{Consent, NoConsent};
use records::subject::SubjectKeys;
use stage::lineage_file::{LineageIndex, LineageLine};
use stage::plan_file::PlanFile;
use stage::{ErrorName, keys};
use store::{List as _, Memory, get_json, get_lines, put_json};
use supabase::Models as _;
use zion::reconcile::{Compared, Counts, compare};

use super::fakes::{Project, Tuner};
use super::run::{RUN, all};

const KEY: &str = "0123456789abcdef0123456789abcdef";

async fn trained(max_rows: usize) -> (Memory, Project) {
    let (store, project, tuner) =
        (Memory::default(), Project::new(max_rows).with_job_posts(1_000), Tuner::default());
    all(&store, &project, &tuner).await.unwrap();
    (store, project)
}

async fn compared(store: &Memory, project: &Project) -> Compared {
    compare(store, project, &SubjectKeys::parse(KEY).unwrap(), None).await.unwrap()
}

/// The hashes of the rows in the dataset.
async fn inside(store: &Memory) -> BTreeSet<String> {
    let mut inside = BTreeSet::new();
    for object in store.list(&format!("lineage/{RUN}/")).await.unwrap() {
        if !object.ends_with("index.json") {
            inside
                .extend(get_lines::<LineageLine>(store, &object).await.unwrap().into_iter().map(|it| it.key));
        }
    }
    inside
}

#[tokio::test]
async fn what_was_deleted_or_opted_out_since_is_told_apart_and_counted() {
    for max_rows in [7, 300, 10_000] {
        let (store, mut project) = trained(max_rows).await;
        let before = compared(&store, &project).await;
        let counts = before.runs[0].sources["job_posts"];
        assert!(counts.examples > 500, "{counts:?}");
        assert_eq!(counts, Counts { examples: counts.examples, ..Counts::default() });
        assert_eq!((before.runs[0].people, before.runs[0].gone.len()), (0, 0));

        // Three that are in the dataset, and two that never were: opted out, and without a text.
        let (key, inside) = (super::run::key(), inside(&store).await);
        let is_in = |id: &u64| inside.contains(&key.hash("job_posts", &id.to_string()));
        let owners = |id: &u64| id % 97 == 5;
        let ids: Vec<u64> =
            (100..=1_000).filter(|id| is_in(id) && !owners(id)).step_by(150).take(3).collect();
        let gone = [ids.as_slice(), &[110, 104]].concat();
        let posts = project.tables.get_mut("job_posts").unwrap();
        posts.retain(|row| !gone.contains(&row["id"].as_u64().unwrap()));
        project.opt_out("owner-5");
        let after = compared(&store, &project).await;
        let run = &after.runs[0];
        let theirs = (1..=1_000).filter(|id| owners(id) && is_in(id)).count() as u64;
        assert!(ids.len() == 3 && theirs > 1);
        let wanted = Counts { deleted: 3, withdrawn: theirs, ..counts };
        assert_eq!((run.sources["job_posts"], run.people), (wanted, 4), "pages of {max_rows}");
        let told: BTreeSet<_> = run.gone.iter().filter(|it| it.why == "deleted").map(|it| &it.key).collect();
        let hashes: Vec<_> = ids.iter().map(|id| key.hash("job_posts", &id.to_string())).collect();
        assert_eq!(told, hashes.iter().collect());
        let owner = key.hash("subject", "owner-5");
        assert!(
            run.gone.iter().filter(|it| it.why == "withdrawn").all(|it| it.subject.as_ref() == Some(&owner))
        );
        // Hashes alone.
        let text = serde_json::to_string(&after).unwrap();
        assert!(!text.contains("owner-") && !text.contains("Post"), "{text}");
    }
}

/// Gives what the run has left a second name, as if another run had come to the same.
async fn again(store: &Memory, name: &str, change: impl FnOnce(&mut PlanFile)) {
    for (key, class, body) in store.objects() {
        if let Some(rest) = key.strip_prefix(&format!("{}{RUN}/", keys::LINEAGE)) {
            store::Put::put(store, &format!("{}{name}/{rest}", keys::LINEAGE), body, class).await.unwrap();
        }
    }
    let mut index: LineageIndex = get_json(store, &keys::lineage_index(RUN)).await.unwrap();
    let mut plan: PlanFile = get_json(store, &keys::plan(RUN)).await.unwrap();
    name.clone_into(&mut index.run);
    change(&mut plan);
    put_json(store, &keys::lineage_index(name), &index).await.unwrap();
    put_json(store, &keys::plan(name), &plan).await.unwrap();
}

#[tokio::test]
async fn a_table_is_gone_through_once_for_all_runs() {
    let (store, mut project) = trained(100).await;
    let posts = project.tables.get_mut("job_posts").unwrap();
    posts.retain(|row| row["id"].as_u64().unwrap() % 90 != 1);
    project.opt_out("owner-5");
    let asked = async |project: &Project| {
        *project.key_requests.lock().unwrap() = 0;
        let compared = compared(&store, project).await;
        (compared.runs, *project.key_requests.lock().unwrap())
    };
    let (one, requests) = asked(&project).await;
    let counts = one[0].sources["job_posts"];
    assert!(counts.deleted > 5 && counts.withdrawn > 5 && requests >= 20, "{counts:?}, {requests}");
    again(&store, "run-2", |_| ()).await;
    let (two, of_two) = asked(&project).await;
    assert_eq!(of_two, requests);
    assert_eq!((&two[0].sources, &two[0].gone), (&one[0].sources, &one[0].gone));
    assert_eq!(
        (two[1].run.as_str(), &two[1].sources, &two[1].gone),
        ("run-2", &one[0].sources, &one[0].gone)
    );
    // Another recipe asks another question, but what is there at all is the same.
    let nobody = |plan: &mut PlanFile| {
        let not_needed = "made up for a test".to_owned();
        plan.recipe.sources[0].consent = Consent::NotNeeded(NoConsent { not_needed });
    };
    again(&store, "run-3", nobody).await;
    let (three, of_three) = asked(&project).await;
    assert!((requests..requests * 2).contains(&of_three), "{of_three} requests, {requests} for one run");
    assert_eq!(three[2].sources["job_posts"], Counts { withdrawn: 0, ..counts });
    assert_eq!(three[..2], two);
}

#[tokio::test]
async fn nothing_is_written_and_the_model_is_found_by_the_run() {
    let (store, project) = trained(300).await;
    let before = store.objects();
    let after = compared(&store, &project).await;
    assert!(before == store.objects());
    let models = project.of_runs(&[&after.runs[0].run]).await.unwrap();
    assert_eq!(models[0].name, "zion-job-generator-v1");
}

#[tokio::test]
async fn a_run_whose_plan_has_expired_is_asked_by_the_recipe_of_today() {
    let (store, mut project) = trained(300).await;
    let fresh = Memory::default();
    for (key, class, body) in store.objects().into_iter().filter(|(key, ..)| key.starts_with("lineage/")) {
        store::Put::put(&fresh, &key, body, class).await.unwrap();
    }
    project.opt_out("owner-5");
    let (with, without) = (compared(&store, &project).await, compared(&fresh, &project).await);
    assert!(!with.runs[0].recipe_of_today && without.runs[0].recipe_of_today);
    assert_eq!(with.runs[0].sources, without.runs[0].sources);
    assert!(with.runs[0].people == 1);
}

#[tokio::test]
async fn a_key_that_is_lost_and_a_run_that_is_not_there_are_not_silent() {
    let (store, project) = trained(300).await;
    let other = SubjectKeys::parse("fedcba9876543210fedcba9876543210").unwrap();
    let found = compare(&store, &project, &other, None).await.unwrap();
    assert_eq!((found.runs.len(), found.unanswered), (0, vec![RUN.to_owned()]));
    let keys = SubjectKeys::parse(KEY).unwrap();
    let error = compare(&store, &project, &keys, Some("nothing")).await.unwrap_err();
    assert!(error.chain().contains("run nothing has no lineage"), "{}", error.chain());
    assert_eq!(compare(&store, &project, &keys, Some(RUN)).await.unwrap().runs.len(), 1);
}

#[tokio::test]
async fn a_lineage_that_lost_an_object_is_not_taken_for_a_clean_one() {
    let (store, project) = trained(300).await;
    let fresh = Memory::default();
    for (key, class, body) in store.objects().into_iter().filter(|(key, ..)| *key != keys::lineage(RUN, "7"))
    {
        store::Put::put(&fresh, &key, body, class).await.unwrap();
    }
    let keys = SubjectKeys::parse(KEY).unwrap();
    let error = compare(&fresh, &project, &keys, None).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::Internal);
}
