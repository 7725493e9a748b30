//! What a source's rows look like: types, and how they are related to consent.

use records::recipe::{Consent, RelatedConsent, Source};
use serde::Deserialize;
use stage::{ErrorName, StageError};
use tokio_postgres::types::{Kind, Type};

use super::sql;
use super::value::Form;
use crate::pages::not_unique;
use crate::rows::CONSENT;

/// A source, as the database has it.
#[derive(Debug)]
pub(super) struct Shape {
    /// The columns to read, in the order of [`Source::selected`].
    pub(super) columns: Vec<Column>,
    /// What every row ends with.
    pub(super) end: String,
    /// The key's type, quoted.
    pub(super) key_type: String,
    /// Whether it is a table, whose blocks can be sampled; a view has none.
    pub(super) is_table: bool,
    /// Whether the time in its log of consents is one, and no number.
    pub(super) is_timed: bool,
    /// Columns of the source and of its consent table that are equal.
    pub(super) relation: Vec<(String, String)>,
}

/// One column.
#[derive(Debug)]
pub(super) struct Column {
    /// Its name as JSON, with the colon.
    pub(super) name: String,
    /// What is selected.
    pub(super) expression: String,
    /// What then comes.
    pub(super) form: Form,
}

/// What [`sql::catalogue`] answers.
#[derive(Debug, Deserialize)]
pub(super) struct Catalogue {
    plain: Option<bool>,
    unique: bool,
    consent: bool,
    timed: bool,
    relations: Vec<Relation>,
}

#[derive(Debug, Deserialize)]
struct Relation {
    name: String,
    own: bool,
    one: bool,
    on: Vec<(String, String)>,
}

impl Relation {
    /// The pairs of columns that are equal, the source's first.
    fn pairs(&self) -> Vec<(String, String)> {
        let on = self.on.iter().cloned();
        if self.own { on.collect() } else { on.map(|(theirs, own)| (own, theirs)).collect() }
    }

    /// Says whether it is the one that the recipe means: by its column of the source, or by its name.
    fn is_by(&self, by: &str) -> bool {
        self.name == by || matches!(&self.pairs()[..], [(own, _)] if own == by)
    }

    fn words(&self) -> String {
        let columns: Vec<_> = self.pairs().into_iter().map(|(own, _)| own).collect();
        format!("{} by {}", self.name, columns.join(" and "))
    }
}

impl Shape {
    /// Reads the types of [`sql::describe`] and the catalogue's answer.
    pub(super) fn new(source: &Source, types: &[Type], catalogue: &Catalogue) -> Result<Self, StageError> {
        if catalogue.plain == Some(true) && !catalogue.unique {
            return Err(not_unique(source));
        }
        let columns: Vec<_> =
            source.selected().into_iter().zip(types).map(|(name, kind)| Column::new(name, kind)).collect();
        let key_type =
            types.first().map(|key| format!("{}.{}", sql::name(key.schema()), sql::name(key.name())));
        let key_type = key_type.ok_or_else(|| StageError::internal("a source without columns"))?;
        let (is_table, is_timed) = (catalogue.plain == Some(true), catalogue.timed);
        let (relation, end) = related(source, catalogue)?;
        Ok(Self { columns, end, key_type, is_table, is_timed, relation })
    }
}

/// Finds the foreign key to the consent table that the recipe means, and what the gateway would embed for it. Any other
/// may lead to another person: who approved a row, say, and not whose it is.
fn related(source: &Source, catalogue: &Catalogue) -> Result<(Vec<(String, String)>, String), StageError> {
    let Consent::Related(RelatedConsent { table, by, opt_out, .. }) = &source.consent else {
        return Ok((Vec::new(), "}".to_owned()));
    };
    let unreadable = |text: String| Err(StageError::new(ErrorName::ConsentUnreadable, text));
    if !catalogue.consent {
        return unreadable(format!("{table} does not exist: add the table or mend the recipe's consent"));
    }
    let fits = |relation: &&Relation| by.as_deref().is_none_or(|by| relation.is_by(by));
    let mut relations = catalogue.relations.iter().filter(fits);
    let (Some(relation), None) = (relations.next(), relations.next()) else {
        let by = by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
        let known: Vec<_> = catalogue.relations.iter().map(Relation::words).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        return unreadable(format!(
            "{} needs one foreign key to the consent table {table}{by} and has {known}: add the key, or name as consent.by the column, or the key, that leads to the row's person",
            source.table
        ));
    };
    let on = relation.pairs();
    let embedded = format!("{{{}:false}}", json(opt_out));
    let embedded = if relation.one { embedded } else { format!("[{embedded}]") };
    Ok((on, format!(",{}:{embedded}}}", json(CONSENT))))
}

impl Column {
    fn new(name: &str, kind: &Type) -> Self {
        let column = sql::column(name);
        let form = Form::of(kind);
        let expression = match form {
            // The binary form of a number is not its text; anything else unknown is left to the server.
            Form::Numeric => format!("{column}::text"),
            Form::Json if !matches!(*kind, Type::JSON) => format!("to_json({column})::text"),
            _ => column,
        };
        Self { name: format!("{}:", json(name)), expression, form }
    }
}

fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

impl Form {
    /// What the binary form of a type is.
    fn of(kind: &Type) -> Self {
        match *kind {
            Type::INT2 => Self::Int2,
            Type::INT4 => Self::Int4,
            Type::INT8 => Self::Int8,
            Type::BOOL => Self::Bool,
            Type::UUID => Self::Uuid,
            Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME => Self::Text,
            Type::JSON => Self::Json,
            Type::JSONB => Self::Jsonb,
            Type::NUMERIC => Self::Numeric,
            _ => match kind.kind() {
                Kind::Enum(_) => Self::Text,
                Kind::Array(item) => match Self::of(item) {
                    // Numbers have no text of their own in there.
                    Self::Numeric | Self::Array(_) => Self::Json,
                    Self::Json if !matches!(*item, Type::JSON) => Self::Json,
                    item => Self::Array(Box::new(item)),
                },
                _ => Self::Json,
            },
        }
    }
}
