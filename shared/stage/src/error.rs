//! What a failed step is called.
//!
//! The names are *stored data*: the workflow's `Retry` and `Catch` match on them, `model_versions.error_name` keeps
//! them and operators search for them. Renaming one is a breaking change.

use std::error::Error;
use std::fmt::{self, Write as _};

/// The name of a failure, as the workflow sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorName {
    /// A service asked us to slow down (429). Retried.
    Throttled,
    /// A service did not answer, broke off or answered 5xx. Retried.
    Unavailable,
    /// No recipe of that name, or the recipe breaks its schema. Needs an edit.
    RecipeInvalid,
    /// The source refused: key, table, column or grant. The message names the grant to run.
    SourceRefused,
    /// A column is gone or has another type than the recipe's last run saw. Needs a look.
    SchemaDrifted,
    /// Consent cannot be read, so nobody's record is taken. Needs the mapping or a grant.
    ConsentUnreadable,
    /// More people than the recipe allows took their consent back while the run was under way. Needs a look.
    ConsentDrifted,
    /// Somebody in the dataset took consent back before it was uploaded. The workflow assembles it again without them.
    ConsentChanged,
    /// The provider refused: key, quota, access or a malformed request; or it is another one than the run was planned for.
    ProviderRefused,
    /// The provider takes no more jobs today. Tried again for a day.
    DailyLimit,
    /// The base model is unknown to the provider, or shuts down too soon.
    BaseModelUnusable,
    /// The estimate is above what the recipe allows.
    BudgetExceeded,
    /// Rows read, left out and written do not add up.
    CountsDiffer,
    /// Fewer usable examples than a job needs.
    TooFewExamples,
    /// The dataset breaks a limit of the provider, or was not made as a whole: by two versions, or changed since.
    DatasetRejected,
    /// Personal data was found in what would have been uploaded.
    ResidualPersonalData,
    /// Too little of the personal data planted into copies of the records was found.
    ScrubRecallTooLow,
    /// An operator said no.
    ApprovalRefused,
    /// No operator answered in time.
    ApprovalExpired,
    /// What an operator must have approved is not, or what was given is no answer.
    ApprovalMissing,
    /// The provider's job failed.
    TrainingFailed,
    /// The provider's job was cancelled.
    TrainingCancelled,
    /// The provider's job did not end before the recipe's deadline.
    TrainingTimedOut,
    /// The database refused to make the model live.
    PromotionRefused,
    /// A defect of this bundle: the contract between two steps is broken, or a handler panicked.
    Internal,
}

impl ErrorName {
    /// Every name, in the order of the workflow.
    pub const ALL: [Self; 25] = [
        Self::Throttled,
        Self::Unavailable,
        Self::RecipeInvalid,
        Self::SourceRefused,
        Self::SchemaDrifted,
        Self::ConsentUnreadable,
        Self::ConsentDrifted,
        Self::ConsentChanged,
        Self::ProviderRefused,
        Self::DailyLimit,
        Self::BaseModelUnusable,
        Self::BudgetExceeded,
        Self::CountsDiffer,
        Self::TooFewExamples,
        Self::DatasetRejected,
        Self::ResidualPersonalData,
        Self::ScrubRecallTooLow,
        Self::ApprovalRefused,
        Self::ApprovalExpired,
        Self::ApprovalMissing,
        Self::TrainingFailed,
        Self::TrainingCancelled,
        Self::TrainingTimedOut,
        Self::PromotionRefused,
        Self::Internal,
    ];

    /// Returns the stored name, which is what `ErrorEquals` holds.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Throttled => "Throttled",
            Self::Unavailable => "Unavailable",
            Self::RecipeInvalid => "RecipeInvalid",
            Self::SourceRefused => "SourceRefused",
            Self::SchemaDrifted => "SchemaDrifted",
            Self::ConsentUnreadable => "ConsentUnreadable",
            Self::ConsentDrifted => "ConsentDrifted",
            Self::ConsentChanged => "ConsentChanged",
            Self::ProviderRefused => "ProviderRefused",
            Self::DailyLimit => "DailyLimit",
            Self::BaseModelUnusable => "BaseModelUnusable",
            Self::BudgetExceeded => "BudgetExceeded",
            Self::CountsDiffer => "CountsDiffer",
            Self::TooFewExamples => "TooFewExamples",
            Self::DatasetRejected => "DatasetRejected",
            Self::ResidualPersonalData => "ResidualPersonalData",
            Self::ScrubRecallTooLow => "ScrubRecallTooLow",
            Self::ApprovalRefused => "ApprovalRefused",
            Self::ApprovalExpired => "ApprovalExpired",
            Self::ApprovalMissing => "ApprovalMissing",
            Self::TrainingFailed => "TrainingFailed",
            Self::TrainingCancelled => "TrainingCancelled",
            Self::TrainingTimedOut => "TrainingTimedOut",
            Self::PromotionRefused => "PromotionRefused",
            Self::Internal => "Internal",
        }
    }

    /// Says whether the workflow tries any step again. `DailyLimit` has a patience of its own where a job is created.
    pub fn is_retryable(self) -> bool {
        matches!(self, Self::Throttled | Self::Unavailable)
    }
}

impl fmt::Display for ErrorName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A failed step: a name for the workflow, a clause for the operator, the source for the log.
///
/// Messages are lowercase, one clause, name the thing and the fix, and hold no record, no body and no secret: they
/// end up in execution history, in `model_versions.error_message` and in the log.
#[derive(Debug)]
pub struct StageError {
    name: ErrorName,
    message: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl StageError {
    /// Creates a failure of that name.
    pub fn new(name: ErrorName, message: impl Into<String>) -> Self {
        Self { name, message: message.into(), source: None }
    }

    /// Keeps the underlying error, whose text is appended to the message.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// A broken contract between two steps: a defect, never the operator's fault.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(ErrorName::Internal, message)
    }

    /// Returns the stored name.
    pub fn name(&self) -> ErrorName {
        self.name
    }

    /// Returns the message joined with its sources, as the workflow records it.
    pub fn chain(&self) -> String {
        let mut text = self.message.clone();
        let mut next = self.source();
        while let Some(error) = next {
            // Writing to a `String` cannot fail.
            let _infallible = write!(text, ": {error}");
            next = error.source();
        }
        text
    }
}

impl fmt::Display for StageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for StageError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

impl From<StageError> for lambda_runtime::Diagnostic {
    fn from(error: StageError) -> Self {
        Self { error_type: error.name.as_str().to_owned(), error_message: error.chain() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn posts_its_own_name_and_the_whole_chain() {
        let error = StageError::new(ErrorName::Unavailable, "cannot read job_posts")
            .caused_by(StageError::internal("connection reset"));
        let diagnostic = lambda_runtime::Diagnostic::from(error);
        assert_eq!(diagnostic.error_type, "Unavailable");
        assert_eq!(diagnostic.error_message, "cannot read job_posts: connection reset");
    }

    #[test]
    fn stored_names_are_distinct() {
        let mut names: Vec<_> = ErrorName::ALL.iter().map(|name| name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ErrorName::ALL.len());
    }
}
