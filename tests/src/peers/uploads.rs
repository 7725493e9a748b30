//! Files in parts: broken off and taken up, refused and expired.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use md5::{Digest as _, Md5};
use records::recipe;
use serde_json::{Value, json};
use stage::{ErrorName, StageError};
use tuning::{Begun, FileSpec, Files as _, Ledger, OpenAi};

use super::contract::provider;
use super::services::Services;

/// A ledger in memory.
#[derive(Default, Clone)]
pub(super) struct Remembered(Arc<Mutex<Option<Begun>>>);

impl Remembered {
    fn begun(&self) -> Option<Begun> {
        self.0.lock().unwrap().clone()
    }
}

impl Ledger for Remembered {
    async fn read(&self) -> Result<Option<Begun>, StageError> {
        Ok(self.begun())
    }

    async fn write(&self, begun: Option<&Begun>) -> Result<(), StageError> {
        *self.0.lock().unwrap() = begun.cloned();
        Ok(())
    }
}

/// A file whose every stretch is different.
fn content(bytes: usize) -> Vec<u8> {
    (0_u64..).flat_map(|n| format!("{{\"line\":{n}}}\n").into_bytes()).take(bytes).collect()
}

/// Uploads the first `sent` of so many bytes, then breaks off when its whole parts have arrived.
async fn send_some(
    provider: &OpenAi,
    name: &str,
    bytes: usize,
    sent: usize,
    ledger: &Remembered,
) -> Result<String, StageError> {
    let (sender, chunks) = tuning::chunks::channel();
    let watched = ledger.clone();
    tokio::spawn(async move {
        for chunk in content(bytes)[..sent].chunks(1 << 20) {
            if !sender.send(Ok(chunk.to_vec().into())).await {
                return;
            }
        }
        if sent < bytes {
            let mut turn = tokio::time::interval(Duration::from_millis(10));
            while watched.begun().is_none_or(|begun| begun.parts.len() < sent / PART) {
                turn.tick().await;
            }
            sender.send(Err(StageError::internal("the file broke off"))).await;
        }
    });
    let md5 = Some(hex::encode(Md5::digest(content(bytes))));
    let spec = FileSpec { name: name.to_owned(), bytes: bytes as u64, md5 };
    provider.upload(&spec, chunks, ledger).await
}

/// Uploads a file of so many bytes.
pub(super) async fn send(
    provider: &OpenAi,
    name: &str,
    bytes: usize,
    ledger: &Remembered,
) -> Result<String, StageError> {
    send_some(provider, name, bytes, bytes, ledger).await
}

/// Leaves an upload behind with one part of three.
pub(super) async fn break_off(provider: &OpenAi, name: &str, ledger: &Remembered) {
    let error = send_some(provider, name, LARGE, 17_000_000, ledger).await.unwrap_err();
    assert!(error.to_string().contains("broke off"), "{error}");
    assert!(ledger.begun().is_some());
}

const PART: usize = 16_000_000;
/// Three parts.
const LARGE: usize = 40_000_000;

fn in_parts(services: &Services) -> OpenAi {
    provider(&services.provider_url(), &recipe::Provider { uploads: true, ..recipe::Provider::default() })
}

/// Parts that the sandbox was sent, refused ones too.
async fn parts(services: &Services) -> usize {
    let log = services.requests().await;
    let part = |entry: &&Value| entry["path"].as_str().unwrap().ends_with("/parts");
    log.as_array().unwrap().iter().filter(part).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_part_is_tried_again_alone_and_the_file_is_whole() {
    let services = Services::start().await;
    let (provider, ledger) = (in_parts(&services), Remembered::default());
    let fault =
        |path: &str, fault: Value| json!({"method": "POST", "path": path, "times": 1, "fault": fault});
    services
        .set_faults(json!([
            fault("/v1/uploads/*/parts", json!({"kind": "status", "status": 500})),
            fault("/v1/uploads/*/parts", json!({"kind": "drop_after"})),
            fault("/v1/uploads/*/parts", json!({"kind": "refuse", "why": "rate_limit", "retry_after": 1})),
            // Done, although the answer is lost: the second try is refused, the file is found by its name.
            fault("/v1/uploads/*/complete", json!({"kind": "drop_after"})),
        ]))
        .await;
    let file = send(&provider, "whole.jsonl", LARGE, &ledger).await.unwrap();
    assert_eq!(parts(&services).await, 6, "three parts, three tries more");
    assert!(services.content(&file).await == content(LARGE), "the file has other bytes");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_was_broken_off_is_taken_up() {
    let services = Services::start().await;
    let (provider, ledger) = (in_parts(&services), Remembered::default());
    let error = send_some(&provider, "resumed.jsonl", LARGE, 39_000_000, &ledger).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::Internal);
    assert_eq!((ledger.begun().unwrap().parts.len(), parts(&services).await), (2, 2));
    let file = send(&provider, "resumed.jsonl", LARGE, &ledger).await.unwrap();
    assert_eq!(parts(&services).await, 3, "what arrived is not sent again");
    assert!(services.content(&file).await == content(LARGE), "the file has other bytes");
    let log = services.requests().await;
    let begins = log.as_array().unwrap().iter().filter(|entry| entry["path"] == "/v1/uploads").count();
    assert_eq!(begins, 1, "one upload");
    let again = send(&provider, "resumed.jsonl", LARGE, &ledger).await.unwrap();
    assert_eq!(again, file, "an answer that was lost behind the end is found again");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_has_expired_or_was_damaged_is_begun_anew() {
    let services = Services::start().await;
    let (provider, ledger) = (in_parts(&services), Remembered::default());
    break_off(&provider, "expired.jsonl", &ledger).await;
    services.turn(json!({"uploads_live_ms": 0})).await;
    let error = send(&provider, "expired.jsonl", LARGE, &ledger).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::Unavailable, "{}", error.chain());
    assert!(error.chain().contains("begun anew"), "{}", error.chain());
    services.turn(json!({"uploads_live_ms": 3_600_000})).await;
    send(&provider, "expired.jsonl", LARGE, &ledger).await.unwrap();

    // A part that belongs to other bytes: the checksum tells.
    send_some(&provider, "damaged.jsonl", LARGE, 39_000_000, &ledger).await.unwrap_err();
    let mut begun = ledger.begun().unwrap();
    let (number, part) = begun.parts.pop_first().unwrap();
    begun.parts.insert(number ^ 1, part);
    ledger.write(Some(&begun)).await.unwrap();
    let error = send(&provider, "damaged.jsonl", LARGE, &ledger).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::Unavailable, "{}", error.chain());
    assert_eq!(ledger.begun(), None);
    let file = send(&provider, "damaged.jsonl", LARGE, &ledger).await.unwrap();
    assert!(services.content(&file).await == content(LARGE), "the file has other bytes");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_provider_refuses_is_said_and_not_begun_anew() {
    let services = Services::start().await;
    let (provider, ledger) = (in_parts(&services), Remembered::default());
    services
        .set_faults(json!([{"path": "/v1/uploads/*/parts", "fault": {"kind": "status", "status": 400}}]))
        .await;
    let error = send(&provider, "refused.jsonl", LARGE, &ledger).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::ProviderRefused, "{}", error.chain());
    assert_eq!(ledger.begun(), None);
}
