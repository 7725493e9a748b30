//! The training and the validation file.

use records::digest::Digest;
use records::split::SideName;
use stage::arrows::Side;
use stage::manifest::Manifest;
use stage::upload_file::UploadFile;
use stage::{ErrorName, StageError, keys};
use store::{Body as _, Find, Get, Put, find_json, put_json};
use tuning::{Begun, Clean, FileSpec, Files, Ledger, chunks};

/// Uploads what the provider does not have yet. The hold-out stays here.
pub(crate) async fn ensure(
    run: &str,
    manifest: &Manifest,
    upload: &mut UploadFile,
    upload_key: &str,
    store: &(impl Get + Find + Put),
    provider: &impl Files,
) -> Result<(), StageError> {
    for side in [SideName::Train, SideName::Validation] {
        let known = match side {
            SideName::Validation => &upload.validation_file,
            _ => &upload.training_file,
        };
        let object = manifest.outputs.get(side.as_str()).filter(|object| object.lines > 0);
        let (None, Some(object)) = (known, object) else {
            continue;
        };
        let spec = spec(run, side, object);
        let file = if let Some(file) = provider.find_file(&spec).await? {
            file
        } else {
            let ledger = InStore { store, key: keys::upload_parts(run, side.as_str()) };
            send(&keys::dataset(run, side.as_str()), object, &spec, store, provider, &ledger).await?
        };
        match side {
            SideName::Validation => upload.validation_file = Some(file),
            _ => upload.training_file = Some(file),
        }
        put_json(store, upload_key, upload).await?;
    }
    Ok(())
}

/// Takes back what an earlier try has uploaded, whether or not its answer came.
pub(crate) async fn take_back(
    run: &str,
    manifest: &Manifest,
    upload: &mut UploadFile,
    store: &(impl Find + Put),
    provider: &(impl Files + Clean),
) -> Result<(), StageError> {
    for side in [SideName::Train, SideName::Validation] {
        let Some(object) = manifest.outputs.get(side.as_str()) else { continue };
        provider.abandon(&InStore { store, key: keys::upload_parts(run, side.as_str()) }).await?;
        let known = match side {
            SideName::Validation => upload.validation_file.take(),
            _ => upload.training_file.take(),
        };
        let file = match known {
            Some(file) => Some(file),
            None => provider.find_file(&spec(run, side, object)).await?,
        };
        if let Some(file) = file {
            provider.delete_file(&file).await?;
        }
    }
    Ok(())
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
    FileSpec { name, bytes: object.bytes }
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
