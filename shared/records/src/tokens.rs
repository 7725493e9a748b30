//! How many tokens an example is billed as.

use std::fmt;
use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

/// Tokens of an example, or of many. Providers bill by their own chat format and do not publish how: what they bill lies
/// between the texts alone and the longest format in use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    /// Of the texts alone: no format bills less.
    pub least: u64,
    /// As the published notebook counts: the texts, the roles, three a message and three for the answer's start.
    pub counted: u64,
    /// The same with one more a message, the line break of `ChatML`: no known format bills more.
    pub most: u64,
}

impl Tokens {
    /// Adds a message of so many tokens; the first one of an example adds what the example costs.
    pub(crate) fn message(&mut self, texts: u64, role: u64) {
        let start = if *self == Self::default() { 3 } else { 0 };
        self.texts(texts);
        self.counted += start + 3 + role;
        self.most += start + 4 + role;
    }

    /// Adds what is billed without a frame.
    pub(crate) fn texts(&mut self, tokens: u64) {
        self.least += tokens;
        self.counted += tokens;
        self.most += tokens;
    }

    /// What is billed of an example when a provider cuts it there.
    pub(crate) fn at_most(self, tokens: u64) -> Self {
        Self { least: self.least.min(tokens), counted: self.counted.min(tokens), most: self.most.min(tokens) }
    }
}

impl AddAssign for Tokens {
    fn add_assign(&mut self, other: Self) {
        self.least += other.least;
        self.counted += other.counted;
        self.most += other.most;
    }
}

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

    /// Counts one example.
    pub fn example<'a>(&self, messages: impl IntoIterator<Item = (&'a str, &'a str)>) -> Tokens {
        let mut tokens = Tokens::default();
        for (role, content) in messages {
            tokens.message(self.text(content), self.text(role));
        }
        tokens
    }

    /// Returns the start of a text that has so many tokens at most, cut between words where there are any.
    pub fn start<'a>(&self, text: &'a str, most: u64) -> &'a str {
        let tokens = self.0.encode(text);
        let mut most = usize::try_from(most).unwrap_or(usize::MAX).min(tokens.len());
        if most == tokens.len() {
            return text;
        }
        let fits = most as u64;
        loop {
            let mut end = self.0.decode(&tokens[..most]).len().min(text.len());
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            let whole = &text[..end];
            let between = !text[end..].starts_with(char::is_whitespace);
            let words = whole.rfind(char::is_whitespace).filter(|_| between).map_or(whole, |at| &whole[..at]);
            let start = words.trim_end();
            // A text that is cut may have other tokens than it had: a few more at most.
            if most == 0 || self.text(start) <= fits {
                return start;
            }
            most -= 1;
        }
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
        let tokens = counter.example([("user", "hello world"), ("assistant", "hello world")]);
        assert_eq!(tokens, Tokens { least: 4, counted: 15, most: 17 });
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

    #[test]
    fn a_text_is_cut_between_words_and_never_longer_than_asked() {
        let counter = TokenCounter::new().unwrap();
        let text =
            "Care for people, plan shifts and teach those who are new. Ärztinnen 👩‍⚕️ und 看護師 gesucht!";
        for most in 0..=counter.text(text) {
            let start = counter.start(text, most);
            assert!(text.starts_with(start) && counter.text(start) <= most, "{most}: {start}");
            assert!(
                start == text || text[start.len()..].starts_with(char::is_whitespace) || !start.contains(' ')
            );
        }
        assert_eq!(counter.start(text, 1_000), text);
        let one_word = "看護師".repeat(50);
        assert!(counter.text(counter.start(&one_word, 20)) <= 20);
        assert!(!counter.start(&one_word, 20).is_empty());
    }
}
