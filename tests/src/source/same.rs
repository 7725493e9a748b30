//! Both ways give the same rows.

use std::collections::BTreeMap;

use records::recipe::{Consent, Equals, OwnConsent, RelatedConsent, Source};
use records::row::Row;
use supabase::{Range, Rows};

use super::{gateway, of_everyone, of_people, of_the_row, postgres, read, services, source};

/// Every column of a row as JSON without white space and with one way to write a string; numbers digit by digit.
fn canonical(line: &str) -> BTreeMap<String, String> {
    let row = Row::parse(line.as_bytes()).unwrap();
    row.columns().map(|(name, json)| (name.to_owned(), plain(json))).collect()
}

fn plain(json: &str) -> String {
    let (mut out, mut rest) = (String::new(), json);
    while let Some(first) = rest.chars().next() {
        if first == '"' {
            let mut strings = serde_json::Deserializer::from_str(rest).into_iter::<String>();
            let text = strings.next().unwrap().unwrap();
            let end = strings.byte_offset();
            out.push_str(&serde_json::to_string(&text).unwrap());
            rest = &rest[end..];
        } else {
            if !first.is_whitespace() {
                out.push(first);
            }
            rest = &rest[first.len_utf8()..];
        }
    }
    out
}

/// Walks the keys of a range.
async fn keys(rows: &impl Rows, range: Range<'_>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    loop {
        let after = all.last().map(String::as_str).or(range.after);
        let more = rows.keys(Range { after, ..range }, 64).await.unwrap();
        if more.is_empty() {
            return all;
        }
        all.extend(more);
    }
}

/// Reads a range both ways and returns its rows.
pub(super) async fn both(
    rest: &impl Rows,
    sql: &impl Rows,
    range: Range<'_>,
) -> Vec<BTreeMap<String, String>> {
    let (rest_lines, sql_lines) = (read(rest, range).await.unwrap(), read(sql, range).await.unwrap());
    let rest_rows: Vec<_> = rest_lines.iter().map(|line| canonical(line)).collect();
    let sql_rows: Vec<_> = sql_lines.iter().map(|line| canonical(line)).collect();
    assert_eq!(rest_rows.len(), sql_rows.len());
    for (rest, sql) in rest_rows.iter().zip(&sql_rows) {
        assert_eq!(rest, sql);
    }
    let (rest_keys, sql_keys) = (keys(rest, range).await, keys(sql, range).await);
    assert_eq!(rest_keys, sql_keys);
    assert_eq!(sql_keys.len(), sql_rows.len());
    for consented in [false, true] {
        let (rest, sql) =
            (rest.count(range, consented).await.unwrap(), sql.count(range, consented).await.unwrap());
        assert_eq!(rest, sql, "consented {consented}");
        assert!(!consented || sql == sql_rows.len() as u64);
    }
    sql_rows
}

#[tokio::test]
async fn every_type_reads_the_same_over_both() {
    let services = services().await;
    let columns: Vec<String> = services
        .column("select attname::text from pg_attribute where attrelid = 'every_type'::regclass and attnum > 0 order by attnum")
        .await;
    assert!(columns.len() > 50);
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    let (rest, sql) = (gateway(&services), postgres(&services.database_url()));

    let source = source("every_type", &columns, of_everyone());
    let rows = both(&rest, &sql, Range::all(&source)).await;
    assert_eq!(rows.len(), 226);
    let row = |key: &str| rows.iter().find(|row| row["key"] == key).unwrap();
    // Not both wrong in the same way.
    assert_eq!(row("1")["a_big"], "9007199254740993");
    assert_eq!(row("1")["a_numeric"], "12345678901234567890.12345");
    assert_eq!(row("1")["a_salary"], "40500.00");
    assert_eq!(row("3")["a_numeric"], "\"NaN\"");
    assert_eq!(row("11")["a_mood"], r#""a \"b\" \\c""#);
    assert_eq!(row("20")["a_timestamptz"], "\"2026-11-22T08:00:00+00:00\"");
    assert_eq!(row("30")["a_json"], r#"{"a":[1,2],"a":1.10,"big":9007199254740993,"e":1e400}"#);
    assert_eq!(row("31")["a_json"], "null");
    assert_eq!(row("41")["matrix"], r#"[["a","b"],[null,"d"]]"#);
    assert_eq!(row("41")["texts"], r#"["rust",null,"NULL","","a,b","{x}","q\"q","n\nn","\\","日本 😀"]"#);
    assert_eq!(row("42")["shifted"], "[[1,2],[3,4]]");
    assert!(row("14")["a_text"].len() > 2_000_000);
}

#[tokio::test]
async fn columns_have_the_same_types_over_both() {
    let services = services().await;
    let (rest, sql) = (gateway(&services), postgres(&services.database_url()));
    let names = ["every_type", "people", "by_uuid", "nowhere"];
    let types = sql.tables(&names).await.unwrap().unwrap();
    assert_eq!(rest.tables(&names).await.unwrap().unwrap(), types);
    assert_eq!(types.keys().collect::<Vec<_>>(), ["by_uuid", "every_type", "people"]);
    for (column, kind) in [
        ("key", "bigint"),
        ("a_salary", "numeric"),
        ("a_varchar", "character varying"),
        ("a_timestamptz", "timestamp with time zone"),
        ("a_mood", "mood"),
        ("a_rating", "integer"),
        ("texts", "text[]"),
        ("moods", "mood[]"),
    ] {
        assert_eq!(types["every_type"][column], kind, "{column}");
    }
    services
        .run("alter table by_uuid drop column a_text; alter table people alter training_opt_out type text")
        .await;
    let later = sql.tables(&names).await.unwrap().unwrap();
    assert_eq!((later["by_uuid"].len(), later["people"]["training_opt_out"].as_str()), (2, "text"));
}

#[tokio::test]
async fn consent_filters_and_bounds_mean_the_same_over_both() {
    let services = services().await;
    let (rest, sql) = (gateway(&services), postgres(&services.database_url()));
    let columns = ["person", "a_text"];

    let related = source("every_type", &columns, of_people());
    let rows = both(&rest, &sql, Range::all(&related)).await;
    // Of 40 people 4 refused and 5 said nothing; a fifth of the rows are nobody's.
    assert!((100..140).contains(&rows.len()), "{}", rows.len());
    assert!(rows.iter().all(|row| row["zion_consent"] == r#"{"training_opt_out":false}"#));

    let own = source("every_type", &["a_text", "a_boolean"], of_the_row());
    let rows = both(&rest, &sql, Range::all(&own)).await;
    assert!(rows.iter().all(|row| row["a_boolean"] == "false") && rows.len() > 90, "{}", rows.len());

    // Who said nothing agrees where the recipe says why; who is not in the table has not agreed.
    let silent = Some("asked by letter before the column was there".to_owned());
    for (consent, column) in [(of_people(), "training_opt_out"), (of_the_row(), "a_boolean")] {
        let asked = source("every_type", &columns, consent.clone());
        let consent = match consent {
            Consent::Related(related) => {
                Consent::Related(RelatedConsent { null_means_yes: silent.clone(), ..related })
            }
            _ => Consent::Own(OwnConsent { opt_out: column.to_owned(), null_means_yes: silent.clone() }),
        };
        let taken = source("every_type", &columns, consent);
        let rows = sql.keys(Range::all(&taken), 5_000).await.unwrap();
        let page = rest.keys(Range::all(&taken), 5_000).await.unwrap();
        assert!(rows.starts_with(&page) && !page.is_empty(), "{column}: the gateway answers fewer at once");
        let count = rest.count(Range::all(&taken), true).await.unwrap();
        assert_eq!(count, rows.len() as u64, "{column}");
        let before = sql.keys(Range::all(&asked), 5_000).await.unwrap();
        assert!(before.len() < rows.len() && before.iter().all(|key| rows.contains(key)), "{column}");
        assert!(count < rest.count(Range::all(&taken), false).await.unwrap(), "{column}: a no stays a no");
    }

    let filtered = |column: &str, value: Equals| -> Source {
        Source { filter: [(column.to_owned(), value)].into(), ..source("every_type", &columns, of_people()) }
    };
    for (column, value, some) in [
        ("a_boolean", Equals::Bool(true), true),
        ("a_boolean", Equals::Bool(false), true),
        ("key", Equals::Number(1001), true),
        ("a_text", Equals::Text("row 7".to_owned()), true),
        ("a_text", Equals::Text("row' or 'a'='a".to_owned()), false),
        ("a_text", Equals::Text("\\'; drop table every_type; --".to_owned()), false),
    ] {
        let source = filtered(column, value);
        assert_eq!(both(&rest, &sql, Range::all(&source)).await.is_empty(), !some, "{column}");
    }
    let range = Range::of(&related, Some("1050"), Some("1150"));
    let rows = both(&rest, &sql, range).await;
    assert!(
        rows.len() > 40 && rows.iter().all(|row| (1051..=1150).contains(&row["key"].parse::<u64>().unwrap()))
    );
}

#[tokio::test]
async fn keys_of_any_type_are_walked_the_same_over_both() {
    let services = services().await;
    let (rest, sql) = (gateway(&services), postgres(&services.database_url()));
    for (source, rows) in [
        (source("by_uuid", &["a_text", "person"], of_people()), 115),
        (source("by_text", &["a_text"], of_everyone()), 17),
    ] {
        let read = both(&rest, &sql, Range::all(&source)).await;
        assert!(read.len() >= rows, "{} {}", source.table, read.len());
        let bounds = sql.bounds(Range::all(&source)).await.unwrap().unwrap();
        assert_eq!(rest.bounds(Range::all(&source)).await.unwrap().unwrap(), bounds);
        let last = serde_json::from_str::<String>(&bounds.1).unwrap();
        let range = Range::of(&source, Some(&last), None);
        assert!(both(&rest, &sql, range).await.is_empty());
    }
    let empty = source("unrelated", &["a_text"], of_everyone());
    assert_eq!(sql.bounds(Range::all(&empty)).await.unwrap(), None);
    assert!(both(&rest, &sql, Range::all(&empty)).await.is_empty());
}

#[tokio::test]
async fn a_first_page_holds_as_many_rows_as_asked_for() {
    let services = services().await;
    let sql = postgres(&services.database_url());
    let source = source("by_uuid", &["a_text"], of_everyone());
    for rows in [1, 7, 150, 200] {
        let page = sql.page(Range::all(&source), rows).await.unwrap();
        assert_eq!(page.rows().unwrap().len(), 150.min(rows as usize));
    }
}

#[tokio::test]
async fn the_database_refuses_what_no_line_could_hold() {
    let services = services().await;
    for sql in [
        "insert into by_text values ('x', E'a\\u0000b')",
        "insert into by_text values ('x', U&'a\\0000b')",
        "update every_type set a_jsonb = '\"\\u0000\"'",
        "update every_type set a_text = convert_from('\\x00', 'UTF8')",
        "update every_type set a_text = convert_from('\\xff', 'UTF8')",
        "update every_type set a_json = '{\"a\":}'",
    ] {
        assert!(services.try_run(sql).await.is_err(), "{sql}");
    }
}
