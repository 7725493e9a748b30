//! What an invocation asked of object storage, for its closing log line: requests cost more than the bytes do.
//!
//! Counts are the process's: a function's process works on one invocation at a time, so the difference between two
//! readings is that invocation's. Requests that the client repeats by itself are counted once.

use std::ops::{Add, Sub};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Requests and bytes, as S3 bills them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Requests that write or list: `PUT`, `POST`, `LIST`.
    pub put_requests: u64,
    /// Requests that read.
    pub get_requests: u64,
    /// Bytes read.
    pub bytes_in: u64,
    /// Bytes written.
    pub bytes_out: u64,
}

static PUT_REQUESTS: AtomicU64 = AtomicU64::new(0);
static GET_REQUESTS: AtomicU64 = AtomicU64::new(0);
static BYTES_IN: AtomicU64 = AtomicU64::new(0);
static BYTES_OUT: AtomicU64 = AtomicU64::new(0);

/// Counts a request that writes so many bytes; none for one that begins, ends or lists.
pub fn put(bytes: usize) {
    PUT_REQUESTS.fetch_add(1, Relaxed);
    BYTES_OUT.fetch_add(bytes as u64, Relaxed);
}

/// Counts a request that reads.
pub fn get() {
    GET_REQUESTS.fetch_add(1, Relaxed);
}

/// Counts bytes that were read.
pub fn read(bytes: usize) {
    BYTES_IN.fetch_add(bytes as u64, Relaxed);
}

/// Returns what the process has counted so far.
pub fn so_far() -> Usage {
    Usage {
        put_requests: PUT_REQUESTS.load(Relaxed),
        get_requests: GET_REQUESTS.load(Relaxed),
        bytes_in: BYTES_IN.load(Relaxed),
        bytes_out: BYTES_OUT.load(Relaxed),
    }
}

impl Add for Usage {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            put_requests: self.put_requests + other.put_requests,
            get_requests: self.get_requests + other.get_requests,
            bytes_in: self.bytes_in + other.bytes_in,
            bytes_out: self.bytes_out + other.bytes_out,
        }
    }
}

impl Sub for Usage {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            put_requests: self.put_requests - before.put_requests,
            get_requests: self.get_requests - before.get_requests,
            bytes_in: self.bytes_in - before.bytes_in,
            bytes_out: self.bytes_out - before.bytes_out,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The only test of this crate that counts: the counters are the process's.
    #[test]
    fn what_came_between_two_readings_is_counted() {
        let before = so_far();
        put(0);
        put(8);
        get();
        read(3);
        read(2);
        let between = Usage { put_requests: 2, get_requests: 1, bytes_in: 5, bytes_out: 8 };
        assert_eq!(so_far() - before, between);
    }
}
