//! What a source's rows look like: types, and how they are related to consent.

use records::recipe::{Consent, RelatedConsent, Source};
use serde::Deserialize;
use stage::{ErrorName, StageError};
use tokio_postgres::types::{Kind, Type};

use super::sql;
use super::value::Form;
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
    relations: Vec<Relation>,
}

#[derive(Debug, Deserialize)]
struct Relation {
    own: bool,
    one: bool,
    on: Vec<(String, String)>,
}

impl Shape {
    /// Reads the types of [`sql::describe`] and the catalogue's answer.
    pub(super) fn new(source: &Source, types: &[Type], catalogue: Catalogue) -> Result<Self, StageError> {
        if catalogue.plain == Some(true) && !catalogue.unique {
            let (table, key) = (&source.table, &source.key);
            let text = format!(
                "rows of {table} cannot be told apart by {key}: it must be unique and not null; name the primary key in the recipe"
            );
            return Err(StageError::new(ErrorName::SourceRefused, text));
        }
        let columns: Vec<_> =
            source.selected().into_iter().zip(types).map(|(name, kind)| Column::new(name, kind)).collect();
        let key_type =
            types.first().map(|key| format!("{}.{}", sql::name(key.schema()), sql::name(key.name())));
        let key_type = key_type.ok_or_else(|| StageError::internal("a source without columns"))?;
        let is_table = catalogue.plain == Some(true);
        let (relation, end) = related(source, catalogue)?;
        Ok(Self { columns, end, key_type, is_table, relation })
    }
}

/// Finds the one foreign key to the consent table, and what the gateway would embed for it.
fn related(source: &Source, catalogue: Catalogue) -> Result<(Vec<(String, String)>, String), StageError> {
    let Consent::Related(RelatedConsent { table, opt_out, .. }) = &source.consent else {
        return Ok((Vec::new(), "}".to_owned()));
    };
    let unreadable = |text: String| Err(StageError::new(ErrorName::ConsentUnreadable, text));
    if !catalogue.consent {
        return unreadable(format!("{table} does not exist: add the table or mend the recipe's consent"));
    }
    let mut relations = catalogue.relations.into_iter();
    let (Some(relation), None) = (relations.next(), relations.next()) else {
        return unreadable(format!(
            "{} has none or several foreign keys to the consent table {table}: add the key, or mend the recipe's consent",
            source.table
        ));
    };
    let on = relation.on.into_iter();
    let on = if relation.own { on.collect() } else { on.map(|(theirs, own)| (own, theirs)).collect() };
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
