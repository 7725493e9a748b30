//! What the database refuses is named, with the fix and without a secret.

use records::recipe::{Consent, OwnConsent, RelatedConsent, Source};
use secrecy::SecretString;
use serde_json::json;
use stage::ErrorName;
use supabase::{KeyPages, Postgres, Range, Rows};

use super::{gateway, log, of_everyone, of_people, of_the_row, postgres, read, services, source};

const PASSWORD: &str = "only for the tests";

#[tokio::test]
async fn what_is_missing_is_named_with_the_fix() {
    let services = services().await;
    let owner = postgres(&services.database_url());
    let reader = postgres(&services.database_url_of("reader", PASSWORD));
    let stranger = postgres(&services.database_url_of("reader", "wrong"));
    let refused = ErrorName::SourceRefused;
    let unreadable = ErrorName::ConsentUnreadable;
    let own = |column: &str| Consent::Own(OwnConsent { opt_out: column.to_owned(), null_means_yes: None });
    let related = |table: &str, column: &str| {
        Consent::Related(RelatedConsent {
            table: table.to_owned(),
            by: None,
            opt_out: column.to_owned(),
            null_means_yes: None,
        })
    };
    services
        .run(
            "create table log (person uuid, number bigint, said_at timestamptz, refused boolean, about text)",
        )
        .await;
    let logged = |table: &str, person: &str, latest_by: &str, opt_out: &str| Source {
        subject: Some("person".to_owned()),
        ..source("by_uuid", &["a_text"], Consent::Logged(log(table, person, latest_by, opt_out)))
    };
    let every = |consent| source("every_type", &["a_text"], consent);
    let cases: [(&Postgres, Source, ErrorName, &str); 18] = [
        (&stranger, every(of_everyone()), refused, "the password"),
        (
            &reader,
            source("by_text", &["a_text"], of_everyone()),
            refused,
            "grant select on public.by_text to reader;",
        ),
        (&reader, every(of_people()), unreadable, "grant select on public.people to reader;"),
        (&reader, source("guarded", &["a_text"], of_everyone()), refused, "bypassrls"),
        (&owner, source("nowhere", &["a_text"], of_everyone()), refused, "nowhere"),
        (&owner, every(own("nothing")), unreadable, "nothing"),
        (&owner, source("every_type", &["nothing"], of_everyone()), refused, "nothing"),
        (&owner, every(own("a_text")), unreadable, "not a boolean"),
        (&owner, every(related("nowhere", "opt_out")), unreadable, "nowhere"),
        (&owner, every(related("people", "nothing")), unreadable, "nothing"),
        (&owner, source("unrelated", &["a_text"], of_people()), unreadable, "foreign key"),
        (&owner, source("repeated", &["a_text"], of_everyone()), refused, "unique and not null"),
        (&owner, source("by_uuid", &["a_text"], of_the_row()), unreadable, "a_boolean"),
        (&owner, logged("nowhere", "person", "said_at", "refused"), unreadable, "nowhere"),
        (&owner, logged("log", "nobody", "said_at", "refused"), unreadable, "nobody"),
        (&owner, logged("log", "person", "never", "refused"), unreadable, "never"),
        (&owner, logged("log", "person", "said_at", "about"), unreadable, "not a boolean"),
        (&owner, logged("log", "number", "said_at", "refused"), unreadable, "one type"),
    ];
    for (rows, source, name, says) in cases {
        let error = read(rows, Range::all(&source)).await.unwrap_err();
        let text = error.chain();
        assert!(error.name() == name && text.contains(says), "{} {}: {text}", source.table, error.name());
        assert!(!text.contains(PASSWORD) && !text.contains(&services.database_url()), "{text}");
        assert_eq!(rows.count(Range::all(&source), true).await.unwrap_err().name(), name, "{}", source.table);
    }
}

async fn refuses(rows: &impl Rows, shared: u32) {
    let source = source("doubled", &["a_text"], of_everyone());
    let mut pages = KeyPages::new(rows, Range::all(&source));
    let keys = async {
        while !pages.is_done() {
            pages.read().await?;
        }
        Ok(())
    };
    for error in [read(rows, Range::all(&source)).await.unwrap_err(), keys.await.unwrap_err()] {
        assert_eq!(error.name(), ErrorName::SourceRefused, "{shared}");
        assert!(error.chain().contains("doubled cannot be told apart by key"), "{}", error.chain());
    }
}

#[tokio::test]
async fn a_view_whose_rows_share_a_key_is_refused_over_both() {
    let services = services().await;
    services
        .run(
            "create view doubled as select key, a_text from every_type where key > 1000 and key < 9000 \
            union all select 1080, 'again'; grant select on doubled to service_role",
        )
        .await;
    let (rest, sql) = (gateway(&services), postgres(&services.database_url()));
    // The gateway's second page ends between the first two.
    for shared in [1_080, 1_100] {
        services
            .run(&format!(
                "create or replace view doubled as select key, a_text from every_type where key > 1000 and key < 9000 \
                union all select {shared}, 'again'"
            ))
            .await;
        refuses(&rest, shared).await;
        refuses(&sql, shared).await;
    }
    let page =
        rest.page(Range::of(&source("doubled", &["a_text"], of_everyone()), Some("1090"), None), 20).await;
    let error = page.unwrap().told_apart(&source("doubled", &["a_text"], of_everyone())).unwrap_err();
    assert_eq!(error.name(), ErrorName::SourceRefused);
}

#[tokio::test]
async fn what_takes_the_gateway_too_long_is_asked_for_in_less_or_told_with_the_way_out() {
    let services = services().await;
    let rest = gateway(&services);
    let source = source("every_type", &["a_text"], of_everyone());
    let whole = read(&rest, Range::all(&source)).await.unwrap();
    let ended =
        json!({"kind": "status", "status": 500, "body": {"code": "57014", "message": "canceling statement"}});
    services.set_faults(json!([{"path": "/rest/v1/every_type?*limit=20", "fault": ended}])).await;
    assert!(read(&rest, Range::all(&source)).await.unwrap() == whole);
    let requests = services.requests().await;
    assert!(requests.to_string().contains("limit=5\""), "a quarter of 20");
    let asked = requests.as_array().unwrap().len();
    services.set_faults(json!([{"path": "/rest/v1/every_type", "fault": ended}])).await;
    let error = rest.count(Range::all(&source), false).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::Unavailable);
    assert!(error.chain().contains("ReadFromDatabase=yes"), "{}", error.chain());
    assert_eq!(services.requests().await.as_array().unwrap().len(), asked + 2, "it would take as long again");
}

#[tokio::test]
async fn a_database_that_is_not_there_passes() {
    let nowhere =
        Postgres::new(&SecretString::from("postgresql://postgres:hunter2@127.0.0.1:1/postgres")).unwrap();
    let source = source("every_type", &["a_text"], of_everyone());
    let error = nowhere.count(Range::all(&source), false).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::Unavailable);
    assert!(!error.chain().contains("hunter2"), "{}", error.chain());
}

#[tokio::test]
async fn a_bound_of_another_type_is_refused_without_its_value() {
    let services = services().await;
    let source = source("by_uuid", &["a_text"], of_everyone());
    let range = Range::of(&source, Some("ann.lee@example.com"), None);
    let error = read(&postgres(&services.database_url()), range).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::SourceRefused);
    assert!(!error.chain().contains("ann.lee"), "{}", error.chain());
}
