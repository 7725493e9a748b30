//! Statements, as text: `COPY` takes no parameters, and a pooler may not keep prepared statements.

use std::fmt::Write as _;

use records::recipe::{Consent, Equals, LoggedConsent, OwnConsent, RelatedConsent, Source};

use super::shape::Shape;
use crate::rows::{Range, Window};

/// Quotes a name.
pub(super) fn name(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Quotes a value; its type is the column's that it is compared with. A value with a NUL is none of any column.
pub(super) fn literal(value: &str) -> String {
    format!("'{}'", value.replace('\0', "").replace('\'', "''"))
}

/// A table that the gateway would expose.
pub(super) fn table(table: &str) -> String {
    format!("public.{}", name(table))
}

/// A column of the source.
pub(super) fn column(column: &str) -> String {
    format!("s.{}", name(column))
}

/// Asks for the columns' types alone.
pub(super) fn describe(source: &Source) -> String {
    let columns: Vec<_> = source.selected().into_iter().map(column).collect();
    format!("select {} from {} as s", columns.join(", "), table(&source.table))
}

/// Asks what the catalogue knows of the key, and of the foreign keys between the source and its consent table.
pub(super) fn catalogue(source: &Source) -> String {
    let related = match &source.consent {
        Consent::Related(RelatedConsent { table, .. }) => table.as_str(),
        Consent::Logged(_) | Consent::Own(_) | Consent::NotNeeded(_) => "",
    };
    let timed = match &source.consent {
        Consent::Logged(LoggedConsent { table: log, latest_by, .. }) => format!(
            "(select exists (select from pg_catalog.pg_attribute a join pg_catalog.pg_type y on y.oid = a.atttypid \
            where a.attrelid = pg_catalog.to_regclass({}) and a.attname = {} and y.typcategory = 'D'))",
            literal(&table(log)),
            literal(latest_by)
        ),
        Consent::Related(_) | Consent::Own(_) | Consent::NotNeeded(_) => "false".to_owned(),
    };
    let (this, that) = (literal(&table(&source.table)), literal(&table(related)));
    let that = if related.is_empty() { "null".to_owned() } else { that };
    let key = literal(&source.key);
    format!(
        "\
with t as (select pg_catalog.to_regclass({this}) as this, pg_catalog.to_regclass({that}) as that) \
select pg_catalog.json_build_object(\
'plain', (select c.relkind in ('r', 'p') from pg_catalog.pg_class c where c.oid = this), \
'unique', (select exists (select from pg_catalog.pg_attribute a join pg_catalog.pg_index i on i.indrelid = a.attrelid \
where a.attrelid = this and a.attname = {key} and a.attnotnull and i.indisunique and i.indpred is null \
and i.indisvalid and i.indnkeyatts = 1 and i.indkey[0] = a.attnum)), \
'consent', that is not null, \
'timed', {timed}, \
'relations', (select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(\
'name', k.conname, 'own', k.conrelid = this, \
'one', k.conrelid = this or exists (select from pg_catalog.pg_index i where i.indrelid = k.conrelid and i.indisunique \
and i.indpred is null and (select pg_catalog.array_agg(n order by n) from pg_catalog.unnest(i.indkey::int2[]) n) = \
(select pg_catalog.array_agg(n order by n) from pg_catalog.unnest(k.conkey) n)), \
'on', (select pg_catalog.json_agg(pg_catalog.json_build_array(a.attname, b.attname) order by u.o) \
from unnest(k.conkey, k.confkey) with ordinality u (n, m, o) \
join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.n \
join pg_catalog.pg_attribute b on b.attrelid = k.confrelid and b.attnum = u.m))), '[]') \
from pg_catalog.pg_constraint k where k.contype = 'f' \
and ((k.conrelid = this and k.confrelid = that) or (k.conrelid = that and k.confrelid = this)))\
)::text from t"
    )
}

/// Asks for the types of the tables' columns, a domain's as what it stands for: so does the gateway's description.
pub(super) fn types(tables: &[&str]) -> String {
    let names: Vec<_> = tables.iter().map(|name| literal(name)).collect();
    format!(
        "\
select c.relname, a.attname, pg_catalog.format_type(coalesce(nullif(t.typbasetype, 0), a.atttypid), null) \
from pg_catalog.pg_class c join pg_catalog.pg_attribute a on a.attrelid = c.oid \
join pg_catalog.pg_type t on t.oid = a.atttypid \
where c.relnamespace = pg_catalog.to_regnamespace('public') and c.relkind in ('r', 'v', 'm', 'p', 'f') \
and c.relname::text = any (array[{}]::text[]) and a.attnum > 0 and not a.attisdropped",
        names.join(", ")
    )
}

/// The next rows behind a key, as the binary form of `COPY`.
pub(super) fn page(shape: &Shape, range: Range<'_>, limit: u32) -> String {
    let columns: Vec<_> = shape.columns.iter().map(|column| column.expression.as_str()).collect();
    let mut sql = format!("copy (select {} from {}", columns.join(", "), from(shape, range, true));
    let key = column(&range.source.key);
    // Writing to a `String` cannot fail.
    let _infallible = write!(sql, " order by {key} limit {limit}) to stdout (format binary)");
    sql
}

/// The next keys behind a key, of rows that may be used.
pub(super) fn keys(shape: &Shape, range: Range<'_>, limit: u32) -> String {
    let key = column(&range.source.key);
    // As the text of a row has it, which is not every type's own.
    format!("select to_json({key}) #>> '{{}}' from {} order by {key} limit {limit}", from(shape, range, true))
}

/// How many rows there are.
pub(super) fn count(shape: &Shape, range: Range<'_>, consented: bool) -> String {
    format!("select count(*) from {}", from(shape, range, consented))
}

/// How many rows there are, and how many of them may be used, at one time.
pub(super) fn counts(shape: &Shape, range: Range<'_>) -> String {
    format!("select ({}), ({})", count(shape, range, false), count(shape, range, true))
}

/// The time in microseconds, or when the oldest transaction began that this role may see: what it commits bears that
/// time. Our own began now.
pub(super) fn now() -> &'static str {
    "select (extract(epoch from least(pg_catalog.now(), min(xact_start))) * 1000000)::bigint::text \
    from pg_catalog.pg_stat_activity where datname = pg_catalog.current_database()"
}

/// The smallest and the greatest key, as JSON.
pub(super) fn bounds(shape: &Shape, range: Range<'_>) -> String {
    let (key, from) = (column(&range.source.key), from(shape, range, false));
    let edge = |order| format!("(select to_json({key})::text from {from} order by {key} {order} limit 1)");
    format!("select {}, {}", edge("asc"), edge("desc"))
}

/// Rows to look at for each range: a share is then right within some percent.
const SAMPLE: u64 = 2_000;

/// Keys between ranges of as many rows each, from a sample of the table's blocks, the same each time. The greatest key of
/// the sample stands for none.
pub(super) fn cuts(shape: &Shape, source: &Source, rows: u64, pieces: u64) -> String {
    let key = column(&source.key);
    // In hundredths of a percent, for all of the blocks at most.
    let looked_at = (pieces * SAMPLE).saturating_mul(10_000).div_ceil(rows.max(1));
    let portion = if shape.is_table && looked_at < 5_000 {
        format!(" tablesample system ({}.{:02}) repeatable (1)", looked_at / 100, looked_at % 100)
    } else {
        String::new()
    };
    let quantiles: Vec<_> = (1..pieces).map(|n| format!("{n}.0/{pieces}")).collect();
    let (origin, conditions) = (table(&source.table), conditions(shape, Range::all(source), false));
    format!(
        "with sample as materialized (select {key} as key from {origin} as s{portion}{conditions}), \
        cuts as (select distinct unnest(percentile_disc(array[{}]::float8[]) within group (order by key)) as key from sample) \
        select to_json(key) #>> '{{}}' from cuts where key < (select key from sample order by key desc limit 1) order by key",
        quantiles.join(", ")
    )
}

fn from(shape: &Shape, range: Range<'_>, consented: bool) -> String {
    format!("{} as s{}", table(&range.source.table), conditions(shape, range, consented))
}

fn conditions(shape: &Shape, range: Range<'_>, consented: bool) -> String {
    let source = range.source;
    let mut conditions: Vec<_> =
        source.filter.iter().map(|(filtered, value)| equals(&column(filtered), value)).collect();
    let key = column(&source.key);
    for (operator, bound) in [(">", range.after), ("<=", range.up_to)] {
        if let Some(bound) = bound {
            conditions.push(format!("{key} {operator} {}::{}", literal(bound), shape.key_type));
        }
    }
    match range.window {
        Window::All => {}
        // The literal takes the column's type: of a time without a zone or a date it is UTC's.
        Window::Since { cursor, from } => conditions.push(format!("{} >= {}", column(cursor), literal(from))),
        Window::Never { cursor } => conditions.push(format!("{} is null", column(cursor))),
    }
    if consented {
        conditions.extend(agreed(shape, source));
    }
    if conditions.is_empty() { String::new() } else { format!(" where {}", conditions.join(" and ")) }
}

fn equals(column: &str, value: &Equals) -> String {
    match value {
        Equals::Bool(value) => format!("{column} is {value}"),
        Equals::Number(value) => format!("{column} = {}", literal(&value.to_string())),
        Equals::Text(value) => format!("{column} = {}", literal(value)),
    }
}

/// Says whose latest row in the log is a yes: there is one, and no row that is a no is as late or without a time. A yes
/// whose time is yet to come is none: no later no could take it back. Of numbers nobody knows what time they are.
fn latest(shape: &Shape, source: &Source, log: &LoggedConsent) -> String {
    let LoggedConsent { table: log_table, person, latest_by, filter, .. } = log;
    let (yes, no) = log.yes_and_no();
    let (person, time) = (name(person), name(latest_by));
    let rows = |alias: &str, answer: &str| {
        let answer = format!("{alias}.{} {answer}", name(log.column()));
        let filter = filter.iter().map(|(it, value)| equals(&format!("{alias}.{}", name(it)), value));
        let conditions: Vec<_> = std::iter::once(answer).chain(filter).collect();
        format!("select from {} as {alias} where {}", table(log_table), conditions.join(" and "))
    };
    // Without a subject nobody has agreed.
    let subject = source.subject.as_deref().map_or_else(|| "null".to_owned(), column);
    let said = if shape.is_timed {
        format!("c.{time} <= pg_catalog.now()")
    } else {
        format!("c.{time} is not null")
    };
    format!(
        "exists ({} and c.{person} = {subject} and {said} and not exists ({} and n.{person} = c.{person} and (n.{time} is null or n.{time} >= c.{time})))",
        rows("c", yes),
        rows("n", no)
    )
}

/// Says who has agreed. `is false` leaves nulls out, `is not true` takes them.
fn agreed(shape: &Shape, source: &Source) -> Option<String> {
    let agrees = if source.consent.null_means_yes().is_some() { "is not true" } else { "is false" };
    match &source.consent {
        Consent::Own(OwnConsent { opt_out, .. }) => Some(format!("{} {agrees}", column(opt_out))),
        Consent::Related(RelatedConsent { table: related, opt_out, .. }) => {
            let pairs: Vec<_> = shape
                .relation
                .iter()
                .map(|(own, theirs)| format!("c.{} = s.{}", name(theirs), name(own)))
                .collect();
            // Without a relation nobody has agreed.
            let pairs = if pairs.is_empty() { "false".to_owned() } else { pairs.join(" and ") };
            let related = table(related);
            Some(format!(
                "exists (select from {related} as c where {pairs} and c.{} {agrees})",
                name(opt_out)
            ))
        }
        Consent::Logged(log) => Some(latest(shape, source, log)),
        Consent::NotNeeded(_) => None,
    }
}
