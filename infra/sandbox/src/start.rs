//! Why the sandbox did not start.

use std::io;
use std::net::SocketAddr;

/// Why the sandbox did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Another machine could have reached it.
    #[error("refuses to listen on {0}: only a loopback address is allowed, for example 127.0.0.1:0")]
    NotLoopback(SocketAddr),
    /// The address is taken or not ours.
    #[error("can't listen on {0}: {1}")]
    Listen(SocketAddr, #[source] io::Error),
    /// The database URL is unusable or nobody answers there.
    #[error("can't use the database: {0}")]
    Database(String),
    /// No room for uploaded files.
    #[error("can't create a folder for files: {0}")]
    Files(#[source] io::Error),
    /// Standard output is closed.
    #[error("can't announce the address: {0}")]
    Announce(#[source] io::Error),
}
