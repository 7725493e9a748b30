//! A Lambda runtime API that is only a clock: it notes when a process looks for work, gives it one event, and notes
//! when it has answered.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use crate::error::{Context as _, Error, Result};

/// How long a process may take until it looks for work or answers.
const PATIENCE: Duration = Duration::from_secs(20);

/// The API for one process, on a loopback port of its own.
pub(super) struct Stub {
    address: String,
    seen: Receiver<Seen>,
    done: Arc<AtomicBool>,
}

enum Seen {
    Next(Instant),
    Answer(Instant),
}

impl Stub {
    /// Listens.
    pub(super) fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").context("listen on loopback")?;
        let address = listener.local_addr().context("listen on loopback")?.to_string();
        let (sender, seen) = channel();
        let (done, given) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let over = Arc::clone(&done);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if over.load(Ordering::Acquire) {
                    break;
                }
                // A runtime may look for work and answer on connections of their own; each ends with its process.
                let (sender, given) = (sender.clone(), Arc::clone(&given));
                std::thread::spawn(move || serve(&stream, &given, &sender));
            }
        });
        Ok(Self { address, seen, done })
    }

    /// What a process finds in `AWS_LAMBDA_RUNTIME_API`.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Waits for the first look for work and for the first answer.
    ///
    /// # Errors
    /// When either takes longer than 20 s.
    pub(super) fn times(&self) -> Result<(Instant, Instant)> {
        let mut next = None;
        loop {
            match (self.seen.recv_timeout(PATIENCE), next) {
                (Ok(Seen::Next(at)), None) => next = Some(at),
                (Ok(Seen::Answer(at)), Some(next)) => return Ok((next, at)),
                (Ok(_), _) => {}
                (Err(_), None) => return Err(Error::new("it never looked for work")),
                (Err(_), Some(_)) => return Err(Error::new("it never answered")),
            }
        }
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.done.store(true, Ordering::Release);
        // Wakes the listener, which sees that it is over. When it can't be reached it has ended already.
        TcpStream::connect(&self.address).ok();
    }
}

/// Answers one connection until its process has gone.
fn serve(stream: &TcpStream, given: &AtomicBool, seen: &Sender<Seen>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let mut request = String::new();
        if reader.read_line(&mut request).ok()? == 0 {
            return None;
        }
        let at = Instant::now();
        let length = skip_headers(&mut reader)?;
        std::io::copy(&mut reader.by_ref().take(length), &mut std::io::sink()).ok()?;
        let mut out = stream;
        if !request.starts_with("GET ") {
            seen.send(Seen::Answer(at)).ok()?;
            out.write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n").ok()?;
        } else if given.swap(true, Ordering::AcqRel) {
            // No more work: the process waits until it is ended, as a warm one does.
            std::io::copy(&mut reader, &mut std::io::sink()).ok()?;
        } else {
            seen.send(Seen::Next(at)).ok()?;
            out.write_all(event().as_bytes()).ok()?;
        }
    }
}

/// Reads up to the body and answers the body's length.
fn skip_headers(reader: &mut impl std::io::BufRead) -> Option<u64> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        match line.trim().split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.trim().parse().ok()?;
            }
            Some(_) => {}
            None => return Some(length),
        }
    }
}

/// An event without a field: our handlers refuse it by name before they touch anything outside.
fn event() -> String {
    let deadline = jiff::Timestamp::now().as_millisecond() + 30_000;
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\
         lambda-runtime-aws-request-id: 00000000-0000-0000-0000-000000000001\r\n\
         lambda-runtime-deadline-ms: {deadline}\r\n\
         lambda-runtime-invoked-function-arn: arn:aws:lambda:us-east-1:000000000000:function:bench\r\n\r\n{{}}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_one_event_and_notes_the_answer() {
        let stub = Stub::start().unwrap();
        let begun = Instant::now();
        let mut process = TcpStream::connect(stub.address()).unwrap();
        process.write_all(b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
        let mut reader = BufReader::new(process.try_clone().unwrap());
        let mut status = String::new();
        reader.read_line(&mut status).unwrap();
        assert_eq!((status.trim(), skip_headers(&mut reader)), ("HTTP/1.1 200 OK", Some(2)));
        process.write_all(b"POST /x/error HTTP/1.1\r\nContent-Length: 4\r\n\r\n{{}}").unwrap();
        let (next, answer) = stub.times().unwrap();
        assert!(begun <= next && next <= answer);
    }
}
