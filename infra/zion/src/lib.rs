//! The operator's command line and the demo's driver.
//!
//! - [`cli`] the command line
//! - [`approve`] which runs wait for an operator, and the answer
//! - [`mod@bench`] benchmarks of the release binaries
//! - [`campaign`] seeded faults over the one call that costs money
//! - [`check`] a training file, before it is paid for
//! - [`demo`] the main job on this machine, from set-up to summary
//! - [`local`] the whole stack on one machine, for the demo and for tests
//! - [`scrub`] files, with the pipeline's scrubber
//! - [`verify`] a run's dataset, made again
//! - [`who`] which runs and models saw somebody's data
//! - [`live`] which version an app gets, by an operator's decision
//! - [`reconcile`] which models learnt from rows that are gone
//! - [`sample`] a sample app's data
//! - [`database`] the app's database: its tables and the migrations
//! - [`term`], [`error`] what a person sees, and what to do when something went wrong

pub mod approve;
mod ask;
pub mod bench;
pub mod campaign;
pub mod check;
pub mod cli;
pub mod database;
pub mod demo;
pub mod error;
pub mod live;
pub mod local;
mod project;
pub mod reconcile;
pub mod sample;
pub mod scrub;
pub mod term;
pub mod verify;
pub mod who;
