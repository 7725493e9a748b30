//! The contract every handler shares.
//!
//! | module | holds |
//! |---|---|
//! | [`arrows`] | one event and one answer a state of the workflow |
//! | [`error`] | [`StageError`]: what a failure is called and what the workflow does next |
//! | [`settings`] | [`Settings`]: every environment variable, read once |
//! | [`keys`] | the names of objects in the run's bucket |
//! | [`plan_file`], [`manifest`], [`upload_file`], [`export_file`], [`scrub_file`], [`lineage_file`], [`schema_file`], [`approval_file`] | the documents handed on through the bucket |
//! | [`serve`](mod@serve) | from a plain `async fn` to a Lambda function |
//! | [`usage`] | what an invocation asked of object storage |
//! | [`clock`] | the one way to wait, and to know how long it took |
//! | [`words`] | numbers, prices and times as people read them |
//! | [`http`] | the one way to build an HTTP client, and what its failures mean |
//!
//! State passed between steps is pointers, counts and hashes. A record never passes: execution history is kept
//! for 90 days and is readable by every operator.

pub mod approval_file;
pub mod arrows;
pub mod clock;
pub mod error;
pub mod export_file;
pub mod http;
pub mod keys;
pub mod lineage_file;
pub mod manifest;
pub mod plan_file;
pub mod schema_file;
pub mod scrub_file;
pub mod serve;
pub mod settings;
pub mod sides_file;
pub mod training_file;
pub mod upload_file;
pub mod usage;
pub mod words;

/// The version of this bundle, and a hash of the code that makes examples: texts that another code made are not mixed with
/// those of this one, whatever was noted when that code changed.
pub const CODE: &str = concat!(env!("CARGO_PKG_VERSION"), "+", env!("ZION_EXAMPLES_CODE"));

pub use error::{ErrorName, StageError};
pub use serve::{Deadline, serve};
pub use settings::Settings;
