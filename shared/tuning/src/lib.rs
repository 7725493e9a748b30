//! The fine-tuning provider.
//!
//! | module | holds |
//! |---|---|
//! | [`provider`] | the ports |
//! | [`job`] | a job, its events and checkpoints, as plain data |
//! | [`chunks`] | a file on its way to the provider |
//! | [`openai`] | the adapter for everything that speaks `OpenAI`'s wire format |
//! | [`refusal`] | what the provider's refusals mean, with the fix |

pub mod chunks;
pub mod job;
pub mod openai;
pub mod provider;
pub mod refusal;
mod wire;

pub use job::{Checkpoint, Event, Hyperparameters, Job, JobSpec, JobStatus, Method};
pub use openai::OpenAi;
pub use provider::{BaseModel, Begun, Catalogue, Clean, FileSpec, Files, Jobs, Ledger, Watch};
pub use stage::arrows::Progress;
