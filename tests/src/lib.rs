//! Whole runs, faults, contracts and peers, in one test binary: each binary of its own would link hundreds of megabytes.
//!
//! | module | tests |
//! |---|---|
//! | [`handlers`] | the handlers in this process, over stores and services in memory |

#[cfg(test)]
mod handlers;
