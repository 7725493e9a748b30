//! Apps that have tables of these names already.

use serde_json::{Value, json};
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;
use zion::database;

use super::{Database, call, code, promote, register, root, servers};

/// A database of its own in which `sql` was run before the first migration.
async fn older(database: &Database, name: &str, sql: &str) -> Client {
    database.client.batch_execute(&format!("create database {name}")).await.unwrap();
    let client = database::connect(&database.server.url_of(name)).await.unwrap();
    client.batch_execute(sql).await.unwrap();
    client
}

async fn migrated(database: &Database, name: &str, sql: &str) -> Client {
    let client = older(database, name, sql).await;
    database::apply(&client, &root()).await.unwrap();
    database::apply(&client, &root()).await.unwrap();
    client
}

/// The refusal's words and its hint.
async fn refused(client: &Client) -> (String, String) {
    let error = database::apply(client, &root()).await.unwrap_err();
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(error) = source {
        if let Some(error) = error.downcast_ref::<tokio_postgres::Error>() {
            assert_eq!(code(error), SqlState::DEPENDENT_OBJECTS_STILL_EXIST, "{error:?}");
            let said = error.as_db_error().unwrap();
            return (said.message().to_owned(), said.hint().unwrap().to_owned());
        }
        source = error.source();
    }
    panic!("no database error: {error}");
}

const TABLE: &str = "create table model_versions (id uuid primary key default gen_random_uuid(), version text, purpose text,
    base_model text, active boolean, training_status text, error_message text, created_at timestamptz default now());";

#[tokio::test(flavor = "multi_thread")]
async fn keeps_the_models_an_app_already_has() {
    for database in servers().await {
        let sql = format!(
            "{TABLE} insert into model_versions (version, purpose, active, training_status)
               values ('v9', 'job', true, 'succeeded'), ('v10', 'job', true, 'succeeded'), (null, 'seo', false, 'failed');"
        );
        let client = &migrated(&database, "older", &sql).await;
        let live = client.query("select version from model_versions where active", &[]).await.unwrap();
        assert_eq!(live.iter().map(|row| row.get(0)).collect::<Vec<i32>>(), [10]);
        let first = register(client, "run-1", "zion-job-generator").await.unwrap();
        assert_eq!(first["version"], 1);
        let promoted = promote(client, "run-1", "ft:new").await.unwrap();
        let before = promoted["previous"].as_str().unwrap();
        // The app's own model is the first that anybody wants back: its id is what the app has passed all along.
        let sql = format!("select put_model_version_live('{before}', 'Ann', 'it was better')");
        let back = call(client, &sql).await.unwrap();
        assert_eq!((&back["id"], &back["previous"]), (&json!(before), &json!("zion-job-generator-v1")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_is_no_number_keeps_its_text_and_counts_by_age() {
    for database in servers().await {
        let sql = format!(
            "{TABLE} alter table model_versions alter column version set not null;
             insert into model_versions (version, purpose, active, training_status, created_at) values
               ('v1.10', 'job', true, 'succeeded', '2026-01-01'), ('v2', 'job', true, 'succeeded', '2026-02-01'),
               ('beta', 'seo', true, 'succeeded', '2026-03-01');"
        );
        let client = &migrated(&database, "dotted", &sql).await;
        let rows = "select jsonb_agg(jsonb_build_array(version_text, version, active) order by created_at) from model_versions";
        let expected: Value = json!([["v1.10", 1, false], ["v2", 2, true], ["beta", 1, true]]);
        assert_eq!(call(client, rows).await.unwrap(), expected);
        register(client, "run-1", "zion-job").await.unwrap();
        promote(client, "run-1", "ft:new").await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_active_rows_without_a_version_the_newest_stays() {
    for database in servers().await {
        let sql = "create table model_versions (id bigint generated always as identity primary key, version integer,
                purpose text, active boolean, created_at timestamptz);
            insert into model_versions (version, purpose, active, created_at) values
                (null, 'job', true, '2026-01-02'), (null, 'job', true, '2026-01-03'), (null, 'job', true, '2026-01-01');";
        let client = &migrated(&database, "nulls", sql).await;
        let live = client.query("select id from model_versions where active", &[]).await.unwrap();
        assert_eq!(live.iter().map(|row| row.get(0)).collect::<Vec<String>>(), ["2"]);
        register(client, "run-1", "zion-job").await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_s_usage_logs_get_what_is_missing() {
    for database in servers().await {
        let sql = format!(
            "{TABLE} insert into model_versions (id) values ('00000000-0000-4000-8000-000000000001');
             create table model_usage_logs (id bigserial primary key, model_id uuid, note text);
             insert into model_usage_logs (model_id, note) values ('00000000-0000-4000-8000-000000000001', 'kept');"
        );
        let client = &migrated(&database, "logs", &sql).await;
        let row = "select to_jsonb(l) from model_usage_logs l join model_versions v on v.id = l.model_id";
        assert_eq!(call(client, row).await.unwrap()["note"], "kept");
        let insert = "insert into model_usage_logs (model_id, tokens_used, cost, feature, user_id, timestamp)
            values ('ft:1', 1, 0.1, 'job_ad', null, now())";
        client.batch_execute(insert).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_key_in_the_way_is_named_with_the_way_out() {
    for database in servers().await {
        let sql = format!(
            "{TABLE} create table model_usage_logs (model_id uuid constraint of_model references model_versions (id));"
        );
        let client = &older(&database, "keyed", &sql).await;
        let (text, hint) = refused(client).await;
        assert!(text.contains("model_versions.id becomes text"), "{text}");
        let way_out = "alter table model_usage_logs drop constraint of_model";
        assert!(hint.contains(way_out), "{hint}");
        client.batch_execute(way_out).await.unwrap();
        database::apply(client, &root()).await.unwrap();

        let sql = "create table models (id uuid primary key);
            create table model_usage_logs (model_id uuid constraint elsewhere references models (id));";
        let (text, hint) = refused(&older(&database, "elsewhere", sql).await).await;
        assert!(text.contains("model_usage_logs.model_id"), "{text}");
        assert!(hint.contains("alter table model_usage_logs drop constraint elsewhere"), "{hint}");
    }
}
