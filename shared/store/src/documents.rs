use serde::Serialize;
use serde::de::DeserializeOwned;
use stage::StageError;

use crate::{Class, Find, Get, Put};

/// Reads a JSON document that must be there.
///
/// # Errors
/// As [`Get::get`]; `Internal` when the document has another shape.
pub async fn get_json<T: DeserializeOwned>(store: &impl Get, key: &str) -> Result<T, StageError> {
    parse(key, &store.get(key).await?)
}

/// Reads a list that must be there, a JSON document a line.
///
/// # Errors
/// As [`get_json`].
pub async fn get_lines<T: DeserializeOwned>(store: &impl Get, key: &str) -> Result<Vec<T>, StageError> {
    let list = store.get(key).await?;
    let lines = list.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let document = |line| {
        serde_json::from_slice(line).map_err(|error| {
            let problem = records::jsonl::problem(&error);
            StageError::internal(format!("a line of {key} is {problem}"))
        })
    };
    lines.map(document).collect()
}

/// Reads a JSON document, or none.
///
/// # Errors
/// As [`Find::find`]; `Internal` when the document has another shape.
pub async fn find_json<T: DeserializeOwned>(store: &impl Find, key: &str) -> Result<Option<T>, StageError> {
    store.find(key).await?.map(|bytes| parse(key, &bytes)).transpose()
}

/// Writes a JSON document, indented for operators, and returns its bytes for hashing.
///
/// # Errors
/// As [`Put::put`].
pub async fn put_json(store: &impl Put, key: &str, document: &impl Serialize) -> Result<Vec<u8>, StageError> {
    let mut bytes = serde_json::to_vec_pretty(document)
        .map_err(|error| StageError::internal(format!("{key} cannot be written as JSON")).caused_by(error))?;
    bytes.push(b'\n');
    store.put(key, bytes.clone().into(), Class::Derived).await?;
    Ok(bytes)
}

/// Writes a JSON document in the one form that RFC 8785 gives it, whoever writes it, and returns its bytes for hashing.
///
/// # Errors
/// As [`Put::put`].
pub async fn put_canonical(
    store: &impl Put,
    key: &str,
    document: &impl Serialize,
) -> Result<Vec<u8>, StageError> {
    let bytes = serde_json_canonicalizer::to_vec(document)
        .map_err(|error| StageError::internal(format!("{key} cannot be written as JSON")).caused_by(error))?;
    store.put(key, bytes.clone().into(), Class::Derived).await?;
    Ok(bytes)
}

fn parse<T: DeserializeOwned>(key: &str, bytes: &[u8]) -> Result<T, StageError> {
    // serde's own message may quote a value.
    serde_json::from_slice(bytes).map_err(|error| {
        StageError::internal(format!("{key} has another shape than expected, at line {}", error.line()))
    })
}
