use serde::{Deserialize, Serialize};

/// Asks for a look at all base models. Whatever else a schedule sends along is left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SunsetEvent {}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SunsetChecked {
    /// Base models that were looked up.
    pub bases: u64,
    /// Rows of `model_versions` whose day changed.
    pub noted: u64,
    /// Base models that the operators were told of.
    pub told: Vec<String>,
}
