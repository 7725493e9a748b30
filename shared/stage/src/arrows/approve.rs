use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::approval_file::{Answer, Decision, TaskToken};

/// What `approve` is asked to do.
///
/// A request through the function's own address is told by its `requestContext`, which nobody but Lambda can give it:
/// what such a request says of itself never becomes one of the other two.
#[derive(Debug)]
pub enum ApproveEvent {
    /// By the workflow: `{"do": "ask", …}`.
    Ask(AskEvent),
    /// By an operator who may call the function: `{"do": "answer", …}`.
    Answer(AnswerEvent),
    /// By whoever has the function's address.
    Web(WebEvent),
}

#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
enum Direct {
    Ask(AskEvent),
    Answer(AnswerEvent),
}

impl<'de> Deserialize<'de> for ApproveEvent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let event = Value::deserialize(deserializer)?;
        if event.get("requestContext").is_some() {
            return serde_json::from_value(event).map(Self::Web).map_err(D::Error::custom);
        }
        Ok(match serde_json::from_value(event).map_err(D::Error::custom)? {
            Direct::Ask(event) => Self::Ask(event),
            Direct::Answer(event) => Self::Answer(event),
        })
    }
}

/// Asks an operator about a dataset.
#[derive(Debug, Clone, Deserialize)]
pub struct AskEvent {
    /// The run.
    pub run: String,
    /// The manifest that is asked about.
    pub manifest_sha256: String,
    /// By which the workflow is told.
    pub token: TaskToken,
    /// The function's own address: it cannot know it by itself.
    pub url: String,
}

/// Answers for the run that waits.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerEvent {
    /// The run.
    pub run: String,
    /// What is said.
    pub answer: Answer,
    /// Who says it.
    pub by: String,
    /// Why; needed to refuse.
    #[serde(default)]
    pub reason: String,
    /// The manifest that whoever answers has looked at; without one, the answer is about that of the question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest_sha256: Option<String>,
}

/// A request, as a function's address hands it on (payload format 2.0).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WebEvent {
    /// What comes with it.
    pub request_context: WebContext,
    /// The query, as it was sent.
    #[serde(default)]
    pub raw_query_string: String,
    /// The headers, by name in lower case.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The body, if there is one.
    #[serde(default)]
    pub body: Option<String>,
    /// Whether the body is Base64.
    #[serde(default)]
    pub is_base64_encoded: bool,
}

// The query holds the link's secret.
impl std::fmt::Debug for WebEvent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebEvent").field("method", &self.request_context.http.method).finish_non_exhaustive()
    }
}

/// What comes with a request.
#[derive(Debug, Clone, Deserialize)]
pub struct WebContext {
    /// Its first line.
    pub http: WebHttp,
}

/// The first line of a request.
#[derive(Debug, Clone, Deserialize)]
pub struct WebHttp {
    /// Its method.
    pub method: String,
}

/// What `approve` answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum ApproveAnswer {
    /// To [`ApproveEvent::Ask`].
    Asked(Asked),
    /// To [`ApproveEvent::Answer`].
    Told(Told),
    /// To [`ApproveEvent::Web`].
    Web(WebAnswer),
}

/// An operator was asked, or had answered before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The run.
    pub run: String,
    /// Whether somebody must still answer.
    pub waits: bool,
    /// Until when.
    pub expires_at: Timestamp,
    /// Whether the question reached nobody: the topic has no confirmed subscription.
    #[serde(default)]
    pub unheard: bool,
}

/// The answer that stands, which may be an earlier one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// The answer.
    pub decision: Decision,
    /// Whether the workflow took it just now; otherwise it did before, or has ended.
    pub delivered: bool,
}

/// An answer to a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WebAnswer {
    /// The status.
    pub status_code: u16,
    /// The headers.
    pub headers: BTreeMap<&'static str, String>,
    /// The page.
    pub body: String,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_request_cannot_pass_for_an_operator_s_call() {
        let event = json!({"do": "answer", "run": "r", "answer": "approve", "by": "x",
            "requestContext": {"http": {"method": "POST"}}, "rawQueryString": "key=secret"});
        let event: ApproveEvent = serde_json::from_value(event).unwrap();
        assert!(matches!(event, ApproveEvent::Web(_)));
        assert!(!format!("{event:?}").contains("secret"));
    }

    #[test]
    fn an_answer_is_one_of_two_words_and_has_no_unknown_field() {
        let answer = |value: Value| {
            serde_json::from_value::<ApproveEvent>(value).map(|_| ()).map_err(|error| error.to_string())
        };
        assert_eq!(
            answer(json!({"do": "answer", "run": "r", "answer": "refuse", "by": "x", "reason": "y"})),
            Ok(())
        );
        for (wrong, part) in [
            (json!({"do": "answer", "run": "r", "answer": "yes", "by": "x"}), "unknown variant"),
            (json!({"do": "answer", "run": "r", "answer": "approve"}), "missing field"),
            (
                json!({"do": "answer", "run": "r", "answer": "approve", "by": "x", "note": "y"}),
                "unknown field",
            ),
            (json!({"do": "approve", "run": "r"}), "unknown variant"),
        ] {
            assert!(answer(wrong).unwrap_err().contains(part), "{part}");
        }
    }
}
