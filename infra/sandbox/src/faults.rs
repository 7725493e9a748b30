//! Faults a test can set: rules matched in order, the first match applies.

use crate::refusals::Why;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// One rule of `POST /_sandbox/faults`.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    /// HTTP method; absent means any.
    #[serde(default)]
    pub(crate) method: Option<String>,
    /// Start of the path, or a glob over the whole path when it holds `*`. With a `?` in it the
    /// query is part of what is matched.
    pub(crate) path: String,
    /// How many matching requests pass untouched first.
    #[serde(default)]
    pub(crate) skip: u64,
    /// How many requests are hit; absent means until the rules are cleared.
    #[serde(default)]
    pub(crate) times: Option<u64>,
    /// What happens to them.
    pub(crate) fault: Fault,
}

/// What happens to a request.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Fault {
    /// It waits first.
    Delay {
        /// Milliseconds.
        ms: u64,
    },
    /// It is answered with this status.
    Status {
        /// HTTP status.
        status: u16,
        /// Value of the header `Retry-After`, in seconds.
        #[serde(default)]
        retry_after: Option<u64>,
        /// JSON body; absent means an error in the shape of the service asked.
        #[serde(default)]
        body: Option<Value>,
        /// Whether the effect takes place first; absent means it does not.
        #[serde(default)]
        after: bool,
    },
    /// The provider refuses it, in its own words and without an effect.
    Refuse {
        /// Why.
        why: Why,
        /// Value of the header `Retry-After`, in seconds.
        #[serde(default)]
        retry_after: Option<u64>,
    },
    /// The connection closes without an answer and nothing happened.
    DropBefore {},
    /// The connection closes without an answer after the effect took place.
    DropAfter {},
    /// The body ends after so many bytes although `Content-Length` promises all of it.
    Truncate {
        /// Bytes that still arrive.
        bytes: usize,
    },
}

impl Fault {
    /// Its name in the request log.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Delay { .. } => "delay",
            Self::Status { .. } => "status",
            Self::Refuse { .. } => "refuse",
            Self::DropBefore {} => "drop_before",
            Self::DropAfter {} => "drop_after",
            Self::Truncate { .. } => "truncate",
        }
    }
}

/// The rules in force.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    rules: Mutex<Vec<Rule>>,
}

impl Faults {
    /// Adds rules behind those in force; returns how many there are now.
    pub(crate) fn add(&self, rules: Vec<Rule>) -> usize {
        let mut all = self.lock();
        all.extend(rules);
        all.len()
    }

    /// Removes every rule.
    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    /// The fault for a request, if any; counts `skip` and `times` down.
    pub(crate) fn take(&self, method: &str, path: &str, path_and_query: &str) -> Option<Fault> {
        let mut rules = self.lock();
        for rule in rules.iter_mut() {
            let target = if rule.path.contains('?') { path_and_query } else { path };
            let method_fits = rule.method.as_ref().is_none_or(|m| m.eq_ignore_ascii_case(method));
            if !method_fits || !fits(&rule.path, target) || rule.times == Some(0) {
                continue;
            }
            if rule.skip > 0 {
                rule.skip -= 1;
                continue;
            }
            if let Some(times) = rule.times.as_mut() {
                *times -= 1;
            }
            return Some(rule.fault.clone());
        }
        None
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Rule>> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether `path` starts with `pattern`, or is matched whole by its glob.
fn fits(pattern: &str, path: &str) -> bool {
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = path.strip_prefix(first) else {
        return false;
    };
    let pieces: Vec<&str> = pieces.collect();
    let Some((last, middle)) = pieces.split_last() else {
        return true;
    };
    for piece in middle {
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_a_prefix_or_a_whole_glob() {
        assert!(fits("/rest/v1/", "/rest/v1/job_posts"));
        assert!(!fits("/v1/", "/rest/v1/job_posts"));
        assert!(fits("/v1/fine_tuning/jobs/*/cancel", "/v1/fine_tuning/jobs/ftjob-1/cancel"));
        assert!(!fits("/v1/fine_tuning/jobs/*/cancel", "/v1/fine_tuning/jobs/ftjob-1"));
        assert!(fits("*/files*", "/v1/files/file-1"));
    }

    #[test]
    fn skips_then_hits_so_many_times() {
        let faults = Faults::default();
        let rule = serde_json::from_str(
            r#"{"method":"get","path":"/rest","skip":1,"times":2,"fault":{"kind":"drop_before"}}"#,
        )
        .unwrap();
        faults.add(vec![rule]);
        let hits: Vec<bool> = (0..5).map(|_| faults.take("GET", "/rest/x", "/rest/x").is_some()).collect();
        assert_eq!(hits, [false, true, true, false, false]);
        assert!(faults.take("POST", "/rest/x", "/rest/x").is_none());
    }

    #[test]
    fn refuses_a_misspelt_rule() {
        let wrong = r#"{"path":"/rest","fault":{"kind":"status","status":429,"retryafter":1}}"#;
        assert!(serde_json::from_str::<Rule>(wrong).is_err());
        let wrong = r#"{"path":"/v1","fault":{"kind":"refuse","why":"mood"}}"#;
        assert!(serde_json::from_str::<Rule>(wrong).is_err());
    }
}
