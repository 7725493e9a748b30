//! Checks a training file line by line, as the provider does before it queues a job.

use serde::Deserialize;
use serde_json::{Map, Value};
use std::io::BufRead;

/// What a line teaches.
#[derive(Debug)]
pub(crate) struct Example {
    /// Everything asked, without the system message.
    pub(crate) prompt: String,
    /// The last answer.
    pub(crate) completion: String,
    /// Tokens of the line, roughly.
    pub(crate) tokens: u64,
}

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
const MESSAGE_KEYS: [&str; 7] =
    ["role", "content", "name", "weight", "tool_calls", "tool_call_id", "function_call"];

/// Reads a file of at least `fewest` examples; the error is the provider's message, without content.
pub(crate) fn read(file: impl BufRead, fewest: usize) -> Result<Vec<Example>, String> {
    let mut examples = Vec::new();
    for (n, line) in file.lines().enumerate() {
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
        examples.push(
            example(object, &line).map_err(|why| format!("Invalid file format. Line {number}: {why}"))?,
        );
    }
    if examples.len() < fewest {
        return Err(format!(
            "Training file has {} example(s), but must have at least {fewest} examples",
            examples.len()
        ));
    }
    Ok(examples)
}

fn example(mut object: Map<String, Value>, line: &str) -> Result<Example, String> {
    if object.contains_key("prompt") && object.contains_key("completion") {
        return Err(
            "is in the prompt-completion format, but the model requires chat-formatted data.".to_owned()
        );
    }
    if let Some(key) = object.keys().find(|k| !LINE_KEYS.contains(&k.as_str())) {
        return Err(format!("unexpected key \"{key}\"."));
    }
    let Some(Value::Array(given)) = object.remove("messages") else {
        return Err("missing key \"messages\", which must be a list.".to_owned());
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
    let last = messages.len().wrapping_sub(1);
    if messages.last().is_none_or(|m| m.role != "assistant") || trained.get(last) == Some(&false) {
        return Err("the last message must be from the assistant.".to_owned());
    }
    let completion = messages[last].text();
    Ok(Example { prompt: prompt(&messages[..last]), completion, tokens: tokens(line) })
}

/// Tokens of a text, roughly: four bytes each.
pub(crate) fn tokens(text: &str) -> u64 {
    (text.len() as u64).div_ceil(4)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{"messages":[{"role":"system","content":"s"},{"role":"user","content":"q"},{"role":"assistant","content":"a"}]}"#;

    #[test]
    fn reads_prompt_and_completion_without_the_system_message() {
        let read = read(format!("{GOOD}\n{GOOD}\n").as_bytes(), 2).unwrap();
        assert_eq!((read[0].prompt.as_str(), read[0].completion.as_str()), ("q", "a"));
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
            let message = read(file.as_bytes(), 2).unwrap_err();
            assert!(message.contains(part), "{message}");
        }
    }
}
