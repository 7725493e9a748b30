//! The fields of `OpenAI`'s wire format that we read. Everything else may come, go or be null.

use std::collections::HashMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// `{"error": {…}}`.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct ErrorEnvelope {
    #[serde(default)]
    pub(crate) error: ErrorBody,
}

/// An error of the provider.
#[derive(Debug, Default, Deserialize)]
pub struct ErrorBody {
    #[serde(default)]
    pub(crate) code: Option<String>,
    #[serde(default, rename = "type")]
    pub(crate) kind: Option<String>,
    #[serde(default)]
    pub(crate) message: Option<String>,
}

/// A page of a list.
#[derive(Debug, Deserialize)]
pub(crate) struct List<T> {
    pub(crate) data: Vec<T>,
    #[serde(default)]
    pub(crate) has_more: bool,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Model {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) shutdown_date: Option<Date>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct File {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) filename: Option<String>,
    #[serde(default)]
    pub(crate) bytes: Option<u64>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct FineTuningJob {
    pub(crate) id: String,
    pub(crate) created_at: i64,
    pub(crate) status: String,
    #[serde(default)]
    pub(crate) fine_tuned_model: Option<String>,
    #[serde(default)]
    pub(crate) trained_tokens: Option<u64>,
    #[serde(default)]
    pub(crate) training_file: Option<String>,
    #[serde(default)]
    pub(crate) error: Option<ErrorBody>,
    #[serde(default)]
    pub(crate) metadata: Option<HashMap<String, String>>,
}

#[derive(Debug, Serialize)]
pub(crate) struct CreateJob<'a> {
    pub(crate) model: &'a str,
    pub(crate) training_file: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) validation_file: Option<&'a str>,
    pub(crate) suffix: &'a str,
    pub(crate) method: Method,
    pub(crate) metadata: HashMap<&'static str, &'a str>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Method {
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    pub(crate) supervised: Supervised,
}

#[derive(Debug, Serialize)]
pub(crate) struct Supervised {
    pub(crate) hyperparameters: Hyperparameters,
}

#[derive(Debug, Serialize)]
pub(crate) struct Hyperparameters {
    pub(crate) n_epochs: u32,
}
