//! The migrations on real Postgres servers: every version found on the machine, each applied twice.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of a test may fail as loudly as the test")]

mod decisions;
mod older;

use std::path::PathBuf;

use serde_json::{Value, json};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Error};
use zion::database;
use zion::local::{Postgres, paths};

struct Database {
    server: Postgres,
    client: Client,
    _folder: tempfile::TempDir,
}

fn root() -> PathBuf {
    paths::root().unwrap()
}

/// One prepared server for each Postgres found.
async fn servers() -> Vec<Database> {
    let root = root();
    let found = paths::postgres_installations(&root, None);
    assert!(!found.is_empty(), "no PostgreSQL: run `make test`, or install one");
    let mut servers = Vec::new();
    for bin in found {
        let folder = tempfile::tempdir().unwrap();
        let server = Postgres::start(&bin, folder.path()).await.unwrap();
        let client = database::connect(&server.url()).await.unwrap();
        database::apply(&client, &root).await.unwrap();
        database::apply(&client, &root).await.unwrap();
        servers.push(Database { server, client, _folder: folder });
    }
    servers
}

async fn call(client: &Client, sql: &str) -> Result<Value, Error> {
    let row = client.query_one(sql, &[]).await?;
    Ok(row.get(0))
}

async fn register(client: &Client, run: &str, family: &str) -> Result<Value, Error> {
    let sql = "select register_model_version($1, $2, 'job', 'openai/gpt-oss-20b', 'openai', '2027-12-31')";
    Ok(client.query_one(sql, &[&run, &family]).await?.get(0))
}

async fn promote(client: &Client, run: &str, model: &str) -> Result<Value, Error> {
    let sql = "select promote_model_version($1, $2, '{\"examples\": 12}', 'trained')";
    Ok(client.query_one(sql, &[&run, &model]).await?.get(0))
}

fn code(error: &Error) -> SqlState {
    error.code().cloned().unwrap_or_else(|| panic!("no database error: {error}"))
}

/// Runs `sql` as an API role, as the gateway does for a request, and takes everything back.
async fn as_role(database: &Database, role: &str, sql: &str) -> Result<Vec<String>, Error> {
    let mut client = database::connect(&database.server.url()).await.unwrap();
    let transaction = client.transaction().await?;
    transaction.batch_execute(&format!("set local role {role}")).await?;
    let rows = transaction.query(sql, &[]).await?;
    Ok(rows.iter().filter_map(|row| row.try_get::<_, String>(0).ok()).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn keeps_the_life_of_a_model_in_order() {
    for database in servers().await {
        versions_count_up_and_replays_answer_the_same(&database.client).await;
        the_first_error_is_kept(&database.client).await;
        an_operator_s_words_are_not_the_app_s(&database).await;
        a_promotion_is_atomic_and_safe_to_repeat(&database.client).await;
        the_ledger_is_append_only(&database.client).await;
        the_app_finds_its_model_and_nobody_else_may_write(&database).await;
        hostile_values_are_refused_or_kept_as_text(&database.client).await;
        runs_that_register_at_once_get_different_versions(&database).await;
    }
}

async fn versions_count_up_and_replays_answer_the_same(client: &Client) {
    let first = register(client, "run-1", "zion-job-generator").await.unwrap();
    assert_eq!(first["name"], "zion-job-generator-v1");
    assert_eq!(first["id"], "zion-job-generator-v1");
    assert_eq!(first["version"], 1);
    assert_eq!(first["training_status"], "queued");
    assert_eq!(first["base_shutdown_date"], "2027-12-31");
    assert_eq!(register(client, "run-1", "zion-job-generator").await.unwrap(), first);
    assert_eq!(register(client, "run-2", "zion-job-generator").await.unwrap()["version"], 2);
    assert_eq!(register(client, "run-3", "zion-job-generator").await.unwrap()["version"], 3);
    assert_eq!(register(client, "run-4", "zion-support").await.unwrap()["version"], 1);
    let other = register(client, "run-1", "zion-support").await.unwrap_err();
    assert_eq!(code(&other), SqlState::INVALID_PARAMETER_VALUE);

    let sql = "select start_model_version('run-1', 'ftjob-1', 'abc', 's3://bucket/runs/run-1/manifest.json')";
    let started = call(client, sql).await.unwrap();
    assert_eq!(started["training_status"], "running");
    assert_eq!(started["job_id"], "ftjob-1");
    assert_eq!(call(client, sql).await.unwrap(), started);
    let unknown = call(client, "select start_model_version('nobody', 'j', 'd', 'm')").await.unwrap_err();
    assert_eq!(code(&unknown).code(), "P0002");
}

async fn the_first_error_is_kept(client: &Client) {
    let first = json!({"error": "TrainingFailed", "cause": "the provider stopped"});
    let sql = "select fail_model_version('run-2', 'TrainingFailed', 'the provider stopped')";
    assert_eq!(call(client, sql).await.unwrap(), first);
    let later = "select fail_model_version('run-2', 'States.ExceedToleratedFailureThreshold', 'later')";
    assert_eq!(call(client, later).await.unwrap(), first);
    let echo = call(client, "select fail_model_version('nobody', 'RecipeInvalid', 'no such recipe')").await;
    assert_eq!(echo.unwrap(), json!({"error": "RecipeInvalid", "cause": "no such recipe"}));
    let row = client
        .query_one("select training_status, error_message from model_versions where run_id = 'run-2'", &[])
        .await
        .unwrap();
    assert_eq!((row.get::<_, &str>(0), row.get::<_, &str>(1)), ("failed", "the provider stopped"));
    let started = call(client, "select start_model_version('run-2', 'j', 'd', 'm')").await.unwrap_err();
    assert_eq!(code(&started), SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE);
    let promoted = promote(client, "run-2", "ft:base:zion::2").await.unwrap_err();
    assert_eq!(code(&promoted), SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE);
}

async fn an_operator_s_words_are_not_the_app_s(database: &Database) {
    let client = &database.client;
    register(client, "run-refused", "zion-refused").await.unwrap();
    let cause = "refused by Ann Lee on 2026-11-23T08:00:00Z, by zion approve: not this month";
    let sql = format!("select fail_model_version('run-refused', 'ApprovalRefused', '{cause}')");
    let said = json!({"error": "ApprovalRefused", "cause": cause});
    assert_eq!(call(client, &sql).await.unwrap(), said, "the run's end says it all");
    let later = "select fail_model_version('run-refused', 'Internal', 'later')";
    assert_eq!(call(client, later).await.unwrap(), said);
    let seen =
        "select concat(error_name, ': ', error_message) from model_versions where family = 'zion-refused'";
    let seen = as_role(database, "authenticated", seen).await.unwrap();
    assert_eq!(seen, ["ApprovalRefused: an operator refused it, and nothing was spent"]);
}

async fn a_promotion_is_atomic_and_safe_to_repeat(client: &Client) {
    let first = promote(client, "run-1", "ft:base:zion::1").await.unwrap();
    let expected = json!({
        "id": "ft:base:zion::1", "name": "zion-job-generator-v1", "purpose": "job", "version": 1, "previous": null
    });
    assert_eq!(first, expected);
    let second = promote(client, "run-3", "ft:base:zion::3").await.unwrap();
    assert_eq!(second["previous"], "zion-job-generator-v1");
    // A late replay of the first changes nothing and answers what it answered.
    assert_eq!(promote(client, "run-1", "ft:base:zion::1").await.unwrap(), first);
    assert_eq!(promote(client, "run-3", "ft:base:zion::3").await.unwrap(), second);
    let failed = call(client, "select fail_model_version('run-3', 'Internal', 'late')").await.unwrap();
    assert_eq!(failed["error"], "Internal");

    let live =
        client.query("select name from model_versions where purpose = 'job' and active", &[]).await.unwrap();
    assert_eq!(live.iter().map(|row| row.get(0)).collect::<Vec<String>>(), ["zion-job-generator-v3"]);
    let row = client
        .query_one("select training_status, retired_at is not null from model_versions where name = 'zion-job-generator-v1'", &[])
        .await
        .unwrap();
    assert_eq!((row.get::<_, &str>(0), row.get::<_, bool>(1)), ("succeeded", true));
    let lines = client.query("select name from model_promotions order by id", &[]).await.unwrap();
    let lines: Vec<&str> = lines.iter().map(|row| row.get(0)).collect();
    assert_eq!(lines, ["zion-job-generator-v1", "zion-job-generator-v3"]);
    let two = client
        .execute("update model_versions set active = true where run_id = 'run-1'", &[])
        .await
        .unwrap_err();
    assert_eq!(code(&two), SqlState::UNIQUE_VIOLATION);
    // An id that another model has is refused, and the model that was live stays live.
    register(client, "run-5", "zion-job-generator").await.unwrap();
    assert_eq!(
        code(&promote(client, "run-5", "ft:base:zion::1").await.unwrap_err()),
        SqlState::UNIQUE_VIOLATION
    );
    let live = client
        .query_one("select id from model_versions where purpose = 'job' and active", &[])
        .await
        .unwrap();
    assert_eq!(live.get::<_, &str>(0), "ft:base:zion::3");
}

async fn the_ledger_is_append_only(client: &Client) {
    for change in [
        "update model_promotions set reason = ''",
        "delete from model_promotions where false",
        "truncate model_promotions",
    ] {
        let refused = client.batch_execute(change).await.unwrap_err();
        assert_eq!(code(&refused), SqlState::INSUFFICIENT_PRIVILEGE, "{change}");
    }
}

async fn the_app_finds_its_model_and_nobody_else_may_write(database: &Database) {
    let app = "select id from model_versions where purpose = 'job' and active order by version desc limit 1";
    for role in ["anon", "authenticated", "service_role"] {
        assert_eq!(as_role(database, role, app).await.unwrap(), ["ft:base:zion::3"], "{role}");
    }
    let shown = "select id, version, purpose, base_model, active, training_status, error_name, error_message, created_at from model_versions";
    assert!(as_role(database, "authenticated", shown).await.is_ok());
    for column in [
        "provider",
        "provider_model",
        "job_id",
        "run_id",
        "dataset_sha256",
        "manifest_uri",
        "metrics",
        "error_cause",
    ] {
        let sql = format!("select {column}::text from model_versions");
        for role in ["anon", "authenticated"] {
            let refused = as_role(database, role, &sql).await.unwrap_err();
            assert_eq!(code(&refused), SqlState::INSUFFICIENT_PRIVILEGE, "{role}: {column}");
        }
        assert!(as_role(database, "service_role", &sql).await.is_ok(), "{column}");
    }

    let denied = [
        ("anon", "select error_message from model_versions"),
        ("anon", "select * from model_promotions"),
        ("authenticated", "select * from model_promotions"),
        ("authenticated", "update model_versions set active = false"),
        ("service_role", "update model_versions set active = false"),
        (
            "service_role",
            "insert into model_promotions (purpose, name, model_id, version, run_id, reason) values ('', '', '', 1, '', '')",
        ),
        ("anon", "insert into model_usage_logs (model_id) values ('m')"),
    ];
    for (role, sql) in denied {
        let refused = as_role(database, role, sql).await.unwrap_err();
        assert_eq!(code(&refused), SqlState::INSUFFICIENT_PRIVILEGE, "{role}: {sql}");
    }
    for role in ["anon", "authenticated"] {
        for function in [
            "register_model_version('r', 'f', 'p', 'b', 'o', null)",
            "start_model_version('r', 'j', 'd', 'm')",
            "fail_model_version('r', 'e', 'c')",
            "promote_model_version('r', 'm', '{}', 'x')",
            "put_model_version_live('n', 'b', 'r', 'm')",
            "retire_model_version('n', 'b', 'r')",
            "note_base_shutdown('b', 'p', null)",
        ] {
            let refused = as_role(database, role, &format!("select {function}")).await.unwrap_err();
            assert_eq!(code(&refused), SqlState::INSUFFICIENT_PRIVILEGE, "{role}: {function}");
        }
    }
    assert!(as_role(database, "service_role", "select fail_model_version('r', 'e', 'c')").await.is_ok());

    let log = "insert into model_usage_logs (model_id, tokens_used, cost, feature, user_id, timestamp) values ('m', 120, 0.0003, 'job_ad', ";
    let claims = "(select set_config('request.jwt.claims', '{\"sub\": \"00000000-0000-4000-8000-000000000001\"}', true))";
    let own =
        format!("with caller as materialized {claims} {log}'00000000-0000-4000-8000-000000000001', now())");
    assert!(as_role(database, "service_role", &own).await.is_ok());
    let foreign = format!("{log}'00000000-0000-4000-8000-000000000002', now())");
    let refused = as_role(database, "authenticated", &foreign).await.unwrap_err();
    assert_eq!(code(&refused), SqlState::INSUFFICIENT_PRIVILEGE);
    assert!(as_role(database, "authenticated", &format!("{log}null, now())")).await.is_ok());
}

async fn hostile_values_are_refused_or_kept_as_text(client: &Client) {
    for family in ["", "Zion", "zion'; drop table model_versions; --", "zion\nx", "../zion", &"z".repeat(64)]
    {
        let refused = register(client, "run-hostile", family).await.unwrap_err();
        assert_eq!(code(&refused), SqlState::INVALID_PARAMETER_VALUE, "{family:?}");
    }
    assert!(register(client, "", "zion-support").await.is_err());
    register(client, "run-words", "zion-support").await.unwrap();
    let cause = format!("'); delete from model_versions; -- {}", "é".repeat(5000));
    let row = client
        .query_one("select fail_model_version('run-words', 'DatasetRejected', $1)", &[&cause])
        .await
        .unwrap();
    let answer: Value = row.get(0);
    let kept: String = cause.chars().take(2000).collect();
    assert_eq!(answer["cause"], kept);
}

async fn runs_that_register_at_once_get_different_versions(database: &Database) {
    let url = database.server.url();
    let callers: Vec<_> = (0..8)
        .map(|caller| {
            let url = url.clone();
            tokio::spawn(async move {
                let client = database::connect(&url).await.unwrap();
                // Two callers a run: a retried step beside its first attempt.
                let run = format!("race-{}", caller / 2);
                let row = register(&client, &run, "zion-race").await.unwrap();
                (run, row["version"].as_i64().unwrap())
            })
        })
        .collect();
    let mut answers = Vec::new();
    for caller in callers {
        answers.push(caller.await.unwrap());
    }
    answers.sort();
    answers.dedup();
    let mut versions: Vec<i64> = answers.iter().map(|(_, version)| *version).collect();
    versions.sort_unstable();
    assert_eq!(versions, [1, 2, 3, 4]);
    let promotions: Vec<_> = (0..4)
        .map(|run| {
            let url = url.clone();
            tokio::spawn(async move {
                let client = database::connect(&url).await.unwrap();
                promote(&client, &format!("race-{run}"), &format!("ft:race:{run}")).await
            })
        })
        .collect();
    // Whatever the order: who comes behind a newer version is refused, and the newest is live in the end.
    for promotion in promotions {
        if let Err(error) = promotion.await.unwrap() {
            assert_eq!(code(&error), SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE);
        }
    }
    let client = &database.client;
    let live = client
        .query("select version from model_versions where purpose = 'job' and active", &[])
        .await
        .unwrap();
    assert_eq!(live.iter().map(|row| row.get(0)).collect::<Vec<i32>>(), [4]);
    // A run that was slow does not bring back what a newer one has replaced.
    for run in ["slow", "fast"] {
        register(client, run, "zion-race").await.unwrap();
    }
    promote(client, "fast", "ft:fast").await.unwrap();
    let late = promote(client, "slow", "ft:slow").await.unwrap_err();
    assert_eq!(code(&late), SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE);
}
