//! Of a log of consents a person's latest row counts.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use consent::Consent as Reading;
use futures_util::TryStreamExt as _;
use records::recipe::{Consent, Equals, LoggedConsent, Source};
use records::row::Row;
use stage::arrows::{Estimate, PartRef};
use stage::plan_file::{Limits, PlanFile, Slice};
use stage::{ErrorName, keys};
use store::{Class, Memory, Put as _};
use supabase::{Postgres, Range, Rows as _};

use super::{gateway, log, postgres, read, services, source};
use crate::peers::services::Services;

/// People by what they said, each of whom has one row of the table below.
const SAID: [(u32, &str, bool, bool); 12] = [
    // person, (time, refused, about), may be used, may be used where a null is a yes
    (1, "(1, false, 'training')", true, true),
    (2, "(1, true, 'training'), (2, false, 'training')", true, true),
    (3, "(2, true, 'training'), (1, false, 'training')", false, false),
    (4, "(1, false, 'training'), (2, null, 'training')", false, true),
    (5, "(1, true, 'training'), (2, null, 'training')", false, true),
    // The same time twice, and no time at all: whoever may have refused last has refused.
    (6, "(1, false, 'training'), (1, true, 'training')", false, false),
    (7, "(1, false, 'training'), (null, true, 'training')", false, false),
    (8, "(null, false, 'training')", false, false),
    (
        9,
        "(1, false, 'training'), (2, true, 'training'), (3, false, 'training'), (0, true, 'training')",
        true,
        true,
    ),
    // What they say of letters is another matter.
    (10, "(1, false, 'training'), (2, true, 'letters')", true, true),
    (11, "(1, true, 'training'), (2, false, 'letters')", false, false),
    (12, "", false, false),
];

async fn world() -> (Services, Postgres) {
    let services = services().await;
    let mut sql = "create table log (person bigint, said_at timestamptz, refused boolean, about text); \
        create table of_people (key bigint primary key, person bigint, a_text text); \
        insert into of_people values (100, null, 'nobody'); \
        insert into log values (null, now(), false, 'training');"
        .to_owned();
    for (person, said, ..) in SAID {
        write!(sql, "insert into of_people values ({person}, {person}, 'x');").unwrap();
        if !said.is_empty() {
            write!(
                sql,
                "insert into log select {person}, to_timestamp(t::float8), r::boolean, a from (values {said}, (null, null, 'letters')) v (t, r, a) order by random();"
            )
            .unwrap();
        }
    }
    services.run(&format!("{sql} grant select on log, of_people to service_role")).await;
    let rows = postgres(&services.database_url());
    (services, rows)
}

fn of_people(consent: LoggedConsent) -> Source {
    Source {
        subject: Some("person".to_owned()),
        ..source("of_people", &["a_text"], Consent::Logged(consent))
    }
}

fn training() -> LoggedConsent {
    let filter = BTreeMap::from([("about".to_owned(), Equals::Text("training".to_owned()))]);
    LoggedConsent { filter, ..log("log", "person", "said_at", "refused") }
}

/// The keys of the rows that may be used, which every question must agree on.
async fn used(rows: &Postgres, source: &Source) -> Vec<u32> {
    let range = Range::all(source);
    let keys: Vec<u32> =
        rows.keys(range, 5_000).await.unwrap().iter().map(|key| key.parse().unwrap()).collect();
    let lines = read(rows, range).await.unwrap();
    let read: Vec<u32> = lines
        .iter()
        .map(|line| Row::parse(line.as_bytes()).unwrap().text("key").unwrap().parse().unwrap())
        .collect();
    assert_eq!(read, keys);
    let counted = rows.counts(range).await.unwrap();
    assert_eq!(
        (counted.consented, rows.count(range, true).await.unwrap()),
        (keys.len() as u64, keys.len() as u64)
    );
    keys
}

#[tokio::test]
async fn the_latest_row_counts_and_doubt_is_a_no() {
    let (services, rows) = world().await;
    let silent = Some("asked by letter before the column was there".to_owned());
    let wanted = |means_yes: bool| -> Vec<u32> {
        let used = SAID.iter().filter(|(_, _, no, yes)| if means_yes { *yes } else { *no });
        used.map(|(person, ..)| *person).collect()
    };
    services.run("alter table log add granted boolean; update log set granted = not refused").await;
    for means_yes in [false, true] {
        let asked = LoggedConsent { null_means_yes: silent.clone().filter(|_| means_yes), ..training() };
        assert_eq!(used(&rows, &of_people(asked.clone())).await, wanted(means_yes));
        let granted = LoggedConsent { opt_out: None, granted: Some("granted".to_owned()), ..asked };
        assert_eq!(used(&rows, &of_people(granted)).await, wanted(means_yes), "granted");
    }
}

#[tokio::test]
async fn a_yes_of_tomorrow_outweighs_no_later_no() {
    let services = services().await;
    for kind in ["timestamptz", "timestamp", "date"] {
        services
            .run(&format!(
                "drop table if exists log, of_people; create table log (person bigint, said_at {kind}, refused boolean); \
                create table of_people (key bigint primary key, person bigint, a_text text); \
                insert into of_people select n, n, 'x' from generate_series(1, 3) n; \
                insert into log values (1, now() + interval '2 days', false), (1, now() - interval '1 day', true), \
                (2, now() + interval '2 days', false), (3, now() - interval '2 days', false)"
            ))
            .await;
        let rows = postgres(&services.database_url());
        assert_eq!(used(&rows, &of_people(log("log", "person", "said_at", "refused"))).await, [3], "{kind}");
    }
}

#[tokio::test]
async fn any_log_is_read_as_a_model_of_it_says() {
    let services = services().await;
    services
        .run(
            "create table log (person bigint, said_at bigint, refused boolean); select setseed(0.1122); \
            insert into log select (random() * 300)::int, nullif((random() * 12)::int, 0), \
            case when random() < 0.1 then null else random() < 0.4 end from generate_series(1, 900); \
            create table of_people (key bigint primary key, person bigint, a_text text); \
            insert into of_people select n, n % 320, 'x' from generate_series(1, 640) n",
        )
        .await;
    let mut said: BTreeMap<u32, Vec<(Option<u32>, bool)>> = BTreeMap::new();
    for row in services
        .column("select person || ',' || coalesce(said_at::text, '') || ',' || (refused is false) from log")
        .await
    {
        let [person, time, yes] = row.split(',').collect::<Vec<_>>()[..] else { unreachable!("{row}") };
        said.entry(person.parse().unwrap()).or_default().push((time.parse().ok(), yes == "true"));
    }
    let agrees = |person: u32| {
        let rows = said.get(&person).map(Vec::as_slice).unwrap_or_default();
        let last = rows.iter().filter_map(|(time, _)| *time).max();
        // All rows of the latest time, and all without one.
        let mut last_rows = rows.iter().filter(|(time, _)| *time == last).peekable();
        last.is_some()
            && last_rows.peek().is_some()
            && last_rows.all(|(_, yes)| *yes)
            && rows.iter().all(|(time, yes)| time.is_some() || *yes)
    };
    let wanted: Vec<u32> = (1..=640).filter(|key| agrees(key % 320)).collect();
    assert!((100..500).contains(&wanted.len()), "{}", wanted.len());
    let rows = postgres(&services.database_url());
    assert_eq!(used(&rows, &of_people(log("log", "person", "said_at", "refused"))).await, wanted);
}

#[tokio::test]
async fn the_gateway_refuses_with_the_way_out() {
    let (services, _) = world().await;
    let (rest, source) = (gateway(&services), of_people(training()));
    let range = Range::all(&source);
    let errors = [
        rest.page(range, 10).await.err().unwrap(),
        rest.keys(range, 10).await.unwrap_err(),
        rest.count(range, true).await.unwrap_err(),
        rest.counts(range).await.unwrap_err(),
        read(&rest, range).await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.name(), ErrorName::ConsentUnreadable);
        assert!(error.chain().contains("ReadFromDatabase=yes"), "{}", error.chain());
    }
}

#[tokio::test]
async fn consent_that_is_read_again_follows_the_same_rule() {
    let (services, rows) = world().await;
    let mut recipe = records::library::recipe("zion-job-generator").unwrap();
    recipe.sources = vec![of_people(training())];
    let slice = Slice {
        source: "of_people".to_owned(),
        slice: 0,
        after: None,
        up_to: None,
        earlier: false,
        counted: None,
    };
    let plan = PlanFile {
        run: "run".to_owned(),
        started_at: jiff::Timestamp::UNIX_EPOCH,
        recipe,
        recipe_sha256: String::new(),
        model: None,
        host: None,
        base_shutdown_date: None,
        limits: Limits { min_examples: 0, max_file_bytes: 0, max_example_tokens: 0 },
        sources: Vec::new(),
        reading: None,
        slices: vec![slice],
        estimate: Estimate { examples: 0, tokens: 0, usd: 0.0 },
        approval: stage::approval_file::Planned::default(),
    };
    let part = PartRef {
        table: "of_people".to_owned(),
        slice: 0,
        part: 0,
        key: String::new(),
        rows: 4,
        bytes: 0,
        carried: None,
    };
    // What an export before the changes below has taken.
    let exported = used(&rows, &plan.recipe.sources[0]).await;
    let store = Memory::default();
    let lines = exported.iter().map(u32::to_string).collect::<Vec<_>>().join("\n");
    store.put(&keys::row_keys("run", "of_people", 0, 0), lines.into(), Class::Raw).await.unwrap();
    let still = async || -> BTreeSet<u32> {
        let reading = Reading::new(&plan, &store, &rows);
        let usable = reading.of(std::slice::from_ref(&part)).try_concat().await.unwrap();
        exported.iter().zip(usable).filter(|(_, usable)| *usable).map(|(key, _)| *key).collect()
    };
    let all: BTreeSet<u32> = exported.iter().copied().collect();
    assert_eq!(still().await, all);
    services.run("insert into log values (2, now(), true, 'training'), (9, now(), true, 'letters')").await;
    assert_eq!(still().await, &all - &BTreeSet::from([2]));
    // A yes that is yet to come is none, and one that comes after the no takes it back.
    services.run("insert into log values (2, now() + interval '1 day', false, 'training')").await;
    assert_eq!(still().await, &all - &BTreeSet::from([2]));
    services.run("insert into log values (2, clock_timestamp(), false, 'training')").await;
    assert_eq!(still().await, all);
    // A no of tomorrow is one today.
    services.run("insert into log values (10, now() + interval '1 day', true, 'training')").await;
    assert_eq!(still().await, &all - &BTreeSet::from([10]));
    services.run("delete from log where said_at > now()").await;
    services.run("delete from log where person = 1").await;
    assert_eq!(still().await, &all - &BTreeSet::from([1]));
}
