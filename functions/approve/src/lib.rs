//! An operator's answer before a run costs anything.
//!
//! | item | does |
//! |---|---|
//! | [`ask()`] | records the question, and tells it to the operators with a link |
//! | [`answer()`] | records the answer once, then hands it to the workflow |
//! | [`respond`] | is the page behind the link |
//! | [`notify::Notify`], [`Workflow`] | who is told, and who waits |
//!
//! The link holds a random number of 256 bits; its hash alone is kept. The number and the workflow's token are in no log,
//! no error and no output of an execution.

mod answer;
mod ask;
mod aws;
mod link;
mod notice;
mod page;
mod ports;
mod web;

pub use answer::answer;
pub use ask::{Audience, ask};
pub use aws::StepFunctions;
pub use ports::Workflow;
pub use web::respond;
