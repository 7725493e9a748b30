//! Ranges of skewed keys, and scans over connections that are cut.

use std::collections::BTreeSet;

use records::row::Row;
use supabase::{Range, Rows as _, Scan as _};

use super::{gateway, of_everyone, of_people, postgres, services, source};

#[tokio::test]
async fn both_cut_skewed_keys_into_ranges_of_about_as_many_rows() {
    let services = services().await;
    services
        .run(
            "create table crowded (key bigint primary key, a_text text); \
            insert into crowded select case when n <= 10 then n when n <= 3990 then 1000000 + n else 9007199254740993 + n end, \
            repeat('x', 50) from generate_series(1, 4000) n; \
            create table timed (key uuid primary key, a_text text); \
            insert into timed select (lpad(to_hex(1700000000000 + n * n), 12, '0') || '7' || substr(md5(n::text), 1, 19))::uuid, 'x' \
            from generate_series(1, 4000) n; \
            grant select on crowded, timed to service_role; analyze crowded; analyze timed",
        )
        .await;
    let (rest, sql) = (gateway(&services), postgres(&services.database_url()));
    for table in ["crowded", "timed"] {
        let source = source(table, &["a_text"], of_everyone());
        for cuts in [rest.cuts(&source, 4_000, 8).await.unwrap(), sql.cuts(&source, 4_000, 8).await.unwrap()]
        {
            assert!((5..=16).contains(&cuts.len()), "{table}: {cuts:?}");
            let (mut after, mut rows) = (None, 0);
            for up_to in cuts.iter().map(Some).chain([None]) {
                let up_to = up_to.map(String::as_str);
                let count = sql.count(Range::of(&source, after, up_to), false).await.unwrap();
                assert!(count <= 1_250, "{table}: {count} of 4,000 rows in one of {} ranges", cuts.len() + 1);
                (after, rows) = (up_to, rows + count);
            }
            assert_eq!(rows, 4_000, "no gap, no overlap");
        }
    }
    let text = source("by_text", &["a_text"], of_everyone());
    assert!(rest.cuts(&text, 17, 3).await.unwrap().is_empty());
    assert_eq!(sql.cuts(&text, 17, 1).await.unwrap(), [""; 0]);
}

#[tokio::test]
async fn a_scan_goes_on_behind_its_last_row_when_its_connection_is_cut() {
    let services = services().await;
    services
        .run(
            "create table moving (key bigint primary key, person uuid references people (id), a_text text, kept boolean not null); \
            insert into moving select n * 2, ('00000000-0000-4000-8000-' || lpad((1 + n % 40)::text, 12, '0'))::uuid, \
            repeat('some text ', 60), n % 3 > 0 from generate_series(1, 20000) n",
        )
        .await;
    let url = services.database_url();
    let source = source("moving", &["person", "a_text", "kept"], of_people());
    let kept = services
        .column(
            "select key::text from moving join people p on p.id = person where kept and training_opt_out is false order by key",
        )
        .await;
    let mut cut = 0;
    for round in 0..6_u64 {
        let rows = postgres(&url);
        let (mut scan, mut lines, mut reads) = (rows.scan(Range::all(&source)), Vec::new(), 0);
        // Between reads rows come, change and go, and every now and then the connection with them.
        while scan.read(&mut lines).await.unwrap() > 0 {
            reads += 1;
            let at = (round * 7_919 + reads * 1_327) % 19_000;
            let sql = format!(
                "insert into moving select n * 2 + 1, null, 'new', false from generate_series({at}, {at} + 50) n on conflict do nothing; \
                update moving set a_text = a_text || 'x' where key between {at} and {at} + 100; \
                delete from moving where not kept and key between {at} + 200 and {at} + 300"
            );
            services.run(&sql).await;
            if reads % (2 + round) == 0 {
                let cuts = services.column("select pg_terminate_backend(pid)::text from pg_stat_activity where application_name = 'zion'").await;
                cut += cuts.len();
            }
        }
        let lines = String::from_utf8(lines).unwrap();
        let keys: Vec<u64> = lines
            .lines()
            .map(|line| Row::parse(line.as_bytes()).unwrap().text("key").unwrap().parse().unwrap())
            .collect();
        assert!(keys.windows(2).all(|pair| pair[0] < pair[1]), "a row twice or out of its order");
        let keys: BTreeSet<String> = keys.iter().map(u64::to_string).collect();
        assert!(kept.iter().all(|key| keys.contains(key)), "a row was lost");
    }
    assert!(cut >= 12, "{cut} connections were cut");
}
