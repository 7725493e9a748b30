//! Whole runs, faults, contracts and peers, in one test binary: each binary of its own would link hundreds of megabytes.
//!
//! | module | tests |
//! |---|---|
//! | `contracts` | the template and the workflow against the code |
//! | `emulator` | whole runs of the template, the workflow and the compiled handlers on the emulator |
//! | `handlers` | the handlers in this process, over stores and services in memory |
//! | `source` | both ways to rows, over one real database |
//! | `peers` | official clients against the sandbox, our requests against the provider's API description |

#[cfg(test)]
mod contracts;
#[cfg(test)]
mod emulator;
#[cfg(test)]
mod handlers;
#[cfg(test)]
mod peers;
#[cfg(test)]
mod source;
