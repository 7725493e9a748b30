//! What may be wrong with a training file.

use std::fmt;

/// What is wrong. Messages are counted from 1; no problem holds a text of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// The file begins with a byte order mark, or a line does.
    ByteOrderMark,
    /// A line without anything.
    Blank,
    /// A line longer than can be read.
    LineTooLong,
    /// No JSON, and where it breaks.
    NotJson(String),
    /// JSON, but no object.
    NotAnObject,
    /// A key that the chat format does not have.
    UnknownKey,
    /// `messages` is missing, empty or no list.
    NoMessages,
    /// A message is no object.
    NotAMessage(usize),
    /// A message has a key that the chat format does not have.
    UnknownMessageKey(usize),
    /// A message has no role.
    NoRole(usize),
    /// A message has a role that the chat format does not have.
    UnknownRole(usize),
    /// A message has neither content nor a call.
    NoContent(usize),
    /// The assistant, or the user, says nothing.
    EmptyContent(usize),
    /// Content is neither a text nor a list of parts.
    BadContent(usize),
    /// A name is no text of up to 64 letters, digits, `_` or `-`.
    BadName(usize),
    /// A weight is neither 0 nor 1, or not the assistant's.
    BadWeight(usize),
    /// A call has no id, name or arguments in JSON.
    BadCall(usize),
    /// A tool answers a call that nobody has made.
    Unasked(usize),
    /// A text holds a token that chat formats are built of.
    SpecialToken(usize),
    /// The system message is not the first one.
    LateSystem(usize),
    /// Nobody answers.
    NoAssistant,
    /// The last word is not the assistant's.
    LastNotAssistant,
    /// All of the assistant's messages have the weight 0.
    NothingWeighed,
    /// There is no system message.
    NoSystem,
    /// Nobody asks.
    NoUser,
    /// More tokens than the provider takes.
    TooManyTokens {
        /// Of this example.
        tokens: u64,
        /// What the provider takes.
        most: u64,
    },
    /// The same example as in an earlier line.
    Repeats(u64),
    /// The example stands in the training file.
    Leaks,
    /// Too few examples.
    TooFew {
        /// In the file.
        examples: u64,
        /// What the provider wants.
        least: u64,
    },
    /// Too many bytes.
    FileTooLarge {
        /// Of the file.
        bytes: u64,
        /// What the provider takes.
        most: u64,
    },
    /// All answers are the same.
    OneAnswer,
}

impl Problem {
    /// Says whether a provider takes the file all the same; what a model learns from it is another matter.
    pub fn is_warning(&self) -> bool {
        matches!(
            self,
            Self::UnknownKey
                | Self::LateSystem(_)
                | Self::NoSystem
                | Self::NoUser
                | Self::Repeats(_)
                | Self::Leaks
                | Self::OneAnswer
        )
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ByteOrderMark => {
                f.write_str("begins with a byte order mark: save the file as UTF-8 without one")
            }
            Self::Blank => f.write_str("is blank: remove the line"),
            Self::LineTooLong => f.write_str("is longer than 32 MiB"),
            Self::NotJson(place) => write!(f, "{place}: write one JSON object a line"),
            Self::NotAnObject => f.write_str("is JSON, but no object"),
            Self::UnknownKey => f.write_str("has a key besides messages, tools and parallel_tool_calls"),
            Self::NoMessages => f.write_str("has no messages: a list that is not empty"),
            Self::NotAMessage(at) => write!(f, "message {at} is no object"),
            Self::UnknownMessageKey(at) => write!(
                f,
                "message {at} has a key besides role, content, name, weight, tool_calls, tool_call_id, function_call and refusal"
            ),
            Self::NoRole(at) => write!(f, "message {at} has no role"),
            Self::UnknownRole(at) => {
                write!(
                    f,
                    "message {at} has a role besides system, developer, user, assistant, tool and function"
                )
            }
            Self::NoContent(at) => write!(f, "message {at} has no content"),
            Self::EmptyContent(at) => write!(f, "message {at} is empty"),
            Self::BadContent(at) => {
                write!(f, "the content of message {at} is neither a text nor a list of parts")
            }
            Self::BadName(at) => {
                write!(f, "the name in message {at} is no text of 1 to 64 letters, digits, '_' or '-'")
            }
            Self::BadWeight(at) => write!(f, "the weight of message {at} is not 0 or 1 of the assistant"),
            Self::BadCall(at) => {
                write!(f, "a call in message {at} lacks an id, a function's name or arguments in JSON")
            }
            Self::Unasked(at) => {
                write!(f, "message {at} answers a call that was not made: mend tool_call_id")
            }
            Self::SpecialToken(at) => write!(f, "a special token such as <|…|> stands in message {at}"),
            Self::LateSystem(at) => write!(f, "message {at} is a system message behind other messages"),
            Self::NoAssistant => f.write_str("has no message of the assistant: there is nothing to learn"),
            Self::LastNotAssistant => f.write_str("does not end with a message of the assistant"),
            Self::NothingWeighed => f.write_str("all messages of the assistant have the weight 0"),
            Self::NoSystem => f.write_str("has no system message"),
            Self::NoUser => f.write_str("has no message of the user"),
            Self::TooManyTokens { tokens, most } => {
                write!(f, "has {tokens} tokens, {most} are taken: the rest is cut off, or the file refused")
            }
            Self::Repeats(line) => write!(f, "says the same as line {line}"),
            Self::Leaks => f.write_str("stands in the training file, too: it validates nothing"),
            Self::TooFew { examples, least } => write!(f, "{examples} examples, {least} are needed"),
            Self::FileTooLarge { bytes, most } => write!(f, "{bytes} bytes, {most} are taken"),
            Self::OneAnswer => f.write_str("all answers are the same: a model learns nothing else"),
        }
    }
}
