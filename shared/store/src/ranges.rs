//! An object of S3, read in ranges.
//!
//! Whoever takes a large object slowly, as a provider takes an upload, would let one long answer idle until S3 closes it.
//! And of a range that broke off only the rest is asked for again.

use std::ops::Range;

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_s3::operation::get_object::{GetObjectError, GetObjectOutput};
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use stage::{ErrorName, StageError, usage};

use crate::Body;
use crate::s3::failed;

/// Few enough requests for gigabytes, each done in about a second.
const RANGE_BYTES: u64 = 64 << 20;
/// Requests in a row that may bring nothing.
const TRIES: u32 = 3;

/// An object on its way here.
pub(crate) struct Object {
    client: Client,
    bucket: String,
    key: String,
    /// What its first range came from: the others are of the same object, or there are none.
    tag: Option<String>,
    stream: ByteStream,
    /// Bytes that have come.
    at: u64,
    bytes: u64,
}

impl Object {
    /// Asks for its first range.
    pub(crate) async fn open(client: Client, bucket: &str, key: &str) -> Result<Self, StageError> {
        let mut object = Self {
            client,
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            tag: None,
            stream: ByteStream::default(),
            at: 0,
            bytes: 0,
        };
        match object.ask(0..RANGE_BYTES).await {
            Ok(first) => {
                // Without ranges it is the whole object.
                object.bytes = first
                    .content_range
                    .as_deref()
                    .and_then(|range| range.rsplit_once('/')?.1.parse().ok())
                    .or_else(|| first.content_length.and_then(|bytes| u64::try_from(bytes).ok()))
                    .unwrap_or_default();
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

    async fn ask(&self, range: Range<u64>) -> Result<GetObjectOutput, SdkError<GetObjectError>> {
        usage::get();
        let bytes = format!("bytes={}-{}", range.start, range.end - 1);
        let request = self.client.get_object().bucket(&self.bucket).key(&self.key).range(bytes);
        request.set_if_match(self.tag.clone()).send().await
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
                    return Ok(Some(chunk));
                }
                None if self.at >= self.bytes => return Ok(None),
                None => None,
                Some(Err(error)) => Some(error),
            };
            if let Some(error) = why {
                tracing::warn!(object.key = self.key, object.at = self.at, error.message = %error, "reading on");
            }
            let rest = self.at..self.bytes.min(self.at + RANGE_BYTES);
            self.stream = match self.ask(rest).await {
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
    use std::sync::{Arc, Mutex};

    use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
    use axum::Router;
    use axum::http::{HeaderMap, StatusCode};
    use axum::response::{IntoResponse as _, Response};
    use tokio::net::TcpListener;

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
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("eu-west-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .endpoint_url(format!("http://{address}"))
            .force_path_style(true)
            .build();
        let read = async {
            let mut object = Object::open(Client::from_conf(config), "bucket", KEY).await?;
            let mut read = Vec::new();
            while let Some(chunk) = object.chunk().await? {
                read.extend_from_slice(&chunk);
            }
            Ok(String::from_utf8(read).unwrap())
        }
        .await;
        server.abort();
        let asked = asked.lock().unwrap().clone();
        (read, asked)
    }

    #[tokio::test]
    async fn goes_on_behind_the_last_byte_that_came() {
        let (read, asked) =
            read(&[Says::Body("abcd", 10), Says::Body("efg", 10), Says::Body("hij", 10)]).await;
        assert_eq!(read.unwrap(), "abcdefghij");
        assert_eq!(asked, [FIRST, "bytes=4-9 \"tag\"", "bytes=7-9 \"tag\""]);
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
