//! The sample app's data, loaded into a real Postgres server.

#![expect(clippy::unwrap_used, reason = "helpers of a test may fail as loudly as the test")]

use std::io::Write as _;

use tokio_postgres::Client;
use zion::database;
use zion::local::{Postgres, paths};
use zion::sample::{self, Kind, Sample};

async fn server(folder: &std::path::Path) -> (Postgres, Client) {
    let root = paths::root().unwrap();
    let bin = paths::postgres_installations(&root, None).into_iter().next().unwrap();
    let server = Postgres::start(&bin, folder).await.unwrap();
    let client = database::connect(&server.url()).await.unwrap();
    database::apply(&client, &root).await.unwrap();
    (server, client)
}

async fn number(client: &Client, sql: &str) -> i64 {
    client.query_one(sql, &[]).await.unwrap().get(0)
}

const TEXTS: &str = "select owner_id::text who, description as body from job_posts
    union all select user_id::text, concat(summary, experience) from resumes
    union all select user_id::text, concat(question, answer) from support_logs";

#[tokio::test(flavor = "multi_thread")]
async fn makes_the_same_rows_from_the_same_seed() {
    let folder = tempfile::tempdir().unwrap();
    let (postgres, client) = server(folder.path()).await;
    let spec = Sample::of(6000);
    let planted = sample::load(&client, spec, true).await.unwrap();
    assert_eq!(number(&client, "select (select count(*) from job_posts) + (select count(*) from resumes) + (select count(*) from support_logs)").await, 6000);
    assert_eq!(number(&client, "select count(*) from seo_contents").await, 750);

    // Opted out: about 8% of the people; a few support conversations were never asked.
    let opted_out =
        number(&client, "select 1000 * count(*) filter (where training_opt_out) / count(*) from profiles")
            .await;
    assert!((60..=100).contains(&opted_out), "{opted_out}");
    let unasked = number(
        &client,
        "select 1000 * count(*) filter (where training_opt_out is null) / count(*) from support_logs",
    )
    .await;
    assert!((25..=60).contains(&unasked), "{unasked}");
    let copies = number(
        &client,
        "select 1000 * (count(description) - count(distinct (title, description))) / count(*) from job_posts",
    )
    .await;
    assert!((15..=60).contains(&copies), "{copies}");
    let unusable = number(
        &client,
        "select count(*) from job_posts where title is null or description is null or description ~ '^\\s*$'",
    )
    .await;
    assert!(unusable > 10, "{unusable}");
    assert_eq!(number(&client, &format!("select count(*) from ({TEXTS}) t where body ~ '[{{}}]'")).await, 0);

    // What is listed is there, and a marker is only in rows that must be left out.
    assert!(planted.names.len() > 2000 && planted.emails.len() > 1000 && planted.phones.len() > 1000);
    client.batch_execute(&format!("create temp table texts as {TEXTS}")).await.unwrap();
    let all: Vec<String> = client
        .query("select body from texts where body is not null", &[])
        .await
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .collect();
    let all = all.join("\u{1}");
    for (kind, values) in [
        ("names", &planted.names),
        ("emails", &planted.emails),
        ("phones", &planted.phones),
        ("addresses", &planted.addresses),
    ] {
        let missing = values.iter().take(300).filter(|value| !all.contains(value.as_str())).count();
        // A text may be lost with a field that is missing on purpose.
        assert!(missing < 15, "{kind}: {missing}");
    }
    let consented = "select description from job_posts j join profiles p on p.id = owner_id where not p.training_opt_out and description is not null
        union all select summary from resumes r join profiles p on p.id = user_id where not p.training_opt_out and summary is not null
        union all select question from support_logs where training_opt_out is false and question is not null";
    let consented: Vec<String> =
        client.query(consented, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
    let consented = consented.join("\u{1}");
    assert!(planted.opted_out.len() > 200, "{}", planted.opted_out.len());
    assert!(!planted.opted_out.iter().any(|marker| consented.contains(marker)));

    client.batch_execute("create database again").await.unwrap();
    let again = database::connect(&postgres.url_of("again")).await.unwrap();
    database::apply(&again, &paths::root().unwrap()).await.unwrap();
    assert_eq!(sample::load(&again, spec, true).await.unwrap(), planted);
    for table in ["profiles", "job_posts", "resumes", "support_logs", "seo_contents"] {
        let sql = format!("select md5(string_agg(t::text, '' order by t::text)) from {table} t");
        let first: String = client.query_one(&sql, &[]).await.unwrap().get(0);
        assert_eq!(again.query_one(&sql, &[]).await.unwrap().get::<_, String>(0), first, "{table}");
    }
    let twice = sample::load(&client, spec, false).await.unwrap_err();
    assert!(twice.next_step().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn loads_labelled_text_as_rows() {
    let folder = tempfile::tempdir().unwrap();
    let (_postgres, client) = server(folder.path()).await;
    let mut file = tempfile::NamedTempFile::new().unwrap();
    let text = "Ada Larch\\nTest Engineer in Bristol, reachable by letter only, as she has always preferred it to be\\n\\nSKILLS\\nRust, SQL\\n\\ttabs \\\\ and \\u0000 nulls";
    writeln!(file, "{{\"id\": \"a\", \"text\": \"{text}\"}}\n\n{{\"id\": \"b\", \"text\": \"\"}}").unwrap();
    assert_eq!(sample::load_labelled(&client, file.path(), Kind::Resumes).await.unwrap(), 2);
    assert_eq!(sample::load_labelled(&client, file.path(), Kind::SupportLogs).await.unwrap(), 2);
    let row = client
        .query_one("select summary, skills, experience from resumes where summary <> ''", &[])
        .await
        .unwrap();
    assert!(row.get::<_, &str>(0).starts_with("Ada Larch\nTest"));
    assert_eq!(row.get::<_, Vec<String>>(1), ["Rust", "SQL"]);
    assert!(row.get::<_, &str>(2).ends_with("\ttabs \\ and   nulls"));
    writeln!(file, "not an object").unwrap();
    let error = sample::load_labelled(&client, file.path(), Kind::Resumes).await.unwrap_err();
    assert!(error.to_string().ends_with(":4 is no object with a text"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn loads_nothing_beside_people_who_are_there() {
    let folder = tempfile::tempdir().unwrap();
    let (_postgres, client) = server(folder.path()).await;
    database::check_nobody(&client).await.unwrap();
    client.batch_execute("insert into profiles (id) values (gen_random_uuid())").await.unwrap();
    let error = database::check_nobody(&client).await.unwrap_err();
    assert!(error.next_step().unwrap().contains("--into-this-database"));
    client.batch_execute("drop table profiles cascade").await.unwrap();
    database::check_nobody(&client).await.unwrap();
}
