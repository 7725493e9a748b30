//! What can go wrong.

use std::path::PathBuf;

/// Why no text was written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A data file of this crate cannot be read as rules.
    #[error("grammar: {0}")]
    Grammar(String),
    /// A list of names could not be read.
    #[error("read names from {path}")]
    Names {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The list has no column of that name.
    #[error("names in {path}: no column {column}")]
    Column {
        /// The file.
        path: PathBuf,
        /// The column that was looked for.
        column: &'static str,
    },
    /// The output could not be written.
    #[error("write output")]
    Write(#[from] std::io::Error),
    /// A record could not be written as JSON.
    #[error("write a record as JSON")]
    Json(#[from] serde_json::Error),
}
