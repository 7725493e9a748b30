//! What the gateway tells of its tables, and whether a table of consents is reached by the key that the recipe means.

use std::collections::BTreeMap;

use records::recipe::{Consent, RelatedConsent, Source};
use serde::Deserialize;
use stage::schema_file::Tables;
use stage::{ErrorName, StageError};

use super::Gateway;
use crate::refusal::Asked;
use crate::rows::type_name;

/// The gateway's description of itself, as far as it says what columns are.
#[derive(Default, Deserialize)]
pub(super) struct Description {
    #[serde(default)]
    definitions: BTreeMap<String, Definition>,
}

#[derive(Deserialize)]
struct Definition {
    #[serde(default)]
    properties: BTreeMap<String, Property>,
}

#[derive(Deserialize)]
struct Property {
    #[serde(default)]
    format: String,
    #[serde(default)]
    description: Option<String>,
}

impl Property {
    /// The table that a foreign key of the column leads to: `<fk table='profiles' column='id'/>`.
    fn leads_to(&self) -> Option<&str> {
        let (_, table) = self.description.as_deref()?.split_once("<fk table='")?;
        table.split_once('\'').map(|(table, _)| table)
    }
}

impl Description {
    /// The types of the columns of those tables.
    pub(super) fn types(self, names: &[&str]) -> Tables {
        let tables = self.definitions.into_iter().filter(|(table, _)| names.contains(&table.as_str()));
        tables
            .map(|(table, Definition { properties })| {
                let columns = properties.into_iter();
                (table, columns.map(|(column, it)| (column, type_name(&it.format))).collect())
            })
            .collect()
    }

    fn column(&self, table: &str, column: &str) -> Option<&Property> {
        self.definitions.get(table)?.properties.get(column)
    }
}

impl Gateway {
    /// Asks for the description; an empty one where the project is set to tell nobody.
    pub(super) async fn description(&self) -> Result<Description, StageError> {
        let asked = Asked { what: "the description of the API", consent: None, role: Self::ROLE };
        match self.send(asked, || self.client.get(self.base.clone())).await {
            Ok(answer) => Ok(serde_json::from_slice(&answer.body).unwrap_or_default()),
            Err(attempt) if attempt.error.name().is_retryable() => Err(attempt.error),
            Err(_) => Ok(Description::default()),
        }
    }

    /// Refuses a way to consent that the gateway could take for another one.
    ///
    /// The hint in `table!hint!inner(…)` may be a column of the source, and as well a column of the table that a key of any
    /// other column refers to (`PostgREST`'s resource embedding): with `profiles!user_id` a key `approved_by` to
    /// `profiles.user_id` is followed where `user_id` has none. So either the description says that the column leads there,
    /// or the table has no column of that name.
    pub(super) async fn one_way_to_consent(&self, source: &Source) -> Result<(), StageError> {
        let Consent::Related(RelatedConsent { table, by: Some(by), .. }) = &source.consent else {
            return Ok(());
        };
        let description = self.description().await?;
        if description.column(&source.table, by).and_then(Property::leads_to) == Some(table) {
            return Ok(());
        }
        let doubtful = if description.definitions.contains_key(table) {
            description.column(table, by).is_some()
        } else {
            self.has_column(table, by).await?
        };
        if !doubtful {
            return Ok(());
        }
        let text = format!(
            "source {}: the gateway does not say that {}.{by} leads to the consent table {table}, which has a column {by} too: it could follow another key. Add the foreign key, write its own name as consent.by, or deploy with ReadFromDatabase=yes",
            source.name, source.table
        );
        Err(StageError::new(ErrorName::ConsentUnreadable, text))
    }

    /// Says whether a table has a column that can be read. Any refusal is a no: what is wrong beyond a missing column, the
    /// query for rows meets as well, and names.
    async fn has_column(&self, table: &str, column: &str) -> Result<bool, StageError> {
        let url = self.url(table)?;
        let asked = Asked { what: table, consent: None, role: Self::ROLE };
        let query = [("select", column), ("limit", "1")];
        match self.send(asked, || self.client.get(url.clone()).query(&query)).await {
            Ok(_) => Ok(true),
            Err(attempt) if attempt.error.name().is_retryable() => Err(attempt.error),
            Err(_) => Ok(false),
        }
    }
}
