//! Tables that are not what the last run saw.

use serde_json::json;
use stage::schema_file::SchemaFile;
use stage::{ErrorName, StageError, keys};
use store::{Memory, get_json};

use super::fakes::{Project, Tuner};
use super::run::plan_of;

const RECIPE: &str = "zion-job-generator";

/// A project that a first run has planned.
async fn planned() -> (Memory, Project) {
    let (store, project) = (Memory::default(), Project::new(300).with_job_posts(1_000));
    plan_of("first", json!({}), &store, &project, &Tuner::default()).await.unwrap();
    (store, project)
}

async fn next(store: &Memory, project: &Project, accepted: bool) -> Result<(), StageError> {
    let input = json!({"accept_schema": accepted});
    plan_of("next", input, store, project, &Tuner::default()).await.map(|_| ())
}

/// Gives a column another type; none takes it away.
fn change(project: &mut Project, table: &str, column: &str, kind: Option<&str>) {
    let columns = project.types.as_mut().unwrap().get_mut(table).unwrap();
    columns.remove(column);
    columns.extend(kind.map(|kind| (column.to_owned(), kind.to_owned())));
}

#[tokio::test]
async fn a_first_run_writes_down_what_it_uses() {
    let (store, _) = planned().await;
    let seen: SchemaFile = get_json(&store, &keys::schema(RECIPE)).await.unwrap();
    assert_eq!(seen.run, "first");
    let columns: Vec<_> = seen.tables["job_posts"].keys().map(String::as_str).collect();
    assert_eq!(columns, ["description", "id", "location", "owner_id", "skills", "status", "title"]);
    assert_eq!(seen.tables["profiles"].keys().collect::<Vec<_>>(), ["training_opt_out"]);
}

#[tokio::test]
async fn what_has_changed_is_refused_in_words_until_it_is_accepted() {
    let cases: [(&str, &str, Option<&str>, &str); 4] = [
        ("job_posts", "description", None, "job_posts.description (text) is gone"),
        ("job_posts", "skills", Some("text"), "job_posts.skills was text[] and is text"),
        ("job_posts", "status", Some("integer"), "job_posts.status was text and is integer"),
        ("profiles", "training_opt_out", Some("text"), "profiles.training_opt_out was boolean and is text"),
    ];
    for (table, column, kind, words) in cases {
        let (store, mut project) = planned().await;
        next(&store, &project, false).await.unwrap();
        change(&mut project, table, column, kind);
        let before = store.objects();
        let error = next(&store, &project, false).await.unwrap_err();
        let consent = table == "profiles";
        assert_eq!(
            error.name(),
            if consent { ErrorName::ConsentUnreadable } else { ErrorName::SchemaDrifted }
        );
        for part in [words, "since run next of recipe zion-job-generator", "accept_schema"] {
            assert!(error.chain().contains(part), "{}", error.chain());
        }
        assert!(before == store.objects(), "a refused run leaves what was seen");
        next(&store, &project, true).await.unwrap();
        next(&store, &project, false).await.unwrap();
    }
}

#[tokio::test]
async fn several_differences_are_named_together() {
    let (store, mut project) = planned().await;
    change(&mut project, "job_posts", "title", Some("jsonb"));
    change(&mut project, "job_posts", "skills", None);
    let text = next(&store, &project, false).await.unwrap_err().chain();
    assert!(
        text.contains("job_posts.skills (text[]) is gone, job_posts.title was text and is jsonb"),
        "{text}"
    );
}

#[tokio::test]
async fn a_table_that_is_not_told_of_is_left_to_the_query_which_knows_the_grant() {
    let (store, mut project) = planned().await;
    project.types.as_mut().unwrap().remove("profiles");
    next(&store, &project, false).await.unwrap();
}

#[tokio::test]
async fn what_the_recipe_does_not_use_may_change() {
    let (store, mut project) = planned().await;
    change(&mut project, "job_posts", "views", None);
    change(&mut project, "profiles", "id", Some("bigint"));
    change(&mut project, "job_posts", "new", Some("text"));
    next(&store, &project, false).await.unwrap();
}

#[tokio::test]
async fn a_dry_run_compares_and_leaves_nothing() {
    let (store, mut project) = planned().await;
    change(&mut project, "job_posts", "title", Some("jsonb"));
    let tuner = Tuner::default();
    let dry = async |input| plan_of("dry", input, &store, &project, &tuner).await;
    let error = dry(json!({"dry_run": true})).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::SchemaDrifted);
    dry(json!({"dry_run": true, "accept_schema": true})).await.unwrap();
    let seen: SchemaFile = get_json(&store, &keys::schema(RECIPE)).await.unwrap();
    assert_eq!(seen.tables["job_posts"]["title"], "text");
}

#[tokio::test]
async fn a_source_that_does_not_tell_its_types_is_planned_all_the_same() {
    let (store, mut project) = planned().await;
    project.types = None;
    next(&store, &project, false).await.unwrap();
    let seen: SchemaFile = get_json(&store, &keys::schema(RECIPE)).await.unwrap();
    assert_eq!(seen.run, "first", "what was seen before is kept");
}
