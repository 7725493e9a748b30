//! The tables, compared with what the recipe's last run saw.

use jiff::Timestamp;
use records::recipe::{Consent, Recipe};
use stage::schema_file::{SchemaFile, Tables};
use stage::{ErrorName, StageError, keys};
use store::{Find, find_json};
use supabase::Rows;

/// Looks at the tables, and refuses columns that are gone or have another type, unless that is `accepted`. Of columns
/// that say who has agreed, the failure says that consent cannot be read.
///
/// Returns what the next run is to be compared with; none where the source does not tell its types.
pub(crate) async fn seen(
    recipe: &Recipe,
    (run, seen_at): (&str, Timestamp),
    accepted: bool,
    rows: &impl Rows,
    store: &impl Find,
) -> Result<Option<SchemaFile>, StageError> {
    let used = recipe.used_columns();
    let names: Vec<&str> = used.keys().copied().collect();
    let Some(now) = rows.tables(&names).await? else { return Ok(None) };
    ordered(recipe, &now)?;
    let before: Option<SchemaFile> = find_json(store, &keys::schema(&recipe.name)).await?;
    if let Some(before) = before.filter(|_| !accepted) {
        let differences = differences(recipe, &before.tables, &now);
        if !differences.is_empty() {
            let about_consent = differences.iter().any(|(consent, _)| *consent);
            let name = if about_consent { ErrorName::ConsentUnreadable } else { ErrorName::SchemaDrifted };
            let differences: Vec<_> = differences.into_iter().map(|(_, words)| words).collect();
            let text = format!(
                "since run {} of recipe {}: {}; mend the tables or the recipe, or take them as they are with {{\"accept_schema\": true}}",
                before.run,
                recipe.name,
                differences.join(", ")
            );
            return Err(StageError::new(name, text));
        }
    }
    let kept = |table: &str, columns: std::collections::BTreeMap<String, String>| {
        columns.into_iter().filter(|(column, _)| used[table].contains(column.as_str())).collect()
    };
    let tables = now.into_iter().filter(|(table, _)| used.contains_key(table.as_str()));
    let tables: Tables = tables.map(|(table, columns)| (table.clone(), kept(&table, columns))).collect();
    Ok(Some(SchemaFile { schema: 1, run: run.to_owned(), seen_at, tables }))
}

/// Refuses a log of consents whose rows cannot be ordered in time: as text, `9/1/2026` is later than `10/2/2026`.
fn ordered(recipe: &Recipe, now: &Tables) -> Result<(), StageError> {
    for source in &recipe.sources {
        let Consent::Logged(log) = &source.consent else { continue };
        let Some(kind) = now.get(&log.table).and_then(|columns| columns.get(&log.latest_by)) else {
            continue;
        };
        let in_time = kind.starts_with("timestamp")
            || ["date", "smallint", "integer", "bigint"].contains(&kind.as_str());
        if !in_time {
            let text = format!(
                "{}.{} is {kind}, by which the latest of a person's rows can't be told: name a timestamp, a date or a whole number as latest_by",
                log.table, log.latest_by
            );
            return Err(StageError::new(ErrorName::ConsentUnreadable, text));
        }
    }
    Ok(())
}

/// Says in words what has changed of the columns that the recipe uses, and whether they say who has agreed.
fn differences(recipe: &Recipe, before: &Tables, now: &Tables) -> Vec<(bool, String)> {
    let mut differences = Vec::new();
    let of_consent = |table: &str, column: &str| {
        recipe.sources.iter().any(|source| {
            let its = source.consent.table().unwrap_or(&source.table);
            its == table && source.consent.columns().contains(&column)
        })
    };
    for (table, columns) in recipe.used_columns() {
        // What the last run did not use has nothing to differ from. A table that is not told of is gone, or the gateway
        // leaves out what it may not read: the query's own refusal says which, with the grant.
        let (Some(before), Some(now)) = (before.get(table), now.get(table)) else { continue };
        for column in columns {
            let words = match (before.get(column), now.get(column)) {
                (Some(before), None) => format!("{table}.{column} ({before}) is gone"),
                (Some(before), Some(now)) if before != now => {
                    format!("{table}.{column} was {before} and is {now}")
                }
                _ => continue,
            };
            differences.push((of_consent(table, column), words));
        }
    }
    differences
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_log_of_consents_is_ordered_by_a_time_and_not_by_a_text() {
        let log = "table = \"consents\"\nperson = \"user_id\"\nlatest_by = \"said_at\"\nopt_out = \"training_opt_out\"";
        let text = include_str!("../../../infra/recipes/zion-support.toml");
        let recipe = Recipe::parse("log.toml", &text.replace("opt_out = \"training_opt_out\"", log)).unwrap();
        let of = |kind: &str| {
            let columns = BTreeMap::from([("said_at".to_owned(), kind.to_owned())]);
            ordered(&recipe, &Tables::from([("consents".to_owned(), columns)]))
        };
        for kind in ["timestamp with time zone", "timestamp without time zone", "date", "bigint"] {
            of(kind).unwrap();
        }
        let error = of("text").unwrap_err();
        assert_eq!(error.name(), ErrorName::ConsentUnreadable);
        assert!(error.chain().contains("consents.said_at is text"), "{}", error.chain());
    }
}
