//! An operator's decisions: an earlier version live again, or none.

use serde_json::{Value, json};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Error};

use super::{as_role, call, code, promote, register, servers};

async fn put_live(client: &Client, name: &str, model: Option<&str>) -> Result<Value, Error> {
    let sql = "select put_model_version_live($1, 'Ann Lee', 'answers are worse', $2)";
    Ok(client.query_one(sql, &[&name, &model]).await?.get(0))
}

async fn retire(client: &Client, name: &str) -> Result<Value, Error> {
    let sql = "select retire_model_version($1, 'Bob', 'somebody asked to be forgotten')";
    Ok(client.query_one(sql, &[&name]).await?.get(0))
}

async fn live(client: &Client) -> Vec<String> {
    let sql = "select name || ' ' || id from model_versions where purpose = 'job' and active";
    client.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

/// The ledger from a line on: event, model, what it took the place of, and who decided.
async fn ledger(client: &Client, skip: i64) -> Vec<String> {
    let sql =
        "select concat_ws(' ', event, coalesce(model_id, '-'), coalesce(previous, '-'), decided_by, reason)
        from model_promotions order by id offset $1";
    client.query(sql, &[&skip]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

fn refused(answer: Result<Value, Error>, words: &str) {
    let error = answer.unwrap_err();
    assert_eq!(code(&error), SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE, "{error:?}");
    let text = error.as_db_error().unwrap().message().to_owned();
    assert!(text.contains(words), "«{words}» is not in: {text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_goes_back_to_an_earlier_version_and_retires_one() {
    for database in servers().await {
        let client = &database.client;
        for (run, model) in [("run-1", "ft:1"), ("run-2", "ft:2")] {
            register(client, run, "zion-job").await.unwrap();
            promote(client, run, model).await.unwrap();
        }
        let second = promote(client, "run-2", "ft:2").await.unwrap();

        // Back to the first, by the id that is stored of it.
        let back = put_live(client, "zion-job-v1", None).await.unwrap();
        let expected = json!({"id": "ft:1", "name": "zion-job-v1", "purpose": "job", "version": 1,
            "previous": "zion-job-v2", "changed": true});
        assert_eq!(back, expected);
        assert_eq!(live(client).await, ["zion-job-v1 ft:1"]);
        let again = put_live(client, "zion-job-v1", None).await.unwrap();
        assert_eq!((&again["previous"], &again["changed"]), (&json!("zion-job-v2"), &json!(false)));
        refused(put_live(client, "zion-job-v1", Some("ft:other")).await, "live already");
        assert_eq!(ledger(client, 2).await, ["put_live ft:1 zion-job-v2 Ann Lee answers are worse"]);

        // Late replays of both runs change nothing and answer what they answered.
        assert_eq!(promote(client, "run-2", "ft:2").await.unwrap(), second);
        let first = promote(client, "run-1", "ft:1").await.unwrap();
        assert_eq!(first["previous"], Value::Null);
        assert_eq!(live(client).await, ["zion-job-v1 ft:1"]);

        // None at all; a second call is no second event.
        refused(retire(client, "zion-job-v2").await, "is not live");
        let retired = retire(client, "zion-job-v1").await.unwrap();
        assert_eq!(retired, json!({"name": "zion-job-v1", "purpose": "job", "changed": true}));
        assert_eq!(retire(client, "zion-job-v1").await.unwrap()["changed"], json!(false));
        assert!(live(client).await.is_empty());
        assert_eq!(ledger(client, 3).await, ["retired - zion-job-v1 Bob somebody asked to be forgotten"]);
        let back = put_live(client, "zion-job-v2", None).await.unwrap();
        assert_eq!((&back["previous"], &back["changed"]), (&Value::Null, &json!(true)));
        refused(retire(client, "zion-job-v1").await, "is not live");

        let unknown = put_live(client, "zion-job-v9", None).await.unwrap_err();
        assert_eq!(code(&unknown).code(), "P0002");
        for (by, reason) in [("", "why"), ("Ann", " "), ("Ann\nLee", "why"), ("Ann", "")] {
            let sql = "select put_model_version_live('zion-job-v1', $1, $2)";
            let nameless = client.query_one(sql, &[&by, &reason]).await.unwrap_err();
            assert_eq!(code(&nameless), SqlState::INVALID_PARAMETER_VALUE, "{by:?} {reason:?}");
        }
        let sql = "select put_model_version_live('zion-job-v1', 'Ann', 'why')::text";
        assert!(as_role(&database, "service_role", sql).await.is_ok());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_whose_run_failed_behind_its_training_is_not_lost() {
    for database in servers().await {
        let client = &database.client;
        register(client, "run-1", "zion-job").await.unwrap();
        promote(client, "run-1", "ft:1").await.unwrap();
        register(client, "run-2", "zion-job").await.unwrap();
        client.batch_execute("select start_model_version('run-2', 'job-2', 'd', 'm')").await.unwrap();
        refused(put_live(client, "zion-job-v2", None).await, "its run is running");
        client.batch_execute("select fail_model_version('run-2', 'Unavailable', 'away')").await.unwrap();
        refused(put_live(client, "zion-job-v2", None).await, "its run is failed");
        refused(put_live(client, "zion-job-v2", Some("ft:1")).await, "another version");
        let spaced = put_live(client, "zion-job-v2", Some("ft 2")).await.unwrap_err();
        assert_eq!(code(&spaced), SqlState::INVALID_PARAMETER_VALUE);
        assert_eq!(live(client).await, ["zion-job-v1 ft:1"]);

        let put = put_live(client, "zion-job-v2", Some("ft:2")).await.unwrap();
        assert_eq!((&put["id"], &put["previous"]), (&json!("ft:2"), &json!("zion-job-v1")));
        let sql = "select to_jsonb(v) from model_versions v where name = 'zion-job-v2'";
        let row = call(client, sql).await.unwrap();
        assert_eq!(row["training_status"], "succeeded");
        assert_eq!((&row["error_name"], &row["error_message"]), (&Value::Null, &Value::Null));
        assert_eq!((&row["provider_model"], &row["job_id"]), (&json!("ft:2"), &json!("job-2")));
        // The run's own late steps find it done.
        assert_eq!(promote(client, "run-2", "ft:2").await.unwrap()["previous"], "zion-job-v1");
        client.batch_execute("select fail_model_version('run-2', 'Internal', 'late')").await.unwrap();
        assert_eq!(call(client, sql).await.unwrap(), row);
        assert_eq!(ledger(client, 1).await.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_run_does_not_undo_an_operator_s_decision() {
    for database in servers().await {
        let client = &database.client;
        for run in ["run-1", "run-2", "run-3"] {
            register(client, run, "zion-job").await.unwrap();
        }
        promote(client, "run-1", "ft:1").await.unwrap();
        promote(client, "run-3", "ft:3").await.unwrap();
        put_live(client, "zion-job-v1", None).await.unwrap();
        refused(promote(client, "run-2", "ft:2").await, "a newer version");
        retire(client, "zion-job-v1").await.unwrap();
        refused(promote(client, "run-2", "ft:2").await, "a newer version");
        assert!(live(client).await.is_empty());
        // The next run is newer than all that was decided about.
        register(client, "run-4", "zion-job").await.unwrap();
        assert_eq!(promote(client, "run-4", "ft:4").await.unwrap()["previous"], Value::Null);
    }
}
