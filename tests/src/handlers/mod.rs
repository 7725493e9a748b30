//! The handlers in this process, over stores and services in memory.

mod failures;
mod fakes;
mod replay;
mod run;
