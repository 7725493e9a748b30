//! The handlers in this process, over stores and services in memory.

mod approval;
mod approval_again;
mod approval_page;
mod bedrock;
pub(crate) mod changed;
mod consent;
mod failures;
pub(crate) mod fakes;
mod holdout;
mod lease;
mod leftovers;
mod lineage;
mod looks;
mod money;
mod quality;
mod recall;
mod reconcile;
mod replay;
pub(crate) mod run;
mod schema;
pub(crate) mod sunset;
mod sweep;
mod tuner;
mod verify;
