//! The schema cache: tables, foreign keys and functions of schema `public`, from `pg_catalog`.

use super::error::ApiError;
use super::select::Embed;
use axum::http::StatusCode;
use serde::Deserialize;
use std::collections::{BTreeSet, HashMap};

/// Everything the gateway knows about the schema.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Catalog {
    /// Tables and views by name.
    pub(crate) tables: HashMap<String, Table>,
    keys: Vec<ForeignKey>,
    functions: Vec<Function>,
}

/// A table or view.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Table {
    /// Columns by name.
    pub(crate) columns: HashMap<String, Column>,
    /// Columns of the primary key.
    pub(crate) primary_key: Vec<String>,
}

/// A column.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Column {
    /// SQL type.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// Its type in the API's description: without length or scale, a domain's as what it stands for.
    #[serde(default)]
    pub(crate) format: String,
    /// SQL of its default.
    pub(crate) default: Option<String>,
}

/// A foreign key: many rows of `table` to one of `target`.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct ForeignKey {
    name: String,
    table: String,
    /// The table referred to.
    pub(crate) target: String,
    /// Pairs (own column, column referred to).
    pub(crate) on: Vec<(String, String)>,
}

/// A callable function.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Function {
    name: String,
    /// Whether it returns a set.
    pub(crate) set: bool,
    /// What one result is.
    pub(crate) kind: Kind,
    required: usize,
    /// Name and type of each input argument.
    pub(crate) args: Vec<(String, String)>,
}

/// What one result of a function is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// Nothing.
    Void,
    /// One value.
    Scalar,
    /// Columns.
    Row,
}

impl Function {
    /// Whether the one argument is an unnamed json: it takes the whole body.
    pub(crate) fn takes_body(&self) -> bool {
        matches!(&self.args[..], [(name, kind)] if name.is_empty() && matches!(kind.as_str(), "json" | "jsonb"))
    }

    fn fits(&self, given: &BTreeSet<&str>) -> bool {
        let known = |name: &&str| self.args.iter().any(|(arg, _)| arg == name);
        given.iter().all(known)
            && self.args.iter().take(self.required).all(|(arg, _)| given.contains(arg.as_str()))
    }
}

impl Catalog {
    /// The query that reads it as one JSON text.
    pub(crate) const SQL: &'static str = include_str!("catalog.sql");

    /// A table by name.
    pub(crate) fn table(&self, name: &str) -> Result<&Table, ApiError> {
        self.tables.get(name).ok_or_else(|| ApiError::no_table(name))
    }

    /// The foreign key behind an embed in `table`.
    pub(crate) fn relation(&self, table: &str, embed: &Embed) -> Result<&ForeignKey, ApiError> {
        let by_column = |key: &ForeignKey, name: &str| key.on.len() == 1 && key.on[0].0 == name;
        // A hint may also be the column that is referred to, whatever the key's own is called.
        let by_hint = |key: &ForeignKey, hint: &str| {
            key.name == hint || by_column(key, hint) || (key.on.len() == 1 && key.on[0].1 == hint)
        };
        let found: Vec<&ForeignKey> = self
            .keys
            .iter()
            .filter(|key| key.table == table)
            .filter(|key| match &embed.hint {
                Some(hint) => key.target == embed.target && by_hint(key, hint),
                None => {
                    key.target == embed.target || key.name == embed.target || by_column(key, &embed.target)
                }
            })
            .collect();
        match found[..] {
            [key] => Ok(key),
            [] => Err(ApiError::new(
                StatusCode::BAD_REQUEST,
                "PGRST200",
                format!("Could not find a relationship between '{table}' and '{}' in the schema cache", embed.target),
            )
            .details(format!(
                "Searched for a foreign key relationship between '{table}' and '{}' in the schema 'public', but no matches were found.",
                embed.target
            ))),
            _ => Err(ApiError::new(
                StatusCode::MULTIPLE_CHOICES,
                "PGRST201",
                format!("Could not embed because more than one relationship was found for '{table}' and '{}'", embed.target),
            )
            .hint(format!("Try changing '{0}' to '{0}!<name of the foreign key>'.", embed.target))),
        }
    }

    /// The table and column that a key of this one column alone leads to.
    pub(crate) fn leads_to(&self, table: &str, column: &str) -> Option<(&str, &str)> {
        let key =
            self.keys.iter().find(|key| key.table == table && key.on.len() == 1 && key.on[0].0 == column)?;
        Some((&key.target, &key.on[0].1))
    }

    /// The function that takes exactly these named arguments.
    pub(crate) fn function(&self, name: &str, given: &BTreeSet<&str>) -> Result<&Function, ApiError> {
        let named = || self.functions.iter().filter(|f| f.name == name);
        if let Some(found) = named().find(|f| !f.takes_body() && f.fits(given)) {
            return Ok(found);
        }
        named().find(|f| f.takes_body()).ok_or_else(|| {
            let list: Vec<&str> = given.iter().copied().collect();
            let (call, with) = match list.len() {
                0 => (String::new(), "without parameters".to_owned()),
                1 => (format!("({})", list[0]), format!("with parameter {}", list[0])),
                _ => (format!("({})", list.join(", ")), format!("with parameters {}", list.join(", "))),
            };
            let call = if call.is_empty() { " without parameters".to_owned() } else { call };
            ApiError::new(
                StatusCode::NOT_FOUND,
                "PGRST202",
                format!("Could not find the function public.{name}{call} in the schema cache"),
            )
            .details(format!(
                "Searched for the function public.{name} {with} or with a single unnamed json/jsonb parameter, but no matches were found in the schema cache."
            ))
        })
    }
}
