//! The request log behind `/_sandbox/requests`: what was asked, never with which credential.

use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Entries kept; the oldest go first. A run of the largest test asks about 2,000 times.
const KEPT: usize = 5_000;

/// One request and what it was answered.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Entry {
    /// HTTP method.
    pub(crate) method: String,
    /// Path and query; a key in the query is masked.
    pub(crate) path: String,
    /// Status of the answer; null when the connection was dropped.
    pub(crate) status: Option<u16>,
    /// `Content-Type` of the request.
    pub(crate) content_type: Option<String>,
    /// Harmless request headers.
    pub(crate) headers: BTreeMap<String, String>,
    /// Names of the credential headers sent, without their values.
    pub(crate) credentials: Vec<String>,
    /// The JSON body, when there was one of reasonable size.
    pub(crate) body: Option<Value>,
    /// A small form as it came, in base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) raw: Option<String>,
    /// The fault applied.
    pub(crate) fault: Option<&'static str>,
}

/// The bounded log.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    entries: Mutex<VecDeque<Entry>>,
}

impl Recorder {
    /// Keeps an entry.
    pub(crate) fn keep(&self, entry: Entry) {
        let mut entries = self.lock();
        if entries.len() == KEPT {
            entries.pop_front();
        }
        entries.push_back(entry);
    }

    /// All entries, oldest first.
    pub(crate) fn all(&self) -> Vec<Entry> {
        self.lock().iter().cloned().collect()
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `path?query` with the value of an `apikey` parameter masked.
pub(crate) fn without_keys(path: &str, query: Option<&str>) -> String {
    let Some(query) = query else {
        return path.to_owned();
    };
    let masked: Vec<&str> =
        query.split('&').map(|pair| if pair.starts_with("apikey=") { "apikey=***" } else { pair }).collect();
    format!("{path}?{}", masked.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_a_key_in_the_query() {
        assert_eq!(
            without_keys("/rest/v1/t", Some("select=id&apikey=sb_x")),
            "/rest/v1/t?select=id&apikey=***"
        );
    }

    #[test]
    fn forgets_the_oldest_entries() {
        let recorder = Recorder::default();
        for n in 0..KEPT + 2 {
            recorder.keep(Entry {
                method: "GET".into(),
                path: n.to_string(),
                status: None,
                content_type: None,
                headers: BTreeMap::new(),
                credentials: vec![],
                body: None,
                raw: None,
                fault: None,
            });
        }
        assert_eq!(recorder.all().len(), KEPT);
        assert_eq!(recorder.all()[0].path, "2");
    }
}
