//! The fine-tuning provider.
//!
//! | module | holds |
//! |---|---|
//! | [`provider`] | the ports |
//! | [`job`] | a job, its events and checkpoints, as plain data |
//! | [`chunks`] | a file on its way to the provider |
//! | [`choice`] | the provider that a recipe chooses |
//! | [`bedrock`] | the adapter for Amazon Bedrock's model customisation |
//! | [`openai`] | the adapter for everything that speaks `OpenAI`'s wire format |
//! | [`refusal`] | what the provider's refusals mean, with the fix |

pub mod bedrock;
pub mod choice;
pub mod chunks;
pub mod job;
mod lifetime;
pub mod openai;
pub mod provider;
pub mod refusal;
mod wire;

pub use bedrock::{Bedrock, Folder, NoFolder};
pub use choice::{Connections, Host, Provider, limits};
pub use job::{Checkpoint, Event, Hyperparameters, Job, JobSpec, JobStatus, Method, Told};
pub use lifetime::{alternatives, days_left};
pub use openai::OpenAi;
pub use provider::{
    BaseModel, Begun, Catalogue, Clean, FileSpec, Files, Inventory, Jobs, KeyRefused, Ledger, Marked,
    NotThere, Serve, Stored, Watch, with_fresh_key,
};
pub use stage::arrows::Progress;
