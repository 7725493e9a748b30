//! Whole runs, faults, contracts and peers, in one test binary: each binary of its own would link hundreds of megabytes.
//!
//! | module | tests |
//! |---|---|
//! | [`contracts`] | the template and the workflow against the code |
//! | [`handlers`] | the handlers in this process, over stores and services in memory |

#[cfg(test)]
mod contracts;
#[cfg(test)]
mod handlers;
