//! How many tokens an example is billed as.

use std::fmt;

/// Counts tokens of chat examples with the `o200k_base` vocabulary. For base models with another vocabulary the count
/// is an estimate: the bill is `trained_tokens` of the finished job.
#[derive(Clone, Copy)]
pub struct TokenCounter(&'static tiktoken::CoreBpe);

impl fmt::Debug for TokenCounter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenCounter(o200k_base)")
    }
}

impl TokenCounter {
    /// Loads the vocabulary, about a quarter of a second the first time; none if it was left out of the build.
    pub fn new() -> Option<Self> {
        tiktoken::get_encoding("o200k_base").map(Self)
    }

    /// Counts one text.
    pub fn text(&self, text: &str) -> u64 {
        self.0.count(text) as u64
    }

    /// Counts one example: its texts, three tokens a message and three for the answer's start, as the published
    /// cookbook of the chat format does.
    pub fn example<'a>(&self, messages: impl IntoIterator<Item = (&'a str, &'a str)>) -> u64 {
        3 + messages.into_iter().map(|(role, content)| 3 + self.text(role) + self.text(content)).sum::<u64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_as_the_reference_does() {
        let counter = TokenCounter::new().unwrap();
        // Reference: the Python package `tiktoken` 0.14.0, `o200k_base`.
        for (text, tokens) in [("hello world", 2), ("tiktoken is great!", 6), ("", 0)] {
            assert_eq!(counter.text(text), tokens, "{text}");
        }
        assert_eq!(counter.example([("user", "hello world"), ("assistant", "hello world")]), 15);
    }

    #[test]
    fn counts_texts_of_many_languages_as_other_implementations_do() {
        #[derive(serde::Deserialize)]
        struct Cases {
            cases: Vec<Case>,
        }
        #[derive(serde::Deserialize)]
        struct Case {
            text: String,
            tokens: u64,
        }
        let counter = TokenCounter::new().unwrap();
        let Cases { cases } = toml::from_str(include_str!("tokens.toml")).unwrap();
        assert!(cases.len() > 10);
        for Case { text, tokens } in cases {
            assert_eq!(counter.text(&text), tokens, "{text}");
        }
    }
}
