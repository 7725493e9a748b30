//! Windows of what has changed: both ways give the same rows, and know what time it is.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use supabase::{Models as _, NewVersion, Range, Rows as _, Window};

use super::same::both;
use super::{gateway, of_people, postgres, services, source};

/// Rows of an hour each, every seventh at no time, by the clock of a place behind UTC.
const TABLE: &str = "
alter database postgres set timezone = 'America/New_York';
create table moved (key bigint primary key, person uuid references people (id),
  with_zone timestamptz, without_zone timestamp, on_day date);
insert into moved
select n, ('00000000-0000-4000-8000-' || lpad((1 + n % 40)::text, 12, '0'))::uuid, at, at at time zone 'UTC', (at at time zone 'UTC')::date
from (select n, case when n % 7 > 0 then timestamptz '2026-11-20T00:00:00.000001Z' + n * interval '1 hour' end as at
  from generate_series(1, 400) n) t;
grant select on moved to service_role;
notify pgrst, 'reload schema';
";

#[tokio::test]
async fn a_window_has_the_same_rows_over_both() {
    let services = services().await;
    services.run(TABLE).await;
    let (rest, sql) = (gateway(&services), postgres(&services.database_url()));
    let source = source("moved", &["key", "with_zone"], of_people());
    let agreed = "(select training_opt_out is false from people where id = person)";
    let from = "2026-11-23T00:00:00.000001Z";
    for (cursor, bound) in [
        ("with_zone", "timestamptz '2026-11-23T00:00:00.000001Z'"),
        ("without_zone", "timestamp '2026-11-23T00:00:00.000001'"),
        ("on_day", "date '2026-11-23'"),
    ] {
        for (window, condition) in [
            (Window::Since { cursor, from }, format!("{cursor} >= {bound}")),
            (Window::Never { cursor }, format!("{cursor} is null")),
            (Window::All, "true".to_owned()),
        ] {
            for (after, up_to) in [(None, None), (Some("60"), Some("200"))] {
                let range = Range { window, ..Range::of(&source, after, up_to) };
                let rows = both(&rest, &sql, range).await;
                let keys: Vec<_> = rows.iter().map(|row| row["key"].clone()).collect();
                let (after, up_to) = (after.unwrap_or("0"), up_to.unwrap_or("1000"));
                let wanted = services
                    .column(&format!("select key::text from moved where {condition} and {agreed} and key > {after} and key <= {up_to} order by moved.key"))
                    .await;
                assert!(wanted.len() > 5, "{cursor} {window:?}");
                assert_eq!(keys, wanted, "{cursor} {window:?}");
            }
        }
    }
}

#[tokio::test]
async fn the_time_is_the_source_s_and_not_later_than_what_is_under_way() {
    let services = services().await;
    let (rest, sql) = (gateway(&services), postgres(&services.database_url()));
    let source = source("people", &["training_opt_out"], super::of_everyone());
    let mut source = source;
    source.key = "id".to_owned();
    let before = Timestamp::now();
    let told = [rest.now(&source).await.unwrap().unwrap(), sql.now(&source).await.unwrap().unwrap()];
    for told in told {
        let apart = told.duration_since(before);
        assert!(apart.abs() < SignedDuration::from_secs(30), "{told} beside {before}");
    }
    // A transaction that is open has begun before, and what it commits will say so.
    let open = zion::database::connect(&services.database_url()).await.unwrap();
    open.batch_execute("begin; select 1").await.unwrap();
    let began: String = open.query_one("select now()::text", &[]).await.unwrap().get(0);
    let later = sql.now(&source).await.unwrap().unwrap();
    let same =
        services.column(&format!("select (timestamptz '{later}' <= timestamptz '{began}')::text")).await;
    assert_eq!(same, ["true"], "{later} and {began}");
    open.batch_execute("rollback").await.unwrap();
    assert!(sql.now(&source).await.unwrap().unwrap() > later);
}

#[tokio::test]
async fn the_last_run_that_succeeded_is_the_family_s_newest() {
    let services = services().await;
    let models = gateway(&services);
    let last = async || models.last_succeeded("zion-gpt").await.unwrap();
    assert_eq!(last().await, None);
    for (run, family) in
        [("one", "zion-gpt"), ("two", "zion-gpt"), ("three", "zion-gpt"), ("four", "zion-support")]
    {
        let version = NewVersion {
            run,
            family,
            purpose: "general",
            base_model: "base",
            provider: "host",
            base_shutdown_date: None,
        };
        models.register(&version).await.unwrap();
        if run != "three" {
            models
                .start(run, &format!("job-{run}"), &"a".repeat(64), "s3://bucket/manifest.json")
                .await
                .unwrap();
            models.promote(run, &format!("model-{run}"), &json!({}), "").await.unwrap();
        }
    }
    assert_eq!(last().await.as_deref(), Some("two"), "the third is queued, the fourth another's");
}
