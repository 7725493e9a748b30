//! An operator's answer before a run costs anything.
//!
//! | module | holds |
//! |---|---|
//! | [`ask`](mod@ask) | the question: recorded, and told to the operators with a link |
//! | [`answer`](mod@answer) | the answer: recorded once, then handed to the workflow |
//! | [`web`] | the page behind the link |
//! | [`ports`], [`aws`] | who is told, and the workflow |
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
mod words;

pub use answer::answer;
pub use ask::ask;
pub use aws::{StepFunctions, Topic};
pub use ports::{Notify, Workflow};
pub use web::respond;
