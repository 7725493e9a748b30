//! The port to rows, and what a query asks for.

use jiff::Timestamp;
use records::recipe::{Consent, Equals, OwnConsent, RelatedConsent, Source};
use records::row;
use serde_json::value::RawValue;
use stage::plan_file::Counted;
use stage::schema_file::Tables;
use stage::{ErrorName, StageError};

use crate::cut;
use crate::pages::{Pages, not_unique, shares_key};

/// Which rows of a range are meant, by the column that says when they last changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Window<'a> {
    /// All of them.
    #[default]
    All,
    /// Those that changed at a time or later.
    Since {
        /// The column.
        cursor: &'a str,
        /// The time, as RFC 3339 has it.
        from: &'a str,
    },
    /// Those of which it is not known: a null is at no time, so that they are asked for by themselves.
    Never {
        /// The column.
        cursor: &'a str,
    },
}

/// A range of keys of one source: `after < key <= up_to`, each end open when none.
#[derive(Debug, Clone, Copy)]
pub struct Range<'a> {
    /// The source.
    pub source: &'a Source,
    /// Exclusive lower bound.
    pub after: Option<&'a str>,
    /// Inclusive upper bound.
    pub up_to: Option<&'a str>,
    /// Which of its rows.
    pub window: Window<'a>,
}

impl<'a> Range<'a> {
    /// All rows of a source.
    pub fn all(source: &'a Source) -> Self {
        Self::of(source, None, None)
    }

    /// All rows between two keys.
    pub fn of(source: &'a Source, after: Option<&'a str>, up_to: Option<&'a str>) -> Self {
        Self { source, after, up_to, window: Window::All }
    }
}

/// Reads rows of a source. Rows whose subject opted out never leave the database: consent is part of the query.
pub trait Rows {
    /// Returns the next rows of a range in the order of the key; an empty page is the end.
    ///
    /// The server may return fewer rows than there are, silently: only an empty page says that there are no more.
    ///
    /// # Errors
    /// `SourceRefused` and `ConsentUnreadable` with the fix; `Throttled` and `Unavailable` after patient retries.
    fn page(&self, range: Range<'_>, limit: u32) -> impl Future<Output = Result<Page, StageError>>;

    /// Returns the next keys of rows that may be used, in the order of the key and as plain text; none is the end.
    ///
    /// As with [`Rows::page`], fewer than asked for say nothing.
    ///
    /// # Errors
    /// As [`Rows::page`].
    fn keys(&self, range: Range<'_>, limit: u32) -> impl Future<Output = Result<Vec<String>, StageError>>;

    /// Reads all rows of a range in the order of the key. Nothing is asked before the first [`Scan::read`].
    fn scan<'a>(&'a self, range: Range<'a>) -> impl Scan + 'a
    where
        Self: Sized,
    {
        Pages::new(self, range)
    }

    /// Makes sure that a table of consents is reached by what the recipe says and by no other key. To be asked before a
    /// row is read.
    ///
    /// # Errors
    /// `ConsentUnreadable` with the keys that there are and the fix; else as [`Rows::page`].
    fn reach_consent(&self, _source: &Source) -> impl Future<Output = Result<(), StageError>> {
        async { Ok(()) }
    }

    /// Counts the rows of a range, those that may be used or all.
    ///
    /// # Errors
    /// As [`Rows::page`].
    fn count(&self, range: Range<'_>, consented: bool) -> impl Future<Output = Result<u64, StageError>>;

    /// Counts both at one time, where the source can.
    ///
    /// # Errors
    /// As [`Rows::page`].
    fn counts(&self, range: Range<'_>) -> impl Future<Output = Result<Counted, StageError>> {
        async move {
            let rows = self.count(range, false).await?;
            Ok(Counted { rows, consented: self.count(range, true).await? })
        }
    }

    /// Returns what time it is at the source, or, where it says so, when the oldest transaction began that is under way:
    /// what is committed later may be as old. None where the source does not tell.
    ///
    /// # Errors
    /// As [`Rows::page`].
    fn now(&self, _source: &Source) -> impl Future<Output = Result<Option<Timestamp>, StageError>> {
        async { Ok(None) }
    }

    /// Returns the types of all columns of those of the tables that there are; none where the source does not tell.
    ///
    /// # Errors
    /// As [`Rows::page`].
    fn tables(&self, _names: &[&str]) -> impl Future<Output = Result<Option<Tables>, StageError>> {
        async { Ok(None) }
    }

    /// Returns the JSON text of the smallest and the greatest key of a range; none where there are no rows.
    ///
    /// # Errors
    /// As [`Rows::page`].
    fn bounds(&self, range: Range<'_>) -> impl Future<Output = Result<Option<(String, String)>, StageError>>;

    /// Returns keys that cut a source of `rows` rows into about `pieces` ranges of as many rows each, as plain text: rising,
    /// without the greatest. Fewer, or none, where its keys cannot be cut.
    ///
    /// # Errors
    /// As [`Rows::page`].
    fn cuts(
        &self,
        source: &Source,
        rows: u64,
        pieces: u64,
    ) -> impl Future<Output = Result<Vec<String>, StageError>>
    where
        Self: Sized,
    {
        cut::by_counting(self, source, rows, pieces)
    }
}

/// Rows on their way out of a table.
pub trait Scan {
    /// Appends some rows to `lines`, one JSON object a line, and says how many; none is the end.
    ///
    /// A failure leaves what was there alone. A scan that failed is over.
    ///
    /// # Errors
    /// As [`Rows::page`].
    fn read(&mut self, lines: &mut Vec<u8>) -> impl Future<Output = Result<u64, StageError>>;
}

/// Rows as the server sent them.
pub struct Page(Vec<u8>);

impl Page {
    /// Takes the text of a JSON array.
    pub fn new(body: Vec<u8>) -> Self {
        Self(body)
    }

    /// Takes rows, one a line.
    pub fn of_lines(lines: &[u8]) -> Self {
        let mut body = vec![b'['];
        for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            if body.len() > 1 {
                body.push(b',');
            }
            body.extend_from_slice(line);
        }
        body.push(b']');
        Self(body)
    }

    /// Returns each row's JSON text, uncopied.
    ///
    /// # Errors
    /// `Unavailable` when the text is not a JSON array: it was cut or comes from something in between.
    pub fn rows(&self) -> Result<Vec<&RawValue>, StageError> {
        serde_json::from_slice(&self.0).map_err(|error| {
            let problem = records::jsonl::problem(&error);
            StageError::new(ErrorName::Unavailable, format!("a page of rows is {problem}"))
        })
    }
}

impl Page {
    /// Returns the column of each row as plain text.
    ///
    /// # Errors
    /// As [`Page::rows`]; `SourceRefused` when a row has no such column.
    pub fn column(&self, source: &Source, column: &str) -> Result<Vec<String>, StageError> {
        let text = |it: &RawValue| row::column(it.get().as_bytes(), column);
        let missing =
            || StageError::new(ErrorName::SourceRefused, format!("{} has no {column}", source.table));
        self.rows()?.into_iter().map(|row| text(row).ok_or_else(missing)).collect()
    }

    /// Refuses rows that share a key: what a page ends between would be lost.
    ///
    /// # Errors
    /// `SourceRefused` when two do; else as [`Page::column`].
    pub fn told_apart(&self, source: &Source) -> Result<(), StageError> {
        let keys = self.column(source, &source.key)?;
        if shares_key(&keys) { Err(not_unique(source)) } else { Ok(()) }
    }
}

/// A type's name as both ways to the rows say it: without length or scale, and without the schema that is exposed.
pub(crate) fn type_name(name: &str) -> String {
    let name = name.strip_prefix("public.").unwrap_or(name);
    match (name.find('('), name.find(')')) {
        (Some(open), Some(close)) if open < close => format!("{}{}", &name[..open], &name[close + 1..]),
        _ => name.to_owned(),
    }
}

/// The name under which the consent table is embedded; no column of an app is called so.
pub const CONSENT: &str = "zion_consent";

/// Returns the query's parameters for a range.
pub(crate) fn parameters(range: Range<'_>, columns: &[&str], consented: bool) -> Vec<(String, String)> {
    let source = range.source;
    let mut select = columns.join(",");
    let mut parameters = Vec::new();
    if consented {
        // `is.false` leaves nulls out, `not.is.true` takes them.
        let agrees = if source.consent.null_means_yes().is_some() { "not.is.true" } else { "is.false" };
        match &source.consent {
            Consent::Related(RelatedConsent { table, by, opt_out, .. }) => {
                let hint = by.as_ref().map(|by| format!("!{by}")).unwrap_or_default();
                select = format!("{select},{CONSENT}:{table}{hint}!inner({opt_out})");
                parameters.push((format!("{CONSENT}.{opt_out}"), agrees.to_owned()));
            }
            Consent::Own(OwnConsent { opt_out, .. }) => parameters.push((opt_out.clone(), agrees.to_owned())),
            // No parameter says which row is the latest: nobody has agreed, should it be asked all the same.
            Consent::Logged(_) => parameters.push((source.key.clone(), "is.null".to_owned())),
            Consent::NotNeeded(_) => {}
        }
    }
    parameters.insert(0, ("select".to_owned(), select));
    for (column, value) in &source.filter {
        let value = match value {
            Equals::Bool(value) => format!("is.{value}"),
            Equals::Number(value) => format!("eq.{value}"),
            Equals::Text(value) => format!("eq.{value}"),
        };
        parameters.push((column.clone(), value));
    }
    for (operator, bound) in [("gt", range.after), ("lte", range.up_to)] {
        if let Some(bound) = bound {
            parameters.push((source.key.clone(), format!("{operator}.{bound}")));
        }
    }
    match range.window {
        Window::All => {}
        Window::Since { cursor, from } => parameters.push((cursor.to_owned(), format!("gte.{from}"))),
        Window::Never { cursor } => parameters.push((cursor.to_owned(), "is.null".to_owned())),
    }
    parameters
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(recipe: &str, consented: bool) -> Vec<(String, String)> {
        let recipe = records::library::recipe(recipe).unwrap();
        let source = &recipe.sources[0];
        let range = Range { after: Some("7"), up_to: Some("9"), ..Range::all(source) };
        parameters(range, &source.selected(), consented)
    }

    fn has(parameters: &[(String, String)], name: &str, value: &str) -> bool {
        parameters.iter().any(|(n, v)| n == name && v == value)
    }

    #[test]
    fn consent_of_a_related_table_is_part_of_the_query() {
        let parameters = asked("zion-job-generator", true);
        assert!(
            parameters[0].1.ends_with(",zion_consent:profiles!owner_id!inner(training_opt_out)"),
            "{parameters:?}"
        );
        assert!(has(&parameters, "zion_consent.training_opt_out", "is.false"));
        assert!(has(&parameters, "id", "gt.7") && has(&parameters, "id", "lte.9"));
        assert!(has(&parameters, "status", "eq.published"));
    }

    #[test]
    fn a_window_is_a_condition_beside_those_of_key_and_consent() {
        let recipe = records::library::recipe("zion-support").unwrap();
        let source = &recipe.sources[0];
        let asked =
            |window| parameters(Range { window, ..Range::of(source, Some("7"), None) }, &["id"], true);
        let since = asked(Window::Since { cursor: "updated_at", from: "2026-11-22T10:00:00Z" });
        assert!(has(&since, "updated_at", "gte.2026-11-22T10:00:00Z"), "{since:?}");
        assert!(has(&since, "id", "gt.7") && has(&since, "training_opt_out", "is.false"));
        assert!(has(&asked(Window::Never { cursor: "updated_at" }), "updated_at", "is.null"));
        assert!(!asked(Window::All).iter().any(|(name, _)| name == "updated_at"));
    }

    #[test]
    fn a_type_has_one_name() {
        for (long, short) in [
            ("numeric(12,2)", "numeric"),
            ("timestamp(3) without time zone", "timestamp without time zone"),
            ("character varying(40)[]", "character varying[]"),
            ("public.mood", "mood"),
            ("text", "text"),
        ] {
            assert_eq!(type_name(long), short);
        }
    }

    #[test]
    fn a_null_in_an_opt_out_column_is_a_no() {
        assert!(has(&asked("zion-support", true), "training_opt_out", "is.false"));
        assert!(!has(&asked("zion-support", false), "training_opt_out", "is.false"));
    }
}
