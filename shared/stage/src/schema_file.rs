//! The tables as a recipe's last run saw them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Types of columns, by table and column, in the words of the database.
pub type Tables = BTreeMap<String, BTreeMap<String, String>>;

/// What `plan` compares the next run's tables with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchemaFile {
    /// Version of this schema.
    pub schema: u32,
    /// The run that saw them.
    pub run: String,
    /// When it started.
    pub seen_at: Timestamp,
    /// The columns that the recipe used.
    pub tables: Tables,
}
