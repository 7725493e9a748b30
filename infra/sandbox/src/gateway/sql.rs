//! Rendering: a parsed query becomes one statement. Values are bound, names quoted.

use super::catalog::Catalog;
use super::error::ApiError;
use super::filter::{Filter, Test};
use super::query::Query;
use super::select::{Embed, Item};
use super::window::Window;
use axum::http::StatusCode;
use bytes::BytesMut;
use std::error::Error;
use std::fmt::Write as _;
use tokio_postgres::types::{Format, IsNull, ToSql, Type, to_sql_checked};

/// A value sent as text: Postgres gives it the type its place asks for, as it does with an
/// unquoted literal, so `id=gt.5` compares integers and a bad number is 22P02.
#[derive(Debug)]
pub(crate) struct Text(pub(crate) String);

impl ToSql for Text {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        out.extend_from_slice(self.0.as_bytes());
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, _: &Type) -> Format {
        Format::Text
    }

    to_sql_checked!();
}

/// A statement under construction.
#[derive(Debug, Default)]
pub(crate) struct Sql {
    /// Its text.
    pub(crate) text: String,
    /// Its parameters, `$1` first.
    pub(crate) values: Vec<Text>,
}

impl Sql {
    /// Starts with a text.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), values: Vec::new() }
    }

    /// Appends text.
    pub(crate) fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Binds a value; returns its placeholder.
    pub(crate) fn bind(&mut self, value: impl Into<String>) -> String {
        self.values.push(Text(value.into()));
        format!("${}", self.values.len())
    }

    /// The parameters as the driver wants them.
    pub(crate) fn params(&self) -> Vec<&(dyn ToSql + Sync)> {
        self.values.iter().map(|v| v as &(dyn ToSql + Sync)).collect()
    }
}

/// A quoted name.
pub(crate) fn name(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A quoted text.
pub(crate) fn literal(text: &str) -> String {
    // With a backslash only the E form is read the same under every setting.
    format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

/// A name with its qualifier.
pub(crate) fn column(of: &str, column: &str) -> String {
    format!("{}.{}", name(of), name(column))
}

/// An embed with the foreign key it follows.
#[derive(Debug)]
pub(crate) struct Join<'a> {
    embed: &'a Embed,
    target: &'a str,
    on: &'a [(String, String)],
    /// Alias of the target inside, of the subquery outside.
    inside: String,
    outside: String,
}

impl<'a> Join<'a> {
    /// Resolves the embeds of a query over `table`; every dotted filter must name one of them.
    pub(crate) fn all(catalog: &'a Catalog, table: &str, query: &'a Query) -> Result<Vec<Self>, ApiError> {
        let mut joins = Vec::new();
        for (n, embed) in query.embeds().enumerate() {
            let key = catalog.relation(table, embed)?;
            if embed.items.iter().any(|item| matches!(item, Item::Embed(_))) {
                return Err(ApiError::parse(
                    "select parameter",
                    embed.name(),
                    "this sandbox embeds one level only",
                ));
            }
            joins.push(Self {
                embed,
                target: &key.target,
                on: &key.on,
                inside: format!("{}_{}", key.target, n + 1),
                outside: format!("{table}_{}_{}", embed.name(), n + 1),
            });
        }
        for (on, _) in &query.filters {
            let Some(on) = on else { continue };
            if !joins.iter().any(|join| join.embed.name() == on) {
                let message = format!("'{on}' is not an embedded resource in this request");
                return Err(ApiError::new(StatusCode::BAD_REQUEST, "PGRST108", message)
                    .hint(format!("Verify that '{on}' is included in the 'select' query parameter.")));
            }
        }
        Ok(joins)
    }

    /// Columns of the parent the join needs.
    pub(crate) fn local(&self) -> impl Iterator<Item = &str> {
        self.on.iter().map(|(own, _)| own.as_str())
    }
}

/// `SELECT` of the select list over `source`, known there as `table`.
pub(crate) fn rows(sql: &mut Sql, source: &str, table: &str, query: &Query, joins: &[Join<'_>]) {
    sql.push("SELECT ");
    let mut embeds = joins.iter();
    let mut columns = Vec::new();
    for item in &query.select {
        match item {
            Item::All => columns.push(format!("{}.*", name(table))),
            Item::Column { alias, column: of } => {
                let alias = alias.as_ref().map(|a| format!(" AS {}", name(a))).unwrap_or_default();
                columns.push(format!("{}{alias}", column(table, of)));
            }
            Item::Embed(embed) => {
                if let Some(join) = embeds.next().filter(|_| !embed.items.is_empty()) {
                    columns.push(format!("row_to_json({}.*) AS {}", name(&join.outside), name(embed.name())));
                }
            }
        }
    }
    sql.push(&columns.join(", "));
    from(sql, source, query, joins, table);
}

/// `SELECT 1` for each row a query matches.
pub(crate) fn matches(sql: &mut Sql, source: &str, table: &str, query: &Query, joins: &[Join<'_>]) {
    sql.push("SELECT 1");
    from(sql, source, query, joins, table);
}

fn from(sql: &mut Sql, source: &str, query: &Query, joins: &[Join<'_>], table: &str) {
    sql.push(" FROM ");
    sql.push(source);
    for join in joins {
        sql.push(if join.embed.inner {
            " INNER JOIN LATERAL (SELECT "
        } else {
            " LEFT JOIN LATERAL (SELECT "
        });
        let columns: Vec<String> = join
            .embed
            .items
            .iter()
            .map(|item| match item {
                Item::Column { alias, column: of } => {
                    let alias = alias.as_ref().map(|a| format!(" AS {}", name(a))).unwrap_or_default();
                    format!("{}{alias}", column(&join.inside, of))
                }
                Item::All | Item::Embed(_) => format!("{}.*", name(&join.inside)),
            })
            .collect();
        sql.push(&if columns.is_empty() { "1".to_owned() } else { columns.join(", ") });
        let on: Vec<String> = join
            .on
            .iter()
            .map(|(own, theirs)| format!("{} = {}", column(&join.inside, theirs), column(table, own)))
            .collect();
        let (target, inside) = (name(join.target), name(&join.inside));
        sql.push(&format!(" FROM \"public\".{target} AS {inside} WHERE {}", on.join(" AND ")));
        for (_, filter) in query.filters.iter().filter(|(on, _)| on.as_deref() == Some(join.embed.name())) {
            sql.push(" AND ");
            condition(sql, &join.inside, filter, &[]);
        }
        sql.push(&format!(") AS {} ON TRUE", name(&join.outside)));
    }
}

/// ` WHERE …` of the filters over the table itself.
pub(crate) fn filters(sql: &mut Sql, table: &str, query: &Query, joins: &[Join<'_>]) {
    let mut word = " WHERE ";
    for (_, filter) in query.filters.iter().filter(|(on, _)| on.is_none()) {
        sql.push(word);
        condition(sql, table, filter, joins);
        word = " AND ";
    }
}

/// ` ORDER BY …`
pub(crate) fn order(sql: &mut Sql, table: &str, query: &Query) {
    let terms: Vec<String> =
        query.order.iter().map(|o| format!("{}{}", column(table, &o.column), o.words)).collect();
    if !terms.is_empty() {
        sql.push(" ORDER BY ");
        sql.push(&terms.join(", "));
    }
}

/// ` LIMIT … OFFSET …`
pub(crate) fn window(sql: &mut Sql, window: Window) {
    // Postgres's limit is a signed 64-bit number.
    let most = u64::try_from(i64::MAX).unwrap_or(u64::MAX);
    write!(sql.text, " LIMIT {} OFFSET {}", window.limit.min(most), window.offset.min(most))
        .unwrap_or_default();
}

fn condition(sql: &mut Sql, table: &str, filter: &Filter, joins: &[Join<'_>]) {
    match filter {
        Filter::Column { column: of, negated, test } => {
            let join = joins.iter().find(|join| join.embed.name() == of);
            let target = match join {
                // `alias=not.is.null` asks whether the embedded row exists.
                Some(join) => format!("row_to_json({}.*)", name(&join.outside)),
                None => column(table, of),
            };
            let test = match test {
                Test::Compare(op, value) => format!("{target} {op} {}", sql.bind(value)),
                Test::In(values) => format!("{target} = ANY ({})", sql.bind(array(values))),
                Test::Is(word) => format!("{target} IS {word}"),
            };
            sql.push(&if *negated { format!("(NOT {test})") } else { format!("({test})") });
        }
        Filter::Tree { all, negated, of } => {
            sql.push(if *negated { "(NOT (" } else { "((" });
            for (n, member) in of.iter().enumerate() {
                if n > 0 {
                    sql.push(if *all { " AND " } else { " OR " });
                }
                condition(sql, table, member, joins);
            }
            sql.push("))");
        }
    }
}

/// A Postgres array literal.
fn array(values: &[String]) -> String {
    let quoted: Vec<String> =
        values.iter().map(|v| format!("\"{}\"", v.replace('\\', "\\\\").replace('"', "\\\""))).collect();
    format!("{{{}}}", quoted.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalog() -> Catalog {
        serde_json::from_str(
            r#"{"tables": {"job_posts": {"columns": {"id": {"type": "bigint", "default": null}}, "primary_key": ["id"]}},
                "keys": [{"name": "job_posts_owner_id_fkey", "table": "job_posts", "target": "profiles",
                          "on": [["owner_id", "id"]]}],
                "functions": []}"#,
        )
        .unwrap()
    }

    fn render(text: &str) -> Sql {
        let query = Query::parse(text).unwrap();
        let catalog = catalog();
        let joins = Join::all(&catalog, "job_posts", &query).unwrap();
        let mut sql = Sql::default();
        rows(&mut sql, "\"public\".\"job_posts\"", "job_posts", &query, &joins);
        filters(&mut sql, "job_posts", &query, &joins);
        order(&mut sql, "job_posts", &query);
        sql
    }

    #[test]
    fn renders_an_inner_embed_with_its_filter() {
        let sql = render(
            "select=id,consent:profiles!inner(training_opt_out)&consent.training_opt_out=is.false&id=gt.5&order=id.asc",
        );
        assert_eq!(
            sql.text,
            "SELECT \"job_posts\".\"id\", row_to_json(\"job_posts_consent_1\".*) AS \"consent\" \
             FROM \"public\".\"job_posts\" INNER JOIN LATERAL (SELECT \"profiles_1\".\"training_opt_out\" \
             FROM \"public\".\"profiles\" AS \"profiles_1\" WHERE \"profiles_1\".\"id\" = \"job_posts\".\"owner_id\" \
             AND (\"profiles_1\".\"training_opt_out\" IS FALSE)) AS \"job_posts_consent_1\" ON TRUE \
             WHERE (\"job_posts\".\"id\" > $1) ORDER BY \"job_posts\".\"id\" ASC"
        );
        assert_eq!(sql.values[0].0, "5");
    }

    #[test]
    fn never_splices_a_value_or_an_unquoted_name() {
        let sql = render("select=a\"\"b&c\"%3B--=eq.'; drop table x; --&id=in.(1,\"a\\\"b\")");
        assert!(sql.text.contains("\"a\"\"\"\"b\""), "{}", sql.text);
        assert!(sql.text.contains("\"c\"\";--\" = $1"), "{}", sql.text);
        assert!(!sql.text.contains("drop"), "{}", sql.text);
        assert_eq!(sql.values[1].0, r#"{"1","a\"b"}"#);
    }

    #[test]
    fn refuses_a_filter_on_something_not_embedded() {
        let query = Query::parse("select=id,consent:profiles!inner(id)&profiles.id=eq.1").unwrap();
        assert_eq!(Join::all(&catalog(), "job_posts", &query).unwrap_err().status, StatusCode::BAD_REQUEST);
    }
}
