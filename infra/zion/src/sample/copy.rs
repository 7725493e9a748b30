//! Postgres's COPY text format, and a stream of it into a table.

use bytes::Bytes;
use futures_util::{SinkExt as _, pin_mut};
use tokio::sync::mpsc;
use tokio_postgres::Client;

use crate::error::{Context as _, Result};

/// Bytes sent in one message: large enough to make the protocol's share vanish, small enough to stay in cache.
const CHUNK: usize = 256 * 1024;

/// Rows in COPY's text format, one cell after the other.
#[derive(Debug)]
pub(super) struct Rows {
    buffer: Vec<u8>,
    first: bool,
    sink: mpsc::Sender<Bytes>,
}

impl Rows {
    /// A text, or null.
    pub(super) fn cell(&mut self, value: Option<&str>) -> &mut Self {
        self.next();
        match value {
            Some(text) => text.bytes().for_each(|byte| self.byte(byte)),
            None => self.buffer.extend_from_slice(b"\\N"),
        }
        self
    }

    /// A text that is there.
    pub(super) fn text(&mut self, value: &str) -> &mut Self {
        self.cell(Some(value))
    }

    /// An array of texts, or null.
    pub(super) fn list(&mut self, values: Option<&[String]>) -> &mut Self {
        let literal = values.map(|values| {
            let quoted: Vec<String> = values
                .iter()
                .map(|value| format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")))
                .collect();
            format!("{{{}}}", quoted.join(","))
        });
        self.cell(literal.as_deref())
    }

    /// Ends the row. False once the receiver has gone: there is no point in making more.
    pub(super) fn end(&mut self) -> bool {
        self.buffer.push(b'\n');
        self.first = true;
        self.buffer.len() < CHUNK || self.flush()
    }

    fn flush(&mut self) -> bool {
        let full = std::mem::replace(&mut self.buffer, Vec::with_capacity(CHUNK + 8 * 1024));
        self.sink.blocking_send(Bytes::from(full)).is_ok()
    }

    fn next(&mut self) {
        if !self.first {
            self.buffer.push(b'\t');
        }
        self.first = false;
    }

    fn byte(&mut self, byte: u8) {
        match byte {
            b'\\' => self.buffer.extend_from_slice(b"\\\\"),
            b'\n' => self.buffer.extend_from_slice(b"\\n"),
            b'\r' => self.buffer.extend_from_slice(b"\\r"),
            b'\t' => self.buffer.extend_from_slice(b"\\t"),
            other => self.buffer.push(other),
        }
    }
}

/// A row's cells; none stands for null.
pub(super) type Cells = Vec<Option<String>>;

/// Makes rows and keeps them.
pub(super) fn collect<T: Send + 'static>(make: impl FnOnce(&mut Rows) -> T + Send + 'static) -> Vec<Cells> {
    let (sender, mut receiver) = mpsc::channel::<Bytes>(4);
    let maker = std::thread::spawn(move || {
        let mut rows = Rows { buffer: Vec::with_capacity(CHUNK + 8 * 1024), first: true, sink: sender };
        make(&mut rows);
        rows.flush();
    });
    // Both on threads of their own: a runtime's thread may not wait for a channel.
    let taker = std::thread::spawn(move || {
        let mut text = Vec::new();
        while let Some(chunk) = receiver.blocking_recv() {
            text.extend_from_slice(&chunk);
        }
        text
    });
    // What a thread that stopped has made is there; a test looks at it.
    maker.join().ok();
    let text = taker.join().unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    text.lines()
        .map(|line| line.split('\t').map(|cell| (cell != "\\N").then(|| plain(cell))).collect())
        .collect()
}

/// A cell without its escapes.
fn plain(cell: &str) -> String {
    let mut text = String::with_capacity(cell.len());
    let mut chars = cell.chars();
    while let Some(c) = chars.next() {
        text.push(match c {
            '\\' => match chars.next() {
                Some('n') => '\n',
                Some('r') => '\r',
                Some('t') => '\t',
                other => other.unwrap_or('\\'),
            },
            other => other,
        });
    }
    text
}

/// Streams what `make` writes into `table (columns)`: rows are made on a thread of their own while the server takes
/// the last ones in. Answers what `make` answers.
///
/// # Errors
/// When the server refuses a row: nothing of the call is kept then.
pub(super) async fn stream<T: Send + 'static>(
    client: &Client,
    target: &str,
    make: impl FnOnce(&mut Rows) -> T + Send + 'static,
) -> Result<T> {
    let sink = client
        .copy_in::<_, Bytes>(&format!("copy {target} from stdin"))
        .await
        .context(format!("load {target}"))?;
    pin_mut!(sink);
    let (sender, mut receiver) = mpsc::channel::<Bytes>(4);
    let maker = tokio::task::spawn_blocking(move || {
        let mut rows = Rows { buffer: Vec::with_capacity(CHUNK + 8 * 1024), first: true, sink: sender };
        let answer = make(&mut rows);
        rows.flush();
        answer
    });
    while let Some(chunk) = receiver.recv().await {
        sink.send(chunk).await.context(format!("load {target}"))?;
    }
    sink.finish().await.context(format!("load {target}"))?;
    maker.await.context(format!("make rows for {target}"))
}
