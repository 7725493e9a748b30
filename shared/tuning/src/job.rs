//! A job, its events and its checkpoints, as plain data.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stage::arrows::Progress;

/// A job to create.
#[derive(Debug, Clone, PartialEq)]
pub struct JobSpec {
    /// The base model.
    pub base_model: String,
    /// Stands in the tuned model's id: 1 to 64 characters.
    pub suffix: String,
    /// The training file's id.
    pub training_file: String,
    /// The validation file's id.
    pub validation_file: Option<String>,
    /// How it learns.
    pub method: Method,
    /// How much and how fast.
    pub hyperparameters: Hyperparameters,
    /// Makes training repeatable where the provider can.
    pub seed: Option<u32>,
    /// Kept in the job's metadata, by which a job whose answer was lost is found again: at most 16 pairs, keys of 64 and
    /// values of 512 characters. All of them together must be no other job's.
    pub marks: Vec<(&'static str, String)>,
}

/// How a model learns.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Method {
    /// From one good answer an example.
    Supervised,
    /// From a preferred and a refused answer an example.
    Dpo {
        /// How strongly it is held to the base, above 0 and at most 2; the provider's choice if none.
        beta: Option<f64>,
    },
}

/// How much and how fast a model learns. None is the provider's own choice.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Hyperparameters {
    /// Passes over the training file.
    pub epochs: Option<u32>,
    /// Examples a step.
    pub batch_size: Option<u32>,
    /// Scales the provider's learning rate.
    pub learning_rate_multiplier: Option<f64>,
}

/// A job.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// The provider's id.
    pub id: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// Where it stands.
    pub status: JobStatus,
    /// The provider's own word for it.
    pub word: String,
    /// When the provider expects it to end: a hint.
    pub estimated_finish: Option<Timestamp>,
    /// Tokens billed for, once known.
    pub trained_tokens: Option<u64>,
    /// The file it learns from.
    pub training_file: String,
    /// The file it is measured by.
    pub validation_file: Option<String>,
}

/// Where a job stands.
#[derive(Debug, Clone, PartialEq)]
pub enum JobStatus {
    /// The provider checks the files.
    Validating,
    /// It waits for its turn.
    Queued,
    /// It learns.
    Running {
        /// Steps done of all steps, where the provider says so.
        progress: Option<Progress>,
    },
    /// It stands still until somebody resumes it.
    Paused,
    /// Trained, with the model's id.
    Succeeded {
        /// The model's id.
        model: String,
    },
    /// Failed, with the provider's code and words.
    Failed {
        /// The provider's code.
        code: String,
        /// The provider's words.
        message: String,
        /// Whether the same job may succeed another time: the fault was the provider's and not the dataset's.
        retry_helps: bool,
    },
    /// Cancelled.
    Cancelled,
    /// A word that we do not know. Not an end: a new state must not lose a paid job.
    Unknown {
        /// The word.
        word: String,
    },
}

impl JobStatus {
    /// Says whether it stays as it is.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Succeeded { .. } | Self::Failed { .. } | Self::Cancelled)
    }
}

/// Something that a job said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// The provider's id.
    pub id: String,
    /// When.
    pub created_at: Timestamp,
    /// `info`, `warn` or `error`, or a word of the provider's.
    pub level: String,
    /// What, in one line.
    pub message: String,
    /// The step it speaks of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<u64>,
    /// The loss on the training file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub train_loss: Option<f64>,
    /// The loss on the validation file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_loss: Option<f64>,
}

/// A model on the way, which answers already.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Its model's id.
    pub model: String,
    /// The step it was taken at.
    pub step: u64,
    /// The loss on the training file. Hosts leave metrics out that they did not take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub train_loss: Option<f64>,
    /// The loss on the validation file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_loss: Option<f64>,
}

/// What was read of a list, in the order in which it came.
#[derive(Debug)]
pub struct Told<T> {
    /// What was read.
    pub items: Vec<T>,
    /// Whether the provider has more, which came behind these: lists are not followed without end.
    pub more: bool,
    /// Items in a form that could not be read.
    pub unreadable: usize,
}

impl<T> Default for Told<T> {
    fn default() -> Self {
        Self { items: Vec::new(), more: false, unreadable: 0 }
    }
}

impl Told<Event> {
    /// Returns the events, the oldest first. Lists begin with the newest, also among events of one second.
    pub fn oldest_first(mut self) -> Vec<Event> {
        self.items.reverse();
        self.items.sort_by_key(|event| event.created_at);
        self.items
    }
}

impl Told<Checkpoint> {
    /// Returns the checkpoints by their steps.
    pub fn by_step(mut self) -> Vec<Checkpoint> {
        self.items.sort_by_key(|checkpoint| checkpoint.step);
        self.items
    }
}
