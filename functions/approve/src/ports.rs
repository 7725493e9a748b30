use serde_json::Value;
use stage::{ErrorName, StageError};

/// Tells the operators.
pub trait Notify {
    /// Sends a notice: a subject of at most a hundred ASCII characters, and a text.
    ///
    /// # Errors
    /// `Throttled` and `Unavailable`; `Internal` when the role may not.
    fn tell(&self, subject: &str, text: &str) -> impl Future<Output = Result<(), StageError>>;
}

/// The workflow that waits.
pub trait Workflow {
    /// Lets it go on, and says whether it was still waiting.
    ///
    /// # Errors
    /// As [`Notify::tell`]. No error holds the token.
    fn go_on(&self, token: &str, output: &Value) -> impl Future<Output = Result<bool, StageError>>;

    /// Ends it by a name, and says whether it was still waiting.
    ///
    /// # Errors
    /// As [`Workflow::go_on`].
    fn end(
        &self,
        token: &str,
        error: ErrorName,
        cause: &str,
    ) -> impl Future<Output = Result<bool, StageError>>;
}
