//! What went wrong, and what to do about it.

use std::error::Error as StdError;

/// A failure of the command line: one clause, its source, and the next step for the person who reads it.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct Error {
    what: String,
    hint: Option<String>,
    #[source]
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// The result of everything in this crate that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A failure without a source.
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), hint: None, source: None }
    }

    /// The same failure with the next step to take.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The next step to take, the innermost one given.
    pub fn next_step(&self) -> Option<&str> {
        let inner = self.source.as_deref().and_then(|source| source.downcast_ref::<Self>());
        inner.and_then(Self::next_step).or(self.hint.as_deref())
    }

    /// The whole chain in one line: `what: source: source`.
    pub fn chain(&self) -> String {
        let mut line = self.what.clone();
        let mut source = StdError::source(self);
        while let Some(error) = source {
            let text = error.to_string();
            // Some libraries repeat their source in their own message.
            if !line.ends_with(&text) {
                line.push_str(": ");
                line.push_str(&text);
            }
            source = error.source();
        }
        line
    }
}

/// Adds what was being done to any error.
pub trait Context<T> {
    /// Wraps the error with what was being done.
    ///
    /// # Errors
    /// The wrapped error.
    fn context(self, what: impl Into<String>) -> Result<T>;
}

impl<T, E: StdError + Send + Sync + 'static> Context<T> for std::result::Result<T, E> {
    fn context(self, what: impl Into<String>) -> Result<T> {
        self.map_err(|error| Error { what: what.into(), hint: None, source: Some(Box::new(error)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_the_chain_once_and_keeps_the_innermost_hint() {
        let inner = Err::<(), _>(std::io::Error::other("no such port")).context("connect").unwrap_err();
        let outer = Err::<(), _>(inner.hint("start it")).context("load the sample").unwrap_err();
        assert_eq!(outer.chain(), "load the sample: connect: no such port");
        assert_eq!(outer.next_step(), Some("start it"));
    }
}
