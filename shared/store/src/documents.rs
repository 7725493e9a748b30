use serde::Serialize;
use serde::de::DeserializeOwned;
use stage::StageError;

use crate::{Class, Find, Get, Put, Swap, Version};

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
    let bytes = pretty(key, document)?;
    store.put(key, bytes.clone().into(), Class::Derived).await?;
    Ok(bytes)
}

/// Reads a JSON document with its version, or none.
///
/// # Errors
/// As [`Swap::look`]; `Internal` when the document has another shape.
pub async fn look_json<T: DeserializeOwned>(
    store: &impl Swap,
    key: &str,
) -> Result<Option<(T, Version)>, StageError> {
    let found = store.look(key).await?;
    found.map(|(bytes, version)| Ok((parse(key, &bytes)?, version))).transpose()
}

/// Writes a JSON document over the version that was read. Returns none when somebody else has written since.
///
/// No two writers may write the same bytes: a document that is there already as it was to be written is the writer's own,
/// whose answer was lost on the way and whose second try was refused.
///
/// # Errors
/// As [`Swap::swap`].
pub async fn swap_json(
    store: &impl Swap,
    key: &str,
    over: Option<&Version>,
    document: &impl Serialize,
) -> Result<Option<Version>, StageError> {
    let bytes = pretty(key, document)?;
    if let Some(version) = store.swap(key, over, bytes.clone().into()).await? {
        return Ok(Some(version));
    }
    let there = store.look(key).await?;
    Ok(there.filter(|(there, _)| *there == bytes).map(|(_, version)| version))
}

fn pretty(key: &str, document: &impl Serialize) -> Result<Vec<u8>, StageError> {
    let mut bytes = serde_json::to_vec_pretty(document)
        .map_err(|error| StageError::internal(format!("{key} cannot be written as JSON")).caused_by(error))?;
    bytes.push(b'\n');
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Memory;

    #[tokio::test]
    async fn of_two_writers_the_one_that_has_read_less_is_late() {
        let store = Memory::default();
        let first = swap_json(&store, "k", None, &"ann").await.unwrap();
        assert!(first.is_some());
        assert_eq!(swap_json(&store, "k", None, &"bob").await.unwrap(), None, "there is one already");
        let second = swap_json(&store, "k", first.as_ref(), &"bob").await.unwrap();
        assert_eq!(swap_json(&store, "k", first.as_ref(), &"cyd").await.unwrap(), None);
        let (found, version) = look_json::<String>(&store, "k").await.unwrap().unwrap();
        assert_eq!((found.as_str(), Some(version)), ("bob", second.clone()));
        // The second try of a client whose first one was written.
        assert_eq!(swap_json(&store, "k", first.as_ref(), &"bob").await.unwrap(), second);
        assert_eq!(swap_json(&store, "none", second.as_ref(), &"ann").await.unwrap(), None);
    }
}
