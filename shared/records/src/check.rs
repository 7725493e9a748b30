//! Whether a provider will take a training file, before anything is paid.
//!
//! A superset of what the providers' published notebook for chat examples and the old `prepare_data` command look for,
//! with `tool` messages, parts of content and the rejections that were seen since. Problems name the line, the message
//! and the key; they hold no text of the file.

mod message;
mod problem;

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::jsonl::Line;
use crate::tokens::{TokenCounter, Tokens};

pub use problem::Problem;

/// What a provider accepts as a training file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Fewest examples in a training file.
    pub min_examples: u64,
    /// Largest file, in bytes.
    pub max_file_bytes: u64,
    /// Longest example, in tokens.
    pub max_example_tokens: u64,
}

impl Limits {
    /// Those of the OpenAI-compatible providers: `/files` takes 512 MB; a job wants 10 examples; 65,536 tokens is the
    /// context of the tunable bases.
    pub const CHAT: Self = Self { min_examples: 10, max_file_bytes: 512_000_000, max_example_tokens: 65_536 };
}

/// Keys that an example of the chat format may have.
const KEYS: [&str; 4] = ["messages", "tools", "parallel_tool_calls", "functions"];

/// An example of the chat format, as far as it is one.
#[derive(Debug)]
pub struct Chat {
    example: Value,
}

impl Chat {
    /// Reads one line and adds what is wrong with it.
    pub fn read(line: &[u8], problems: &mut Vec<Problem>) -> Option<Self> {
        if line.starts_with("\u{feff}".as_bytes()) {
            problems.push(Problem::ByteOrderMark);
            return None;
        }
        if line.trim_ascii().is_empty() {
            problems.push(Problem::Blank);
            return None;
        }
        let example: Value = match serde_json::from_slice(line) {
            Ok(example) => example,
            Err(error) => {
                problems.push(Problem::NotJson(crate::jsonl::problem(&error)));
                return None;
            }
        };
        let Value::Object(fields) = &example else {
            problems.push(Problem::NotAnObject);
            return None;
        };
        if fields.keys().any(|key| !KEYS.contains(&key.as_str())) {
            problems.push(Problem::UnknownKey);
        }
        let messages = fields.get("messages").and_then(Value::as_array).filter(|list| !list.is_empty());
        let Some(messages) = messages else {
            problems.push(Problem::NoMessages);
            return None;
        };
        message::check(messages, problems);
        Some(Self { example })
    }

    /// Counts the example's tokens.
    pub fn tokens(&self, counter: &TokenCounter) -> Tokens {
        let mut tokens = Tokens::default();
        for message in self.messages() {
            let texts: u64 = message::texts(message).iter().map(|text| counter.text(text)).sum();
            tokens.message(texts, counter.text(message["role"].as_str().unwrap_or_default()));
        }
        for definitions in ["tools", "functions"] {
            if let Some(tools) = self.example.get(definitions) {
                tokens.texts(counter.text(&tools.to_string()));
            }
        }
        tokens
    }

    /// Returns what the model should say: the texts of the assistant.
    fn answers(&self) -> u64 {
        let answers = self.messages().iter().filter(|message| message["role"] == "assistant");
        number(&answers.map(|message| message["content"].to_string()).collect::<String>())
    }

    fn messages(&self) -> &[Value] {
        self.example["messages"].as_array().map(Vec::as_slice).unwrap_or_default()
    }
}

/// Identifies a text while a file is checked; two texts of one number are less likely than a fault of the memory.
fn number(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// Whether all answers of a file are the same: a model learns to say that and nothing else.
#[derive(Debug, Default)]
pub struct Answers {
    first: Option<u64>,
    count: u64,
    other: bool,
}

impl Answers {
    /// Adds one answer.
    pub fn add(&mut self, answer: &str) {
        self.add_number(number(answer));
    }

    /// Says whether there are several, all the same.
    pub fn are_one(&self) -> bool {
        self.count > 1 && !self.other
    }

    fn add_number(&mut self, answer: u64) {
        self.count += 1;
        self.other |= *self.first.get_or_insert(answer) != answer;
    }
}

/// One file, checked line by line.
#[derive(Debug)]
pub struct File {
    counter: TokenCounter,
    limits: Limits,
    /// Lines of examples seen so far, here and in the files before, by their number.
    seen: HashMap<u64, Seen>,
    answers: Answers,
    counts: Counts,
}

#[derive(Debug, Clone, Copy)]
enum Seen {
    Here(u64),
    Before,
}

/// What a file comes to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Lines.
    pub lines: u64,
    /// Lines that can be read as examples, with or without problems.
    pub examples: u64,
    /// Size.
    pub bytes: u64,
    /// Tokens of the examples, once, each at most as long as the provider takes.
    pub tokens: Tokens,
}

impl File {
    /// Begins a training file.
    pub fn new(counter: TokenCounter, limits: Limits) -> Self {
        Self { counter, limits, seen: HashMap::new(), answers: Answers::default(), counts: Counts::default() }
    }

    /// Checks the next line.
    pub fn line(&mut self, line: &Line<'_>) -> Vec<Problem> {
        self.counts.lines += 1;
        let mut problems = Vec::new();
        let Line::Whole(line) = line else {
            return vec![Problem::LineTooLong];
        };
        self.counts.bytes += line.len() as u64 + 1;
        let Some(chat) = Chat::read(line, &mut problems) else { return problems };
        self.counts.examples += 1;
        let tokens = chat.tokens(&self.counter);
        if tokens.counted > self.limits.max_example_tokens {
            problems.push(Problem::TooManyTokens {
                tokens: tokens.counted,
                most: self.limits.max_example_tokens,
            });
        }
        self.counts.tokens += tokens.at_most(self.limits.max_example_tokens);
        self.answers.add_number(chat.answers());
        let here = Seen::Here(self.counts.lines);
        match self.seen.insert(number(&chat.example.to_string()), here) {
            Some(Seen::Here(line)) => problems.push(Problem::Repeats(line)),
            Some(Seen::Before) => problems.push(Problem::Leaks),
            None => {}
        }
        problems
    }

    /// Ends a training file.
    pub fn finish(&self) -> (Counts, Vec<Problem>) {
        let Counts { examples, bytes, .. } = self.counts;
        let Limits { min_examples, max_file_bytes, .. } = self.limits;
        let mut problems = Vec::new();
        if examples < min_examples {
            problems.push(Problem::TooFew { examples, least: min_examples });
        }
        problems.extend(self.whole(bytes, max_file_bytes));
        (self.counts, problems)
    }

    /// Ends a validation file: it may have few examples.
    pub fn finish_validation(&self) -> (Counts, Vec<Problem>) {
        let mut problems: Vec<_> = (self.counts.examples == 0)
            .then_some(Problem::TooFew { examples: 0, least: 1 })
            .into_iter()
            .collect();
        problems.extend(self.whole(self.counts.bytes, self.limits.max_file_bytes));
        (self.counts, problems)
    }

    /// Begins the validation file that goes with this one: none of its examples may stand in both.
    #[must_use]
    pub fn validation(self) -> Self {
        let seen = self.seen.into_keys().map(|example| (example, Seen::Before)).collect();
        Self { seen, ..Self::new(self.counter, self.limits) }
    }

    fn whole(&self, bytes: u64, most: u64) -> Vec<Problem> {
        let mut problems = Vec::new();
        if bytes > most {
            problems.push(Problem::FileTooLarge { bytes, most });
        }
        if self.answers.are_one() {
            problems.push(Problem::OneAnswer);
        }
        problems
    }
}

#[cfg(test)]
mod tests;
