//! Checks a training file line by line, as the provider does before it queues a job.

use super::spec::Method;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::io::BufRead;
use std::sync::atomic::{AtomicBool, Ordering};

/// What a line teaches.
#[derive(Debug)]
pub(crate) struct Example {
    /// Everything asked, without the system message.
    pub(crate) prompt: String,
    /// The last answer.
    pub(crate) completion: String,
    /// Tokens of the line, roughly.
    pub(crate) tokens: u64,
    /// Whether the moderation of this sandbox takes offence: it does at one made-up phrase.
    pub(crate) unsafe_text: bool,
}

/// What a training file must not hold here.
pub(crate) const UNSAFE: &str = "violates-usage-policies";

/// A message of a line or of a chat request.
#[derive(Debug, Deserialize)]
pub(crate) struct Message {
    /// Who speaks.
    pub(crate) role: String,
    /// What is said.
    #[serde(default)]
    pub(crate) content: Value,
}

impl Message {
    /// Its text; parts of other kinds are left out.
    pub(crate) fn text(&self) -> String {
        match &self.content {
            Value::String(text) => text.clone(),
            Value::Array(parts) => {
                parts.iter().filter_map(|p| p["text"].as_str()).collect::<Vec<_>>().join("\n")
            }
            _ => String::new(),
        }
    }
}

/// Everything a conversation asks, without system messages.
pub(crate) fn prompt(messages: &[Message]) -> String {
    let asked = messages.iter().filter(|m| !matches!(m.role.as_str(), "system" | "developer"));
    asked.map(Message::text).collect::<Vec<_>>().join("\n")
}

const ROLES: [&str; 6] = ["system", "developer", "user", "assistant", "tool", "function"];
const LINE_KEYS: [&str; 4] = ["messages", "tools", "parallel_tool_calls", "functions"];
const PAIR_KEYS: [&str; 3] = ["input", "preferred_output", "non_preferred_output"];
const INPUT_KEYS: [&str; 3] = ["messages", "tools", "parallel_tool_calls"];
const MESSAGE_KEYS: [&str; 7] =
    ["role", "content", "name", "weight", "tool_calls", "tool_call_id", "function_call"];

/// Reads a file of at least `fewest` examples; the error is the provider's message, without content.
pub(crate) fn read(
    file: impl BufRead,
    fewest: usize,
    method: Method,
    given_up: &AtomicBool,
) -> Result<Vec<Example>, String> {
    let mut examples = Vec::new();
    for (n, line) in file.lines().enumerate() {
        if given_up.load(Ordering::Relaxed) {
            return Err("The job was cancelled.".to_owned());
        }
        let number = n + 1;
        let line = line.map_err(|_| format!("Line {number} is not valid UTF-8."))?;
        if line.starts_with('\u{feff}') {
            return Err(format!(
                "Expected file to have JSONL format, where every line is a JSON dictionary. Line {number} is not a dictionary (HINT: line starts with a byte order mark)."
            ));
        }
        if line.trim().is_empty() {
            continue;
        }
        let Ok(object) = serde_json::from_str::<Map<String, Value>>(&line) else {
            return Err(format!(
                "Expected file to have JSONL format, where every line is a JSON dictionary. Line {number} is not a dictionary."
            ));
        };
        let (prompt, completion) = match method {
            Method::Supervised => conversation(object),
            Method::Dpo => preference(object),
        }
        .map_err(|why| format!("Invalid file format. Line {number}: {why}"))?;
        let (tokens, unsafe_text) = (tokens(&line), line.contains(UNSAFE));
        examples.push(Example { prompt, completion, tokens, unsafe_text });
    }
    if examples.len() < fewest {
        return Err(format!(
            "Training file has {} example(s), but must have at least {fewest} examples",
            examples.len()
        ));
    }
    Ok(examples)
}

/// Prompt and answer of a supervised line.
fn conversation(mut object: Map<String, Value>) -> Result<(String, String), String> {
    if object.contains_key("prompt") && object.contains_key("completion") {
        return Err(
            "is in the prompt-completion format, but the model requires chat-formatted data.".to_owned()
        );
    }
    only(&object, &LINE_KEYS)?;
    let (messages, trained) = messages(object.remove("messages"), "messages")?;
    let last = messages.len().wrapping_sub(1);
    if messages.last().is_none_or(|m| m.role != "assistant") || trained.get(last) == Some(&false) {
        return Err("the last message must be from the assistant.".to_owned());
    }
    Ok((prompt(&messages[..last]), messages[last].text()))
}

/// Prompt and preferred answer of a DPO line.
fn preference(mut object: Map<String, Value>) -> Result<(String, String), String> {
    only(&object, &PAIR_KEYS)?;
    let Some(Value::Object(mut input)) = object.remove("input") else {
        return Err("missing key \"input\", which must be a dictionary.".to_owned());
    };
    only(&input, &INPUT_KEYS)?;
    let (asked, _) = messages(input.remove("messages"), "messages")?;
    if asked.last().is_none_or(|m| m.role == "assistant") {
        return Err("the input must not end with a message from the assistant.".to_owned());
    }
    let mut answer = |key: &str| {
        let (answers, _) = messages(object.remove(key), key)?;
        match answers.as_slice() {
            [answer] if answer.role == "assistant" => Ok(answer.text()),
            _ => Err(format!("\"{key}\" must be one message from the assistant.")),
        }
    };
    let (preferred, other) = (answer("preferred_output")?, answer("non_preferred_output")?);
    if preferred == other {
        return Err("both outputs are the same.".to_owned());
    }
    Ok((prompt(&asked), preferred))
}

fn only(object: &Map<String, Value>, keys: &[&str]) -> Result<(), String> {
    let unexpected = object.keys().find(|key| !keys.contains(&key.as_str()));
    unexpected.map_or(Ok(()), |key| Err(format!("unexpected key \"{key}\".")))
}

/// The messages of a list, and which of them are trained on.
fn messages(given: Option<Value>, key: &str) -> Result<(Vec<Message>, Vec<bool>), String> {
    let Some(Value::Array(given)) = given else {
        return Err(format!("missing key \"{key}\", which must be a list."));
    };
    let mut messages = Vec::with_capacity(given.len());
    let mut trained = Vec::with_capacity(given.len());
    for value in given {
        let keys = value.as_object().ok_or("every message must be a dictionary.")?;
        if let Some(key) = keys.keys().find(|k| !MESSAGE_KEYS.contains(&k.as_str())) {
            return Err(format!("unexpected message key \"{key}\"."));
        }
        let calls = keys.contains_key("tool_calls") || keys.contains_key("function_call");
        trained.push(keys.get("weight").and_then(Value::as_u64) != Some(0));
        let message: Message =
            serde_json::from_value(value).map_err(|_| "every message needs a \"role\".".to_owned())?;
        if !ROLES.contains(&message.role.as_str()) {
            return Err(format!("unrecognized role \"{}\".", message.role));
        }
        if !calls && !matches!(message.content, Value::String(_) | Value::Array(_)) {
            return Err("every message needs a \"content\".".to_owned());
        }
        messages.push(message);
    }
    Ok((messages, trained))
}

/// Tokens of a text, roughly: four bytes each.
pub(crate) fn tokens(text: &str) -> u64 {
    (text.len() as u64).div_ceil(4)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::io::{self, BufReader};

    const GOOD: &str = r#"{"messages":[{"role":"system","content":"s"},{"role":"user","content":"q"},{"role":"assistant","content":"a"}]}"#;

    fn wanted(file: &str, fewest: usize, method: Method) -> Result<Vec<Example>, String> {
        read(file.as_bytes(), fewest, method, &AtomicBool::new(false))
    }

    #[test]
    fn reads_no_further_for_a_job_that_is_given_up() {
        let endless = BufReader::new(io::repeat(b'\n'));
        assert!(read(endless, 1, Method::Supervised, &AtomicBool::new(true)).is_err());
    }

    #[test]
    fn reads_prompt_and_completion_without_the_system_message() {
        let read = wanted(&format!("{GOOD}\n{GOOD}\n"), 2, Method::Supervised).unwrap();
        assert_eq!((read[0].prompt.as_str(), read[0].completion.as_str()), ("q", "a"));
    }

    #[test]
    fn reads_the_preferred_answer_of_a_pair() {
        let answer = |text: &str| json!([{"role": "assistant", "content": text}]);
        let line = |pair: [Value; 2]| {
            let [preferred, other] = pair;
            let input = json!({"messages": [{"role": "user", "content": "q"}]});
            json!({"input": input, "preferred_output": preferred, "non_preferred_output": other}).to_string()
        };
        let good = line([answer("good"), answer("bad")]);
        let taught = wanted(&good, 1, Method::Dpo).unwrap();
        assert_eq!((taught[0].prompt.as_str(), taught[0].completion.as_str()), ("q", "good"));
        for wrong in [GOOD.to_owned(), line([answer("a"), answer("a")]), line([answer("a"), json!([])])] {
            assert!(wanted(&wrong, 1, Method::Dpo).is_err(), "{wrong}");
        }
        assert!(wanted(&good, 1, Method::Supervised).is_err());
    }

    #[test]
    fn refuses_bad_files_in_the_providers_words() {
        let cases = [
            (format!("\u{feff}{GOOD}"), "byte order mark"),
            ("[1]".to_owned(), "Line 1 is not a dictionary"),
            (format!("{GOOD}\nnope"), "Line 2 is not a dictionary"),
            (GOOD.to_owned(), "has 1 example(s), but must have at least 2"),
            (r#"{"prompt":"a","completion":"b"}"#.to_owned(), "prompt-completion"),
            (r#"{"messages":[{"role":"user","content":"q"}]}"#.to_owned(), "last message"),
            (r#"{"messages":[]}"#.to_owned(), "last message"),
            (r#"{"messages":[{"role":"robot","content":"q"}]}"#.to_owned(), "unrecognized role"),
            (r#"{"messages":[{"role":"assistant"}]}"#.to_owned(), "\"content\""),
            (r#"{"rows":1}"#.to_owned(), "unexpected key"),
        ];
        for (file, part) in cases {
            let message = wanted(&file, 2, Method::Supervised).unwrap_err();
            assert!(message.contains(part), "{message}");
        }
    }
}
