//! Both services over HTTP, as a client sees them.
//!
//! Each module carries `cfg(test)` so that clippy counts its helpers as tests, too.

#[cfg(test)]
mod gateway;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod postgres;
#[cfg(test)]
mod provider;
#[cfg(test)]
mod webhooks;
