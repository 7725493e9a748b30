//! An object of S3, read in ranges.
//!
//! Whoever takes a large object slowly, as a provider takes an upload, would let one long answer idle until S3 closes it.
//! And of a range that broke off only the rest is asked for again. Before a range ends the next one is asked for, so that
//! nobody waits for its first byte; not sooner, or it would idle as well.

use std::ops::Range;

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_s3::operation::get_object::{GetObjectError, GetObjectOutput};
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use stage::{ErrorName, StageError, usage};
use tokio::task::JoinSet;

use crate::Body;
use crate::s3::failed;

/// Few enough requests for gigabytes, each done in about a second.
const RANGE_BYTES: u64 = 64 << 20;
/// The share of a range that still has to come when the next one is asked for: a tenth of a second of it.
const AHEAD: u64 = 8;
/// Requests in a row that may bring nothing.
const TRIES: u32 = 3;

type Answer = Result<GetObjectOutput, SdkError<GetObjectError>>;

/// An object on its way here.
pub(crate) struct Object {
    client: Client,
    bucket: String,
    key: String,
    /// What its first range came from: the others are of the same object, or there are none.
    tag: Option<String>,
    stream: ByteStream,
    /// The range behind this one, when it was asked for. With the object it is forgotten.
    ahead: JoinSet<Answer>,
    /// Bytes that have come.
    at: u64,
    /// Where this range ends.
    end: u64,
    bytes: u64,
    range_bytes: u64,
}

impl Object {
    /// Asks for its first range.
    pub(crate) async fn open(client: Client, bucket: &str, key: &str) -> Result<Self, StageError> {
        Self::by(RANGE_BYTES, client, bucket, key).await
    }

    async fn by(range_bytes: u64, client: Client, bucket: &str, key: &str) -> Result<Self, StageError> {
        let mut object = Self {
            client,
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            tag: None,
            stream: ByteStream::default(),
            ahead: JoinSet::new(),
            at: 0,
            end: 0,
            bytes: 0,
            range_bytes,
        };
        match object.ask(0..range_bytes).await {
            Ok(first) => {
                let of =
                    first.content_range.as_deref().and_then(|range| range.rsplit_once('/')?.1.parse().ok());
                // Without ranges it is the whole object.
                let whole = || first.content_length.and_then(|bytes| u64::try_from(bytes).ok());
                object.bytes = of.or_else(whole).unwrap_or_default();
                object.end = of.map_or(object.bytes, |bytes: u64| bytes.min(range_bytes));
                (object.tag, object.stream) = (first.e_tag, first.body);
            }
            // An empty object has no first byte.
            Err(error) if error.code() == Some("InvalidRange") => {}
            Err(error) if error.as_service_error().is_some_and(GetObjectError::is_no_such_key) => {
                return Err(StageError::internal(format!(
                    "object {key} is missing: the step before did not write it, or it has expired"
                )));
            }
            Err(error) => return Err(failed("read", key, &error)),
        }
        Ok(object)
    }

    /// What this version of the object is known by.
    pub(crate) fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    fn ask(&self, range: Range<u64>) -> impl Future<Output = Answer> + Send + use<> {
        usage::get();
        let bytes = format!("bytes={}-{}", range.start, range.end - 1);
        let request = self.client.get_object().bucket(&self.bucket).key(&self.key).range(bytes);
        request.set_if_match(self.tag.clone()).send()
    }

    /// The range that begins there.
    fn behind(&self, start: u64) -> Range<u64> {
        start..self.bytes.min(start + self.range_bytes)
    }

    /// Asks for the next range when this one is about to end.
    fn look_ahead(&mut self) {
        let next = self.behind(self.end);
        if self.ahead.is_empty() && !next.is_empty() && self.at + self.range_bytes / AHEAD >= self.end {
            let asked = self.ask(next);
            self.ahead.spawn(asked);
        }
    }

    /// Takes the next range, or what is missing of one that broke off.
    async fn go_on(&mut self) -> Answer {
        let next = self.behind(self.at);
        let asked = if self.at == self.end { self.ahead.join_next().await } else { None };
        // What was asked for behind a break begins too late.
        self.ahead = JoinSet::new();
        self.end = next.end;
        match asked {
            Some(Ok(answer)) => answer,
            _ => self.ask(next).await,
        }
    }

    fn broken(&self) -> StageError {
        StageError::new(ErrorName::Unavailable, format!("reading {} broke off", self.key))
    }
}

impl Body for Object {
    async fn chunk(&mut self) -> Result<Option<Bytes>, StageError> {
        for _ in 0..TRIES {
            let why = match self.stream.next().await {
                Some(Ok(chunk)) => {
                    self.at += chunk.len() as u64;
                    usage::read(chunk.len());
                    self.look_ahead();

                    return Ok(Some(chunk));
                }
                None if self.at >= self.bytes => return Ok(None),
                None => None,
                Some(Err(error)) => Some(error),
            };
            if let Some(error) = why {
                tracing::warn!(object.key = self.key, object.at = self.at, error.message = %error, "reading on");
            }
            self.stream = match self.go_on().await {
                Ok(next) => next.body,
                Err(error) if error.code() == Some("PreconditionFailed") => {
                    let text = format!("{} has changed while it was read: start a new run", self.key);
                    return Err(StageError::internal(text));
                }
                Err(error) => return Err(failed("read", &self.key, &error)),
            };
        }
        Err(self.broken())
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::net::SocketAddr;
    use std::sync::{Arc, Mutex};

    use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
    use axum::Router;
    use axum::body::Body as AnyBody;
    use axum::http::{HeaderMap, StatusCode};
    use axum::response::{IntoResponse as _, Response};
    use futures_util::{StreamExt as _, stream};
    use tokio::net::TcpListener;
    use tokio::sync::watch;

    use super::*;

    const KEY: &str = "runs/r/dataset/train.jsonl";
    const FIRST: &str = "bytes=0-67108863";

    /// What a range is answered with: a body that may be shorter than was asked for, or an error's status and code.
    #[derive(Clone, Copy)]
    enum Says {
        Body(&'static str, u64),
        Error(StatusCode, &'static str),
    }

    impl Says {
        fn answer(self) -> Response {
            match self {
                Self::Body(body, of) => {
                    let headers =
                        [("content-range", format!("bytes 0-0/{of}")), ("etag", "\"tag\"".to_owned())];
                    (StatusCode::PARTIAL_CONTENT, headers, body).into_response()
                }
                Self::Error(status, code) => {
                    (status, format!("<Error><Code>{code}</Code><Message>no</Message></Error>"))
                        .into_response()
                }
            }
        }
    }

    /// Reads an object from a server that answers so, and returns the ranges that were asked for, with their condition.
    async fn read(answers: &[Says]) -> (Result<String, StageError>, Vec<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (seen, answers) = (Arc::clone(&asked), answers.to_vec());
        let server = Router::new().fallback(async move |headers: HeaderMap| {
            let header = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
            let mut seen = seen.lock().unwrap();
            seen.push(
                [header("range"), header("if-match")].into_iter().flatten().collect::<Vec<_>>().join(" "),
            );
            answers[seen.len() - 1].answer()
        });
        let server = tokio::spawn(axum::serve(listener, server).into_future());
        let read = async { drain(Object::open(client(address), "bucket", KEY).await?).await }.await;
        server.abort();
        let asked = asked.lock().unwrap().clone();
        (read, asked)
    }

    fn client(address: SocketAddr) -> Client {
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("eu-west-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .endpoint_url(format!("http://{address}"))
            .force_path_style(true)
            .build();
        Client::from_conf(config)
    }

    async fn drain(mut object: Object) -> Result<String, StageError> {
        let mut read = Vec::new();
        while let Some(chunk) = object.chunk().await? {
            read.extend_from_slice(&chunk);
        }
        Ok(String::from_utf8(read).unwrap())
    }

    #[tokio::test]
    async fn goes_on_behind_the_last_byte_that_came() {
        let (read, asked) =
            read(&[Says::Body("abcd", 10), Says::Body("efg", 10), Says::Body("hij", 10)]).await;
        assert_eq!(read.unwrap(), "abcdefghij");
        assert_eq!(asked, [FIRST, "bytes=4-9 \"tag\"", "bytes=7-9 \"tag\""]);
    }

    /// The letters in ranges of eight, from a server that keeps the last byte of each until the next range is asked for.
    #[tokio::test]
    async fn asks_for_the_next_range_before_the_last_byte_of_this_one() {
        const ALL: &str = "abcdefghijklmnopqrst";
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = watch::Sender::new(Vec::new());
        let seen = asked.subscribe();
        let server = Router::new().fallback(async move |headers: HeaderMap| {
            let range = headers["range"].to_str().unwrap().strip_prefix("bytes=").unwrap();
            let (start, last) = range.split_once('-').unwrap();
            let (start, last): (usize, usize) = (start.parse().unwrap(), last.parse().unwrap());
            let end = ALL.len().min(last + 1);
            asked.send_modify(|starts| starts.push(start));
            let mut others = asked.subscribe();
            let first = stream::iter([Ok::<_, Infallible>(&ALL[start..end - 1])]);
            let held_back = stream::once(async move {
                others.wait_for(|starts| starts.contains(&end) || end == ALL.len()).await.unwrap();
                Ok(&ALL[end - 1..end])
            });
            let headers = [("content-range", format!("bytes 0-0/{}", ALL.len()))];
            (StatusCode::PARTIAL_CONTENT, headers, AnyBody::from_stream(first.chain(held_back)))
        });
        let server = tokio::spawn(axum::serve(listener, server).into_future());
        let object = Object::by(8, client(address), "bucket", KEY).await.unwrap();
        let read = drain(object).await;
        server.abort();
        assert_eq!(read.unwrap(), ALL);
        // The client gives up an answer that stalls, and what is missing would be asked for again.
        assert_eq!(*seen.borrow(), [0, 8, 16]);
    }

    #[tokio::test]
    async fn an_empty_object_has_no_range() {
        let (read, asked) = read(&[Says::Error(StatusCode::RANGE_NOT_SATISFIABLE, "InvalidRange")]).await;
        assert_eq!((read.unwrap().as_str(), asked.len()), ("", 1));
    }

    #[tokio::test]
    async fn never_mixes_two_objects() {
        let changed = Says::Error(StatusCode::PRECONDITION_FAILED, "PreconditionFailed");
        let (read, _) = read(&[Says::Body("abcd", 9), changed]).await;
        let error = read.unwrap_err();
        assert_eq!(error.name(), ErrorName::Internal);
        assert!(error.to_string().contains("has changed"), "{error}");
    }

    #[tokio::test]
    async fn gives_up_where_nothing_more_comes() {
        let none = Says::Body("", 9);
        let (read, asked) = read(&[Says::Body("abcd", 9), none, none, none, none]).await;
        assert_eq!(read.unwrap_err().name(), ErrorName::Unavailable);
        assert_eq!(asked[1..], ["bytes=4-8 \"tag\""; 3]);
    }
}
