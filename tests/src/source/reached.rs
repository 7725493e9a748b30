//! A table of consents is reached by the key that leads to the row's person, and by no other.

use std::collections::BTreeMap;

use records::recipe::{Consent, RelatedConsent, Source};
use secrecy::SecretString;
use serde_json::json;
use stage::ErrorName;
use stage::arrows::PlanEvent;
use store::Memory;
use supabase::{Origin, Range, Rows};
use zion::database;
use zion::sample::{self, Sample};

use super::same::both;
use super::{gateway, postgres, services, source};
use crate::handlers::fakes::{Project, Tuner};
use crate::handlers::run::now;
use crate::peers::services::Services;

/// Three writers: the first opted out.
const WRITERS: &str = "create table writers (user_id bigint primary key, opt_out boolean); \
    insert into writers values (1, true), (2, false), (3, false); \
    create table posts (key bigint primary key, user_id bigint, approved_by bigint references writers (user_id), a_text text); \
    insert into posts select 10 * u + a, u, a, 'x' from generate_series(1, 3) u, generate_series(1, 3) a; \
    grant select on writers, posts to service_role";
const OWN_KEY: &str =
    "alter table posts add constraint by_its_writer foreign key (user_id) references writers (user_id)";

fn posts(by: Option<&str>) -> Source {
    let consent = RelatedConsent {
        table: "writers".to_owned(),
        by: by.map(str::to_owned),
        opt_out: "opt_out".to_owned(),
        null_means_yes: None,
    };
    source("posts", &["user_id", "approved_by", "a_text"], Consent::Related(consent))
}

/// What refuses a source before its first row: the question that `plan` asks, or its first page.
async fn refusal(rows: &impl Rows, source: &Source) -> String {
    let error = match rows.reach_consent(source).await {
        Ok(()) => rows.page(Range::all(source), 10).await.err().unwrap(),
        Err(error) => error,
    };
    assert_eq!(error.name(), ErrorName::ConsentUnreadable, "{}", error.chain());
    error.chain()
}

async fn world() -> Services {
    let services = services().await;
    services.run(WRITERS).await;
    services
}

#[tokio::test]
async fn who_approved_a_row_does_not_agree_for_whose_it_is() {
    let services = world().await;
    let (rest, sql) = (gateway(&services), postgres(&services.database_url()));
    let by_writer = posts(Some("user_id"));
    // The gateway's hint would take the column for the one that `approved_by` refers to.
    for text in [refusal(&rest, &by_writer).await, refusal(&sql, &by_writer).await] {
        assert!(text.contains("user_id") && text.contains("consent.by"), "{text}");
    }
    assert!(refusal(&sql, &by_writer).await.contains("posts_approved_by_fkey by approved_by"));
    // No column of that name is there to be taken for it.
    services.run("alter table posts rename user_id to writer_id").await;
    let by_writer = Source { columns: vec!["writer_id".to_owned()], ..posts(Some("writer_id")) };
    for text in [refusal(&rest, &by_writer).await, refusal(&sql, &by_writer).await] {
        assert!(text.contains("consent.by"), "{text}");
    }
}

#[tokio::test]
async fn of_several_keys_the_one_that_the_recipe_names_is_followed() {
    let services = world().await;
    services.run(OWN_KEY).await;
    let (rest, sql) = (gateway(&services), postgres(&services.database_url()));
    // The gateway takes the column for the one that both keys refer to: then the key's own name is the way.
    sql.reach_consent(&posts(Some("user_id"))).await.unwrap();
    let text = refusal(&rest, &posts(Some("user_id"))).await;
    assert!(text.contains("consent.by") && text.contains("ReadFromDatabase=yes"), "{text}");
    services.run("alter table writers rename user_id to id").await;
    let (rest, sql) = (gateway(&services), postgres(&services.database_url()));
    for (by, agreed) in [
        ("user_id", "user_id"),
        ("approved_by", "approved_by"),
        ("by_its_writer", "user_id"),
        ("posts_approved_by_fkey", "approved_by"),
    ] {
        let source = posts(Some(by));
        for rows in [rest.reach_consent(&source).await, sql.reach_consent(&source).await] {
            rows.unwrap();
        }
        let rows: Vec<BTreeMap<String, String>> = both(&rest, &sql, Range::all(&source)).await;
        assert_eq!(rows.len(), 6, "{by}");
        assert!(rows.iter().all(|row| row[agreed] != "1"), "{by}: {rows:?}");
    }
    // As a plan of an earlier version says nothing.
    for text in [refusal(&rest, &posts(None)).await, refusal(&sql, &posts(None)).await] {
        assert!(text.contains("consent.by"), "{text}");
    }
}

#[tokio::test]
async fn a_gateway_that_describes_nothing_is_asked_for_the_column() {
    let services = world().await;
    let rest = gateway(&services);
    let silent = json!([{"path": "/rest/v1/", "times": 1, "fault": {"kind": "status", "status": 404}}]);
    services.set_faults(silent.clone()).await;
    let error = rest.reach_consent(&posts(Some("user_id"))).await.unwrap_err();
    assert!(error.chain().contains("ReadFromDatabase=yes"), "{}", error.chain());
    for by in ["approved_by", "posts_approved_by_fkey"] {
        services.set_faults(silent.clone()).await;
        rest.reach_consent(&posts(Some(by))).await.unwrap();
    }
}

#[tokio::test]
async fn an_opt_out_that_is_no_boolean_is_named_by_the_gateway_too() {
    let services = world().await;
    services.run("alter table writers alter opt_out type text").await;
    let (rest, sql) = (gateway(&services), postgres(&services.database_url()));
    let posts = posts(Some("approved_by"));
    for text in [refusal(&rest, &posts).await, refusal(&sql, &posts).await] {
        assert!(text.contains("not a boolean"), "{text}");
    }
}

#[tokio::test]
async fn a_run_by_the_key_of_somebody_else_is_refused_before_a_row_is_exported() {
    let services = Services::start().await;
    let database = database::connect(&services.database_url()).await.unwrap();
    sample::load(&database, Sample::of(200), true).await.unwrap();
    services
        .run(
            "alter table job_posts drop constraint job_posts_owner_id_fkey; \
            alter table job_posts add approved_by uuid references profiles (id)",
        )
        .await;
    let secret = SecretString::from(services.database_url());
    let gateway = gateway(&services);
    for database in [None, Some(&secret)] {
        let (store, models) = (Memory::default(), Project::default());
        let event = PlanEvent { run: "run".to_owned(), started_at: now(), input: json!({}) };
        let rows = Origin::new(&gateway, database).unwrap();
        let planned =
            plan::handle(event, "zion-job-generator", "h", &store, &rows, &models, &Tuner::default()).await;
        let error = planned.unwrap_err();
        assert_eq!(error.name(), ErrorName::ConsentUnreadable, "{}", error.chain());
        assert!(error.chain().contains("consent.by"), "{}", error.chain());
        assert!(store.keys().is_empty(), "{:?}", store.keys());
    }
}
