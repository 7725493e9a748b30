//! The messages of one example.

use std::collections::HashSet;

use serde_json::Value;

use super::Problem;
use crate::quality::has_special_token;

const ROLES: [&str; 6] = ["system", "developer", "user", "assistant", "tool", "function"];
const KEYS: [&str; 8] =
    ["role", "content", "name", "weight", "tool_calls", "tool_call_id", "function_call", "refusal"];
/// Parts of content, with the key that each must have.
const PARTS: [(&str, &str); 5] = [
    ("text", "text"),
    ("image_url", "image_url"),
    ("input_audio", "input_audio"),
    ("file", "file"),
    ("refusal", "refusal"),
];
const LONGEST_NAME: usize = 64;

/// Adds what is wrong with the messages of one example.
pub(super) fn check(messages: &[Value], problems: &mut Vec<Problem>) {
    let mut asked = HashSet::new();
    let mut only_behind = false;
    for (at, message) in (1..).zip(messages) {
        let Value::Object(fields) = message else {
            problems.push(Problem::NotAMessage(at));
            continue;
        };
        if fields.keys().any(|key| !KEYS.contains(&key.as_str())) {
            problems.push(Problem::UnknownMessageKey(at));
        }
        let role = match &message["role"] {
            Value::Null => {
                problems.push(Problem::NoRole(at));
                continue;
            }
            Value::String(role) if ROLES.contains(&role.as_str()) => role.as_str(),
            _ => {
                problems.push(Problem::UnknownRole(at));
                continue;
            }
        };
        let system = matches!(role, "system" | "developer");
        if system && only_behind {
            problems.push(Problem::LateSystem(at));
        }
        only_behind |= !system;
        content(at, role, message, problems);
        if message.get("name").is_some_and(|name| !is_name(name)) {
            problems.push(Problem::BadName(at));
        }
        if message.get("weight").is_some_and(|weight| role != "assistant" || (weight != 0 && weight != 1)) {
            problems.push(Problem::BadWeight(at));
        }
        calls(at, role, message, &mut asked, problems);
        if texts(message).iter().any(|text| has_special_token(text)) {
            problems.push(Problem::SpecialToken(at));
        }
    }
    conversation(messages, problems);
}

fn content(at: usize, role: &str, message: &Value, problems: &mut Vec<Problem>) {
    let calls = has_call(message);
    let problem = match &message["content"] {
        Value::Null if role == "assistant" && (calls || message["refusal"].is_string()) => return,
        Value::Null => Problem::NoContent(at),
        Value::String(text) if !text.trim().is_empty() => return,
        Value::String(_) if calls || role == "tool" || role == "function" => return,
        Value::String(_) => Problem::EmptyContent(at),
        Value::Array(parts) if parts.is_empty() => Problem::EmptyContent(at),
        Value::Array(parts) if parts.iter().all(is_part) => return,
        _ => Problem::BadContent(at),
    };
    problems.push(problem);
}

fn is_part(part: &Value) -> bool {
    let known = PARTS.iter().find(|(kind, _)| part["type"] == *kind);
    known.is_some_and(|(kind, key)| {
        let value = &part[*key];
        if *kind == "text" {
            value.as_str().is_some_and(|text| !text.trim().is_empty())
        } else {
            !value.is_null()
        }
    })
}

fn has_call(message: &Value) -> bool {
    message["tool_calls"].as_array().is_some_and(|calls| !calls.is_empty())
        || message["function_call"].is_object()
}

fn is_name(name: &Value) -> bool {
    name.as_str().is_some_and(|name| {
        (1..=LONGEST_NAME).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
    })
}

fn is_function(function: &Value) -> bool {
    let arguments = function["arguments"].as_str();
    is_name(&function["name"])
        && arguments.is_some_and(|text| serde_json::from_str::<serde_json::Map<_, _>>(text).is_ok())
}

fn calls<'a>(
    at: usize,
    role: &str,
    message: &'a Value,
    asked: &mut HashSet<&'a str>,
    problems: &mut Vec<Problem>,
) {
    let mut bad = message.get("function_call").is_some_and(|call| role != "assistant" || !is_function(call));
    if let Some(calls) = message.get("tool_calls") {
        bad |= role != "assistant" || !calls.is_array();
        for call in calls.as_array().into_iter().flatten() {
            let id = call["id"].as_str().filter(|id| !id.is_empty());
            bad |= id.is_none() || call["type"] != "function" || !is_function(&call["function"]);
            asked.extend(id);
        }
    }
    if bad {
        problems.push(Problem::BadCall(at));
    }
    let answers = message["tool_call_id"].as_str();
    if role == "tool" && answers.is_none_or(|id| !asked.contains(id)) {
        problems.push(Problem::Unasked(at));
    }
}

/// What the messages are together.
fn conversation(messages: &[Value], problems: &mut Vec<Problem>) {
    let is = |role: &'static str| move |message: &&Value| message["role"] == role;
    let mut answers = messages.iter().filter(is("assistant")).peekable();
    if answers.peek().is_none() {
        problems.push(Problem::NoAssistant);
    } else {
        if messages.last().is_some_and(|last| last["role"] != "assistant") {
            problems.push(Problem::LastNotAssistant);
        }
        if answers.all(|answer| answer["weight"] == 0) {
            problems.push(Problem::NothingWeighed);
        }
    }
    if !messages.iter().any(|message| message["role"] == "system" || message["role"] == "developer") {
        problems.push(Problem::NoSystem);
    }
    if !messages.iter().any(|message| message["role"] == "user") {
        problems.push(Problem::NoUser);
    }
}

/// Returns the texts of a message that are billed: its content, its name and what it calls.
pub(super) fn texts(message: &Value) -> Vec<&str> {
    let mut texts: Vec<&str> =
        message["content"].as_str().into_iter().chain(message["name"].as_str()).collect();
    for part in message["content"].as_array().into_iter().flatten() {
        texts.extend(part["text"].as_str());
    }
    let calls = message["tool_calls"].as_array().into_iter().flatten().map(|call| &call["function"]);
    for function in calls.chain(message.get("function_call")) {
        texts.extend(function["name"].as_str().into_iter().chain(function["arguments"].as_str()));
    }
    texts
}
