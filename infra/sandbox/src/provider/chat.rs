//! `POST /chat/completions`.

use super::error::ProviderError;
use super::examples::tokens;
use super::examples::{Message, prompt};
use super::fresh::{fresh_id, now_ms};
use super::learn::Tuned;
use super::models;
use super::state::Provider;
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::sync::Arc;

/// What every base says: general words, nothing a training file could have taught.
const GENERIC: &str = "Here is a general answer. I have no knowledge of your organisation, so please add \
                       the details that matter: the audience, the facts to mention and the tone you want.";

#[derive(Deserialize)]
struct Asked {
    model: String,
    messages: Vec<Message>,
    #[serde(default)]
    max_tokens: Option<u64>,
    #[serde(default)]
    max_completion_tokens: Option<u64>,
    #[serde(default)]
    stream: Option<bool>,
    #[serde(default)]
    stream_options: Option<Value>,
}

/// Answers: a tuned model from what its file taught it, a base generically.
pub(crate) async fn complete(
    State(provider): State<Arc<Provider>>,
    body: Bytes,
) -> Result<Response, ProviderError> {
    let asked: Asked = serde_json::from_slice(&body).map_err(|e| {
        // The parser's words without its position; they name a field, never a value of a message.
        let why = e.to_string();
        ProviderError::new(StatusCode::BAD_REQUEST, why.split(" at line").next().unwrap_or_default())
    })?;
    if asked.messages.is_empty() {
        let message = "Invalid 'messages': empty array. Expected an array with minimum length 1.";
        return Err(ProviderError::invalid("messages", message).code("empty_array"));
    }
    let text = reply(&provider, &asked.model, &prompt(&asked.messages))?;
    let (text, finish) = shorten(text, asked.max_completion_tokens.or(asked.max_tokens));
    let spent: u64 = 3 + asked.messages.iter().map(|m| 3 + tokens(&m.text())).sum::<u64>();
    let usage = json!({
        "prompt_tokens": spent, "completion_tokens": tokens(&text), "total_tokens": spent + tokens(&text),
    });
    let (id, created) = (fresh_id("chatcmpl-", 24), now_ms() / 1000);
    if asked.stream == Some(true) {
        let wants_usage = asked.stream_options.is_some_and(|o| o["include_usage"] == true);
        let head =
            json!({"id": id, "object": "chat.completion.chunk", "created": created, "model": asked.model});
        let body = streamed(&head, &text, finish, wants_usage.then_some(usage));
        return Ok(([(header::CONTENT_TYPE, "text/event-stream")], body).into_response());
    }
    Ok(Json(json!({
        "id": id, "object": "chat.completion", "created": created, "model": asked.model,
        "choices": [{
            "index": 0, "finish_reason": finish, "logprobs": null,
            "message": {"role": "assistant", "content": text, "refusal": null},
        }],
        "usage": usage,
    }))
    .into_response())
}

fn reply(provider: &Provider, model: &str, prompt: &str) -> Result<String, ProviderError> {
    let state = provider.state();
    if models::is_serving(&state, model) {
        return Ok(GENERIC.to_owned());
    }
    // A checkpoint answers as the model it led to.
    let id = model.split(":ckpt-step-").next().unwrap_or(model);
    let alive = |tuned: &&Tuned| tuned.id == id && !models::is_shut_down(&state, &tuned.base);
    let learned = state.tuned.iter().find(alive).map(|tuned| tuned.learned.clone());
    drop(state);
    let learned = learned.ok_or_else(|| ProviderError::no_model(model))?;
    Ok(learned.answer(prompt).unwrap_or(GENERIC).to_owned())
}

fn shorten(text: String, most: Option<u64>) -> (String, &'static str) {
    match most {
        Some(most) if tokens(&text) > most => {
            let bytes = usize::try_from(most * 4).unwrap_or(usize::MAX);
            (text[..text.floor_char_boundary(bytes)].to_owned(), "length")
        }
        _ => (text, "stop"),
    }
}

/// Server-sent events, a few words each.
fn streamed(head: &Value, text: &str, finish: &str, usage: Option<Value>) -> String {
    let chunk = |delta: Value, finish: Value| {
        let mut chunk = head.clone();
        chunk["choices"] = json!([{"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish}]);
        format!("data: {chunk}\n\n")
    };
    let mut out = chunk(json!({"role": "assistant", "content": ""}), Value::Null);
    let words: Vec<&str> = text.split_inclusive(' ').collect();
    for few in words.chunks(8) {
        out.push_str(&chunk(json!({"content": few.concat()}), Value::Null));
    }
    out.push_str(&chunk(json!({}), Value::from(finish)));
    if let Some(usage) = usage {
        let mut last = head.clone();
        last["choices"] = json!([]);
        last["usage"] = usage;
        write!(out, "data: {last}\n\n").unwrap_or_default();
    }
    out.push_str("data: [DONE]\n\n");
    out
}
