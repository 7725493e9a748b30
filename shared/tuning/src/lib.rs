//! The fine-tuning provider.
//!
//! | module | holds |
//! |---|---|
//! | [`provider`] | the port, and a job as plain data |
//! | [`chunks`] | a file on its way to the provider |
//! | [`openai`] | the adapter for everything that speaks `OpenAI`'s wire format |
//! | [`refusal`] | what the provider's refusals mean, with the fix |

pub mod chunks;
pub mod openai;
pub mod provider;
pub mod refusal;
mod wire;

pub use openai::OpenAi;
pub use provider::{BaseModel, FileSpec, Job, JobSpec, JobStatus, Provider};
