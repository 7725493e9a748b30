//! The training and the validation file.

use std::collections::BTreeMap;

use records::digest::Digest;
use records::split::SideName;
use stage::arrows::Side;
use stage::manifest::Manifest;
use stage::{ErrorName, StageError, keys};
use store::{Body as _, Find, Get, Put, Swap, find_json, put_json};
use tuning::{Begun, Clean, FileSpec, Files, Ledger, chunks};

use crate::record::Record;

/// Uploads what the provider does not have yet. The hold-out stays here.
pub(crate) async fn ensure(
    run: &str,
    manifest: &Manifest,
    record: &mut Record,
    store: &(impl Get + Find + Put + Swap),
    provider: &impl Files,
) -> Result<(), StageError> {
    for side in [SideName::Train, SideName::Validation] {
        let known = match side {
            SideName::Validation => &record.file.validation_file,
            _ => &record.file.training_file,
        };
        let object = manifest.outputs.get(side.as_str()).filter(|object| object.lines > 0);
        let (None, Some(object)) = (known, object) else {
            continue;
        };
        let spec = spec(run, side, object);
        let file = if let Some(file) = provider.find_file(&spec).await? {
            file
        } else {
            record.file.sent.insert(spec.name.clone(), spec.bytes);
            record.save(store).await?;
            let ledger = InStore { store, key: keys::upload_parts(run, side.as_str()) };
            send(&keys::dataset(run, side.as_str()), object, &spec, store, provider, &ledger).await?
        };
        match side {
            SideName::Validation => record.file.validation_file = Some(file),
            _ => record.file.training_file = Some(file),
        }
        record.save(store).await?;
    }
    Ok(())
}

/// Takes back what the run has uploaded, whether or not its answers came, and writes that down.
///
/// It is written first, too: who has been replaced must not delete what its successor uses.
///
/// # Errors
/// `Unavailable` when the provider's list was cut off: a copy may be behind its end.
pub(crate) async fn take_back(
    run: &str,
    manifest: &Manifest,
    record: &mut Record,
    store: &(impl Find + Put + Swap),
    provider: &(impl Files + Clean),
) -> Result<(), StageError> {
    record.save(store).await?;
    let mut specs: BTreeMap<_, _> = record.file.sent.clone();
    for side in [SideName::Train, SideName::Validation] {
        let Some(object) = manifest.outputs.get(side.as_str()) else { continue };
        provider.abandon(&InStore { store, key: keys::upload_parts(run, side.as_str()) }).await?;
        let spec = spec(run, side, object);
        specs.insert(spec.name, spec.bytes);
    }
    for file in [record.file.training_file.take(), record.file.validation_file.take()].into_iter().flatten() {
        provider.delete_file(&file).await?;
    }
    let copies = provider.copies(&specs).await?;
    for file in copies.items {
        provider.delete_file(&file).await?;
    }
    record.save(store).await?;
    if copies.more {
        let text = format!(
            "the provider's list of files is cut off: look there for files whose names begin with {run}"
        );
        return Err(StageError::new(ErrorName::Unavailable, text));
    }
    Ok(())
}

/// Uploads in parts that were begun and may be open still.
pub(crate) async fn open(run: &str, store: &impl Find) -> Result<Vec<String>, StageError> {
    let mut open = Vec::new();
    for side in [SideName::Train, SideName::Validation] {
        let begun: Option<Option<Begun>> = find_json(store, &keys::upload_parts(run, side.as_str())).await?;
        open.extend(begun.flatten().map(|begun| begun.upload));
    }
    Ok(open)
}

/// Keeps how far an upload in parts has come beside the run's other objects.
struct InStore<'a, S> {
    store: &'a S,
    key: String,
}

impl<S: Find + Put> Ledger for InStore<'_, S> {
    async fn read(&self) -> Result<Option<Begun>, StageError> {
        Ok(find_json(self.store, &self.key).await?.flatten())
    }

    async fn write(&self, begun: Option<&Begun>) -> Result<(), StageError> {
        put_json(self.store, &self.key, &begun).await.map(drop)
    }
}

/// The name holds run and hash: with the size it identifies the content.
fn spec(run: &str, side: SideName, object: &Side) -> FileSpec {
    let name = format!("{run}-{}-{}.jsonl", side.as_str(), &object.sha256[..object.sha256.len().min(16)]);
    FileSpec { name, bytes: object.bytes, md5: object.md5.clone() }
}

/// The run in the name of a file that looks like one of ours.
pub(crate) fn run_of(name: &str) -> Option<&str> {
    let (rest, hash) = name.strip_suffix(".jsonl")?.rsplit_once('-')?;
    let (run, side) = rest.rsplit_once('-')?;
    let ours = hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    (ours && ["train", "validation"].contains(&side)).then_some(run)
}

/// Streams an object from the store to the provider, three chunks in memory, and breaks off before the last one when the
/// bytes are not those of the manifest: an upload without its end is none.
async fn send(
    key: &str,
    object: &Side,
    spec: &FileSpec,
    store: &impl Get,
    provider: &impl Files,
    ledger: &impl Ledger,
) -> Result<String, StageError> {
    let mut body = store.open(key).await?;
    let (sender, chunks) = chunks::channel();
    let fill = async move {
        let mut digest = Digest::default();
        let mut held = None;
        loop {
            let chunk = match body.chunk().await {
                Ok(Some(chunk)) => chunk,
                Ok(None) => break,
                Err(error) => {
                    sender.send(Err(StageError::internal("the file broke off"))).await;
                    return Err(error);
                }
            };
            digest.update(&chunk);
            if let Some(chunk) = held.replace(chunk)
                && !sender.send(Ok(chunk)).await
            {
                return Ok(());
            }
        }
        if digest.finish() != object.sha256 {
            sender.send(Err(StageError::internal("the file has changed"))).await;
            let text = format!("{key} is not what the manifest says: start a new run");
            return Err(StageError::new(ErrorName::DatasetRejected, text));
        }
        if let Some(chunk) = held {
            sender.send(Ok(chunk)).await;
        }
        Ok(())
    };
    let (filled, answer) = tokio::join!(fill, provider.upload(spec, chunks, ledger));
    filled.and(answer)
}
