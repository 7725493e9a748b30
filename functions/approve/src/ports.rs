use serde_json::Value;
use stage::{ErrorName, StageError};

/// The workflow that waits.
pub trait Workflow {
    /// Lets it go on, and says whether it was still waiting.
    ///
    /// # Errors
    /// `Throttled` and `Unavailable`; `Internal` when the role may not. No error holds the token.
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
